// See person_test.h.
#include "tests/ui/person_test.h"

#include "tests/ui/traces.h"
#include "tests/ui/windows.h"
#include "trace/marks.h"
#include "ui/event_conditions.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/filter_store.h"
#include "ui/find_bar.h"
#include "ui/flat_button.h"
#include "ui/highlights.h"
#include "ui/mark_book.h"
#include "ui/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QSettings>

#include <sys/stat.h>
#include <unistd.h>

namespace ringside::test {

using namespace ringside::ui;

namespace {

/// The row as it is loaded.
const EventRow* loaded(MainWindow& window, int row)
{
    const EventRow* found = nullptr;
    if (!QTest::qWaitFor([&] { return (found = window.events().row(row)) != nullptr; }, patience))
        return nullptr;
    return found;
}

QString cell(MainWindow& window, int row, int column)
{
    return loaded(window, row) ? window.events().index(row, column).data().toString() : QString();
}

/// How much of this colour a row shows, in pixels.
int pixels_of(const QImage& picture, const QRect& rect, const QColor& colour)
{
    int count = 0;
    for (int y = rect.top(); y <= rect.bottom(); ++y)
        for (int x = rect.left(); x <= rect.right(); ++x)
            count += picture.valid(x, y) && picture.pixelColor(x, y).rgb() == colour.rgb();
    return count;
}

int row_where(MainWindow& window, const std::function<bool(const EventRow&)>& fits)
{
    for (int row = 0; row < std::min(window.events().rowCount(), 2000); ++row)
        if (const EventRow* found = loaded(window, row); found && fits(*found))
            return row;
    return -1;
}

QRect row_rect(MainWindow& window, int row)
{
    EventsView& view = window.view();
    view.scrollTo(window.events().index(row, 0), QAbstractItemView::PositionAtCenter);
    QTest::qWait(50);
    return view.visualRect(window.events().index(row, 0));
}

}

void PersonTest::names_of_this_trace_are_completed()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 3000);
    Opened opened(path);
    QVERIFY(opened.ok);
    FilterLine& line = opened.window.filter_line();
    QSignalSpy known(&opened.window.document()->scanner(), &Scanner::values_known);
    line.setFocus();
    QTRY_VERIFY_WITH_TIMEOUT(([&] {
        line.clear();
        QTest::keyClicks(&line, "path == \"/usr/sh");
        return !line.candidates().isEmpty() && line.candidates().front().startsWith("\"/usr/share/");
    }()), patience);
    QString first = line.candidates().front();
    QTest::keyClick(&line, Qt::Key_Tab);
    QCOMPARE(line.text(), "path == " + first);
    QSignalSpy done(&opened.window, &MainWindow::filter_done);
    QTest::keyClick(&line, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0, patience);
    QVERIFY(opened.window.events().rowCount() > 0); // it is a path of this trace
    line.clear();
    QTest::keyClicks(&line, "comm == p");
    QTest::keyClick(&line, Qt::Key_Tab);
    QVERIFY2(line.text().startsWith("comm == \"p"), qPrintable(line.text()));
}

void PersonTest::enter_filters_though_names_are_offered()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 3000));
    QVERIFY(opened.ok);
    FilterLine& line = opened.window.filter_line();
    line.setFocus();
    QTest::keyClicks(&line, "syscall == openat"); // openat2 begins so, too
    QTRY_VERIFY_WITH_TIMEOUT(QApplication::activePopupWidget(), patience);
    QTest::keyClick(QApplication::activePopupWidget(), Qt::Key_Return); // where a desktop sends it
    QCOMPARE(line.applied(), "syscall == openat");
    QVERIFY(!QApplication::activePopupWidget());
    line.clear();
    QTest::keyClicks(&line, "syscall == opena");
    QTRY_VERIFY_WITH_TIMEOUT(QApplication::activePopupWidget(), patience);
    QTest::keyClick(QApplication::activePopupWidget(), Qt::Key_Down);
    QTest::keyClick(QApplication::activePopupWidget(), Qt::Key_Return); // takes the one that was chosen
    QVERIFY2(line.text().startsWith("syscall == openat"), qPrintable(line.text()));
    QCOMPARE(line.applied(), "syscall == openat"); // and filters by nothing yet
}

