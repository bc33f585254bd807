// See models_test.h.
#include "tests/ui/models_test.h"

#include "tests/ui/traces.h"
#include "ui/disassembly.h"
#include "ui/event_conditions.h"
#include "ui/events_model.h"
#include "ui/inspection.h"
#include "ui/processes_model.h"
#include "ui/scanner.h"
#include "ui/shell_words.h"
#include "ui/trace_document.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

namespace ringside::test {

using namespace ringside::ui;

namespace {

constexpr int patience = 20'000; ///< ms, on a machine that others use

std::vector<std::uint32_t> brute_force(const std::string& path, const std::string& text)
{
    trace::TraceFile file(path);
    auto filter = std::get<trace::Filter>(trace::Filter::compile(text));
    std::vector<std::uint32_t> rows;
    for (trace::EventId id = 1; id <= file.last_event(); ++id)
        if (auto event = file.event(id); event && filter.matches(*event, file))
            rows.push_back(static_cast<std::uint32_t>(id - 1));
    return rows;
}

/// What a scanner finds, until it says that it is through and `enough` says so, too.
struct Found {
    explicit Found(Scanner& scanner)
    {
        QObject::connect(&scanner, &Scanner::found, &context, [this](quint64, const std::vector<std::uint32_t>& more, quint64 done, bool complete) {
            rows.insert(rows.end(), more.begin(), more.end());
            seen = done;
            finished = complete;
        });
        QObject::connect(&scanner, &Scanner::found_late, &context, [this](quint64, const std::vector<std::uint32_t>& more) { rows.insert(rows.end(), more.begin(), more.end()); });
    }
    std::vector<std::uint32_t> sorted() const
    {
        auto copy = rows;
        std::ranges::sort(copy);
        return copy;
    }
    QObject context;
    std::vector<std::uint32_t> rows;
    std::uint64_t seen = 0;
    bool finished = false;
};

}

void ModelsTest::command_lines_are_split_as_a_shell_does()
{
    using Words = std::vector<std::string>;
    QCOMPARE(split_command("python3 report.py --month 11").words, (Words {"python3", "report.py", "--month", "11"}));
    QCOMPARE(split_command("a 'b  c' \"d \\\" $\" e\\ f ''").words, (Words {"a", "b  c", "d \" $", "e f", ""}));
    QVERIFY(!split_command("grep 'a|b' file").needs_shell);
    QVERIFY(split_command("ls | wc -l").needs_shell);
    QVERIFY(split_command("echo \"$HOME\"").needs_shell);
    QVERIFY(!split_command("echo 'open").mistake.isEmpty());
    QVERIFY(split_command("echo 'open").words.empty());
    QCOMPARE(shell_quoted("it's"), QString("'it'\\''s'"));
    QCOMPARE(shell_quoted("/usr/bin/ls"), QString("/usr/bin/ls"));
}

void ModelsTest::times_and_bytes_are_readable()
{
    QCOMPARE(duration_text(400), QString::fromUtf8("0.4 µs"));
    QCOMPARE(duration_text(412'000), QString::fromUtf8("412 µs"));
    QCOMPARE(duration_text(3'240'000), QString("3.2 ms"));
    QCOMPARE(duration_text(12'040'000'000), QString("12.04 s"));
    QCOMPARE(time_text(412'900'000), QString("0.41290"));
    std::string text = "/etc/report";
    std::vector<std::byte> bytes;
    for (char c : text)
        bytes.push_back(static_cast<std::byte>(c));
    auto lines = hex_lines(bytes, 10);
    QCOMPARE(lines.size(), std::size_t {2});
    QCOMPARE(lines[0], QString("0000  2f 65 74 63 2f 72 65 70  /etc/rep"));
    QCOMPARE(lines[1].trimmed(), QString("0008  6f 72 74                 ort"));
}

void ModelsTest::code_is_read_backwards_from_a_call()
{
    // mov eax, 257; syscall; cmp rax, -4096
    constexpr std::array<unsigned char, 13> code {0xb8, 1, 1, 0, 0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff};
    auto lines = disassemble(std::as_bytes(std::span(code)), 0x1000, 0x1005, 3, 1);
    QCOMPARE(lines.size(), std::size_t {3});
    QCOMPARE(lines[0].mnemonic, QString("mov"));
    QCOMPARE(lines[1].mnemonic, QString("syscall"));
    QVERIFY(lines[1].here && !lines[0].here);
    QCOMPARE(lines[2].address, std::uint64_t {0x1007});
    QVERIFY(disassemble(std::as_bytes(std::span(code)), 0x1000, 0x2000, 3, 1).empty());
}

void ModelsTest::rows_arrive_without_the_model_waiting()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 3000);
    EventsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_trace(path);
    auto events = trace::TraceFile(path).last_event();
    model.set_event_count(events);
    QCOMPARE(model.rowCount(), static_cast<int>(events));
    QVERIFY(model.row(1500) == nullptr); // blank, and asked for
    QTRY_VERIFY_WITH_TIMEOUT(model.row(1500) != nullptr, patience);
    QCOMPARE(model.row(1500)->id, trace::EventId {1501});
    QVERIFY(model.row(1501) != nullptr); // of the same block
}

void ModelsTest::rows_say_what_the_decoder_says()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 2000, 7);
    trace::TraceFile file(path);
    trace::Decoder decoder(file, {.string_limit = 80});
    EventsModel model;
    model.set_trace(path);
    model.set_event_count(file.last_event());
    for (int row = 0; row < model.rowCount(); row += 37) {
        QTRY_VERIFY_WITH_TIMEOUT(model.row(row) != nullptr, patience);
        const EventRow& shown = *model.row(row);
        auto event = file.event(shown.id);
        QCOMPARE(shown.call, QString::fromStdString(trace::event_name(*event)));
        if (event->kind != trace::EventKind::syscall)
            continue;
        QCOMPARE(shown.arguments.text, QString::fromStdString(decoder.arguments(*event).text));
        if (event->failed())
            QVERIFY2(shown.result.contains(QString::fromUtf8(trace::errno_name(event->error()).data())), qPrintable(shown.result));
        else if (event->has_ret())
            QVERIFY(QString::fromStdString(decoder.result(*event).text).startsWith(shown.result.section(' ', 0, 0)));
    }
}

void ModelsTest::filtered_rows_keep_their_events()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 1000);
    EventsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_trace(path);
    model.set_event_count(1000);
    model.begin_filter();
    QCOMPARE(model.rowCount(), 0);
    const std::vector<std::uint32_t> first {4, 9, 700}, late {6};
    model.append_matches(first);
    model.insert_matches(late);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.event_at(1), trace::EventId {7});
    QCOMPARE(model.row_of(10), 2);
    QVERIFY(model.shows(10) && !model.shows(11));
    QCOMPARE(model.row_of(11), 3); // the next one
    QTRY_VERIFY_WITH_TIMEOUT(model.row(3) != nullptr, patience);
    QCOMPARE(model.row(3)->id, trace::EventId {701});
    model.clear_filter();
    QCOMPARE(model.rowCount(), 1000);
    QCOMPARE(model.event_at(700), trace::EventId {701});
}

