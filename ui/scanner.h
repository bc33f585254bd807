// Work over a whole trace, in a thread of its own: the hot columns, filters that stream their matches, the next problem, and
// sums for the docks. Follows a trace that grows. Everything it finds is delivered in the window's thread.
#pragma once

#include "trace/filter/filter.h"
#include "trace/record.h"
#include "trace/sort_rows.h"

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

using RowsPtr = std::shared_ptr<const std::vector<std::uint32_t>>; ///< rows (event id - 1)

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
    /// The next or previous event that matches, by `stepped` (0: there is none). Where the columns are enough the filter's rows are
    /// kept for the next time; else rows are looked at one by one until one matches, or until something else is looked for.
    void find(const std::string& filter, trace::EventId from, bool forward);
    /// All rows that match, at once, by `collected` with this call's number. A newer call replaces it.
    std::uint64_t collect(trace::Filter filter);
    /// These rows, or all, in the order of a column, by `sorted` with this call's number. A newer call replaces it.
    std::uint64_t sort(trace::SortBy by, bool descending, RowsPtr rows);
    void stop_sort() { ++sort_number_; }
    /// What the program printed, by `printed`: at most a megabyte.
    void read_output();

Q_SIGNALS:
    /// More matches at the end; `done` rows have been looked at in all.
    void found(quint64 filter, const std::vector<std::uint32_t>& rows, quint64 done, bool complete);
    /// Matches between those that were found before: calls that have come back since.
    void found_late(quint64 filter, const std::vector<std::uint32_t>& rows);
    void stepped(ringside::trace::EventId event, bool forward);
    void collected(quint64 number, const ringside::ui::RowsPtr& rows);
    void sorted(quint64 number, const ringside::ui::RowsPtr& rows);
    /// What a filter's values can be in this trace, for completion.
    void values_known(const std::shared_ptr<const ringside::trace::KnownValues>& values);
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
    void look(const trace::Filter& filter, trace::EventId from, bool forward, std::uint64_t number);
    void tell_values();
    void guarded(const std::function<void()>& job);

    std::string path_;
    std::shared_ptr<SharedColumns> columns_;
    std::uint64_t filter_number_ = 0;       ///< of the window's thread
    std::atomic<std::uint64_t> wanted_ = 0; ///< the filter that may run; another one stops
    std::atomic<bool> cancel_ = false;      ///< stops the filter that runs
    std::atomic<bool> refreshing_ = false;
    std::atomic<std::uint64_t> refreshes_ = 0; ///< asked for
    std::atomic<std::uint64_t> find_number_ = 0, collect_number_ = 0, sort_number_ = 0; ///< the newest question of each
    std::unique_ptr<State> state_;          ///< of the worker's thread
    std::unique_ptr<Worker> worker_;        ///< last: ends before what it uses
};

}

Q_DECLARE_METATYPE(ringside::ui::Scanner::Totals)
