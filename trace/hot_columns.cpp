// See hot_columns.h. The rows come through an aggregate function of ours: one step of SQLite for 65,536 rows, and no copy of a
// row that would be read once.
#include "trace/hot_columns.h"

#include "trace/intake.h"

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

bool HotColumns::is_problem_call(std::size_t row) const
{
    return is_call(row) && (state[row] & hot_state::expected) == 0
        && ((state[row] & hot_state::failed) != 0 || verdict(row) == Verdict::denied || verdict(row) == Verdict::unsupported);
}

bool HotColumns::blocked(std::size_t row) const
{
    return is_call(row) && ((state[row] & hot_state::waited) != 0 || (state[row] & hot_state::has_ret) == 0);
}

bool HotColumns::is_problem(std::size_t row) const
{
    auto of = static_cast<EventKind>(kind[row]);
    if ((state[row] & hot_state::fatal) != 0)
        return of == EventKind::signal || of == EventKind::fault;
    if (of == EventKind::syscall)
        return is_problem_call(row);
    return verdict(row) == Verdict::denied || verdict(row) == Verdict::unsupported;
}

namespace {

constexpr EventId piece = 65'536; ///< no read transaction is longer

enum Column { id_column, ts_column, dur_column, thread_column, nr_column, ret_column, path_column, host_calls_column, kind_column, verdict_column, object_column, flags_column, done_column, column_count };
constexpr const char* take_rows_sql
    = "SELECT take_row(id, ts, dur, thread, nr, ret, path, host_calls, kind, verdict, object, flags, done) FROM event WHERE id BETWEEN ?1 AND ?2";

std::uint64_t number(sqlite3_value* value)
{
    return static_cast<std::uint64_t>(sqlite3_value_int64(value));
}

template <typename Small>
Small saturated(std::int64_t value)
{
    constexpr auto highest = std::numeric_limits<Small>::max();
    return value < 0 || value > static_cast<std::int64_t>(highest) ? highest : static_cast<Small>(value);
}

void set_result(HotColumns& columns, std::size_t row, sqlite3_value** values)
{
    auto state = static_cast<std::uint8_t>(columns.state[row] & (hot_state::verdict | hot_state::fatal | hot_state::expected));
    std::int64_t ret = sqlite3_value_int64(values[ret_column]);
    if (sqlite3_value_type(values[ret_column]) != SQLITE_NULL) {
        state |= hot_state::has_ret;
        if (ret >= -4095 && ret < 0) {
            state |= hot_state::failed;
            if (columns.is_call(row) && expected_error(columns.nr[row], static_cast<int>(-ret)))
                state |= hot_state::expected;
        }
        if (ret == static_cast<std::int32_t>(ret))
            state |= hot_state::ret_fits;
    }
    if (sqlite3_value_int64(values[done_column]) != 0)
        state |= hot_state::waited;
    columns.state[row] = state;
    columns.ret[row] = static_cast<std::int32_t>(ret);
    columns.dur[row] = saturated<std::uint32_t>(sqlite3_value_int64(values[dur_column]));
}

void append(HotColumns& columns, sqlite3_value** values)
{
    columns.ts.push_back(number(values[ts_column]));
    columns.dur.push_back(0);
    columns.thread.push_back(static_cast<ThreadId>(number(values[thread_column])));
    std::int64_t nr = sqlite3_value_int64(values[nr_column]);
    columns.nr.push_back(nr == static_cast<std::int16_t>(nr) ? static_cast<std::int16_t>(nr) : std::int16_t{-1});
    columns.ret.push_back(0);
    columns.path.push_back(static_cast<StringId>(number(values[path_column])));
    columns.host_calls.push_back(saturated<std::uint16_t>(sqlite3_value_int64(values[host_calls_column])));
    columns.object.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(number(values[object_column]), UINT32_MAX)));
    columns.kind.push_back(static_cast<std::uint8_t>(number(values[kind_column])));
    std::uint8_t fatal = (number(values[flags_column]) & event_flag::fatal) != 0 ? hot_state::fatal : 0;
    columns.state.push_back(static_cast<std::uint8_t>((number(values[verdict_column]) & 3) << 4 | fatal));
    set_result(columns, columns.size() - 1, values);
}

