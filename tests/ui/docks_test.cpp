// See docks_test.h.
#include "tests/ui/docks_test.h"

#include "tests/ui/traces.h"
#include "tests/ui/windows.h"
#include "trace/analysis/files.h"
#include "trace/analysis/statistics.h"
#include "ui/event_row.h"
#include "ui/events_model.h"
#include "ui/files_panel.h"
#include "ui/filter_line.h"
#include "ui/host_panel.h"
#include "ui/main_window.h"
#include "ui/message_bar.h"
#include "ui/network_panel.h"
#include "ui/numbers.h"
#include "ui/output_panel.h"
#include "ui/run_form.h"
#include "ui/start_page.h"
#include "ui/statistics_panel.h"
#include "ui/status_line.h"
#include "ui/summary_panel.h"
#include "ui/time_focus.h"
#include "ui/timeline_panel.h"
#include "ui/timeline_view.h"
#include "ui/trace_document.h"
#include "ui/tree_table.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QSignalSpy>
#include <QtTest>

namespace ringside::test {

using namespace ringside::ui;

namespace {

constexpr QSize wide {1500, 900}; ///< all docks are below the events

/// Runs a command in the window and waits until its trace is whole. False: it never was; `ended` may know why.
bool run(MainWindow& window, const QString& command, const RunEnd& ended)
{
    window.resize(wide);
    window.show();
    window.start_page().form().set_command(command);
    auto options = window.start_page().form().options();
    if (!options)
        return false;
    window.run_program(*options);
    if (!ended.wait())
        return false;
    return QTest::qWaitFor([&] { return window.document() && !window.document()->running(); }, patience);
}

}

void DocksTest::docks_of_no_trace_say_what_to_do()
{
    MainWindow window;
    window.show();
    for (ViewPanel* dock : window.findChildren<ViewPanel*>())
        QVERIFY2(!dock->note().isEmpty(), qPrintable(dock->objectName()));
}

void DocksTest::docks_follow_the_filter()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 5000), wide);
    QVERIFY(opened.ok);
    StatisticsPanel& statistics = opened.window.statistics();
    QVERIFY(opened.show(statistics));
    int all = statistics.calls().rows().rowCount();
    QVERIFY(all > 2);
    QSignalSpy shown(&statistics, &ViewPanel::shown);
    opened.window.filter_line().apply("syscall == openat");
    QTRY_VERIFY_WITH_TIMEOUT(shown.count() > 0 && statistics.calls().rows().rowCount() == 1, patience);
    QVERIFY(statistics.calls().text().startsWith("openat\t"));
    // A filter that leaves nothing: a sentence and the way out of it.
    QVERIFY(opened.show(opened.window.files()));
    opened.window.filter_line().apply("id == 999999");
    QTRY_VERIFY_WITH_TIMEOUT(!opened.window.files().note().isEmpty(), patience);
    Q_EMIT opened.window.files().clear_filter_asked();
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.files().note().isEmpty(), patience);
}

void DocksTest::numbers_agree()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 8000);
    Opened opened(path, wide);
    QVERIFY(opened.ok);
    trace::TraceFile trace(path);
    trace::HotColumns columns;
    trace::load_hot_columns(path, columns, false);
    trace::analysis::Input input {trace, columns, nullptr, nullptr};
    trace::analysis::Processes processes(trace);
    auto sums = trace::analysis::statistics(input, processes);
    QTRY_VERIFY2_WITH_TIMEOUT(opened.window.status().text().contains(number_text(sums.host_calls) + " host calls"), qPrintable(opened.window.status().text()), patience);
    QVERIFY(opened.show(opened.window.summary()));
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.summary().summary() != nullptr, patience);
    QCOMPARE(opened.window.summary().summary()->events, sums.events);
    QCOMPARE(opened.window.summary().summary()->host_calls, sums.host_calls);
    QCOMPARE(opened.window.summary().summary()->problems, sums.problems);
    auto counts = trace::analysis::count(trace::analysis::files(input, processes));
    QVERIFY(opened.show(opened.window.files()));
    QVERIFY2(opened.window.files().note_text().startsWith(number_text(counts.read) + " read"), qPrintable(opened.window.files().note_text()));
    QSignalSpy done(&opened.window, &MainWindow::filter_done);
    opened.window.filter_line().apply("problem");
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0, patience);
    QCOMPARE(static_cast<std::uint64_t>(opened.window.events().rowCount()), sums.problems);
}

void DocksTest::the_timeline_zooms_and_filters()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 5000), wide);
    QVERIFY(opened.ok);
    TimelinePanel& timeline = opened.window.timeline();
    QVERIFY(opened.show(timeline));
    QTRY_VERIFY_WITH_TIMEOUT(timeline.view().picture() && timeline.view().picture()->lanes.size() > 1, patience);
    TimeFocus& time = opened.window.time();
    auto whole = time.whole();
    QVERIFY(whole.length() > 0);
    time.mark({whole.begin + whole.length() / 4, whole.begin + whole.length() / 2});
    QTest::keyClick(&timeline.view(), Qt::Key_F);
    QVERIFY2(opened.window.filter_line().applied().startsWith("t >= "), qPrintable(opened.window.filter_line().applied()));
    QTRY_VERIFY_WITH_TIMEOUT(opened.window.events().filtered() && opened.window.events().rowCount() > 0, patience);
    QCOMPARE(time.shown(), whole); // a filter is no zoom
    QTest::keyClick(&timeline.view(), Qt::Key_Z);
    QVERIFY(time.shown().length() <= whole.length() / 4 + 1);
    QTest::keyClick(&timeline.view(), Qt::Key_0);
    QCOMPARE(time.shown(), whole);
}

