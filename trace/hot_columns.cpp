// See hot_columns.h.
#include "trace/hot_columns.h"

#include <algorithm>
#include <limits>

namespace ringside::trace {

bool HotColumns::has_ret(std::size_t row) const
{
    return (state[row] & hot_state::has_ret) != 0;
}

int HotColumns::error(std::size_t row) const
{
    return (state[row] & hot_state::failed) != 0 ? -ret[row] : 0;
}

namespace {

constexpr const char* columns_sql = "SELECT id, ts, dur, thread, nr, ret, path, host_calls, kind, verdict FROM event WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
constexpr EventId piece = 65'536; ///< no read transaction is longer

template <typename Small>
Small saturated(std::int64_t value)
{
    constexpr auto highest = std::numeric_limits<Small>::max();
    return value < 0 || value > static_cast<std::int64_t>(highest) ? highest : static_cast<Small>(value);
}

void set_result(HotColumns& columns, std::size_t row, const Statement& statement)
{
    std::uint8_t state = static_cast<std::uint8_t>(columns.state[row] & 0xf0);
    std::int64_t ret = statement.integer(5);
    if (!statement.is_null(5)) {
        state |= hot_state::has_ret;
        if (ret >= -4095 && ret < 0)
            state |= hot_state::failed;
        if (ret == static_cast<std::int32_t>(ret))
            state |= hot_state::ret_fits;
    }
    columns.state[row] = state;
    columns.ret[row] = static_cast<std::int32_t>(ret);
    columns.dur[row] = saturated<std::uint32_t>(statement.integer(2));
}

void append(HotColumns& columns, const Statement& row)
{
    columns.ts.push_back(row.number(1));
    columns.dur.push_back(0);
    columns.thread.push_back(static_cast<std::uint32_t>(row.integer(3)));
    std::int64_t nr = row.integer(4);
    columns.nr.push_back(nr == static_cast<std::int16_t>(nr) ? static_cast<std::int16_t>(nr) : std::int16_t{-1});
    columns.ret.push_back(0);
    columns.path.push_back(static_cast<std::uint32_t>(row.integer(6)));
    columns.host_calls.push_back(saturated<std::uint16_t>(row.integer(7)));
    columns.kind.push_back(static_cast<std::uint8_t>(row.integer(8)));
    columns.state.push_back(static_cast<std::uint8_t>((row.integer(9) & 3) << 4));
    set_result(columns, columns.size() - 1, row);
}

/// Rows that a damaged trace lacks: the index of a row stays its id.
void append_missing(HotColumns& columns)
{
    columns.ts.push_back(columns.ts.empty() ? 0 : columns.ts.back());
    columns.dur.push_back(0);
    columns.thread.push_back(0);
    columns.nr.push_back(-1);
    columns.ret.push_back(0);
    columns.path.push_back(0);
    columns.host_calls.push_back(0);
    columns.kind.push_back(static_cast<std::uint8_t>(EventKind::marker));
    columns.state.push_back(0);
}

void reserve(HotColumns& columns, std::size_t size)
{
    columns.ts.reserve(size);
    columns.dur.reserve(size);
    columns.thread.reserve(size);
    columns.nr.reserve(size);
    columns.ret.reserve(size);
    columns.path.reserve(size);
    columns.host_calls.reserve(size);
    columns.kind.reserve(size);
    columns.state.reserve(size);
}

/// Calls that had not come back when they were loaded: only a trace that is still growing has many.
void refresh_open_calls(HotColumns& columns, Statement& rows)
{
    for (std::size_t row = 0; row < columns.size(); ++row) {
        if (columns.kind[row] != static_cast<std::uint8_t>(EventKind::syscall) || columns.has_ret(row))
            continue;
        rows.bind(1, static_cast<std::int64_t>(row + 1));
        rows.bind(2, static_cast<std::int64_t>(row + 1));
        if (rows.step())
            set_result(columns, row, rows);
        rows.reset();
    }
}

}

bool load_hot_columns(const std::string& path, HotColumns& columns, const std::atomic<bool>& cancel, const std::function<void(std::size_t)>& progress)
{
    Database database = open_for_reading(path);
    // A hostile trace may claim any id: rows are at least a few bytes each, so the file's size bounds what is believed.
    std::int64_t size = database.value("PRAGMA page_count") * database.value("PRAGMA page_size");
    std::int64_t last = std::clamp<std::int64_t>(database.value("SELECT max(id) FROM event"), 0, std::min<std::int64_t>(size / 16, INT32_MAX));
    Statement rows = database.prepare(columns_sql);
    refresh_open_calls(columns, rows);
    if (columns.size() == 0)
        reserve(columns, static_cast<std::size_t>(last)); // a growing trace leaves growing to the vectors
    while (columns.size() < static_cast<std::size_t>(last)) {
        if (cancel.load(std::memory_order_relaxed))
            return false;
        EventId first = columns.size() + 1;
        EventId end = std::min<EventId>(first + piece - 1, static_cast<EventId>(last));
        rows.bind(1, static_cast<std::int64_t>(first));
        rows.bind(2, static_cast<std::int64_t>(end));
        while (rows.step()) {
            while (columns.size() + 1 < rows.number(0))
                append_missing(columns);
            append(columns, rows);
        }
        rows.reset();
        while (columns.size() < end)
            append_missing(columns);
        if (progress)
            progress(columns.size());
    }
    return true;
}

}
