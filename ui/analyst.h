// Works out what the docks show, in a thread of its own, from the columns that the Scanner keeps. A dock asks; what it gets comes
// back in the window's thread; a newer question of the same dock replaces the older one.
#pragma once

#include "trace/analysis/timeline.h"
#include "trace/filter/filter.h"

#include <QObject>
#include <QPointer>

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

namespace ringside::ui {

class Worker;

/// The hot columns of the open trace: the Scanner's thread adds to them, others read.
struct SharedColumns {
    std::shared_mutex mutex;
    trace::HotColumns columns;
};

class Analyst : public QObject {
    Q_OBJECT

public:
    /// What a question may use: the trace, the rows that the filter leaves, the processes, and an index of time.
    struct Scope {
        const trace::analysis::Input& input; ///< its rows are the filter's
        const trace::analysis::Processes& processes;
        const trace::analysis::TimelineIndex& index;
    };
    /// Runs in the thread; what it returns runs in the window's, unless the dock has asked anew or has gone.
    using Work = std::function<std::function<void()>(const Scope&)>;

    Analyst(std::string path, std::shared_ptr<SharedColumns> columns, QObject* parent = nullptr);
    ~Analyst() override;

    /// The filter that every dock's numbers are of; empty: the whole trace.
    void set_filter(const QString& text);
    const QString& filter() const { return filter_; }

    /// From now on questions wait for release(): the columns are not whole, and an answer would be of a part of the trace.
    void hold() { held_ = true; }
    void release();
    void ask(QObject* dock, Work work);
    void cancel(QObject* dock);

Q_SIGNALS:
    void failed(const QString& message);

private:
    struct State;
    using Ticket = std::shared_ptr<std::atomic<bool>>;
    void post(QObject* dock, const Ticket& ticket, Work work);
    void run(const QPointer<QObject>& dock, const Ticket& ticket, const Work& work, const QString& filter);

    std::string path_;
    std::shared_ptr<SharedColumns> columns_;
    QString filter_;
    std::unordered_map<QObject*, Ticket> tickets_;
    bool held_ = false;
    std::unordered_map<QObject*, Work> waiting_; ///< for release()
    std::unique_ptr<State> state_;   ///< of the worker's thread
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

}