void PersonTest::filters_of_before_come_back()
{
    QSettings().remove("filter");
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 1000));
    QVERIFY(opened.ok);
    QVERIFY(opened.filter("ret < 0"));
    QVERIFY(opened.filter("problem"));
    FilterLine& line = opened.window.filter_line();
    line.setFocus();
    line.clear();
    QTest::keyClicks(&line, "x");
    QTest::keyClick(&line, Qt::Key_Escape); // whatever is completed
    line.setText("dur");
    QTest::keyClick(&line, Qt::Key_Up);
    QCOMPARE(line.text(), QString("problem"));
    QTest::keyClick(&line, Qt::Key_Up);
    QCOMPARE(line.text(), QString("ret < 0"));
    QTest::keyClick(&line, Qt::Key_Down);
    QTest::keyClick(&line, Qt::Key_Down);
    QCOMPARE(line.text(), QString("dur")); // what was being typed
    save_filter("Slow ones", "dur > 1ms");
    save_filter("Slow ones", "dur > 2ms");
    QCOMPARE(saved_filters(), (SavedFilters {{"Slow ones", "dur > 2ms"}}));
    // The menu at the line's end has both.
    QStringList items;
    QTimer::singleShot(0, &opened.window, [&] {
        QTRY_VERIFY_WITH_TIMEOUT(QApplication::activePopupWidget(), 5000);
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        for (QAction* action : menu->actions())
            items += action->text();
        menu->close();
    });
    Q_EMIT line.menu_asked(QPoint(100, 100));
    QVERIFY2(items.contains("Slow ones") && items.contains("ret < 0"), qPrintable(items.join('|')));
}

void PersonTest::parts_of_a_filter_are_switched_off_and_on()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    QVERIFY(opened.filter("syscall == openat && ret < 0"));
    int both = window.events().rowCount();
    QSignalSpy done(&window, &MainWindow::filter_done);
    window.switch_part_off("ret < 0");
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0, patience);
    QCOMPARE(window.filter_line().applied(), QString("syscall == openat"));
    QVERIFY(window.events().rowCount() > both);
    auto chips = window.findChildren<FlatButton*>();
    auto chip = std::ranges::find_if(chips, [](FlatButton* each) { return each->accessibleName().contains("off: ret < 0"); });
    QVERIFY(chip != chips.end() && (*chip)->isVisible());
    done.clear();
    QTest::mouseClick(*chip, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(done.count() > 0, patience);
    QCOMPARE(window.filter_line().applied(), QString("syscall == openat && ret < 0"));
    QCOMPARE(window.events().rowCount(), both);
    QVERIFY(window.parts_off().isEmpty());
}

void PersonTest::every_cell_becomes_a_filter()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 1500);
    Opened opened(path);
    QVERIFY(opened.ok);
    trace::TraceFile file(path);
    int asked = 0;
    for (int row = 0; row < opened.window.events().rowCount(); row += 61) {
        const EventRow* shown = loaded(opened.window, row);
        QVERIFY(shown);
        auto event = file.event(shown->id);
        for (int column = 0; column < EventsModel::column_count; ++column) {
            QString condition = condition_for(*shown, column);
            QVERIFY2(!condition.isEmpty(), qPrintable(shown->call));
            auto compiled = trace::Filter::compile(condition.toStdString());
            QVERIFY2(std::holds_alternative<trace::Filter>(compiled), qPrintable(condition));
            // A filter made of a cell keeps the event that it was made of; a duration is shown rounded.
            if (column != EventsModel::duration && !(shown->result_kind == ResultKind::unknown && column == EventsModel::result))
                QVERIFY2(std::get<trace::Filter>(compiled).matches(*event, file), qPrintable(QString("%1 of event %2: %3").arg(column).arg(shown->id).arg(condition)));
            ++asked;
        }
    }
    QVERIFY(asked > 100);
    // By keyboard: the cell to the right, then Analyze, Apply as Filter.
    opened.window.view().setFocus();
    opened.window.view().setCurrentIndex(opened.window.events().index(3, EventsModel::process));
    QTest::keyClick(&opened.window.view(), Qt::Key_Right);
    QCOMPARE(opened.window.view().currentIndex().column(), int(EventsModel::call));
}

