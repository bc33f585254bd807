// Whether one event fulfils a condition.
#include "trace/decode/decoder.h"
#include "trace/decode/guest_data.h"
#include "trace/expected.h"
#include "trace/filter/expression.h"
#include "trace/names.h"
#include "trace/syscall_table.h"

#include <algorithm>

namespace ringside::trace::filter_detail {

namespace {

constexpr std::size_t subject_limit = 64 * 1024; // of a text that is searched

bool is_call(const Event& event) { return event.kind == EventKind::syscall || event.kind == EventKind::resume; }
bool has_signal(const Event& event) { return event.kind == EventKind::signal || event.kind == EventKind::fault || event.kind == EventKind::stop; }

/// Up to a few numbers without a heap.
struct Numbers {
    std::array<std::int64_t, 8> values {};
    std::size_t count = 0;
    void add(std::int64_t value)
    {
        if (count < values.size())
            values[count++] = value;
    }
};

void add_fds(const Event& event, Numbers& out)
{
    const SyscallInfo* info = event.kind == EventKind::syscall ? find_syscall(event.nr) : nullptr;
    if (!info)
        return;
    for (std::size_t i = 0; i < info->arity; ++i) {
        ArgKind kind = info->slots[i].kind;
        auto fd = static_cast<std::int32_t>(event.args[i]);
        if ((kind == ArgKind::fd || kind == ArgKind::dirfd) && fd >= 0)
            out.add(fd);
    }
    if (info->ret == ReturnKind::fd && event.has_ret() && event.ret >= 0)
        out.add(event.ret);
}

void add_size(const Event& event, Numbers& out)
{
    const SyscallInfo* info = event.kind == EventKind::syscall ? find_syscall(event.nr) : nullptr;
    if (!info)
        return;
    if (info->ret == ReturnKind::size && event.has_ret() && !event.failed())
        return out.add(event.ret);
    for (std::size_t i = 0; i < info->arity; ++i)
        if (info->slots[i].kind == ArgKind::size && !info->slots[i].name.starts_with("sigset"))
            return out.add(static_cast<std::int64_t>(std::min<std::uint64_t>(event.args[i], INT64_MAX)));
}

void numbers(const Expression& condition, const Event& event, EventSource& source, Numbers& out)
{
    switch (condition.field) {
    case Field::id: return out.add(static_cast<std::int64_t>(event.id));
    case Field::t:
    case Field::ts: return out.add(static_cast<std::int64_t>(event.ts));
    case Field::syscall:
        if (is_call(event))
            out.add(event.nr);
        return;
    case Field::nr:
        if (is_call(event) || has_signal(event))
            out.add(event.nr);
        return;
    case Field::pid:
    case Field::process: return out.add(source.process_of(event.thread));
    case Field::tid: return out.add(event.thread);
    case Field::fd: return add_fds(event, out);
    case Field::ret:
        if (event.has_ret())
            out.add(event.ret);
        return;
    case Field::errno_:
        if (is_call(event) && event.has_ret())
            out.add(event.error());
        return;
    case Field::dur: return out.add(static_cast<std::int64_t>(event.dur));
    case Field::size: return add_size(event, out);
    case Field::group:
        if (const SyscallInfo* info = is_call(event) ? find_syscall(event.nr) : nullptr)
            for (const GroupName& group : group_names)
                if (info->in_group(group.bit))
                    out.add(group.bit);
        return;
    case Field::verdict: return out.add(static_cast<std::int64_t>(event.verdict));
    case Field::kind: return out.add(static_cast<std::int64_t>(event.kind));
    case Field::signal:
        if (has_signal(event))
            out.add(event.nr);
        return;
    case Field::host_calls: return out.add(event.host_calls);
    case Field::ip: return out.add(static_cast<std::int64_t>(event.ip));
    case Field::waker:
        if (event.waker)
            out.add(static_cast<std::int64_t>(event.waker));
        return;
    case Field::object:
        if (event.object)
            out.add(static_cast<std::int64_t>(event.object));
        return;
    case Field::arg0:
    case Field::arg1:
    case Field::arg2:
    case Field::arg3:
    case Field::arg4:
    case Field::arg5: {
        auto index = static_cast<std::size_t>(condition.field) - static_cast<std::size_t>(Field::arg0);
        if (index < event.arity)
            out.add(static_cast<std::int64_t>(event.args[index]));
        return;
    }
    default: return;
    }
}

void add_paths(const Event& event, EventSource& source, std::vector<std::string>& out)
{
    if (event.path)
        out.push_back(source.string(event.path));
    if (event.object)
        if (std::string path = source.object(event.object).path; !path.empty())
            out.push_back(std::move(path));
    const SyscallInfo* info = event.kind == EventKind::syscall ? find_syscall(event.nr) : nullptr;
    if (!info || std::ranges::none_of(info->args(), [](const Arg& arg) { return arg.kind == ArgKind::path; }))
        return;
    GuestData data(source.data(event));
    for (std::size_t i = 0; i < info->arity; ++i) {
        if (info->slots[i].kind != ArgKind::path || event.args[i] == 0)
            continue;
        std::string path = data.read(event.args[i], 4096, Direction::in);
        path.resize(std::min(path.find('\0'), path.size()));
        if (!path.empty())
            out.push_back(std::move(path));
    }
}

std::vector<std::string> texts(Field field, const Event& event, EventSource& source)
{
    std::vector<std::string> out;
    switch (field) {
    case Field::comm:
    case Field::process:
        out.push_back(source.comm(event.thread, event.id));
        break;
    case Field::syscall:
        if (is_call(event))
            out.push_back(event_name(event));
        break;
    case Field::path: add_paths(event, source, out); break;
    case Field::args: {
        DecodeOptions options;
        options.string_limit = 4096;
        options.verbose = true;
        out.push_back(Decoder(source, options).arguments(event).text);
        break;
    }
    default: break;
    }
    return out;
}

bool flag_of(Field field, const Event& event, EventSource& source)
{
    switch (field) {
    case Field::problem: return is_problem(event, source);
    case Field::blocked: return event.kind == EventKind::syscall && (event.done != 0 || !event.has_ret());
    case Field::failed: return is_call(event) && event.failed();
    case Field::restarted: return (event.flags & event_flag::restarted) != 0;
    case Field::fatal: return (event.flags & event_flag::fatal) != 0;
    default: return false;
    }
}

bool fits(const Expression& condition, const Event& event, EventSource& source)
{
    if (condition.type == Type::flag)
        return flag_of(condition.field, event, source);
    bool all = condition.quantifier == Quantifier::all;
    bool textual = condition.type == Type::text || condition.pattern || (!condition.texts.empty() && condition.numbers.empty());
    if (condition.type == Type::process && condition.op == Op::exists)
        return true;
    if (condition.type == Type::process && !condition.texts.empty() && !condition.numbers.empty()) { // process in {12, bash}
        std::string name = source.comm(event.thread, event.id);
        return number_fits(condition, source.process_of(event.thread)) || text_fits(condition, name);
    }
    if (textual) {
        std::vector<std::string> values = texts(condition.field, event, source);
        auto good = [&](const std::string& text) { return text_fits(condition, text); };
        return !values.empty() && (all ? std::ranges::all_of(values, good) : std::ranges::any_of(values, good));
    }
    Numbers values;
    numbers(condition, event, source, values);
    std::span<const std::int64_t> list(values.values.data(), values.count);
    auto good = [&](std::int64_t value) { return number_fits(condition, value); };
    return !list.empty() && (all ? std::ranges::all_of(list, good) : std::ranges::any_of(list, good));
}

}

bool text_fits(const Expression& condition, std::string_view text)
{
    text = text.substr(0, subject_limit);
    auto is_one = [&] { return std::ranges::find(condition.texts, text) != condition.texts.end(); };
    switch (condition.op) {
    case Op::equal:
    case Op::in: return is_one();
    case Op::not_equal: return !is_one();
    case Op::less: return text < condition.texts.front();
    case Op::less_equal: return text <= condition.texts.front();
    case Op::greater: return text > condition.texts.front();
    case Op::greater_equal: return text >= condition.texts.front();
    case Op::contains: return text.find(condition.texts.front()) != std::string_view::npos;
    case Op::matches:
    case Op::glob: return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *condition.pattern);
    case Op::exists: return !text.empty();
    }
    return false;
}

