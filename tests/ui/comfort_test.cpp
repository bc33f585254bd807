// See comfort_test.h.
#include "tests/ui/comfort_test.h"

#include "tests/ui/traces.h"
#include "tests/ui/windows.h"
#include "ui/disk_space.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/find_bar.h"
#include "ui/flat_button.h"
#include "ui/highlights.h"
#include "ui/inspector.h"
#include "ui/mark_book.h"
#include "ui/theme.h"

#include <QDockWidget>
#include <QComboBox>
#include <QAccessible>
#include <QApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QSettings>
#include <QTimer>

#include <cmath>
#include <cstdio>
#include <ctime>

namespace ringside::test {

using namespace ringside::ui;

namespace {

int whole_rows(MainWindow& window)
{
    EventsView& view = window.view();
    return view.viewport()->height() / std::max(1, view.rowHeight(0));
}

/// Visible controls whose text does not fit into them, or that stand outside of the window.
QStringList clipped(MainWindow& window)
{
    QStringList found;
    for (auto* button : window.findChildren<FlatButton*>()) {
        if (!button->isVisible() || button->visibleRegion().isEmpty())
            continue;
        QRect in_window(button->mapTo(&window, QPoint()), button->size());
        bool outside = !window.rect().contains(in_window);
        bool cut = button->width() < button->sizeHint().width() - 1 && !qobject_cast<QLineEdit*>(button->parentWidget());
        if (outside || cut || button->height() < QFontMetrics(button->font()).ascent())
            found += button->text() + (outside ? " outside" : " cut");
    }
    for (auto* label : window.findChildren<QLabel*>())
        if (label->isVisible() && !label->visibleRegion().isEmpty() && label->height() < QFontMetrics(label->font()).ascent())
            found += label->text() + " low";
    return found;
}

double luminance(const QColor& colour)
{
    auto part = [](double value) { return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4); };
    return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) + 0.0722 * part(colour.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

}

void ComfortTest::a_small_screen_shows_enough()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 2000);
    QSettings().remove("window");
    QSettings().remove("events");
    {
        Opened opened(path, {800, 600});
        QVERIFY(opened.ok);
        QTest::qWait(300);
        if (opened.window.size() != QSize(800, 600)) // who wants more?
            for (auto* widget : opened.window.findChildren<QWidget*>())
                if (widget->isVisible() && (widget->minimumSizeHint().width() > 400 || widget->minimumSizeHint().height() > 250 || widget->minimumHeight() > 250))
                    std::printf("%s %s wants %d x %d\n", widget->metaObject()->className(), qPrintable(widget->objectName()), widget->minimumSizeHint().width(), widget->minimumSizeHint().height());
        QCOMPARE(opened.window.size(), QSize(800, 600));
        QVERIFY2(whole_rows(opened.window) >= 10, qPrintable(QString::number(whole_rows(opened.window))));
        QVERIFY2(clipped(opened.window).isEmpty(), qPrintable(clipped(opened.window).join(", ")));
    }
    QSettings().remove("window");
    QSettings().remove("events");
    Opened opened(path, {1366, 768});
    QVERIFY(opened.ok);
    QTest::qWait(300);
    QCOMPARE(opened.window.size(), QSize(1366, 768));
    QVERIFY2(whole_rows(opened.window) >= 12, qPrintable(QString::number(whole_rows(opened.window))));
    QVERIFY2(clipped(opened.window).isEmpty(), qPrintable(clipped(opened.window).join(", ")));
    QHeaderView* header = opened.window.view().horizontalHeader();
    QCOMPARE(header->count() - header->hiddenSectionCount(), 8);
    QVERIFY(header->length() <= opened.window.view().viewport()->width()); // none has to be scrolled to
}