void PersonTest::matches_are_marked_among_all()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    int all = window.events().rowCount();
    QVERIFY(opened.filter("problem"));
    int problems = window.events().rowCount();
    QVERIFY(problems > 1 && problems < all);
    trace::EventId second = window.events().event_at(1);
    window.focus().set_event(second);
    QTest::keyClick(&window, Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE_WITH_TIMEOUT(window.events().rowCount(), all, patience);
    QTRY_VERIFY_WITH_TIMEOUT(window.events().marked(), patience);
    QCOMPARE(static_cast<int>(window.events().marked()->size()), problems);
    QCOMPARE(window.focus().event(), second); // the same event
    QVERIFY(window.events().is_match(second));
    QTest::keyClick(&window, Qt::Key_F3, Qt::ShiftModifier);
    QVERIFY(window.events().is_match(window.focus().event()) && window.focus().event() < second);
    // Seen: its ground, and a sign before its number.
    int row = window.events().row_of(second);
    window.focus().set_event(second == 1 ? 2 : 1); // not selected
    QVERIFY(loaded(window, row));
    QRect rect = row_rect(window, row);
    QImage picture = window.view().viewport()->grab().toImage();
    QVERIFY(pixels_of(picture, rect, colours().match) > rect.width() * rect.height() / 2);
    QTest::keyClick(&window, Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE_WITH_TIMEOUT(window.events().rowCount(), problems, patience);
}

void PersonTest::a_text_is_found_forward_and_back()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 3000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    window.focus().set_event(1);
    QTest::keyClick(&window, Qt::Key_F, Qt::ControlModifier);
    QVERIFY(window.find_bar().isVisible());
    QTest::keyClicks(&window.find_bar().line(), "ENOENT");
    QTest::keyClick(&window.find_bar().line(), Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(window.focus().event() > 1, patience);
    trace::EventId first = window.focus().event();
    QVERIFY(cell(window, window.events().row_of(first), EventsModel::result).contains("ENOENT"));
    QTest::keyClick(&window, Qt::Key_N, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(window.focus().event() > first, patience);
    QTest::keyClick(&window, Qt::Key_B, Qt::ControlModifier);
    QTRY_COMPARE_WITH_TIMEOUT(window.focus().event(), first, patience);
    // A text of the arguments, in either case, looked for row by row.
    window.find_bar().line().setText("/USR/SHARE/1");
    QTest::keyClick(&window, Qt::Key_N, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(window.focus().event() != first, patience);
    QVERIFY(cell(window, window.events().row_of(window.focus().event()), EventsModel::arguments).contains("/usr/share/1"));
    // What is nowhere is said, and a wrong filter, too.
    window.find_bar().line().setText("no such text anywhere");
    QTest::keyClick(&window, Qt::Key_N, Qt::ControlModifier);
    QTRY_VERIFY2_WITH_TIMEOUT(window.messages().text().contains("Not found"), qPrintable(window.messages().text()), patience);
    window.find_bar().way().setCurrentIndex(1);
    window.find_bar().line().setText("errno == ENOET");
    QTest::keyClick(&window, Qt::Key_N, Qt::ControlModifier);
    QVERIFY2(window.messages().text().contains("ENOENT"), qPrintable(window.messages().text()));
    window.find_bar().line().setFocus();
    QTest::keyClick(&window.find_bar().line(), Qt::Key_Escape);
    QVERIFY(!window.find_bar().isVisible());
    QVERIFY(window.isVisible());
}

void PersonTest::numbers_and_times_are_gone_to()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 3000);
    Opened opened(path);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    trace::TraceFile file(path);
    EventsModel& events = window.events();
    trace::EventId call = events.event_at(1000), hidden = 1;
    while (hidden < file.last_event() && events.shows(hidden))
        ++hidden;
    QVERIFY(!events.shows(hidden));
    QVERIFY(window.go_to(QLocale().toString(static_cast<qulonglong>(call))));
    QCOMPARE(window.focus().event(), call);
    QCOMPARE(window.events().event_at(window.view().currentIndex().row()), call);
    QVERIFY(window.messages().text().isEmpty());
    QVERIFY(window.go_to(QString::number(hidden))); // not shown unless asked for: that is said
    QVERIFY2(window.messages().text().contains("internal"), qPrintable(window.messages().text()));
    std::uint64_t ts = file.event(500)->ts;
    QVERIFY(window.go_to(QString::number(static_cast<double>(ts) / 1000, 'f', 3) + "us"));
    QTRY_COMPARE_WITH_TIMEOUT(window.focus().event(), file.event_at(ts), patience);
    for (const char* wrong : {"0", "999999999", "soon", "-1s", ""})
        QVERIFY2(!window.go_to(wrong), wrong);
}

void PersonTest::highlights_have_a_sign_and_can_be_off()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 2000));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    int row = row_where(window, [](const EventRow& each) { return each.highlights & 1; });
    QVERIFY(row >= 0);
    QVERIFY(highlight_shown(0));
    QRect rect = row_rect(window, row);
    auto ground = [&] { return pixels_of(window.view().viewport()->grab().toImage(), rect, highlight_ground(0)); };
    QVERIFY(ground() > rect.width() * rect.height() / 2);
    QVERIFY(window.events().spoken_row(*window.events().row(row)).contains("Problems")); // and heard
    show_highlight(0, false);
    window.view().viewport()->update();
    QCOMPARE(ground(), 0);
    show_highlight(0, true);
    // Five rules, each with a sign of its own.
    QStringList signs;
    for (const HighlightRule& rule : highlight_rules()) {
        QVERIFY(std::holds_alternative<trace::Filter>(trace::Filter::compile(rule.filter)));
        signs += rule.sign;
    }
    QCOMPARE(signs.size(), 5);
    QCOMPARE(signs.removeDuplicates(), 0);
}