/// A row that a damaged trace lacks: the index of the others stays their id.
void append_missing(HotColumns& columns)
{
    columns.ts.push_back(columns.ts.empty() ? 0 : columns.ts.back());
    columns.dur.push_back(0);
    columns.thread.push_back(0);
    columns.nr.push_back(-1);
    columns.ret.push_back(0);
    columns.path.push_back(0);
    columns.host_calls.push_back(0);
    columns.object.push_back(0);
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
    columns.object.reserve(size);
    columns.kind.reserve(size);
    columns.state.reserve(size);
}

/// A row that is known already is one that had not come back then; a new one is appended.
void take_row(sqlite3_context* context, int, sqlite3_value** values)
{
    auto& columns = *static_cast<HotColumns*>(sqlite3_user_data(context));
    std::uint64_t id = number(values[id_column]);
    if (id == 0)
        return;
    if (id <= columns.size())
        return set_result(columns, id - 1, values);
    if (id > columns.size() + piece)
        return; // out of the range that was asked for: can't be
    while (columns.size() + 1 < id)
        append_missing(columns);
    append(columns, values);
}

void end_of_rows(sqlite3_context*) { }

/// Marks the failures of searches among the rows that have come since the last time.
void follow_searches(Database& database, HotColumns& columns)
{
    Statement data = database.prepare("SELECT arg, bytes FROM data WHERE id BETWEEN ?1 AND ?2 AND direction = 0 LIMIT 4");
    auto path_of = [&](EventId id) -> std::string {
        int argument = path_argument(columns.nr[id - 1]);
        if (columns.lookups_left == 0 || argument < 0)
            return {};
        --columns.lookups_left;
        data.reset();
        data.bind(1, static_cast<std::int64_t>(RowIds::first(id)));
        data.bind(2, static_cast<std::int64_t>(RowIds::first(id + 1) - 1));
        while (data.step()) {
            if (data.is_null(0) || data.integer(0) != argument || data.is_null(1))
                continue;
            auto bytes = data.blob(1);
            std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4096));
            return std::string(text.substr(0, text.find('\0')));
        }
        return {};
    };
    auto found = [&](EventId id) { columns.state[id - 1] |= hot_state::expected; };
    for (; columns.searched < columns.size(); ++columns.searched) {
        std::size_t row = columns.searched;
        if (columns.is_call(row) && columns.has_ret(row))
            columns.searches.take(row + 1, columns.thread[row], columns.nr[row], columns.error(row), path_of, found);
    }
}

void run(Statement& rows, EventId first, EventId last)
{
    rows.bind(1, static_cast<std::int64_t>(first));
    rows.bind(2, static_cast<std::int64_t>(last));
    rows.run();
}

}

bool load_hot_columns(const std::string& path, HotColumns& columns, const std::atomic<bool>& cancel, const std::function<void(std::size_t)>& progress)
{
    Database database = open_for_reading(path);
    // A hostile trace may claim any id: rows are at least a few bytes each, so the file's size bounds what is believed.
    std::int64_t size = database.value("PRAGMA page_count") * database.value("PRAGMA page_size");
    auto last = static_cast<EventId>(std::clamp<std::int64_t>(database.value("SELECT max(id) FROM event"), 0, std::min<std::int64_t>(size / 16, INT32_MAX)));
    if (sqlite3_create_function(database.handle(), "take_row", column_count, SQLITE_UTF8 | SQLITE_DIRECTONLY, &columns, nullptr, take_row, end_of_rows) != SQLITE_OK)
        database.fail();
    Statement rows = database.prepare(take_rows_sql);
    for (std::size_t row = 0; row < columns.size(); ++row) // of a trace that is still growing
        if (!columns.has_ret(row) && columns.kind[row] == static_cast<std::uint8_t>(EventKind::syscall))
            run(rows, row + 1, row + 1);
    if (columns.size() == 0)
        reserve(columns, last); // a growing trace leaves growing to the vectors
    while (columns.size() < last) {
        if (cancel.load(std::memory_order_relaxed))
            return false;
        EventId end = std::min<EventId>(columns.size() + piece, last);
        run(rows, columns.size() + 1, end);
        while (columns.size() < end)
            append_missing(columns);
        follow_searches(database, columns);
        if (progress)
            progress(columns.size());
    }
    return true;
}

}
