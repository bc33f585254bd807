// See terminal_test.h.
#include "tests/ui/terminal_test.h"

#include "tests/ui/windows.h"
#include "ui/output_panel.h"
#include "ui/status_line.h"
#include "ui/terminal_view.h"
#include "ui/theme.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QScrollBar>

namespace ringside::test {

using namespace ringside::ui;

namespace {

/// What a key sends.
QByteArray sent(TerminalView& view, Qt::Key key, Qt::KeyboardModifiers modifiers = {})
{
    QByteArray bytes;
    auto connection = QObject::connect(&view.screen(), &TerminalScreen::typed, &view, [&](const QByteArray& more) { bytes += more; });
    QTest::keyClick(&view, key, modifiers);
    QObject::disconnect(connection);
    return bytes;
}

bool shows(const QImage& picture, const QRect& where, QRgb colour)
{
    for (int y = where.top(); y <= where.bottom(); ++y)
        for (int x = where.left(); x <= where.right(); ++x)
            if (picture.valid(x, y) && picture.pixel(x, y) == colour)
                return true;
    return false;
}

}

void TerminalTest::lines_colours_and_movements_are_shown()
{
    TerminalView view;
    view.resize(700, 400);
    view.show();
    view.set_live(true);
    TerminalScreen& screen = view.screen();
    screen.write("one\r\ntwo \xc3\xa9\b\b\bX\r\n\x1b[31mred\x1b[0m \x1b[1mbold\x1b[0m \x1b[7mturned\x1b[0m\r\n\x1b[5;10Hthere\xe4\xb8\xad!");
    QCOMPARE(screen.line_text(0), QString("one"));
    QCOMPARE(screen.line_text(1), QString::fromUtf8("twX \xc3\xa9"));
    QCOMPARE(screen.line_text(4), QString(9, ' ') + QString::fromUtf8("there\xe4\xb8\xad!"));
    QCOMPARE(screen.cursor(), QPoint(17, 4)); // the wide one has two columns
    TerminalLine line = screen.line(2);
    QVERIFY(line[0].own_ink && !line[4].own_ink && line[4].bold && line[9].reversed);
    QImage picture = view.viewport()->grab().toImage();
    QPoint at = view.origin();
    QSize cell = view.cell_size();
    QVERIFY(shows(picture, QRect(at.x(), at.y() + 2 * cell.height(), 3 * cell.width(), cell.height()), line[0].ink)); // red
    QVERIFY(shows(picture, QRect(at.x() + 9 * cell.width(), at.y() + 2 * cell.height(), 2, 2), colours().text.rgb())); // turned
}

void TerminalTest::what_scrolled_off_stays_readable()
{
    TerminalView view;
    view.resize(700, 200);
    view.show();
    for (int i = 1; i <= 300; ++i)
        view.screen().write("line " + QByteArray::number(i) + "\r\n");
    QVERIFY(view.screen().first_screen_line() > 200);
    QCOMPARE(view.screen().line_text(0), QString("line 1"));
    QCOMPARE(view.verticalScrollBar()->value(), view.verticalScrollBar()->maximum());
    QVERIFY(view.text().endsWith("line 300\n"));
    view.verticalScrollBar()->setValue(3);
    view.screen().write("more\r\n");
    QCOMPARE(view.verticalScrollBar()->value(), 3); // a person who reads is not moved
    for (int i = 0; i < 25'000; ++i)
        view.screen().write("x\r\n");
    QCOMPARE(view.screen().first_screen_line(), static_cast<int>(TerminalScreen::most_scrolled));
}

void TerminalTest::a_full_screen_program_gives_the_screen_back()
{
    TerminalScreen screen;
    screen.write("before\r\n");
    screen.write("\x1b[?1049h\x1b[2J\x1b[Hfull screen");
    QVERIFY(screen.alternate());
    QCOMPARE(screen.line_text(0), QString("full screen"));
    screen.write("\x1b[?1049l");
    QVERIFY(!screen.alternate());
    QCOMPARE(screen.line_text(0), QString("before"));
    screen.write("\x1b[?25l");
    QVERIFY(!screen.cursor_shown());
    screen.write("\x1b]2;A title\x07");
    QCOMPARE(screen.title(), QString("A title"));
    // Whatever a program sends, the terminal lives on.
    QByteArray noise;
    std::uint32_t seed = 7;
    for (int i = 0; i < 200'000; ++i) {
        seed = seed * 1'664'525 + 1'013'904'223;
        noise += static_cast<char>(i % 5 == 0 ? 0x1b : seed >> 24);
    }
    screen.write(noise);
    screen.resize(40, 120);
    screen.resize(5, 20);
    screen.write("\x1b" "c\x1b[Hhere");
    QCOMPARE(screen.line_text(screen.first_screen_line()), QString("here"));
}

void TerminalTest::keys_are_sent_as_a_terminal_sends_them()
{
    TerminalView view;
    view.show();
    view.set_live(true);
    QCOMPARE(sent(view, Qt::Key_A), QByteArray("a"));
    QCOMPARE(sent(view, Qt::Key_Return), QByteArray("\r"));
    QCOMPARE(sent(view, Qt::Key_Backspace), QByteArray("\x7f"));
    QCOMPARE(sent(view, Qt::Key_Tab), QByteArray("\t"));
    QCOMPARE(sent(view, Qt::Key_Backtab), QByteArray("\x1b[Z"));
    QCOMPARE(sent(view, Qt::Key_C, Qt::ControlModifier), QByteArray("\x03"));
    QCOMPARE(sent(view, Qt::Key_D, Qt::ControlModifier), QByteArray("\x04"));
    QCOMPARE(sent(view, Qt::Key_Up), QByteArray("\x1b[A"));
    QCOMPARE(sent(view, Qt::Key_F5), QByteArray("\x1b[15~"));
    QCOMPARE(sent(view, Qt::Key_PageUp), QByteArray("\x1b[5~"));
    QCOMPARE(sent(view, Qt::Key_Delete), QByteArray("\x1b[3~"));
    QCOMPARE(sent(view, Qt::Key_F6), QByteArray()); // the window's
    view.screen().write("\x1b[?1h"); // a program that wants application keys
    QCOMPARE(sent(view, Qt::Key_Up), QByteArray("\x1bOA"));
    QByteArray pasted;
    QObject::connect(&view.screen(), &TerminalScreen::typed, &view, [&](const QByteArray& more) { pasted += more; });
    view.screen().write("\x1b[?2004h");
    view.screen().paste("ls\nrm\x1b[201~");
    QVERIFY2(pasted.startsWith("\x1b[200~ls\r") && pasted.endsWith("\x1b[201~") && pasted.count('\x1b') == 2, pasted.toHex().constData());
    pasted.clear();
    view.screen().write("\x1b[6n"); // where is the cursor?
    QCOMPARE(pasted, QByteArray("\x1b[1;1R"));
}

void TerminalTest::text_is_selected_and_copied()
{
    TerminalView view;
    view.resize(600, 300);
    view.show();
    view.screen().write("first line\r\nsecond line\r\n");
    QPoint at = view.origin();
    QSize cell = view.cell_size();
    QTest::mousePress(view.viewport(), Qt::LeftButton, {}, at + QPoint(6 * cell.width(), cell.height() / 2));
    QMouseEvent move(QEvent::MouseMove, QPointF(at + QPoint(6 * cell.width(), cell.height() + cell.height() / 2)), QPointF(), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(view.viewport(), &move);
    QTest::mouseRelease(view.viewport(), Qt::LeftButton, {}, at + QPoint(6 * cell.width(), cell.height() + cell.height() / 2));
    QCOMPARE(view.selected_text(), QString("line\nsecond"));
    QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QApplication::clipboard()->text(), QString("line\nsecond"));
    QTest::mouseDClick(view.viewport(), Qt::LeftButton, {}, at + QPoint(8 * cell.width() + 3, cell.height() + cell.height() / 2));
    QCOMPARE(view.selected_text(), QString("line"));
}

void TerminalTest::what_was_recorded_is_laid_out_anew_at_another_width()
{
    OutputPanel panel;
    panel.resize(900, 300);
    panel.show();
    QTest::qWait(50);
    panel.show_recorded(QByteArray(60, 'a') + "\nend\n");
    QCOMPARE(panel.terminal().screen().line_text(1), QString("end")); // what calls wrote has no returns
    panel.resize(30 * panel.terminal().cell_size().width() + 30, 300);
    QTRY_COMPARE_WITH_TIMEOUT(panel.terminal().screen().line_text(0).size(), qsizetype {panel.terminal().screen().columns()}, patience);
    QVERIFY(panel.text().contains("end\n"));
    panel.show_closed("The program printed nothing that was recorded.");
    QVERIFY(panel.text().isEmpty());
}

void TerminalTest::a_program_learns_the_size_and_its_change()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'echo \"$TERM\"; stty size; trap \"stty size\" WINCH; echo ready; while :; do sleep 0.1; done'", QSize(1300, 800));
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(window.output().text().contains("ready\n") || ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    QVERIFY2(window.output().text().contains("xterm-256color"), qPrintable(window.output().text()));
    int columns = window.output().terminal().screen().columns();
    window.resize(1000, 900);
    // The window may be laid out in more than one step, each of which the program learns: what counts is where it ends.
    TerminalScreen& screen = window.output().terminal().screen();
    auto told = [&] { return window.output().text().contains(QString("%1 %2\n").arg(screen.rows()).arg(screen.columns())); };
    QTRY_VERIFY2_WITH_TIMEOUT((screen.columns() != columns && told()) || ended.came(), qPrintable(window.output().text()), patience);
    QVERIFY2(told(), qPrintable(window.output().text()));
    window.output().take_focus();
    QTest::keyClick(&window.output().terminal(), Qt::Key_C, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
}

void TerminalTest::the_first_size_it_sees_is_the_one_that_stays()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'stty size; trap \"echo changed\" WINCH; sleep 0.5; stty size'", QSize(1300, 800));
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    TerminalScreen& screen = window.output().terminal().screen();
    QString text = window.output().text(), size = QString("%1 %2\n").arg(screen.rows()).arg(screen.columns());
    QVERIFY2(text.count(size) == 2, qPrintable(size + text));
    QVERIFY2(!text.contains("changed\n"), qPrintable(text));
}

void TerminalTest::stop_becomes_kill_where_a_program_stays()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'trap \"echo not yet\" TERM; echo ready; while :; do sleep 0.1; done'", QSize(1300, 800));
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(window.output().text().contains("ready\n") || ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    auto button = [&](const QString& text) {
        for (QAbstractButton* each : window.findChildren<QAbstractButton*>())
            if (each->isVisible() && each->text() == text)
                return each;
        return static_cast<QAbstractButton*>(nullptr);
    };
    QVERIFY(button("Stop"));
    button("Stop")->click();
    QTRY_VERIFY2_WITH_TIMEOUT(window.output().text().contains("not yet\n"), qPrintable(window.output().text()), patience);
    QTRY_VERIFY_WITH_TIMEOUT(button("Kill") && button("Kill")->isEnabled(), patience);
    QVERIFY(!ended.came());
    button("Kill")->click();
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    QVERIFY2(window.status().text().contains("SIGKILL") || window.status().text().contains("137"), qPrintable(window.status().text()));
}

void TerminalTest::control_c_interrupts_and_keys_reach_the_program()
{
    if (!missing().isEmpty())
        QSKIP(qPrintable(missing()));
    RunWindow run("sh -c 'printf \"\\033[32mname\\033[0m? \"; read name; echo \"hello $name\"; sleep 100'", QSize(1300, 800));
    auto& [window, ended] = run;
    QTRY_VERIFY_WITH_TIMEOUT(window.output().text().contains("name? ") || window.output().text().contains("name?\n") || ended.came(), patience);
    if (!ended.forbidden().isEmpty())
        QSKIP(qPrintable(ended.forbidden()));
    window.output().take_focus();
    TerminalView& view = window.output().terminal();
    QTest::keyClicks(&view, "anna");
    QTest::keyClick(&view, Qt::Key_Backspace);
    QTest::keyClick(&view, Qt::Key_E);
    QTest::keyClick(&view, Qt::Key_Return);
    QTRY_VERIFY2_WITH_TIMEOUT(window.output().text().contains("hello anne\n"), qPrintable(window.output().text()), patience);
    QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(ended.came(), patience);
    QTRY_VERIFY2_WITH_TIMEOUT(window.status().text().contains("SIGINT") || window.status().text().contains("130"), qPrintable(window.status().text()), patience);
}

}