void PersonTest::marks_and_notes_are_kept_in_the_trace()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 1000);
    {
        Opened opened(path);
        QVERIFY(opened.ok);
        MainWindow& window = opened.window;
        window.focus().set_event(20);
        window.view().setFocus();
        QTest::keyClick(&window, Qt::Key_M, Qt::ControlModifier);
        QVERIFY(window.marks().mark(20).marked);
        window.marks().set_note(40, "look here");
        QSignalSpy saved(&window.marks(), &MarkBook::saved);
        QTRY_VERIFY_WITH_TIMEOUT(saved.count() > 0, patience);
        window.marks().toggle_mark(60); // closed before it is written: the window writes it then
    }
    trace::TraceFile file(path);
    trace::Marks marks = trace::read_marks(file);
    QCOMPARE(marks.size(), std::size_t {3});
    QCOMPARE(marks[40].note, std::string("look here"));
    Opened again(path);
    QVERIFY(again.ok);
    QTRY_COMPARE_WITH_TIMEOUT(again.window.marks().marks().size(), std::size_t {3}, patience);
    QTest::keyClick(&again.window, Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(again.window.focus().event(), trace::EventId {20});
    QTest::keyClick(&again.window, Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(again.window.focus().event(), trace::EventId {40});
    QCOMPARE(cell(again.window, again.window.events().row_of(40), EventsModel::notes), QString("look here"));
    QVERIFY(again.window.events().spoken_row(*loaded(again.window, again.window.events().row_of(40))).contains("look here"));
}

void PersonTest::marks_of_a_live_trace_are_kept_at_its_end()
{
    TemporaryFolder folder;
    std::string path = folder / "growing.ringside";
    GrowingTrace growing(path, 6000);
    QTRY_VERIFY_WITH_TIMEOUT(trace::TraceFile(path).last_event() > 1000, patience);
    Opened opened(path);
    QVERIFY(opened.ok && opened.window.document()->running());
    QSignalSpy saved(&opened.window.marks(), &MarkBook::saved);
    opened.window.marks().toggle_mark(7);
    QTest::qWait(700);
    QCOMPARE(saved.count(), 0); // the recorder writes, nobody else
    growing.finish();
    QTRY_VERIFY_WITH_TIMEOUT(saved.count() > 0, patience);
    trace::TraceFile file(path);
    QVERIFY(trace::read_marks(file)[7].marked);
    QCOMPARE(file.last_event(), growing.events());
}

void PersonTest::marks_of_what_cannot_be_written_are_shown()
{
    if (geteuid() == 0)
        QSKIP("root may write every file");
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 500);
    chmod(path.c_str(), 0400);
    Opened opened(path);
    QVERIFY(opened.ok);
    opened.window.marks().toggle_mark(3);
    QTRY_VERIFY2_WITH_TIMEOUT(opened.window.messages().text().contains("not kept"), qPrintable(opened.window.messages().text()), patience);
    QVERIFY(opened.window.marks().mark(3).marked);
}

