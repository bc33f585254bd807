// Pictures of the window, made on any platform of Qt: ui-screenshots FOLDER [TRACE[:EVENT]…].
//
// start-light.png, live-dark.png, start-zh.png; and for each trace NAME-light.png and NAME-filter-dark.png with that event, or the first problem, in the inspector, one with a mistake
// in the filter, and each dock in front, English and Chinese.
#include "ui/events_model.h"
#include "ui/filter_line.h"
#include "ui/find_bar.h"
#include "ui/focus.h"
#include "ui/inspector.h"
#include "ui/main_window.h"
#include "ui/mark_book.h"
#include "ui/network_panel.h"
#include "ui/run_form.h"
#include "ui/start_page.h"
#include "ui/theme.h"
#include "ui/translation.h"

#include <QApplication>
#include <QFileInfo>
#include <QLineEdit>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTest>

namespace {

using namespace ringside::ui;

void picture_of_start(const QString& path)
{
    MainWindow window;
    window.resize(1280, 760);
    window.show();
    QTest::qWait(800);
    window.grab().save(path);
}

/// A program that waits for what is typed.
void picture_of_run(const QString& path)
{
    apply_theme(*static_cast<QApplication*>(QApplication::instance()), Theme::dark);
    MainWindow window;
    window.resize(1400, 840);
    window.show();
    window.start_page().form().set_command("sh -c 'for place in /usr/lib /etc; do ls $place | wc -l; done; printf \"Overwrite report.html? [y/N] \"; read answer'");
    if (auto options = window.start_page().form().options())
        window.run_program(*options);
    QTest::qWait(4'000);
    window.grab().save(path);
    apply_theme(*static_cast<QApplication*>(QApplication::instance()), Theme::light);
}

void pictures_of(const QString& trace, quint64 event, const QString& filter, const QString& path)
{
    MainWindow window;
    window.resize(1400, 840);
    window.show();
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.open_trace(trace);
    done.wait(20'000);
    QSignalSpy shown(&window.inspector(), &Inspector::shown);
    if (event)
        window.focus().set_event(event);
    else
        QTest::keyClick(&window, Qt::Key_F4);
    shown.wait(5'000);
    if (!filter.isEmpty())
        window.filter_line().apply(filter);
    QTest::qWait(1'000);
    window.grab().save(path);
}

}

/// Every dock in front, one picture each.
void pictures_of_docks(const QString& trace, quint64 event, const QString& path, QSize size)
{
    MainWindow window;
    window.resize(size);
    window.show();
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.open_trace(trace);
    done.wait(20'000);
    QTest::qWait(700);
    if (event)
        window.focus().set_event(event);
    for (const char* dock : {"summary", "timeline", "files", "network", "host", "statistics", "terminal"}) {
        window.show_dock(dock);
        if (event && dock == std::string_view("network"))
            window.network().follow_event(event);
        QTest::qWait(700);
        window.grab().save(path.arg(dock));
    }
}

/// Marks, matches marked among all, a part that is off, the find bar, the State tab; at sizes and font scales that people have.
void pictures_of_work(const QString& trace, const QString& path, QSize size)
{
    MainWindow window;
    window.resize(size);
    window.show();
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.open_trace(trace);
    done.wait(20'000);
    window.filter_line().apply("group == file && ret < 0");
    QTest::qWait(500);
    window.switch_part_off("ret < 0");
    window.mark_matches(true);
    QTest::qWait(500);
    auto mark = [&](int row) { return window.events().event_at(row); };
    window.marks().toggle_mark(mark(3));
    window.marks().set_note(mark(5), "Here it begins");
    window.marks().toggle_reference(mark(7));
    window.focus().set_event(mark(9));
    window.find_bar().begin();
    window.find_bar().line().setText("ENOENT");
    window.inspector().show_tab(Inspector::Tab::state);
    QTest::qWait(1'500);
    window.grab().save(path);
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setOrganizationName("ringside");
    QApplication::setApplicationName("workbench-screenshots");
    QSettings().clear();
    QStringList arguments = QApplication::arguments().mid(1);
    if (arguments.isEmpty())
        return 2;
    QString folder = arguments.takeFirst();
    apply_theme(application, Theme::light);
    picture_of_start(folder + "/start-light.png");
    picture_of_run(folder + "/live-dark.png");
    for (const QString& argument : arguments) {
        QString trace = argument.section(':', 0, 0);
        quint64 event = argument.section(':', 1).toULongLong();
        QString name = folder + '/' + QFileInfo(trace).completeBaseName();
        apply_theme(application, Theme::light);
        pictures_of(trace, event, {}, name + "-light.png");
        pictures_of_docks(trace, event, name + "-%1-light.png", QSize(1400, 840));
        pictures_of(trace, event, "errno == ENOET && path ~ \"conf\"", name + "-mistake-light.png");
        apply_theme(application, Theme::dark);
        pictures_of_docks(trace, event, name + "-%1-dark.png", QSize(1366, 768));
        pictures_of(trace, event, "ret < 0", name + "-filter-dark.png");
        pictures_of_work(trace, name + "-work-dark.png", QSize(1400, 840));
        apply_theme(application, Theme::light);
        pictures_of_work(trace, name + "-work-light.png", QSize(1400, 840));
        for (QSize size : {QSize(800, 600), QSize(1366, 768)})
            pictures_of_docks(trace, event, name + "-%1-" + QString::number(size.width()) + ".png", size);
        QFont normal = QApplication::font(), twice = normal;
        twice.setPointSizeF(normal.pointSizeF() * 2);
        QApplication::setFont(twice);
        apply_theme(application, Theme::light);
        pictures_of(trace, event, "ret < 0", name + "-twice.png");
        QApplication::setFont(normal);
    }
    apply_language(application, "zh_CN");
    for (Theme theme : {Theme::light, Theme::dark}) {
        apply_theme(application, theme);
        for (const QString& argument : arguments)
            pictures_of_docks(argument.section(':', 0, 0), argument.section(':', 1).toULongLong(),
                folder + '/' + QFileInfo(argument.section(':', 0, 0)).completeBaseName() + (theme == Theme::dark ? "-%1-zh-dark.png" : "-%1-zh-light.png"), QSize(1400, 840));
    }
    picture_of_start(folder + "/start-zh.png");
    return 0;
}
