// Work over a whole trace, in a thread of its own: the hot columns, filters that stream their matches, the next problem, and
// sums for the docks. Follows a trace that grows. Everything it finds is delivered in the window's thread.
#pragma once

#include "trace/filter/filter.h"
#include "trace/record.h"

#include <QObject>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ringside::ui {

class Worker;
struct SharedColumns;

class Scanner : public QObject {
    Q_OBJECT

public:
    struct Totals {
        std::uint64_t refresh = 0; ///< the last call of refresh() that is answered by them
        std::uint64_t events = 0;
        std::uint64_t host_calls = 0;
        std::unordered_map<trace::ProcessId, std::uint64_t> events_of;
    };

    explicit Scanner(std::string path, QObject* parent = nullptr);
    /// For what else reads them. Locked for writing while rows are added.
    std::shared_ptr<SharedColumns> columns() const { return columns_; }
    ~Scanner() override;

    /// Reads what is new in the trace; a filter goes on with it. Cheap to call often: one that waits answers the calls after it, too.
    /// Returns the call's number: `totals_changed` with it, or `failed`, says that it is done.
    std::uint64_t refresh();
    /// Replaces the filter that runs. Matches come by `found`, with this call's number.
    std::uint64_t start_filter(trace::Filter filter);
    void stop_filter();
    /// The next or previous event that matches, by `stepped` (0: there is none). The filter's rows are kept for the next time.
    void find(const std::string& filter, trace::EventId from, bool forward);
    /// What the program printed, by `printed`: at most a megabyte.
    void read_output();

Q_SIGNALS:
    /// More matches at the end; `done` rows have been looked at in all.
    void found(quint64 filter, const std::vector<std::uint32_t>& rows, quint64 done, bool complete);
    /// Matches between those that were found before: calls that have come back since.
    void found_late(quint64 filter, const std::vector<std::uint32_t>& rows);
    void stepped(ringside::trace::EventId event, bool forward);
    void totals_changed(const ringside::ui::Scanner::Totals& totals);
    void printed(const QByteArray& bytes);
    void failed(const QString& message);

private:
    struct State;
    void load();
    void run_filter(std::uint64_t number);
    void check_open_rows();
    void publish_totals();
    void step(const std::string& filter, trace::EventId from, bool forward);
    void guarded(const std::function<void()>& job);

    std::string path_;
    std::shared_ptr<SharedColumns> columns_;
    std::uint64_t filter_number_ = 0;       ///< of the window's thread
    std::atomic<std::uint64_t> wanted_ = 0; ///< the filter that may run; another one stops
    std::atomic<bool> cancel_ = false;      ///< stops the filter that runs
    std::atomic<bool> refreshing_ = false;
    std::atomic<std::uint64_t> refreshes_ = 0; ///< asked for
    std::unique_ptr<State> state_;          ///< of the worker's thread
    std::unique_ptr<Worker> worker_;        ///< last: ends before what it uses
};

}

Q_DECLARE_METATYPE(ringside::ui::Scanner::Totals)
