// The fields, and the names that their values may have.
#include "trace/decode/decoder.h"
#include "trace/errno_table.h"
#include "trace/filter/expression.h"
#include "trace/names.h"
#include "trace/syscall_table.h"

#include <algorithm>

namespace ringside::trace {

namespace filter_detail {

namespace {

constexpr FieldInfo table[] = {
    {"id", Field::id, Type::number, "number", "the event's number, from 1"},
    {"t", Field::t, Type::duration, "time", "since the recording began: t > 1.5s"},
    {"ts", Field::ts, Type::duration, "time", "the same as t"},
    {"syscall", Field::syscall, Type::syscall, "syscall", "the call's name: syscall == openat"},
    {"nr", Field::nr, Type::number, "number", "the call's or signal's number"},
    {"pid", Field::pid, Type::number, "number", "process id"},
    {"tid", Field::tid, Type::number, "number", "thread id"},
    {"comm", Field::comm, Type::text, "text", "the thread's name: comm in {bash, ls}"},
    {"process", Field::process, Type::process, "text", "a process by id or name"},
    {"fd", Field::fd, Type::number, "number", "descriptors that the call takes or makes"},
    {"ret", Field::ret, Type::number, "number", "the raw result: ret < 0"},
    {"errno", Field::errno_, Type::errno_, "errno", "the error: errno == ENOENT; 0 where the call succeeded"},
    {"path", Field::path, Type::text, "text", "paths, also of the descriptor: path ~ \"^/etc\""},
    {"args", Field::args, Type::text, "text", "the arguments as shown: args contains \"secret\""},
    {"dur", Field::dur, Type::duration, "duration", "time in the kernel: dur > 1ms"},
    {"size", Field::size, Type::size, "size", "bytes moved or asked for: size > 64KiB"},
    {"group", Field::group, Type::group, "group", "file, network, process, memory, signal, ipc, desc, clock, creds"},
    {"verdict", Field::verdict, Type::verdict, "verdict", "served, denied, injected, unsupported"},
    {"kind", Field::kind, Type::kind, "kind", "syscall, signal, fault, exit, …"},
    {"signal", Field::signal, Type::signal, "signal", "the signal of a signal, fault or stop: signal == SIGSEGV"},
    {"host_calls", Field::host_calls, Type::number, "number", "host calls that the event caused"},
    {"ip", Field::ip, Type::number, "address", "the address of the instruction"},
    {"object", Field::object, Type::number, "number", "the open file, pipe or socket that the call is about"},
    {"waker", Field::waker, Type::number, "number", "the event that ended the wait"},
    {"arg0", Field::arg0, Type::number, "number", "the first argument's raw value"},
    {"arg1", Field::arg1, Type::number, "number", "the second"},
    {"arg2", Field::arg2, Type::number, "number", "the third"},
    {"arg3", Field::arg3, Type::number, "number", "the fourth"},
    {"arg4", Field::arg4, Type::number, "number", "the fifth"},
    {"arg5", Field::arg5, Type::number, "number", "the sixth"},
    {"problem", Field::problem, Type::flag, "flag", "failed, and not expectedly"},
    {"blocked", Field::blocked, Type::flag, "flag", "the call had to wait, or never came back"},
    {"failed", Field::failed, Type::flag, "flag", "the result is an error"},
    {"restarted", Field::restarted, Type::flag, "flag", "restarted after a signal"},
    {"fatal", Field::fatal, Type::flag, "flag", "the process ended through it"},
};

constexpr EventKind kinds[] = {
    EventKind::syscall, EventKind::resume, EventKind::signal, EventKind::fault, EventKind::page_in, EventKind::instruction,
    EventKind::exec, EventKind::exit, EventKind::stop, EventKind::preempt, EventKind::policy, EventKind::marker,
};
constexpr Verdict verdicts[] = {Verdict::served, Verdict::denied, Verdict::injected, Verdict::unsupported};

const std::vector<std::string>& signal_names()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (int number = 1; number <= 64; ++number)
            all.push_back(signal_name(number));
        return all;
    }();
    return names;
}

}

std::span<const FieldInfo> fields() { return table; }

const FieldInfo* find_field(std::string_view name)
{
    auto at = std::ranges::find(table, name, &FieldInfo::name);
    return at == std::end(table) ? nullptr : at;
}

std::vector<std::string_view> names_of(Type type)
{
    std::vector<std::string_view> names;
    switch (type) {
    case Type::syscall:
        for (const SyscallInfo& info : syscalls)
            names.push_back(info.name);
        break;
    case Type::errno_:
        for (const ErrnoEntry& entry : errno_table())
            names.push_back(entry.name);
        break;
    case Type::signal: names.assign(signal_names().begin(), signal_names().end()); break;
    case Type::group:
        for (const GroupName& group : group_names)
            names.push_back(group.name);
        break;
    case Type::verdict:
        for (Verdict verdict : verdicts)
            names.push_back(verdict_name(verdict));
        break;
    case Type::kind:
        for (EventKind kind : kinds)
            names.push_back(event_kind_name(kind));
        break;
    default: break;
    }
    return names;
}

std::optional<std::int64_t> value_of(Type type, std::string_view word)
{
    switch (type) {
    case Type::syscall:
        if (const SyscallInfo* info = find_syscall(word))
            return info->nr;
        return std::nullopt;
    case Type::errno_:
        if (int number = errno_number(word))
            return number;
        return std::nullopt;
    case Type::signal:
        if (int number = signal_number(word))
            return number;
        return std::nullopt;
    case Type::group:
        if (auto bit = group_bit(word))
            return bit;
        return std::nullopt;
    case Type::verdict:
        for (Verdict verdict : verdicts)
            if (verdict_name(verdict) == word)
                return static_cast<std::int64_t>(verdict);
        return std::nullopt;
    case Type::kind:
        for (EventKind kind : kinds)
            if (event_kind_name(kind) == word)
                return static_cast<std::int64_t>(kind);
        return std::nullopt;
    default: return std::nullopt;
    }
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& names)
{
    if (word.empty() || word.size() > 64)
        return {};
    std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string_view found;
    std::vector<std::size_t> row, above, above2;
    for (std::string_view name : names) {
        if (name.size() > 64)
            continue;
        // Edit distance, two letters changing places being one edit. Case is forgiven.
        auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
        row.assign(name.size() + 1, 0);
        for (std::size_t j = 0; j <= name.size(); ++j)
            row[j] = j;
        for (std::size_t i = 1; i <= word.size(); ++i) {
            above2 = std::move(above);
            above = row;
            row[0] = i;
            for (std::size_t j = 1; j <= name.size(); ++j) {
                row[j] = std::min({row[j - 1] + 1, above[j] + 1, above[j - 1] + (same(word[i - 1], name[j - 1]) ? 0 : 1)});
                if (i > 1 && j > 1 && same(word[i - 1], name[j - 2]) && same(word[i - 2], name[j - 1]))
                    row[j] = std::min(row[j], above2[j - 2] + 1);
            }
        }
        if (row[name.size()] < best) {
            best = row[name.size()];
            found = name;
        }
    }
    return std::string(found);
}

}

std::span<const FilterField> filter_fields()
{
    static const std::vector<FilterField> all = [] {
        std::vector<FilterField> list;
        for (const filter_detail::FieldInfo& info : filter_detail::fields())
            list.push_back({info.name, info.type_name, info.note});
        return list;
    }();
    return all;
}

}
