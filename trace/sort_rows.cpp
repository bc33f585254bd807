// See sort_rows.h. Every column becomes a key of 32 bits, then two stable passes of counting sort: no comparison is made for a
// row, and what costs (names) is looked up once for each name.
#include "trace/sort_rows.h"

#include "trace/syscall_table.h"

#include <algorithm>
#include <climits>
#include <numeric>
#include <unordered_map>

namespace ringside::trace {

namespace {

constexpr std::uint32_t last_key = UINT32_MAX; ///< of rows that have nothing in this column

/// Numbers for texts by their order: equal texts get equal ones.
template <typename Key>
std::unordered_map<Key, std::uint32_t> ranks_of(std::vector<std::pair<std::string, Key>>& texts)
{
    std::ranges::sort(texts);
    std::unordered_map<Key, std::uint32_t> ranks;
    std::uint32_t rank = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i > 0 && texts[i].first != texts[i - 1].first)
            ++rank;
        ranks[texts[i].second] = rank;
    }
    return ranks;
}

/// The name of a thread changes with exec: its intervals, walked along with the rows.
class ProcessKeys {
public:
    explicit ProcessKeys(TraceFile& trace)
    {
        auto access = trace.access();
        Statement rows = access.database.prepare("SELECT thread, event, name FROM comm ORDER BY thread, event");
        std::vector<std::pair<std::string, std::uint64_t>> texts;
        std::vector<std::tuple<ThreadId, EventId, std::uint64_t>> changes;
        while (rows.step()) {
            auto thread = static_cast<ThreadId>(rows.integer(0));
            // The thread follows in the text, so that rows of one name are grouped by thread.
            texts.emplace_back(fmt::format("{}\x01{:010}", rows.text(2), thread), changes.size());
            changes.emplace_back(thread, rows.number(1), changes.size());
        }
        auto ranks = ranks_of(texts);
        for (auto [thread, event, number] : changes)
            names_[thread].changes.emplace_back(event, ranks[number]);
    }

    /// Rows must come by rising event.
    std::uint32_t key(ThreadId thread, EventId event)
    {
        if (thread != last_thread_ || !last_) {
            auto at = names_.find(thread);
            if (at == names_.end())
                return last_key;
            last_thread_ = thread;
            last_ = &at->second;
        }
        while (last_->at + 1 < last_->changes.size() && last_->changes[last_->at + 1].first <= event)
            ++last_->at;
        return last_->changes[last_->at].second;
    }

private:
    struct Names {
        std::vector<std::pair<EventId, std::uint32_t>> changes;
        std::size_t at = 0;
    };
    std::unordered_map<ThreadId, Names> names_;
    ThreadId last_thread_ = 0;
    Names* last_ = nullptr;
};

template <typename KeyOf>
std::vector<std::uint32_t> keys_of(std::size_t count, const std::vector<std::uint32_t>* rows, const KeyOf& key_of)
{
    std::vector<std::uint32_t> keys(count);
    for (std::size_t i = 0; i < count; ++i)
        keys[i] = key_of(rows ? std::size_t{(*rows)[i]} : i);
    return keys;
}

std::unordered_map<std::uint32_t, std::uint32_t> path_ranks(const HotColumns& columns, TraceFile& trace, std::size_t count, const std::vector<std::uint32_t>* rows)
{
    std::unordered_map<std::uint32_t, bool> seen;
    for (std::size_t i = 0; i < count; ++i)
        if (std::uint32_t id = columns.path[rows ? (*rows)[i] : i])
            seen.try_emplace(id);
    std::vector<std::pair<std::string, std::uint32_t>> texts;
    for (auto [id, unused] : seen)
        texts.emplace_back(trace.string(id), id);
    return ranks_of(texts);
}