void ComfortTest::letters_of_twice_the_size_are_whole()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 1000);
    QFont normal = QApplication::font(), twice = normal;
    twice.setPointSizeF(normal.pointSizeF() * 2);
    QApplication::setFont(twice);
    {
        Opened opened(path, {1400, 900});
        QTest::qWait(300);
        {
            EventsView& view = opened.window.view();
            bool rows_fit = view.rowHeight(0) >= QFontMetrics(mono_font()).height();
            QStringList bad = clipped(opened.window);
            QApplication::setFont(normal);
            QVERIFY(opened.ok && rows_fit);
            QVERIFY2(bad.isEmpty(), qPrintable(bad.join(", ")));
        }
    }
    // While the window is open, by its own keys: larger, and as it was.
    Opened opened(path, {1400, 900});
    QVERIFY(opened.ok);
    int before = opened.window.view().rowHeight(0);
    QTest::keyClick(&opened.window, Qt::Key_Plus, Qt::ControlModifier);
    QTest::keyClick(&opened.window, Qt::Key_Plus, Qt::ControlModifier);
    QTest::keyClick(&opened.window, Qt::Key_Plus, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.view().rowHeight(0) > before, patience);
    QVERIFY(opened.window.view().rowHeight(0) >= QFontMetrics(mono_font()).height());
    QTest::keyClick(&opened.window, Qt::Key_0, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(opened.window.view().rowHeight(0), before, patience);
    QCOMPARE(QApplication::font().pointSizeF(), normal.pointSizeF());
}

void ComfortTest::whatever_takes_the_focus_has_a_name()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 500));
    QVERIFY(opened.ok);
    QStringList nameless;
    int named = 0;
    opened.window.find_bar().begin();
    opened.window.focus().set_event(5);
    for (const char* dock : {"summary", "timeline", "files", "network", "host", "statistics", "terminal"}) {
        opened.window.show_dock(dock);
        QTest::qWait(150);
        for (auto* widget : opened.window.findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_") || !widget->isVisible())
                continue;
            QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(widget);
            if (!accessible)
                continue;
            bool own = !accessible->text(QAccessible::Name).isEmpty();
            // A line inside of a box or a list is named by what it is in.
            QAccessibleInterface* around = widget->parentWidget() ? QAccessible::queryAccessibleInterface(widget->parentWidget()) : nullptr;
            bool inside = around && widget->focusProxy() == nullptr && !around->text(QAccessible::Name).isEmpty() && widget->parentWidget()->focusPolicy() != Qt::NoFocus;
            if (own || inside)
                ++named;
            else
                nameless += QString("%1 %2 in %3, dock %4").arg(widget->metaObject()->className(), widget->objectName(), widget->parentWidget() ? widget->parentWidget()->metaObject()->className() : "nothing", dock);
        }
    }
    QVERIFY(named > 20);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join('\n')));
    // The first cell of a row speaks the row.
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.events().row(0), patience);
    QString spoken = opened.window.events().index(0, 0).data(Qt::AccessibleTextRole).toString();
    QVERIFY2(spoken.contains("Event 1"), qPrintable(spoken));
}

void ComfortTest::every_text_can_be_read_on_every_ground()
{
    auto* application = static_cast<QApplication*>(QApplication::instance());
    QStringList bad;
    double worst = 100;
    for (Theme theme : {Theme::light, Theme::dark}) {
        apply_theme(*application, theme);
        const Colours& c = colours();
        std::vector<std::pair<QString, QColor>> inks {{"text", c.text}, {"secondary", c.secondary}, {"faint", c.faint}, {"accent", c.accent}, {"error", c.error}, {"denied", c.denied}, {"good", c.good}, {"host", c.host}, {"file", c.file}, {"network", c.network}, {"process", c.process}, {"other", c.other}};
        std::vector<std::pair<QString, QColor>> grounds {{"panel", c.panel}, {"window", c.window}, {"selection", c.selection}, {"match", c.match}, {"valid", c.valid}, {"alternate", application->palette().color(QPalette::AlternateBase)}};
        for (int rule = 0; rule < static_cast<int>(highlight_count); ++rule)
            grounds.emplace_back("highlight " + highlight_rules()[static_cast<std::size_t>(rule)].name, highlight_ground(rule));
        for (const auto& [ink_name, ink] : inks)
            for (const auto& [ground_name, ground] : grounds) {
                double value = contrast(ink, ground);
                worst = std::min(worst, value);
                if (value < 4.5)
                    bad += QString("%1 on %2, %3: %4").arg(ink_name, ground_name, c.dark ? "dark" : "light").arg(value, 0, 'f', 2);
            }
    }
    apply_theme(*application, Theme::light);
    std::printf("worst contrast of a text: %.2f : 1\n", worst);
    QVERIFY2(bad.isEmpty(), qPrintable(bad.join('\n')));
    // Without colour, the results still differ: each kind has a sign.
    QStringList signs {sign_of(ResultKind::error), sign_of(ResultKind::expected), sign_of(ResultKind::denied), sign_of(ResultKind::unsupported), sign_of(ResultKind::injected), sign_of(ResultKind::running)};
    QCOMPARE(signs.removeDuplicates(), 0);
}

