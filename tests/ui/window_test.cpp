// See window_test.h.
#include "tests/ui/window_test.h"

#include "tests/ui/traces.h"
#include "tests/ui/windows.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/focus.h"
#include "ui/host_panel.h"
#include "ui/inspector.h"
#include "ui/main_window.h"
#include "ui/message_bar.h"
#include "ui/output_panel.h"
#include "ui/run_form.h"
#include "ui/start_page.h"
#include "ui/statistics_panel.h"
#include "ui/status_line.h"
#include "ui/summary_panel.h"
#include "ui/trace_document.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QClipboard>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTextBrowser>
#include <QtTest>

#include <cstdio>
#include <fstream>

namespace ringside::test {

using namespace ringside::ui;

void WindowTest::a_mistake_in_the_filter_is_shown_where_it_is()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    FilterLine& line = opened.window.filter_line();
    QString before = line.applied();
    line.setFocus();
    QTest::keyClicks(&line, "errno == ENOET");
    QTest::keyClick(&line, Qt::Key_Escape); // closes the completion where it is open
    line.setText("errno == ENOET");
    QTest::keyClick(&line, Qt::Key_Return);
    QVERIFY2(opened.window.messages().text().contains("Column 10"), qPrintable(opened.window.messages().text()));
    QVERIFY(opened.window.messages().text().contains("ENOENT"));
    QCOMPARE(line.mistake_range(), (std::pair {9, 14}));
    QCOMPARE(line.applied(), before); // what was in force stays
    QVERIFY(opened.filter("errno == ENOENT"));
    QVERIFY(opened.window.messages().text().isEmpty());
    QVERIFY(!line.mistake());
    QCOMPARE(line.applied(), QString("errno == ENOENT"));
    // Columns count bytes in trace/, characters on the screen.
    line.apply(QString::fromUtf8("path == \"é\" && bad == 1"));
    QCOMPARE(line.mistake_range(), (std::pair {15, 18}));
}

void WindowTest::completion_offers_names_and_inserts_them()
{
    FilterLine line;
    line.resize(600, 40);
    line.show();
    line.setFocus();
    QTest::keyClicks(&line, "syscall == opena");
    QTest::keyClick(&line, Qt::Key_Tab);
    QCOMPARE(line.text().trimmed(), QString("syscall == openat"));
}

void WindowTest::escape_clears_the_filter_and_keeps_the_event()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 3000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    int all = window.events().rowCount();
    QVERIFY(opened.filter("syscall == openat && ret < 0"));
    int some = window.events().rowCount();
    QVERIFY(some > 3 && some < all);
    window.view().setCurrentIndex(window.events().index(some / 2, 0));
    trace::EventId event = window.focus().event();
    QVERIFY(event > 1);
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.filter_line().setFocus();
    QTest::keyClick(&window.filter_line(), Qt::Key_Escape);
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0, patience);
    QCOMPARE(window.events().rowCount(), all);
    QCOMPARE(window.focus().event(), event);
    QCOMPARE(window.events().event_at(window.view().currentIndex().row()), event);
}

void WindowTest::quick_filters_compose()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 1000));
    QVERIFY(opened.ok);
    auto chips = opened.window.findChildren<QAbstractButton*>();
    auto chip = [&](const QString& text) { return *std::ranges::find_if(chips, [&](QAbstractButton* button) { return button->text() == text; }); };
    chip("Problems")->click();
    chip("Reached host")->click();
    QCOMPARE(opened.window.filter_line().applied(), QString("problem && host_calls > 0"));
    QVERIFY(chip("Problems")->isChecked() && chip("Reached host")->isChecked());
    chip("Problems")->click();
    QCOMPARE(opened.window.filter_line().applied(), QString("host_calls > 0"));
    QVERIFY(!chip("Problems")->isChecked());
    chip("Reached host")->click();
    QVERIFY(opened.window.filter_line().applied().isEmpty());
    // A condition that stands in quotes, or between parentheses, is no part of the filter.
    for (const char* other : {"comm == \"problem\"", "args contains \"x && problem\"", "(problem || host_calls > 0)"}) {
        opened.window.filter_line().apply(other);
        QVERIFY2(!chip("Problems")->isChecked(), other);
        chip("Problems")->click();
        QCOMPARE(opened.window.filter_line().applied(), QString(other) + " && problem");
        QVERIFY2(chip("Problems")->isChecked(), other);
        chip("Problems")->click();
        QCOMPARE(opened.window.filter_line().applied(), QString(other));
    }
    // One of two parts, wherever they stand.
    opened.window.filter_line().apply("dur > 1ms and ret >= 0 and blocked");
    QVERIFY(chip("Waits over 1 ms")->isChecked());
    chip("Waits over 1 ms")->click();
    QCOMPARE(opened.window.filter_line().applied(), QString("ret >= 0"));
}