void ModelsTest::a_filter_over_the_trace_finds_what_each_event_says()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 20'000, 3);
    for (const char* text : {"problem", "syscall == openat && ret < 0", "path ~ \"file1\" || dur > 30us", "blocked"}) {
        Scanner scanner(path);
        Found found(scanner);
        scanner.start_filter(std::get<trace::Filter>(trace::Filter::compile(text)));
        QTRY_VERIFY_WITH_TIMEOUT(found.finished, patience);
        auto expected = brute_force(path, text);
        QVERIFY2(!expected.empty(), text);
        QVERIFY2(found.sorted() == expected, text);
    }
}

void ModelsTest::a_filter_follows_a_growing_trace()
{
    TemporaryFolder folder;
    std::string path = folder / "growing.ringside";
    GrowingTrace growing(path, 8000);
    QTRY_VERIFY_WITH_TIMEOUT(trace::TraceFile(path).last_event() > 1000, patience);
    Scanner scanner(path);
    Found found(scanner);
    scanner.start_filter(std::get<trace::Filter>(trace::Filter::compile("ret >= 0 && syscall in {read, openat, wait4}")));
    QTRY_VERIFY_WITH_TIMEOUT(found.finished, patience);
    QVERIFY(found.seen < growing.events());
    growing.finish();
    scanner.refresh();
    QTRY_COMPARE_WITH_TIMEOUT(found.seen, growing.events(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(found.finished, patience);
    QCOMPARE(found.sorted(), brute_force(path, "ret >= 0 && syscall in {read, openat, wait4}"));
}

void ModelsTest::a_document_grows_and_ends()
{
    TemporaryFolder folder;
    std::string path = folder / "growing.ringside";
    GrowingTrace growing(path, 6000);
    QTRY_VERIFY_WITH_TIMEOUT(trace::TraceFile(path).last_event() > 1000, patience);
    TraceDocument document(path);
    QSignalSpy ended(&document, &TraceDocument::ended);
    document.open();
    QTRY_VERIFY_WITH_TIMEOUT(document.events() > 1000, patience);
    QVERIFY(document.running());
    growing.finish();
    QTRY_COMPARE_WITH_TIMEOUT(ended.count(), 1, patience);
    QCOMPARE(document.events(), growing.events());
    QVERIFY(!document.running());
    QVERIFY(document.info().complete);
    QVERIFY(document.processes().size() > 1);
}

void ModelsTest::processes_form_a_tree()
{
    TemporaryFolder folder;
    trace::TraceFile file(synthetic_trace(folder, 4000));
    auto processes = trace::Queries(file).processes();
    ProcessesModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    std::vector<trace::ProcessNode> first(processes.begin(), processes.begin() + 1);
    model.set_processes(first, true);
    QCOMPARE(model.count(), 1);
    QPersistentModelIndex root = model.index_of(processes[0].id);
    model.set_processes(processes, false);
    QCOMPARE(model.count(), static_cast<int>(processes.size()));
    QVERIFY(root.isValid());
    for (const trace::ProcessNode& node : processes)
        if (node.parent)
            QCOMPARE(model.index_of(node.id).parent(), model.index_of(node.parent));
    QCOMPARE(ended_text(1 << 8), QString("exit 1"));
    QCOMPARE(ended_text(11), QString("SIGSEGV"));
}

void ModelsTest::cells_become_filters()
{
    TemporaryFolder folder;
    trace::TraceFile file(synthetic_trace(folder, 500));
    RowRenderer renderer(file);
    for (const trace::Event& event : file.events(1, 256)) {
        EventRow row = renderer.render(event, false);
        for (int column = 0; column < EventsModel::column_count; ++column) {
            QString condition = condition_for(row, column);
            if (condition.isEmpty())
                continue;
            auto compiled = trace::Filter::compile(condition.toStdString());
            QVERIFY2(std::holds_alternative<trace::Filter>(compiled), qPrintable(condition));
        }
    }
    for (const FilterChange& change : filter_changes("ret < 0 || problem", "pid == 2"))
        QVERIFY(std::holds_alternative<trace::Filter>(trace::Filter::compile(change.text.toStdString())));
}

}
