// ringside-workbench [FILE]: the window.

#include "ui/main_window.h"
#include "ui/theme.h"
#include "ui/translation.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>

#include <csignal>

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN); // a program's terminal may go before what is typed to it
    QApplication application(argc, argv);
    QApplication::setOrganizationName("ringside");
    QApplication::setApplicationName("workbench");
    QApplication::setApplicationDisplayName("Ringside");
    QApplication::setApplicationVersion(RINGSIDE_VERSION);
    QApplication::setDesktopFileName("ringside-workbench");

    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate("main", "Runs a program in a sandbox and shows every request it makes of the system."));
    parser.addHelpOption();
    parser.addVersionOption();
    QCommandLineOption theme("theme", QApplication::translate("main", "system, light or dark."), "THEME");
    QCommandLineOption filter({"f", "filter"}, QApplication::translate("main", "Only events that match."), "FILTER");
    QCommandLineOption language("language", QApplication::translate("main", "en or zh_CN; else the desktop's."), "LANGUAGE");
    parser.addOptions({theme, filter, language});
    parser.addPositionalArgument("FILE", QApplication::translate("main", "The trace to open."), "[FILE]");
    parser.process(application);

    using namespace ringside::ui;
    apply_language(application, parser.value(language));
    apply_theme(application, theme_of(parser.isSet(theme) ? parser.value(theme) : QSettings().value("window/theme").toString()));
    apply_text_scale(QSettings().value("window/text", 0).toInt());
    MainWindow window;
    if (parser.isSet(filter))
        window.filter_when_open(parser.value(filter));
    window.show();
    if (!parser.positionalArguments().isEmpty())
        window.open_trace(parser.positionalArguments().front());
    return QApplication::exec();
}
