// Filters over the hot columns: each condition is tested on a block of rows at a time and answers no, maybe or yes; `and`
// is the smaller, `or` the larger, `not` the opposite. Loops are plain, so that the compiler makes vector code of them.
#include "trace/filter/expression.h"
#include "trace/hot_columns.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <unordered_map>

namespace ringside::trace {

using namespace filter_detail;

namespace {

constexpr std::uint8_t no = 0, maybe = 1, yes = 2;
constexpr std::size_t block_rows = 4096;
using Answers = std::array<std::uint8_t, block_rows>;

std::uint8_t sure(bool value) { return value ? yes : no; }

struct Block {
    const HotColumns& columns;
    std::size_t begin, count;
    EventSource& source;
    std::unordered_map<std::uint32_t, ProcessId>& processes;
    std::unordered_map<const Expression*, std::unordered_map<std::uint64_t, bool>>& paths; ///< by condition: strings, and objects with the highest bit set
};

bool is_call(std::uint8_t kind) { return kind == static_cast<std::uint8_t>(EventKind::syscall) || kind == static_cast<std::uint8_t>(EventKind::resume); }
bool has_signal(std::uint8_t kind)
{
    return kind == static_cast<std::uint8_t>(EventKind::signal) || kind == static_cast<std::uint8_t>(EventKind::fault) || kind == static_cast<std::uint8_t>(EventKind::stop);
}

/// Fills the block by a function of the row.
template <class Test>
void each(const Block& block, Answers& out, Test test)
{
    for (std::size_t i = 0; i < block.count; ++i)
        out[i] = test(block.begin + i);
}

/// A condition on the call's number: answered once for each call, then looked up.
void by_call(const Block& block, const Expression& condition, Answers& out)
{
    std::array<std::uint8_t, 512> known {};
    known.fill(maybe);
    for (const SyscallInfo& info : syscalls) {
        bool fits = false;
        if (condition.field == Field::group) {
            std::size_t total = 0, good = 0;
            for (const GroupName& group : group_names)
                if (info.in_group(group.bit)) {
                    ++total;
                    good += number_fits(condition, group.bit);
                }
            fits = total > 0 && (condition.quantifier == Quantifier::all ? good == total : good > 0);
        } else if (condition.pattern) {
            fits = re2::RE2::PartialMatch(re2::StringPiece(info.name.data(), info.name.size()), *condition.pattern);
        } else if (condition.op == Op::contains) {
            fits = info.name.find(condition.texts.front()) != std::string_view::npos;
        } else {
            fits = number_fits(condition, info.nr);
        }
        known[static_cast<std::size_t>(info.nr)] = sure(fits);
    }
    each(block, out, [&](std::size_t row) {
        std::int16_t nr = block.columns.nr[row];
        if (!is_call(block.columns.kind[row]))
            return no;
        return nr >= 0 && nr < 512 ? known[static_cast<std::size_t>(nr)] : maybe;
    });
}

template <class T>
void saturated(const Block& block, const std::vector<T>& column, const Expression& condition, Answers& out)
{
    constexpr T most = std::numeric_limits<T>::max();
    const T* values = column.data() + block.begin;
    // The usual conditions as one comparison, which vectorises.
    if (condition.op == Op::greater && condition.numbers.front().low >= 0 && condition.numbers.front().low < most) {
        auto limit = static_cast<T>(condition.numbers.front().low);
        for (std::size_t i = 0; i < block.count; ++i)
            out[i] = values[i] > limit ? yes : no;
        return;
    }
    for (std::size_t i = 0; i < block.count; ++i)
        out[i] = values[i] == most ? maybe : sure(number_fits(condition, static_cast<std::int64_t>(values[i])));
}

void by_process(const Block& block, const Expression& condition, Answers& out)
{
    each(block, out, [&](std::size_t row) {
        std::uint32_t thread = block.columns.thread[row];
        auto [at, is_new] = block.processes.try_emplace(thread, 0);
        if (is_new)
            at->second = block.source.process_of(thread);
        return sure(number_fits(condition, at->second));
    });
}

void by_result(const Block& block, const Expression& condition, Answers& out)
{
    each(block, out, [&](std::size_t row) {
        std::uint8_t state = block.columns.state[row];
        if (!(state & hot_state::has_ret))
            return no;
        return state & hot_state::ret_fits ? sure(number_fits(condition, block.columns.ret[row])) : maybe;
    });
}

void by_error(const Block& block, const Expression& condition, Answers& out)
{
    each(block, out, [&](std::size_t row) {
        std::uint8_t state = block.columns.state[row];
        if (!(state & hot_state::has_ret) || !is_call(block.columns.kind[row]))
            return no;
        return sure(number_fits(condition, state & hot_state::failed ? -static_cast<std::int64_t>(block.columns.ret[row]) : 0));
    });
}

void by_number(const Block& block, const Expression& condition, Answers& out)
{
    bool signals = condition.field == Field::signal;
    each(block, out, [&](std::size_t row) {
        std::uint8_t kind = block.columns.kind[row];
        if (!(has_signal(kind) || (!signals && is_call(kind))))
            return no;
        std::int16_t nr = block.columns.nr[row];
        return nr == -1 ? maybe : sure(number_fits(condition, nr));
    });
}

void by_flag(const Block& block, const Expression& condition, Answers& out)
{
    const HotColumns& columns = block.columns;
    each(block, out, [&](std::size_t row) {
        switch (condition.field) {
        case Field::failed: return sure(is_call(columns.kind[row]) && (columns.state[row] & hot_state::failed));
        case Field::blocked: return sure(columns.blocked(row));
        case Field::problem: return sure(columns.is_problem(row));
        case Field::fatal: return sure((columns.state[row] & hot_state::fatal) != 0);
        default: return maybe;
        }
    });
}

/// What the kernel followed and what the descriptor refers to are few and asked once each. A call that was given a path may have been
/// given another text than the one that was followed: that is for the whole event, unless one of these fits already.
void by_path(const Block& block, const Expression& condition, Answers& out)
{
    if (condition.quantifier == Quantifier::all || condition.op == Op::not_equal)
        return each(block, out, [](std::size_t) { return maybe; });
    auto& known_paths = block.paths[&condition];
    auto fits = [&](std::uint64_t key, auto text) {
        auto [at, is_new] = known_paths.try_emplace(key, false);
        if (is_new)
            at->second = text_fits(condition, text());
        return at->second;
    };
    static const auto takes_path = [] {
        std::array<bool, syscall_limit> known {};
        for (const SyscallInfo& info : syscalls)
            known[static_cast<std::size_t>(info.nr)] = std::ranges::any_of(info.args(), [](const Arg& arg) { return arg.kind == ArgKind::path; });
        return known;
    }();
    const HotColumns& columns = block.columns;
    each(block, out, [&](std::size_t row) {
        if (std::uint32_t path = columns.path[row]; path != 0 && fits(path, [&] { return block.source.string(path); }))
            return yes;
        std::uint32_t object = columns.object[row];
        if (object == UINT32_MAX)
            return maybe;
        if (object != 0 && fits(std::uint64_t {1} << 63 | object, [&] { return block.source.object(object).path; }))
            return yes;
        std::int16_t nr = columns.nr[row];
        bool is_syscall = columns.kind[row] == static_cast<std::uint8_t>(EventKind::syscall);
        return is_syscall && nr >= 0 && nr < syscall_limit && takes_path[static_cast<std::size_t>(nr)] ? maybe : no;
    });
}

void test(const Block& block, const Expression& condition, Answers& out)
{
    const HotColumns& columns = block.columns;
    auto number = [&](auto value) { each(block, out, [&](std::size_t row) { return sure(number_fits(condition, static_cast<std::int64_t>(value(row)))); }); };
    switch (condition.field) {
    case Field::id: return number([](std::size_t row) { return row + 1; });
    case Field::t:
    case Field::ts: return number([&](std::size_t row) { return columns.ts[row]; });
    case Field::tid: return number([&](std::size_t row) { return columns.thread[row]; });
    case Field::kind: return number([&](std::size_t row) { return columns.kind[row]; });
    case Field::verdict: return number([&](std::size_t row) { return static_cast<int>(columns.verdict(row)); });
    case Field::dur: return saturated(block, columns.dur, condition, out);
    case Field::host_calls: return saturated(block, columns.host_calls, condition, out);
    case Field::path: return by_path(block, condition, out);
    case Field::object:
        return each(block, out, [&](std::size_t row) {
            std::uint32_t object = columns.object[row];
            return object == 0 ? no : object == UINT32_MAX ? maybe : sure(number_fits(condition, object));
        });
    case Field::syscall:
    case Field::group: return by_call(block, condition, out);
    case Field::nr:
    case Field::signal: return by_number(block, condition, out);
    case Field::pid: return by_process(block, condition, out);
    case Field::ret: return by_result(block, condition, out);
    case Field::errno_: return by_error(block, condition, out);
    case Field::fd:
    case Field::size:
        return each(block, out, [&](std::size_t row) { return columns.kind[row] == static_cast<std::uint8_t>(EventKind::syscall) ? maybe : no; });
    case Field::problem:
    case Field::blocked:
    case Field::failed:
    case Field::restarted:
    case Field::fatal: return by_flag(block, condition, out);
    default: return each(block, out, [](std::size_t) { return maybe; });
    }
}

void answer(const Block& block, const Expression& expression, Answers& out)
{
    switch (expression.kind) {
    case Expression::Kind::all: out.fill(yes); return;
    case Expression::Kind::condition: test(block, expression, out); return;
    case Expression::Kind::not_:
        answer(block, *expression.parts.front(), out);
        for (std::size_t i = 0; i < block.count; ++i)
            out[i] = static_cast<std::uint8_t>(yes - out[i]);
        return;
    case Expression::Kind::and_:
    case Expression::Kind::or_: {
        answer(block, *expression.parts.front(), out);
        auto other = std::make_unique<Answers>();
        bool both = expression.kind == Expression::Kind::and_;
        for (std::size_t part = 1; part < expression.parts.size(); ++part) {
            answer(block, *expression.parts[part], *other);
            for (std::size_t i = 0; i < block.count; ++i)
                out[i] = both ? std::min(out[i], (*other)[i]) : std::max(out[i], (*other)[i]);
        }
        return;
    }
    }
}

}

void Filter::select(const HotColumns& columns, std::size_t begin, std::size_t count, EventSource& source,
                    std::vector<std::uint32_t>& sure_rows, std::vector<std::uint32_t>& maybe_rows) const
{
    std::size_t end = std::min(columns.size(), begin > columns.size() ? begin : begin + std::min(count, columns.size() - begin));
    auto answers = std::make_unique<Answers>();
    std::unordered_map<std::uint32_t, ProcessId> processes;
    std::unordered_map<const Expression*, std::unordered_map<std::uint64_t, bool>> paths;
    for (std::size_t at = begin; at < end; at += block_rows) {
        Block block {columns, at, std::min(block_rows, end - at), source, processes, paths};
        answer(block, *root_, *answers);
        for (std::size_t i = 0; i < block.count; ++i) {
            if ((*answers)[i] == yes)
                sure_rows.push_back(static_cast<std::uint32_t>(at + i));
            else if ((*answers)[i] == maybe)
                maybe_rows.push_back(static_cast<std::uint32_t>(at + i));
        }
    }
}

}
