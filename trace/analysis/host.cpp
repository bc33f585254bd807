// See host.h.
#include "trace/analysis/host.h"

#include "trace/decode/decoder.h"
#include "trace/intake.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace ringside::trace::analysis {

namespace {

/// Calls that runc's default profile (moby's default.json, without added capabilities) answers with EPERM or ENOSYS.
constexpr std::string_view runc_refuses[] = {"acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "finit_module",
    "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms", "get_mempolicy", "init_module", "ioperm", "iopl", "io_uring_enter", "io_uring_register",
    "io_uring_setup", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mbind", "mount", "mount_setattr", "move_mount", "move_pages",
    "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "process_madvise", "query_module", "quotactl", "reboot",
    "request_key", "set_mempolicy", "setdomainname", "sethostname", "setns", "settimeofday", "swapoff", "swapon", "sysfs", "_sysctl", "umount2", "unshare",
    "uselib", "userfaultfd", "ustat", "vhangup", "fanotify_init", "quotactl_fd", "syslog"};

std::string cause_of(const HotColumns& columns, EventId event)
{
    if (event == 0 || event > columns.size())
        return "start-up";
    std::size_t row = event - 1;
    auto kind = static_cast<EventKind>(columns.kind[row]);
    return kind == EventKind::syscall || kind == EventKind::resume ? call_name(columns.nr[row]) : std::string(event_kind_name(kind));
}

void count_calls(const Input& input, HostLedger& ledger)
{
    std::array<bool, syscall_limit> refused {};
    for (std::string_view name : runc_refuses)
        if (int nr = nr_of(name); nr >= 0)
            refused[static_cast<std::size_t>(nr)] = true;
    input.each([&](std::size_t row) {
        ++ledger.events;
        ledger.reaching += input.columns.host_calls[row] > 0;
        int nr = input.columns.nr[row];
        if (!input.columns.is_call(row))
            return;
        ++ledger.system_calls;
        ledger.runc_allows += nr >= 0 && nr < syscall_limit && !refused[static_cast<std::size_t>(nr)];
    });
}

}

HostLedger host(const Input& input)
{
    HostLedger ledger;
    count_calls(input, ledger);
    std::map<std::pair<int, std::string>, HostLine> lines;
    auto access = input.trace.access();
    Statement rows = access.database.prepare("SELECT id, nr, count, ns FROM host_call ORDER BY id");
    while (rows.step() && !input.cancelled()) {
        EventId event = rows.number(0) >> RowIds::bits;
        if (!input.has(event))
            continue;
        int nr = static_cast<int>(rows.integer(1));
        HostLine& line = lines[{nr, cause_of(input.columns, event)}];
        line.count += rows.number(2);
        line.ns += rows.number(3);
        ++line.events;
        line.start_up = event == 0;
        (event == 0 ? ledger.start_up : ledger.caused) += rows.number(2);
    }
    for (auto& [key, line] : lines) {
        line.call = call_name(key.first);
        line.cause = key.second;
        ledger.lines.push_back(std::move(line));
    }
    std::ranges::sort(ledger.lines, [](const HostLine& a, const HostLine& b) { return std::tuple(a.start_up, b.count, a.call) < std::tuple(b.start_up, a.count, b.call); });
    return ledger;
}

std::vector<std::pair<std::string, std::uint64_t>> by_call(const HostLedger& ledger)
{
    std::map<std::string, std::uint64_t> sums;
    for (const HostLine& line : ledger.lines)
        if (!line.start_up)
            sums[line.call] += line.count;
    std::vector<std::pair<std::string, std::uint64_t>> calls(sums.begin(), sums.end());
    std::ranges::stable_sort(calls, std::ranges::greater(), [](const auto& call) { return call.second; });
    return calls;
}

std::string comparison(const HostLedger& ledger)
{
    return fmt::format("The program made {} calls. Under strace all of them would have reached the host, under runc's default profile {}. Here {} host calls were made for it.",
        ledger.system_calls, ledger.runc_allows, ledger.caused);
}

}