void PersonTest::times_count_from_a_reference()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 1000);
    trace::TraceFile file(path);
    Opened opened(path);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    window.focus().set_event(30);
    QTest::keyClick(&window, Qt::Key_T, Qt::ControlModifier);
    int row = window.events().row_of(50), at = window.events().row_of(30);
    QTRY_COMPARE_WITH_TIMEOUT(cell(window, row, EventsModel::time), time_text(file.event(window.events().event_at(row))->ts - file.event(30)->ts), patience);
    QCOMPARE(cell(window, at, EventsModel::time), time_text(0));
    QCOMPARE(cell(window, 0, EventsModel::time), time_text(file.event(1)->ts)); // before it: from the start
    QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(cell(window, row, EventsModel::time), time_text(file.event(window.events().event_at(row))->ts - file.event(window.events().event_at(row - 1))->ts));
    QTest::keyClick(&window, Qt::Key_4, Qt::ControlModifier | Qt::AltModifier);
    QVERIFY2(cell(window, row, EventsModel::time).startsWith("20"), qPrintable(cell(window, row, EventsModel::time)));
    QTest::keyClick(&window, Qt::Key_1, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(cell(window, row, EventsModel::time), time_text(file.event(window.events().event_at(row))->ts));
}

void PersonTest::rows_are_sorted_within_the_filter()
{
    TemporaryFolder folder;
    std::string path = synthetic_trace(folder, 5000);
    trace::TraceFile file(path);
    Opened opened(path);
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    QVERIFY(opened.filter("syscall == openat"));
    int count = window.events().rowCount();
    window.focus().set_event(window.events().event_at(count / 2));
    trace::EventId event = window.focus().event();
    QHeaderView* header = window.view().horizontalHeader();
    auto click = [&] {
        QPoint at(header->sectionViewportPosition(EventsModel::duration) + header->sectionSize(EventsModel::duration) / 2, header->height() / 2);
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, at);
    };
    click();
    click(); // the longest first
    QTRY_VERIFY_WITH_TIMEOUT(!window.events().in_order_of_time() && file.event(window.events().event_at(0))->dur >= file.event(window.events().event_at(1))->dur
            && file.event(window.events().event_at(0))->dur > file.event(window.events().event_at(count - 1))->dur,
        patience);
    QCOMPARE(window.events().rowCount(), count);
    std::uint64_t last = UINT64_MAX;
    for (int row = 0; row < count; ++row) {
        auto shown = file.event(window.events().event_at(row));
        QVERIFY(shown->nr == 257 && shown->dur <= last);
        last = shown->dur;
    }
    QCOMPARE(window.focus().event(), event); // the same event is selected, and in sight
    QCOMPARE(window.events().event_at(window.view().currentIndex().row()), event);
    QVERIFY(window.view().viewport()->rect().intersects(window.view().visualRect(window.view().currentIndex())));
    QVERIFY(opened.filter("syscall == read")); // another filter keeps the order
    QTRY_VERIFY_WITH_TIMEOUT(!window.events().in_order_of_time(), patience);
    click(); // the third click
    QTRY_VERIFY_WITH_TIMEOUT(window.events().in_order_of_time(), patience);
    QVERIFY(window.events().event_at(0) < window.events().event_at(1));
}

void PersonTest::rows_are_copied_as_cells_and_json()
{
    TemporaryFolder folder;
    Opened opened(synthetic_trace(folder, 500));
    QVERIFY(opened.ok);
    MainWindow& window = opened.window;
    QVERIFY(opened.filter("syscall == openat"));
    window.view().selectAll();
    auto count = window.events().rowCount();
    auto copied = [&](TraceDocument::CopyForm form) {
        QGuiApplication::clipboard()->clear();
        window.copy_as(form);
        if (!QTest::qWaitFor([] { return !QGuiApplication::clipboard()->text().isEmpty(); }, patience))
            return QString();
        return QGuiApplication::clipboard()->text();
    };
    QStringList lines = copied(TraceDocument::CopyForm::tsv).split('\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), static_cast<qsizetype>(count + 1));
    for (const QString& line : lines)
        QCOMPARE(line.count('\t'), qsizetype {7});
    QVERIFY(lines[1].contains("openat"));
    QJsonDocument json = QJsonDocument::fromJson(copied(TraceDocument::CopyForm::json).toUtf8());
    QCOMPARE(json.array().size(), static_cast<qsizetype>(count));
    QVERIFY2(json.array().first().toObject().contains("id"), json.toJson().left(300).constData());
    window.view().setFocus();
    window.view().setCurrentIndex(window.events().index(0, EventsModel::call));
    QVERIFY(loaded(window, 0));
    QTest::keyClick(&window.view(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE_WITH_TIMEOUT(QGuiApplication::clipboard()->text(), QString("openat"), patience);
}

}