void ComfortTest::low_disk_is_said_before_it_is_full()
{
    constexpr std::uint64_t gib = std::uint64_t {1} << 30, mib = std::uint64_t {1} << 20;
    QVERIFY(disk_warning(40 * gib, 0).isEmpty());
    QVERIFY(disk_warning(40 * gib, 10 * mib).isEmpty());
    QVERIFY2(disk_warning(gib + gib / 5, 5 * mib).contains("1.2 GB left: about 4 minutes of recording"), qPrintable(disk_warning(gib + gib / 5, 5 * mib)));
    QVERIFY(disk_warning(4 * gib, 50 * mib).contains("about 1 minute"));
    QVERIFY(disk_warning(200 * mib, 0).contains("0.2 GB left"));
    // In the window, while a trace grows.
    TemporaryFolder folder;
    std::string path = folder / "growing.ringside";
    GrowingTrace growing(path, 3000);
    QTRY_VERIFY_WITH_TIMEOUT(trace::TraceFile(path).last_event() > 500, patience);
    Opened opened(path);
    QVERIFY(opened.ok && opened.window.document()->running());
    opened.window.set_free_space([](const QString&) { return std::uint64_t {300} << 20; });
    QTRY_VERIFY2_WITH_TIMEOUT(opened.window.messages().text().contains("0.3 GB left"), qPrintable(opened.window.messages().text()), patience);
    growing.finish();
    QTRY_VERIFY_WITH_TIMEOUT(!opened.window.document()->running(), patience);
}

void ComfortTest::a_killed_window_comes_back()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 2000);
    Opened killed(path);
    QVERIFY(killed.ok && killed.filter("group == file"));
    trace::EventId event = killed.window.events().event_at(40);
    killed.window.focus().set_event(event);
    killed.window.findChild<QDockWidget*>("host")->close();
    killed.window.remember_session(); // as it does every two seconds; nothing else is written
    {
        MainWindow again;
        again.resize(1300, 800);
        again.show();
        QVERIFY(again.come_back());
        QTRY_COMPARE_WITH_TIMEOUT(again.focus().event(), event, patience);
        QCOMPARE(again.filter_line().applied(), QString("group == file"));
        QCOMPARE(again.events().event_at(again.view().currentIndex().row()), event);
        QTRY_VERIFY_WITH_TIMEOUT(again.findChild<QDockWidget*>("host")->isHidden(), patience);
        again.close(); // as a person closes it: nothing is left to come back to
    }
    MainWindow fresh;
    QVERIFY(!fresh.come_back());
    QSettings().remove("window");
}

void ComfortTest::settings_of_a_run_are_kept_by_name()
{
    auto line = [](RunForm& form, const QString& name) {
        for (QLineEdit* each : form.findChildren<QLineEdit*>())
            if (each->accessibleName() == name)
                return each;
        return static_cast<QLineEdit*>(nullptr);
    };
    RunForm form;
    form.set_command("true");
    line(form, "Memory")->setText("512m");
    line(form, "Processes")->setText("20");
    auto options = form.options();
    QVERIFY(options);
    QCOMPARE(options->memory, std::uint64_t {512} << 20);
    QCOMPARE(options->pids, 20U);
    QCOMPARE(options->root, std::string("/"));
    for (auto [name, text] : {std::pair {"Memory", "many"}, {"Processes", "-1"}, {"Root folder", "/no/such"}}) {
        QString before = line(form, name)->text();
        line(form, name)->setText(text);
        QVERIFY2(!form.options() && form.complaint().contains(text), qPrintable(form.complaint()));
        line(form, name)->setText(before);
    }
    form.distrust(true);
    form.keep_as("Build / small");
    RunForm other;
    QVERIFY(!other.distrusts());
    auto* kept = other.findChild<QComboBox*>();
    int index = kept->findText("Build / small");
    QVERIFY(index > 0);
    kept->setCurrentIndex(index);
    Q_EMIT kept->activated(index);
    QVERIFY(other.distrusts());
    QCOMPARE(line(other, "Memory")->text(), QString("512m"));
}