bool number_fits(const Expression& condition, std::int64_t value)
{
    auto inside = [&] { return std::ranges::any_of(condition.numbers, [&](Range range) { return value >= range.low && value <= range.high; }); };
    switch (condition.op) {
    case Op::exists: return condition.type != Type::errno_ || value != 0;
    case Op::equal:
    case Op::in: return inside();
    case Op::not_equal: return !inside();
    case Op::less: return value < condition.numbers.front().low;
    case Op::less_equal: return value <= condition.numbers.front().low;
    case Op::greater: return value > condition.numbers.front().low;
    case Op::greater_equal: return value >= condition.numbers.front().low;
    default: return false;
    }
}

bool is_problem(const Event& event, EventSource& source)
{
    if (event.flags & event_flag::fatal)
        return event.kind == EventKind::signal || event.kind == EventKind::fault;
    bool refused = event.verdict == Verdict::denied || event.verdict == Verdict::unsupported;
    if (event.kind != EventKind::syscall)
        return refused;
    if (!event.failed())
        return refused;
    return !expected_error(event.nr, event.error()) && !source.expected_search(event);
}

bool row_is_enough(const Expression& expression)
{
    switch (expression.kind) {
    case Expression::Kind::all: return true;
    case Expression::Kind::condition:
        return expression.type != Type::text && expression.type != Type::process && expression.field != Field::pid;
    default: return std::ranges::all_of(expression.parts, [](const ExpressionPtr& part) { return row_is_enough(*part); });
    }
}

bool evaluate(const Expression& expression, const Event& event, EventSource& source)
{
    switch (expression.kind) {
    case Expression::Kind::all: return true;
    case Expression::Kind::condition: return fits(expression, event, source);
    case Expression::Kind::not_: return !evaluate(*expression.parts.front(), event, source);
    case Expression::Kind::and_: return std::ranges::all_of(expression.parts, [&](const ExpressionPtr& part) { return evaluate(*part, event, source); });
    case Expression::Kind::or_: return std::ranges::any_of(expression.parts, [&](const ExpressionPtr& part) { return evaluate(*part, event, source); });
    }
    return false;
}

}