void WindowTest::places_visited_are_gone_back_to()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    trace::EventId first = window.focus().event();
    for (trace::EventId event : {10, 400, 900})
        window.focus().set_event(event);
    auto go = [&](Qt::Key key) {
        QTest::keyClick(&window, key, Qt::AltModifier);
        return window.focus().event();
    };
    QCOMPARE(go(Qt::Key_Left), trace::EventId {400});
    QCOMPARE(go(Qt::Key_Left), trace::EventId {10});
    QCOMPARE(go(Qt::Key_Right), trace::EventId {400});
    QCOMPARE(window.events().event_at(window.view().currentIndex().row()), trace::EventId {400}); // every pane goes there
    window.focus().set_event(50); // another way: the one that was left is forgotten
    QCOMPARE(go(Qt::Key_Right), trace::EventId {50});
    QCOMPARE(go(Qt::Key_Left), trace::EventId {400});
    QCOMPARE(go(Qt::Key_Left), trace::EventId {10});
    for (int i = 0; i < 3; ++i)
        go(Qt::Key_Left);
    QCOMPARE(window.focus().event(), first ? first : trace::EventId {10}); // the first place, and no further
}

void WindowTest::what_was_done_with_a_descriptor_is_walked_through()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'exec 7</etc/passwd; read line <&7; read other <&7; cat /no/such; exit 3'", QSize(1300, 800));
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.filter_line().apply("syscall == read && path == \"/etc/passwd\"");
    QVERIFY(done.count() > 0 || done.wait(patience));
    QVERIFY(window.events().rowCount() > 2);
    trace::EventId first = window.events().event_at(0), second = window.events().event_at(1);
    QSignalSpy shown(&window.inspector(), &Inspector::shown);
    window.focus().set_event(first);
    QVERIFY(shown.count() > 0 || shown.wait(patience));
    QVERIFY2(window.inspector().text().contains("opened by"), qPrintable(window.inspector().text()));
    trace::EventId opened = window.inspector().opened();
    QVERIFY(opened != 0 && opened < first);
    QTest::keyClick(&window, Qt::Key_Period, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(window.focus().event(), second, patience);
    QTRY_VERIFY_WITH_TIMEOUT(window.inspector().object() != 0, patience);
    QTest::keyClick(&window, Qt::Key_Comma, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(window.focus().event(), first, patience);
    QTRY_COMPARE_WITH_TIMEOUT(window.inspector().opened(), opened, patience);
    window.filter_line().apply({});
    QTest::keyClick(&window, Qt::Key_Return, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(window.focus().event(), opened, patience);
    // Why the program failed stands beside each event that is part of it.
    QTRY_VERIFY_WITH_TIMEOUT(window.summary().summary() && window.summary().summary()->why.cause.event, patience);
    window.focus().set_event(window.summary().summary()->why.cause.event);
    QTRY_VERIFY2_WITH_TIMEOUT(window.inspector().text().contains("/no/such does not exist"), qPrintable(window.inspector().text()), patience);
}

void WindowTest::each_part_of_the_status_leads_somewhere()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    auto press = [&](const QString& part) {
        for (QAbstractButton* button : opened.window.status().findChildren<QAbstractButton*>())
            if (button->isVisible() && button->text().contains(part))
                return button->click(), true;
        return false;
    };
    QVERIFY2(press("events"), qPrintable(opened.window.status().text()));
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.statistics().in_front(), patience);
    QVERIFY(press("host calls"));
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.host().in_front(), patience);
    // F6 reaches it among the panes, though its contents cover it.
    bool reached = false;
    for (int i = 0; i < 6 && !reached; ++i) {
        QTest::keyClick(&opened.window, Qt::Key_F6);
        reached = opened.window.focusWidget() && opened.window.host().isAncestorOf(opened.window.focusWidget());
    }
    QVERIFY(reached);
    QString read;
    QTimer::singleShot(200, &opened.window, [&] {
        if (auto* text = opened.window.findChild<QTextBrowser*>("dialog-text"))
            read = text->toPlainText();
        if (QWidget* dialog = QApplication::activeModalWidget())
            dialog->close();
    });
    QVERIFY(press(".ringside"));
    QVERIFY2(read.contains("2,000") && read.contains(QString::fromStdString(folder / "")), qPrintable(read));
}

