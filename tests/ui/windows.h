// What the tests of the window share: a window with an open trace, and one that records a program.
#pragma once

#include "engine/session/session.h"
#include "ui/filter_line.h"
#include "ui/main_window.h"
#include "ui/message_bar.h"
#include "ui/run_form.h"
#include "ui/start_page.h"
#include "ui/trace_document.h"
#include "ui/view_panel.h"

#include <QSignalSpy>
#include <QTimer>
#include <QtTest>
#include <algorithm>
#include <cstdint>
#include <ctime>

namespace ringside::test {

constexpr int settling = 50;      ///< ms
constexpr int patience = 30'000; ///< ms, on a machine that others use
#ifdef RINGSIDE_ASAN
constexpr int slowness = 4; ///< what sanitizers make of bounds on processor time
#else
constexpr int slowness = 1;
#endif

/// A window with an open trace.
struct Opened {
    explicit Opened(const std::string& path, QSize size = {1300, 800})
    {
        window.resize(size);
        window.show();
        QSignalSpy opened(&window, &ui::MainWindow::trace_opened), filtered(&window, &ui::MainWindow::filter_done);
        window.open_trace(QString::fromStdString(path));
        ok = (opened.count() > 0 || opened.wait(patience)) && (filtered.count() > 0 || filtered.wait(patience));
        QTest::qWait(settling); // its docks are laid out in later turns of the loop, which raises the first one
    }
    bool filter(const QString& text)
    {
        QSignalSpy done(&window, &ui::MainWindow::filter_done);
        window.filter_line().apply(text);
        return done.count() > 0 || done.wait(patience);
    }
    /// Brings a dock to the front and waits until it has its answer.
    bool show(ui::ViewPanel& dock)
    {
        QSignalSpy shown(&dock, &ui::ViewPanel::shown);
        window.show_dock(dock.objectName());
        dock.refresh();
        return shown.count() > 0 || shown.wait(patience);
    }
    ui::MainWindow window;
    bool ok = false;
};

/// The longest that the window's thread does not come back to its loop, by its own processor time: others use this machine, too.
class LongestTurn {
public:
    LongestTurn()
    {
        QObject::connect(&beat_, &QTimer::timeout, &beat_, [this] {
            longest_ = last_ ? std::max(longest_, processor_time() - last_) : 0;
            last_ = processor_time();
        });
        beat_.start(0);
    }
    /// Ends it; nanoseconds.
    std::uint64_t stop()
    {
        beat_.stop();
        return longest_;
    }

private:
    static std::uint64_t processor_time()
    {
        timespec now {};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
    }
    QTimer beat_;
    std::uint64_t longest_ = 0, last_ = 0;
};

/// Why no program can be recorded, as QSKIP says it, before one is; empty: it may be possible.
inline QString missing()
{
    return session::find_sentry().empty() ? QStringLiteral("ringside-sentry is not built beside the tests") : QString();
}

/// The end of a run, and what the window said at that moment: opening the trace takes the message away.
class RunEnd {
public:
    explicit RunEnd(ui::MainWindow& window)
    {
        QObject::connect(&window, &ui::MainWindow::run_ended, &window, [this, &window] {
            said_ = window.messages().text();
            ended_ = true;
        });
    }
    bool came() const { return ended_; }
    bool wait() const
    {
        return QTest::qWaitFor([this] { return ended_; }, patience);
    }
    /// What this machine forbids, in the window's own words; empty: the sandbox began.
    QString forbidden() const { return said_.contains("sandbox") || said_.contains("forbids") ? said_ : QString(); }

private:
    QString said_;
    bool ended_ = false;
};

inline session::SessionOptions options_for(ui::MainWindow& window, const QString& command)
{
    window.start_page().form().set_command(command);
    auto options = window.start_page().form().options();
    return options ? *options : session::SessionOptions {};
}

/// A window in which a program runs, begun from the start page's form as by a person.
struct RunWindow {
    /// `size`: none leaves the window its own.
    explicit RunWindow(const QString& command, QSize size = {})
    {
        if (size.isValid())
            window.resize(size);
        window.show();
        window.run_program(options_for(window, command));
    }
    ui::MainWindow window;
    RunEnd ended {window};
};

}