/// Kinds that are no calls come after the calls, each together.
std::vector<std::uint32_t> call_ranks()
{
    std::vector<std::pair<std::string, std::uint32_t>> texts;
    for (std::uint32_t nr = 0; nr < 1024; ++nr) {
        const SyscallInfo* info = find_syscall(static_cast<int>(nr));
        texts.emplace_back(info ? std::string(info->name) : fmt::format("syscall_{:04}", nr), nr);
    }
    auto ranks = ranks_of(texts);
    std::vector<std::uint32_t> result(1024);
    for (auto [nr, rank] : ranks)
        result[nr] = rank;
    return result;
}

std::vector<std::uint32_t> make_keys(SortBy by, const HotColumns& columns, TraceFile& trace, std::size_t count, const std::vector<std::uint32_t>* rows)
{
    switch (by) {
    case SortBy::process: {
        ProcessKeys names(trace);
        return keys_of(count, rows, [&](std::size_t row) { return names.key(columns.thread[row], row + 1); });
    }
    case SortBy::call:
        return keys_of(count, rows, [&, ranks = call_ranks()](std::size_t row) {
            bool call = columns.is_call(row) && columns.nr[row] >= 0 && columns.nr[row] < 1024;
            return call ? ranks[static_cast<std::size_t>(columns.nr[row])] : 2048u + 1024u * columns.kind[row] + static_cast<std::uint32_t>(std::clamp<int>(columns.nr[row], 0, 1023));
        });
    case SortBy::path: {
        auto ranks = path_ranks(columns, trace, count, rows);
        return keys_of(count, rows, [&](std::size_t row) { return columns.path[row] ? ranks[columns.path[row]] : last_key; });
    }
    case SortBy::result:
        return keys_of(count, rows, [&](std::size_t row) {
            if (!columns.is_call(row) || !columns.has_ret(row))
                return last_key;
            if (!(columns.state[row] & hot_state::ret_fits))
                return last_key - 1; // an address
            return static_cast<std::uint32_t>(std::min<std::int64_t>(std::int64_t{columns.ret[row]} - INT32_MIN, last_key - 2));
        });
    case SortBy::duration:
        return keys_of(count, rows, [&](std::size_t row) { return columns.is_call(row) && columns.has_ret(row) ? std::min(columns.dur[row], last_key - 1) : last_key; });
    case SortBy::host_calls:
        return keys_of(count, rows, [&](std::size_t row) { return std::uint32_t{columns.host_calls[row]}; });
    case SortBy::id: break;
    }
    return std::vector<std::uint32_t>(count);
}

/// One stable pass of counting sort over 16 bits of the keys. `order` holds places in `keys`.
void pass(const std::vector<std::uint32_t>& keys, unsigned shift, std::vector<std::uint32_t>& order, std::vector<std::uint32_t>& spare)
{
    std::vector<std::uint32_t> starts(65'537);
    for (std::uint32_t key : keys)
        ++starts[((key >> shift) & 0xffff) + 1];
    if (std::ranges::find(starts, static_cast<std::uint32_t>(keys.size())) != starts.end())
        return; // all the same
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    spare.resize(order.size());
    for (std::uint32_t place : order)
        spare[starts[(keys[place] >> shift) & 0xffff]++] = place;
    order.swap(spare);
}

}

std::vector<std::uint32_t> sort_rows(SortBy by, bool descending, const HotColumns& columns, TraceFile& trace, const std::vector<std::uint32_t>* rows,
    const std::atomic<bool>& cancel)
{
    std::size_t count = rows ? rows->size() : columns.size();
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    if (count == 0)
        return order;
    if (by == SortBy::id) {
        if (descending)
            std::ranges::reverse(order);
    } else {
        std::vector<std::uint32_t> keys = make_keys(by, columns, trace, count, rows), spare;
        if (descending)
            for (std::uint32_t& key : keys)
                key = key == last_key ? key : last_key - 1 - key;
        for (unsigned shift : {0u, 16u}) {
            if (cancel)
                return {};
            pass(keys, shift, order, spare);
        }
    }
    if (cancel)
        return {};
    if (rows)
        for (std::uint32_t& place : order)
            place = (*rows)[place];
    return order;
}

}