void WindowTest::problems_are_reached_by_key()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 2000);
    Opened opened(path);
    QVERIFY(opened.ok);
    trace::TraceFile file(path);
    auto problem = std::get<trace::Filter>(trace::Filter::compile("problem"));
    std::vector<trace::EventId> problems;
    for (trace::EventId id = 1; id <= file.last_event(); ++id)
        if (problem.matches(*file.event(id), file))
            problems.push_back(id);
    QVERIFY(problems.size() > 2);
    QTest::keyClick(&opened.window, Qt::Key_F4);
    QTRY_COMPARE_WITH_TIMEOUT(opened.window.focus().event(), problems[0], patience);
    QTest::keyClick(&opened.window, Qt::Key_F4);
    QTRY_COMPARE_WITH_TIMEOUT(opened.window.focus().event(), problems[1], patience);
    QTest::keyClick(&opened.window, Qt::Key_F4, Qt::ShiftModifier);
    QTRY_COMPARE_WITH_TIMEOUT(opened.window.focus().event(), problems[0], patience);
}

void WindowTest::the_inspector_takes_a_call_apart()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    QVERIFY(opened.filter("syscall == openat && ret < 0"));
    QSignalSpy shown(&opened.window.inspector(), &Inspector::shown);
    opened.window.view().setCurrentIndex(opened.window.events().index(0, 0));
    QTRY_VERIFY_WITH_TIMEOUT(shown.count() > 0, patience);
    QString text = opened.window.inspector().text();
    for (const char* piece : {"dirfd AT_FDCWD", "pathname \"/usr/share", "O_CLOEXEC", "ENOENT", "Host calls it caused", "openat2", "Bytes in", "0000  2f 75 73 72", "The code was not recorded"})
        QVERIFY2(text.contains(piece), qPrintable(QString("no \"%1\" in:\n%2").arg(piece, text)));
}

void WindowTest::rows_are_copied_as_strace_writes_them()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 1000);
    Opened opened(path);
    QVERIFY(opened.ok);
    QVERIFY(opened.filter("syscall == openat"));
    opened.window.view().setFocus();
    opened.window.view().selectAll();
    auto events = opened.window.view().selected_events(1'000'000);
    QCOMPARE(events.size(), static_cast<std::size_t>(opened.window.events().rowCount()));
    QGuiApplication::clipboard()->clear();
    QTest::keyClick(&opened.window.view(), Qt::Key_C, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(!QGuiApplication::clipboard()->text().isEmpty(), patience);
    QStringList lines = QGuiApplication::clipboard()->text().split('\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), static_cast<qsizetype>(events.size()));
    trace::TraceFile file(path);
    QCOMPARE(lines.front(), QString::fromStdString(trace::Decoder(file, {.align = 0}).line(*file.event(events.front())).text));
}

void WindowTest::a_letter_does_not_search_millions_of_rows()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 500));
    QVERIFY(opened.ok);
    opened.window.view().setCurrentIndex(opened.window.events().index(10, 0));
    QTest::keyClick(&opened.window.view(), Qt::Key_5);
    QCOMPARE(opened.window.view().currentIndex().row(), 10);
}

