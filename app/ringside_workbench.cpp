// ringside-workbench [FILE]: the window.

#include "ui/main_window.h"
#include "ui/theme.h"
#include "ui/translation.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <optional>
#include <unistd.h>

namespace {

constexpr int own_failure = 125;

struct CommandLine {
    QString theme, filter, language, file;
    bool has_theme = false;
};

int complain(const QString& text)
{
    std::fprintf(stderr, "ringside-workbench: %s\n", qPrintable(QString(text).replace('\n', ' ')));
    return own_failure;
}

int print(const QString& text)
{
    std::fputs(qPrintable(text), stdout);
    return std::fflush(stdout) == 0 ? 0 : complain("standard output: it could not be written");
}

/// Without what Qt's window system takes for itself ("-platform offscreen"): QApplication is not there yet to do so.
QStringList own_arguments(int argc, char** argv)
{
    static constexpr std::array with_value {"-platform", "-platformpluginpath", "-platformtheme", "-plugin", "-qwindowgeometry", "-qwindowicon", "-qwindowtitle",
        "-session", "-display", "-geometry", "-style", "-stylesheet"};
    QStringList result;
    for (int i = 0; i < argc; ++i) {
        QString word = QString::fromLocal8Bit(argv[i]);
        QString option = word.startsWith("--") ? word.mid(1) : word;
        if (i > 0 && std::ranges::find(with_value, option) != with_value.end())
            ++i;
        else if (i == 0 || option != "-reverse")
            result << word;
    }
    return result;
}

/// What is asked for; none where that was answered, with `status`. Needs no display.
std::optional<CommandLine> read_command_line(int argc, char** argv, int& status)
{
    QCoreApplication application(argc, argv); // for the program's name in the help
    QCommandLineParser parser;
    parser.setApplicationDescription(QCoreApplication::translate("main", "Runs a program in a sandbox and shows every request it makes of the system."));
    QCommandLineOption help = parser.addHelpOption(), version = parser.addVersionOption();
    QCommandLineOption theme("theme", QCoreApplication::translate("main", "system, light or dark."), "THEME");
    QCommandLineOption filter({"f", "filter"}, QCoreApplication::translate("main", "Only events that match."), "FILTER");
    QCommandLineOption language("language", QCoreApplication::translate("main", "en or zh_CN; else the desktop's."), "LANGUAGE");
    parser.addOptions({theme, filter, language});
    parser.addPositionalArgument("FILE", QCoreApplication::translate("main", "The trace to open."), "[FILE]");
    bool understood = parser.parse(own_arguments(argc, argv));
    QStringList files = parser.positionalArguments();
    if (!understood)
        status = complain(parser.errorText() + " (see ringside-workbench --help)");
    else if (parser.isSet(help) || parser.isSet("help-all"))
        status = print(parser.helpText());
    else if (parser.isSet(version))
        status = print("ringside-workbench " RINGSIDE_VERSION "\n");
    else if (files.size() > 1)
        status = complain("one trace at a time: " + files[1] + " is too much (see ringside-workbench --help)");
    else
        return CommandLine {parser.value(theme), parser.value(filter), parser.value(language), files.isEmpty() ? QString() : files.front(), parser.isSet(theme)};
    return std::nullopt;
}

/// While Qt looks for a display: where it finds none it would abort, behind several lines about plugins.
void while_starting(QtMsgType type, const QMessageLogContext&, const QString& text)
{
    if (type != QtFatalMsg)
        return;
    bool named = qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY") || qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
    _exit(complain(named ? "no window can be opened on this display: " + text.simplified()
                         : QString("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); the ringside command reads traces without one")));
}

}

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN); // a program's terminal may go before what is typed to it
    QCoreApplication::setOrganizationName("ringside");
    QCoreApplication::setApplicationName("workbench");
    QCoreApplication::setApplicationVersion(RINGSIDE_VERSION);
    int status = 0;
    std::optional<CommandLine> wanted = read_command_line(argc, argv, status);
    if (!wanted)
        return status;
    qInstallMessageHandler(while_starting);
    QApplication application(argc, argv);
    qInstallMessageHandler(nullptr);
    QApplication::setApplicationDisplayName("Ringside");
    QApplication::setDesktopFileName("ringside-workbench");

    using namespace ringside::ui;
    apply_language(application, wanted->language);
    apply_theme(application, theme_of(wanted->has_theme ? wanted->theme : QSettings().value("window/theme").toString()));
    apply_text_scale(QSettings().value("window/text", 0).toInt());
    MainWindow window;
    if (!wanted->filter.isEmpty())
        window.filter_when_open(wanted->filter);
    window.show();
    if (!wanted->file.isEmpty())
        window.open_trace(wanted->file);
    else
        window.come_back();
    return QApplication::exec();
}