void ComfortTest::columns_can_be_added_and_stay()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 500);
    QSettings().remove("events");
    {
        Opened opened(path);
        QVERIFY(opened.ok && opened.window.view().isColumnHidden(EventsModel::path));
        opened.window.view().setColumnHidden(EventsModel::path, false);
        opened.window.view().horizontalHeader()->moveSection(opened.window.view().horizontalHeader()->visualIndex(EventsModel::path), 2);
        opened.window.close();
    }
    Opened again(path);
    QVERIFY(again.ok && !again.window.view().isColumnHidden(EventsModel::path));
    QCOMPARE(again.window.view().horizontalHeader()->visualIndex(EventsModel::path), 2);
    QVERIFY(again.window.view().isColumnHidden(EventsModel::thread));
    QSettings().remove("events");
}

void ComfortTest::the_state_of_a_process_is_told_at_an_event()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'umask 027; cd /usr/share; trap \"\" HUP; exec 7</etc/passwd; cat /no/such/file; exit 1'", QSize(1500, 850));
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QTRY_VERIFY_WITH_TIMEOUT(window.document() && !window.document()->running(), patience);
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.filter_line().apply("path == \"/no/such/file\"");
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0 && window.events().rowCount() > 0, patience);
    window.inspector().show_tab(Inspector::Tab::state);
    QSignalSpy shown(&window.inspector(), &Inspector::state_shown);
    window.focus().set_event(window.events().event_at(0));
    QTRY_VERIFY_WITH_TIMEOUT(shown.count() > 0, patience);
    QString text = window.inspector().state_text();
    // cat's own: the directory, the mask and what is ignored come from the shell, the descriptor as well.
    for (const char* piece : {"directory /usr/share", "umask 027", "/usr/bin/cat", "7 /etc/passwd", "SIGHUP", "SIG_IGN", "Memory map", "libc.so.6", "r-xp"})
        QVERIFY2(text.contains(piece), qPrintable(QString("no \"%1\" in:\n%2").arg(piece, text)));
}

void ComfortTest::rows_stay_readable_while_marks_are_written()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 20'000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    QSignalSpy saved(&window.marks(), &MarkBook::saved);
    for (int round = 1; round <= 6; ++round) {
        window.marks().toggle_mark(static_cast<trace::EventId>(round));
        for (int i = 0; i < 10; ++i) {
            int row = (round * 2999 + i * 911) % window.events().rowCount();
            window.view().scrollTo(window.events().index(row, 0));
            QTest::qWait(60);
        }
        QVERIFY(opened.filter(round % 2 ? "ret >= 0" : ""));
        QTRY_VERIFY_WITH_TIMEOUT(window.events().row(window.view().rowAt(3)), 5000);
    }
    QTRY_VERIFY_WITH_TIMEOUT(saved.count() > 0, patience);
}

void ComfortTest::ten_columns_of_keys_do_not_hold_the_window_up()
{
    TemporaryFolder folder;
    std::string path = folder / "large.ringside";
    record_synthetic({.events = 1'000'000, .payload = false}, path);
    Opened opened(path);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    QTest::qWait(1500);
    LongestTurn turn;
    for (int column = EventsModel::process; column < EventsModel::notes; ++column) {
        window.sort_by(column, Qt::DescendingOrder);
        QTRY_VERIFY_WITH_TIMEOUT(!window.events().in_order_of_time(), patience);
        window.focus().set_event(400'000);
        QTest::qWait(30);
        QTest::keyClick(&window.view(), Qt::Key_A);
        window.view().selectAll();
        window.sort_by(-1, Qt::AscendingOrder);
        QTest::qWait(30);
    }
    window.filter_line().apply("problem");
    window.mark_matches(true);
    QTRY_VERIFY_WITH_TIMEOUT(window.events().marked(), patience);
    window.marks().toggle_mark(70);
    QTest::qWait(500);
    window.mark_matches(false);
    QTest::qWait(300);
    std::uint64_t longest = turn.stop();
    std::printf("longest turn while sorting, marking, selecting: %.1f ms\n", static_cast<double>(longest) / 1e6);
    QVERIFY2(longest < 50'000'000, "a turn took more than 50 ms of processor time");
}

}
