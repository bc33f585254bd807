// Pictures of the window, made on any platform of Qt: ui-screenshots FOLDER [TRACE[:EVENT]…].
//
// start-light.png; and for each trace NAME-light.png and NAME-filter-dark.png with that event, or the first problem, in the inspector, one with a mistake
// in the filter, and each dock in front.
#include "ui/filter_line.h"
#include "ui/focus.h"
#include "ui/inspector.h"
#include "ui/main_window.h"
#include "ui/theme.h"

#include <QApplication>
#include <QFileInfo>
#include <QSettings>
#include <QSignalSpy>
#include <QTest>

namespace {

using namespace ringside::ui;

void picture_of_start(const QString& folder)
{
    MainWindow window;
    window.resize(1280, 760);
    window.show();
    QTest::qWait(800);
    window.grab().save(folder + "/start-light.png");
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
        QTest::qWait(700);
        window.grab().save(path.arg(dock));
    }
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
    picture_of_start(folder);
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
    }
    return 0;
}