void DocksTest::exports_are_read_by_their_own_consumers()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 3000), wide);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    auto written = [&](trace::ExportFormat format, const char* name) {
        QString target = QString::fromStdString(folder / name);
        QSignalSpy done(&window, &MainWindow::export_done);
        window.export_to(format, target);
        return done.count() > 0 || done.wait(patience) ? target : QString();
    };
    QFile jsonl(written(trace::ExportFormat::jsonl, "events.jsonl"));
    QVERIFY(jsonl.open(QIODevice::ReadOnly));
    qint64 lines = 0;
    for (QByteArray line = jsonl.readLine(); !line.isEmpty(); line = jsonl.readLine(), ++lines)
        QVERIFY(QJsonDocument::fromJson(line).isObject());
    QCOMPARE(static_cast<trace::EventId>(lines), window.document()->events());
    QFile perfetto(written(trace::ExportFormat::perfetto, "trace.json"));
    QVERIFY(perfetto.open(QIODevice::ReadOnly));
    QVERIFY(QJsonDocument::fromJson(perfetto.readAll()).object().contains("traceEvents"));
    QFile report(written(trace::ExportFormat::html, "report.html"));
    QVERIFY(report.open(QIODevice::ReadOnly));
    QByteArray html = report.readAll();
    QVERIFY(html.contains("<h2>Worth a look</h2>") && html.endsWith("</html>\n"));
    QVERIFY(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"));
    QVERIFY(!written(trace::ExportFormat::pcapng, "packets.pcapng").isEmpty());
    // A filter in force is what is exported.
    window.filter_line().apply("syscall == openat");
    QTRY_VERIFY_WITH_TIMEOUT(window.events().filtered(), patience);
    QFile csv(written(trace::ExportFormat::csv, "events.csv"));
    QVERIFY(csv.open(QIODevice::ReadOnly));
    const QList<QByteArray> rows = csv.readAll().trimmed().split('\n');
    QTRY_COMPARE_WITH_TIMEOUT(rows.size() - 1, qsizetype {window.events().rowCount()}, patience);
    QVERIFY(rows.value(1).contains(",openat,"));
}

void DocksTest::why_a_program_failed_is_told_unasked()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    MainWindow window;
    RunEnd ended(window);
    bool whole = run(window, "sh -c 'cat ./settings.conf 2>/dev/null; cat /etc/no-such-settings.conf; exit 3'", ended);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QVERIFY2(whole, qPrintable(window.messages().text()));
    QTRY_VERIFY2_WITH_TIMEOUT(window.messages().text().contains("/etc/no-such-settings.conf does not exist"), qPrintable(window.messages().text()), patience);
    QVERIFY(window.messages().text().contains("exited with 3"));
    QVERIFY2(window.summary().text().contains("Likely cause"), qPrintable(window.summary().text()));
    // One click on it, and the event is in focus.
    trace::EventId cause = window.summary().summary()->why.cause.event;
    Q_EMIT window.summary().event_chosen(cause);
    QCOMPARE(window.focus().event(), cause);
}

void DocksTest::what_went_over_loopback_is_read_in_both_directions()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    if (QProcess::execute("perl", {"-MIO::Socket::INET", "-e", "1"}) != 0)
        QSKIP("perl with IO::Socket::INET is not installed");
    MainWindow window;
    QString program = "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1\") or die; if (fork) { $c = $s->accept; $l = <$c>; print $c \"pong\\n\"; close $c; wait } "
                      "else { $c = IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport) or die; print $c \"ping\\n\"; print <$c> }'";
    RunEnd ended(window);
    bool whole = run(window, program, ended);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QVERIFY2(whole, qPrintable(window.messages().text()));
    QSignalSpy shown(&window.network(), &ViewPanel::shown);
    window.show_dock("network");
    window.network().refresh();
    QTRY_VERIFY_WITH_TIMEOUT(shown.count() > 0, patience);
    const TreeTableModel& rows = window.network().table().rows();
    quint64 socket = 0;
    for (int row = 0; row < rows.rowCount(); ++row)
        if (const TreeRow* each = rows.row_at(rows.index(row, 0)); each->cells.value(3).contains("connected"))
            socket = each->id;
    QVERIFY2(socket != 0, qPrintable(window.network().table().text() + window.network().note()));
    window.network().follow(socket);
    QTRY_VERIFY2_WITH_TIMEOUT(window.network().stream_text().contains("ping") && window.network().stream_text().contains("pong"), qPrintable(window.network().stream_text()), patience);
    QVERIFY(window.network().stream_text().contains("→ ") && window.network().stream_text().contains("← "));
    window.network().show_hex(true);
    QVERIFY(window.network().stream_text().contains("70 6f 6e 67 0a"));
}

void DocksTest::the_home_can_be_hidden()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    TemporaryFolder folder;
    QString home = QString::fromStdString(folder / "home"), before = QDir::currentPath();
    QVERIFY(QDir().mkpath(home + "/work"));
    for (const char* name : {"/secret", "/work/script"}) {
        QFile file(home + name);
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    QByteArray old_home = qgetenv("HOME");
    qputenv("HOME", home.toLocal8Bit());
    QDir::setCurrent(home + "/work");
    auto restore = qScopeGuard([&] {
        qputenv("HOME", old_home);
        QDir::setCurrent(before);
    });
    MainWindow window;
    window.start_page().form().distrust(true);
    RunEnd ended(window);
    bool whole = run(window, "sh -c 'ls; ls ..; cat ../secret; echo seen > ../new'", ended);
    QVERIFY(!QFile::exists(home + "/new"));
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QVERIFY2(whole, qPrintable(window.messages().text()));
    QTRY_VERIFY2_WITH_TIMEOUT(window.output().text().contains("script") && !window.output().text().contains("\nsecret"), qPrintable(window.output().text()), patience);
}

}