void WindowTest::files_that_are_no_traces_give_one_line()
{
    TemporaryFolder folder;
    std::string whole = synthetic_trace(folder, 500);
    auto write = [&](const std::string& name, const std::string& content) {
        std::ofstream(folder / name, std::ios::binary) << content;
        return folder / name;
    };
    std::ifstream in(whole, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    std::string torn = bytes;
    for (std::size_t i = 200; i < torn.size(); i += 3)
        torn[i] = static_cast<char>(torn[i] + 77);
    const std::string files[] = {write("empty", ""), write("gzip", "\x1f\x8b\x08 and so on"), write("text", "hello\n"), write("half", bytes.substr(0, bytes.size() / 2)),
        write("torn", torn), folder / "missing", folder / ""};
    MainWindow window;
    window.show();
    for (const std::string& file : files) {
        QSignalSpy opened(&window, &MainWindow::trace_opened);
        window.messages().dismiss();
        window.open_trace(QString::fromStdString(file));
        QTRY_VERIFY_WITH_TIMEOUT(opened.count() > 0 || !window.messages().text().isEmpty(), patience);
        // What is half readable may open; then it says so. What is none must say so in one line.
        QTRY_VERIFY2_WITH_TIMEOUT(!window.messages().text().isEmpty(), file.c_str(), patience);
        QVERIFY2(!window.messages().text().contains('\n'), file.c_str());
    }
    QSignalSpy opened(&window, &MainWindow::trace_opened);
    window.open_trace(QString::fromStdString(whole)); // the window is none the worse for it
    QTRY_VERIFY_WITH_TIMEOUT(window.document() && window.document()->path() == whole, patience);
}

void WindowTest::a_growing_trace_is_followed()
{
    TemporaryFolder folder;
    std::string path = folder / "growing.ringside";
    GrowingTrace growing(path, 6000);
    QTRY_VERIFY_WITH_TIMEOUT(trace::TraceFile(path).last_event() > 1000, patience);
    Opened opened(path);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    QVERIFY(window.document()->running());
    QVERIFY(window.view().follows_end());
    int before = window.events().rowCount();
    QVERIFY(before > 500);
    window.focus().set_event(5); // looks elsewhere
    QTRY_VERIFY_WITH_TIMEOUT(!window.view().follows_end(), patience);
    growing.finish();
    QTRY_VERIFY_WITH_TIMEOUT(!window.document()->running() && window.events().event_count() == growing.events(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(window.events().rowCount() > before, patience);
    QVERIFY2(window.status().text().contains("complete"), qPrintable(window.status().text()));
}

void WindowTest::the_end_of_a_run_is_in_sight()
{
    TemporaryFolder folder;
    std::string path = folder / "growing.ringside";
    GrowingTrace growing(path, 6000);
    QTRY_VERIFY_WITH_TIMEOUT(trace::TraceFile(path).last_event() > 1000, patience);
    Opened opened(path);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    growing.finish();
    QTRY_VERIFY_WITH_TIMEOUT(!window.document()->running() && window.events().event_count() == growing.events(), patience);
    auto last_in_sight = [&] {
        const QRect last = window.view().visualRect(window.events().index(window.events().rowCount() - 1, 0));
        return last.isValid() && window.view().viewport()->rect().intersects(last);
    };
    QTRY_VERIFY_WITH_TIMEOUT(last_in_sight(), patience);
    QTest::qWait(300); // nothing that comes late takes it away
    QVERIFY(last_in_sight());
}

void WindowTest::a_program_is_recorded()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'echo hello from inside; cat /no/such/file; exit 3'");
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QTRY_VERIFY_WITH_TIMEOUT(window.document() && !window.document()->running(), patience);
    QVERIFY2(window.output().text().contains("hello from inside"), qPrintable(window.output().text()));
    QTRY_VERIFY2_WITH_TIMEOUT(window.status().text().contains("exited with 3"), qPrintable(window.status().text()), patience);
    QTRY_VERIFY_WITH_TIMEOUT(window.events().event_count() > 50, patience);
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.filter_line().apply("path == \"/no/such/file\" && errno == ENOENT");
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0, patience);
    QTRY_COMPARE_WITH_TIMEOUT(window.events().rowCount(), 1, patience);
    QSignalSpy shown(&window.inspector(), &Inspector::shown);
    window.view().setCurrentIndex(window.events().index(0, 0));
    QTRY_VERIFY_WITH_TIMEOUT(shown.count() > 0, patience);
    QVERIFY2(window.inspector().text().contains("syscall"), qPrintable(window.inspector().text())); // the code at the call
}

void WindowTest::a_program_that_does_not_exist_says_so()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("no-such-program-here");
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!window.messages().text().isEmpty(), patience);
    QVERIFY(!window.messages().text().contains('\n'));
}

void WindowTest::what_is_typed_reaches_the_program()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'echo ready; read line; echo \"got <$line>\"'");
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(window.output().text().contains("ready\n") || ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    Q_EMIT window.output().typed("forty two\n");
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    QVERIFY2(window.output().text().contains("got <forty two>"), qPrintable(window.output().text()));
}

void WindowTest::the_window_is_never_held_up()
{
    TemporaryFolder folder;
    std::string path = folder / "large.ringside";
    record_synthetic({.events = 1'000'000, .payload = false}, path);
    LongestTurn turn;
    Opened opened(path);
    QVERIFY(opened.ok);
    QVERIFY(opened.filter("ret < 0 || dur > 10us"));
    QVERIFY(opened.filter("problem"));
    QVERIFY(opened.filter({}));
    for (int row = 0; row < opened.window.events().rowCount(); row += 40'009) {
        opened.window.view().scrollTo(opened.window.events().index(row, 0));
        QTest::qWait(20);
    }
    std::uint64_t longest = turn.stop();
    std::printf("longest turn of the window's thread: %.1f ms\n", static_cast<double>(longest) / 1e6);
    QVERIFY2(longest < std::uint64_t {50'000'000} * slowness, "a turn took more than 50 ms of processor time");
}

}
