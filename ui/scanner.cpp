// See scanner.h.
#include "ui/scanner.h"

#include "trace/filter/known_values.h"
#include "trace/filter_run.h"
#include "trace/printed.h"
#include "ui/analyst.h"
#include "ui/worker.h"

#include <algorithm>
#include <chrono>

namespace ringside::ui {

using Clock = std::chrono::steady_clock;

struct Scanner::State {
    State(const std::string& path, trace::HotColumns& shared) : trace(path), columns(shared) { }

    trace::TraceFile trace;
    trace::HotColumns& columns; ///< this thread alone writes them, under the lock
    bool loading = false;
    std::uint64_t number = 0; ///< of the filter below, 0: none
    trace::Filter filter;
    std::size_t filtered = 0;             ///< rows it has seen
    std::vector<std::uint32_t> open_rows; ///< calls that it saw before they came back
    std::string step_text;
    std::vector<std::uint32_t> step_rows;
    std::size_t step_columns = 0;
    std::vector<std::uint64_t> by_thread;
    std::size_t counted = 0;
    Totals totals;
    Clock::time_point published;
    std::size_t values_of = 0; ///< rows there were when values were last told
};

Scanner::Scanner(std::string path, QObject* parent) : QObject(parent), path_(std::move(path)), columns_(std::make_shared<SharedColumns>()), worker_(std::make_unique<Worker>()) { }

Scanner::~Scanner()
{
    cancel_ = true;
}

void Scanner::guarded(const std::function<void()>& job)
{
    try {
        if (!state_)
            state_ = std::make_unique<State>(path_, columns_->columns);
        job();
    } catch (const std::exception& error) { // trace::Error, or no memory for the columns
        deliver(this, [this, message = QString::fromUtf8(error.what())] { Q_EMIT failed(message); });
    }
}

std::uint64_t Scanner::refresh()
{
    std::uint64_t number = ++refreshes_;
    if (refreshing_.exchange(true))
        return number;
    worker_->post([this] {
        refreshing_ = false;
        guarded([this] {
            state_->totals.refresh = refreshes_;
            load();
            if (state_->number != 0 && state_->number == wanted_)
                run_filter(state_->number);
        });
    });
    return number;
}

std::uint64_t Scanner::start_filter(trace::Filter filter)
{
    std::uint64_t number = ++filter_number_;
    wanted_ = number;
    cancel_ = true; // the one before, where it still runs
    worker_->post([this, number, filter = std::move(filter)]() mutable {
        if (number != wanted_)
            return;
        cancel_ = false;
        guarded([&] {
            state_->number = number;
            state_->filter = std::move(filter);
            state_->filtered = 0;
            state_->open_rows.clear();
            if (state_->columns.size() == 0)
                load();
            run_filter(number);
        });
    });
    return number;
}

void Scanner::stop_filter()
{
    wanted_ = 0;
    cancel_ = true;
}

void Scanner::load()
{
    // Matches are wanted before the last row has been read.
    state_->loading = true;
    std::unique_lock lock(columns_->mutex);
    trace::load_hot_columns(path_, state_->columns, worker_->stopping(), [this](std::size_t) {
        if (state_->number != 0 && state_->number == wanted_)
            run_filter(state_->number);
    });
    lock.unlock();
    state_->loading = false;
    publish_totals();
    if (state_->columns.size() > 2 * state_->values_of)
        worker_->post([this] { guarded([this] { tell_values(); }); }); // what was asked for meanwhile comes first
}

void Scanner::tell_values()
{
    State& s = *state_;
    if (s.columns.size() <= 2 * s.values_of)
        return;
    s.values_of = s.columns.size();
    auto values = std::make_shared<const trace::KnownValues>(trace::known_values(s.trace, s.columns, worker_->stopping()));
    deliver(this, [this, values] { Q_EMIT values_known(values); });
}

void Scanner::run_filter(std::uint64_t number)
{
    State& s = *state_;
    check_open_rows();
    std::size_t from = s.filtered;
    auto is_open = [&](std::size_t row) { return s.columns.kind[row] == static_cast<std::uint8_t>(trace::EventKind::syscall) && !s.columns.has_ret(row); };
    bool whole = trace::run_filter(s.filter, s.columns, s.trace, from, cancel_, [&](std::span<const std::uint32_t> rows, std::size_t done) {
        s.filtered = done;
        deliver(this, [this, number, rows = std::vector<std::uint32_t>(rows.begin(), rows.end()), done] { Q_EMIT found(number, rows, done, false); });
    });
    if (!whole)
        return;
    for (std::size_t row = from; row < s.columns.size(); ++row)
        if (is_open(row))
            s.open_rows.push_back(static_cast<std::uint32_t>(row));
    s.filtered = s.columns.size();
    if (!s.loading)
        deliver(this, [this, number, done = s.filtered] { Q_EMIT found(number, {}, done, true); });
}

void Scanner::check_open_rows()
{
    State& s = *state_;
    std::vector<std::uint32_t> late;
    std::erase_if(s.open_rows, [&](std::uint32_t row) {
        if (!s.columns.has_ret(row))
            return false;
        auto event = s.trace.event(trace::EventId{row} + 1);
        if (event && s.filter.matches(*event, s.trace))
            late.push_back(row);
        return true;
    });
    if (!late.empty())
        deliver(this, [this, number = s.number, late] { Q_EMIT found_late(number, late); });
}

void Scanner::publish_totals()
{
    State& s = *state_;
    const trace::HotColumns& columns = s.columns;
    std::unordered_map<trace::ThreadId, std::uint64_t> by_thread;
    for (std::size_t row = s.counted; row < columns.size(); ++row) {
        ++by_thread[columns.thread[row]];
        s.totals.host_calls += columns.host_calls[row];
    }
    s.counted = columns.size();
    for (auto [thread, count] : by_thread)
        s.totals.events_of[s.trace.process_of(thread)] += count;
    s.totals.events = columns.size();
    deliver(this, [this, totals = s.totals] { Q_EMIT totals_changed(totals); });
}

void Scanner::read_output()
{
    constexpr std::size_t most = 1 << 20;
    worker_->post([this] {
        guarded([this] {
            if (state_->columns.size() == 0)
                load();
            std::string bytes = trace::printed_output(state_->trace, state_->columns, most, worker_->stopping());
            deliver(this, [this, bytes = QByteArray::fromStdString(bytes)] { Q_EMIT printed(bytes); });
        });
    });
}

void Scanner::find(const std::string& filter, trace::EventId from, bool forward)
{
    std::uint64_t number = ++find_number_;
    worker_->post([this, filter, from, forward, number] {
        if (number != find_number_)
            return;
        guarded([&] {
            auto compiled = trace::Filter::compile(filter);
            auto* made = std::get_if<trace::Filter>(&compiled);
            if (state_->columns.size() == 0)
                load();
            if (made && made->needs_source() && filter != "problem")
                look(*made, from, forward, number);
            else if (made)
                step(filter, from, forward);
        });
    });
}

/// Outward from the event, a few thousand rows at a time.
void Scanner::look(const trace::Filter& filter, trace::EventId from, bool forward, std::uint64_t number)
{
    constexpr std::size_t piece = 4096;
    State& s = *state_;
    std::size_t begin = forward ? static_cast<std::size_t>(from) : 0, end = forward ? s.columns.size() : from > 0 ? static_cast<std::size_t>(from) - 1 : 0;
    end = std::min(end, s.columns.size());
    trace::EventId found = 0;
    while (begin < end && found == 0) {
        if (number != find_number_ || worker_->stopping())
            return;
        std::size_t count = std::min(piece, end - begin), first = forward ? begin : end - count;
        std::vector<std::uint32_t> sure, maybe;
        filter.select(s.columns, first, count, s.trace, sure, maybe);
        std::erase_if(maybe, [&](std::uint32_t row) {
            if (number != find_number_)
                return true;
            auto event = s.trace.event(trace::EventId {row} + 1);
            return !event || !filter.matches(*event, s.trace);
        });
        sure.insert(sure.end(), maybe.begin(), maybe.end());
        if (!sure.empty())
            found = trace::EventId {forward ? std::ranges::min(sure) : std::ranges::max(sure)} + 1;
        (forward ? begin : end) = forward ? begin + count : end - count;
    }
    if (number == find_number_)
        deliver(this, [this, found, forward] { Q_EMIT stepped(found, forward); });
}

std::uint64_t Scanner::collect(trace::Filter filter)
{
    std::uint64_t number = ++collect_number_;
    worker_->post([this, number, filter = std::move(filter)] {
        if (number != collect_number_)
            return;
        guarded([&] {
            if (state_->columns.size() == 0)
                load();
            auto rows = std::make_shared<std::vector<std::uint32_t>>();
            trace::run_filter(filter, state_->columns, state_->trace, 0, worker_->stopping(),
                [&](std::span<const std::uint32_t> more, std::size_t) { rows->insert(rows->end(), more.begin(), more.end()); });
            deliver(this, [this, number, rows] { Q_EMIT collected(number, rows); });
        });
    });
    return number;
}

std::uint64_t Scanner::sort(trace::SortBy by, bool descending, RowsPtr rows)
{
    std::uint64_t number = ++sort_number_;
    worker_->post([this, number, by, descending, rows = std::move(rows)] {
        if (number != sort_number_)
            return;
        guarded([&] {
            if (state_->columns.size() == 0)
                load();
            auto order = std::make_shared<const std::vector<std::uint32_t>>(
                trace::sort_rows(by, descending, state_->columns, state_->trace, rows.get(), worker_->stopping()));
            deliver(this, [this, number, order] {
                if (number == sort_number_)
                    Q_EMIT sorted(number, order);
            });
        });
    });
    return number;
}

void Scanner::step(const std::string& text, trace::EventId from, bool forward)
{
    State& s = *state_;
    if (text != s.step_text || s.step_columns != s.columns.size()) {
        auto compiled = trace::Filter::compile(text);
        if (!std::holds_alternative<trace::Filter>(compiled))
            return;
        s.step_rows.clear();
        trace::run_filter(std::get<trace::Filter>(compiled), s.columns, s.trace, 0, worker_->stopping(),
            [&](std::span<const std::uint32_t> rows, std::size_t) { s.step_rows.insert(s.step_rows.end(), rows.begin(), rows.end()); });
        s.step_text = text;
        s.step_columns = s.columns.size();
    }
    trace::EventId event = 0;
    if (forward) {
        auto at = std::ranges::lower_bound(s.step_rows, static_cast<std::uint32_t>(from)); // row index `from` is event from + 1
        event = at == s.step_rows.end() ? 0 : trace::EventId{*at} + 1;
    } else if (from > 1) {
        auto at = std::ranges::lower_bound(s.step_rows, static_cast<std::uint32_t>(from - 1));
        event = at == s.step_rows.begin() ? 0 : trace::EventId{*std::prev(at)} + 1;
    }
    deliver(this, [this, event, forward] { Q_EMIT stepped(event, forward); });
}

}
