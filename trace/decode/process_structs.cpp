// What describes processes and signals: sigaction, siginfo, rlimits, usage, clone_args, scheduling, capabilities.
#include "trace/decode/context.h"
#include "trace/names.h"

#include <algorithm>
#include <asm/termbits.h>
#include <csignal>
#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

namespace ringside::trace {

namespace {

struct KernelSigaction {
    std::uint64_t handler, flags, restorer, mask;
};

std::optional<Node> decode_sigaction(Context& context, std::uint64_t address, Direction direction)
{
    auto action = context.data.read_as<KernelSigaction>(address, direction);
    if (!action)
        return std::nullopt;
    Fields fields(*action, address);
    Node handler = action->handler == 0   ? Node::leaf("SIG_DFL", Token::flag)
                   : action->handler == 1 ? Node::leaf("SIG_IGN", Token::flag, 1)
                                          : address_node(action->handler);
    fields.add((action->flags & SA_SIGINFO) && action->handler > 1 ? "sa_sigaction" : "sa_handler", action->handler, std::move(handler));
    fields.add("sa_mask", action->mask, signal_set(action->mask)).flags("sa_flags", action->flags, "sigaction_flags");
    if (action->flags & 0x4000000)
        fields.add("sa_restorer", action->restorer, address_node(action->restorer));
    return fields.take();
}

std::optional<Node> decode_sigset(Context& context, std::uint64_t address, Direction direction)
{
    auto set = context.data.read_as<std::uint64_t>(address, direction);
    if (!set)
        return std::nullopt;
    Node node = signal_set(*set);
    node.length = 8;
    return node;
}

/// pselect6's sixth argument: a pointer to a set and its size.
std::optional<Node> decode_sigset_argpack(Context& context, std::uint64_t address, Direction direction)
{
    struct Pack {
        std::uint64_t set, size;
    };
    auto pack = context.data.read_as<Pack>(address, direction);
    if (!pack)
        return std::nullopt;
    return Fields(*pack, address).add("sigmask", pack->set, struct_at(context, "sigset", pack->set, direction)).num("sigsetsize", pack->size).take();
}

std::optional<Node> decode_siginfo(Context& context, std::uint64_t address, Direction direction)
{
    std::string bytes = context.data.read(address, sizeof(siginfo_t), direction);
    if (bytes.size() < 48)
        return std::nullopt;
    return siginfo_node(context, bytes);
}

std::optional<Node> decode_stack(Context& context, std::uint64_t address, Direction direction)
{
    auto stack = context.data.read_as<stack_t>(address, direction);
    if (!stack)
        return std::nullopt;
    return Fields(*stack, address)
        .add("ss_sp", stack->ss_sp, address_node(reinterpret_cast<std::uint64_t>(stack->ss_sp)))
        .flags("ss_flags", stack->ss_flags, "sigaltstack_flags")
        .num("ss_size", stack->ss_size)
        .take();
}

Node limit_node(std::uint64_t limit)
{
    if (limit == RLIM_INFINITY)
        return Node::leaf("RLIM64_INFINITY", Token::flag, limit);
    if (limit > 1024 && limit % 1024 == 0)
        return Node::leaf(fmt::format("{}*1024", limit / 1024), Token::number, limit);
    return unsigned_number(limit);
}

std::optional<Node> decode_rlimit(Context& context, std::uint64_t address, Direction direction)
{
    auto limit = context.data.read_as<rlimit>(address, direction);
    if (!limit)
        return std::nullopt;
    return Fields(*limit, address).add("rlim_cur", limit->rlim_cur, limit_node(limit->rlim_cur)).add("rlim_max", limit->rlim_max, limit_node(limit->rlim_max)).take();
}

std::optional<Node> decode_rusage(Context& context, std::uint64_t address, Direction direction)
{
    auto usage = context.data.read_as<rusage>(address, direction);
    if (!usage)
        return std::nullopt;
    Fields fields(*usage, address);
    fields.add("ru_utime", usage->ru_utime, struct_at(context, "timeval", address, direction));
    fields.add("ru_stime", usage->ru_stime, struct_at(context, "timeval", address + sizeof(timeval), direction));
    if (!context.options.verbose)
        return fields.more().take();
    return fields.num("ru_maxrss", usage->ru_maxrss).num("ru_ixrss", usage->ru_ixrss).num("ru_idrss", usage->ru_idrss)
        .num("ru_isrss", usage->ru_isrss).num("ru_minflt", usage->ru_minflt).num("ru_majflt", usage->ru_majflt)
        .num("ru_nswap", usage->ru_nswap).num("ru_inblock", usage->ru_inblock).num("ru_oublock", usage->ru_oublock)
        .num("ru_msgsnd", usage->ru_msgsnd).num("ru_msgrcv", usage->ru_msgrcv).num("ru_nsignals", usage->ru_nsignals)
        .num("ru_nvcsw", usage->ru_nvcsw).num("ru_nivcsw", usage->ru_nivcsw).take();
}

std::optional<Node> decode_utsname(Context& context, std::uint64_t address, Direction direction)
{
    auto name = context.data.read_as<utsname>(address, direction);
    if (!name)
        return std::nullopt;
    auto text = [](const auto& field) { return text_field({field, sizeof field}); };
    Fields fields(*name, address);
    fields.add("sysname", name->sysname, text(name->sysname)).add("nodename", name->nodename, text(name->nodename));
    if (!context.options.verbose)
        return fields.more().take();
    return fields.add("release", name->release, text(name->release)).add("version", name->version, text(name->version))
        .add("machine", name->machine, text(name->machine)).add("domainname", name->domainname, text(name->domainname)).take();
}

std::optional<Node> decode_sysinfo(Context& context, std::uint64_t address, Direction direction)
{
    auto info = context.data.read_as<struct sysinfo>(address, direction);
    if (!info)
        return std::nullopt;
    Fields fields(*info, address);
    fields.num("uptime", info->uptime)
        .add("loads", info->loads, Node::leaf(fmt::format("[{}, {}, {}]", info->loads[0], info->loads[1], info->loads[2]), Token::number));
    return fields.num("totalram", info->totalram).num("freeram", info->freeram).num("sharedram", info->sharedram)
        .num("bufferram", info->bufferram).num("totalswap", info->totalswap).num("freeswap", info->freeswap)
        .num("procs", info->procs).num("totalhigh", info->totalhigh).num("freehigh", info->freehigh).num("mem_unit", info->mem_unit).take();
}

std::optional<Node> decode_wait_status(Context& context, std::uint64_t address, Direction direction)
{
    auto status = context.data.read_as<std::int32_t>(address, direction);
    if (!status)
        return std::nullopt;
    Node node = Node::group("[", ", ", "]");
    node.length = 4;
    node.item(wait_status_node(*status));
    return node;
}

std::optional<Node> decode_clone_args(Context& context, std::uint64_t address, Direction direction)
{
    // Older callers pass a shorter struct; what is missing counts as zero.
    std::string bytes = context.data.read(address, std::min<std::uint64_t>(context.arg("size"), sizeof(clone_args)), direction);
    if (bytes.size() < CLONE_ARGS_SIZE_VER0)
        return std::nullopt;
    clone_args args {};
    std::memcpy(&args, bytes.data(), bytes.size());
    Fields fields(args, address);
    fields.flags("flags", args.flags, "clone_flags");
    if (args.flags & CLONE_PIDFD)
        fields.add("pidfd", args.pidfd, address_node(args.pidfd));
    if (args.flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID))
        fields.add("child_tid", args.child_tid, address_node(args.child_tid));
    if (args.flags & CLONE_PARENT_SETTID)
        fields.add("parent_tid", args.parent_tid, address_node(args.parent_tid));
    fields.add("exit_signal", args.exit_signal, args.exit_signal ? signal_node(args.exit_signal) : number(0));
    fields.add("stack", args.stack, address_node(args.stack)).hex("stack_size", args.stack_size);
    if (args.flags & CLONE_SETTLS)
        fields.add("tls", args.tls, address_node(args.tls));
    if (args.set_tid_size)
        fields.add("set_tid", args.set_tid, address_node(args.set_tid)).num("set_tid_size", args.set_tid_size);
    if (args.flags & CLONE_INTO_CGROUP)
        fields.num("cgroup", args.cgroup);
    return fields.take();
}

std::optional<Node> decode_sched_param(Context& context, std::uint64_t address, Direction direction)
{
    auto priority = context.data.read_as<std::int32_t>(address, direction);
    if (!priority)
        return std::nullopt;
    Node node = Node::group("[", ", ", "]");
    node.item(number(*priority));
    return node;
}

/// sched_setattr(2); the kernel's header defines sched_param a second time.
struct KernelSchedAttr {
    std::uint32_t size, sched_policy;
    std::uint64_t sched_flags;
    std::int32_t sched_nice;
    std::uint32_t sched_priority;
    std::uint64_t sched_runtime, sched_deadline, sched_period;
    std::uint32_t sched_util_min, sched_util_max;
};

std::optional<Node> decode_sched_attr(Context& context, std::uint64_t address, Direction direction)
{
    std::string bytes = context.data.read(address, sizeof(KernelSchedAttr), direction);
    if (bytes.size() < 48)
        return std::nullopt;
    KernelSchedAttr attr {};
    std::memcpy(&attr, bytes.data(), bytes.size());
    Fields fields(attr, address);
    fields.num("size", attr.size).flags("sched_policy", attr.sched_policy, "sched_policies").flags("sched_flags", attr.sched_flags, "sched_flags")
        .num("sched_nice", attr.sched_nice).num("sched_priority", attr.sched_priority).num("sched_runtime", attr.sched_runtime)
        .num("sched_deadline", attr.sched_deadline).num("sched_period", attr.sched_period);
    if (bytes.size() >= 56)
        fields.num("sched_util_min", attr.sched_util_min).num("sched_util_max", attr.sched_util_max);
    return fields.take();
}

std::optional<Node> decode_cap_header(Context& context, std::uint64_t address, Direction direction)
{
    auto head = context.data.read_as<__user_cap_header_struct>(address, direction);
    if (!head)
        return std::nullopt;
    return Fields(*head, address).flags("version", head->version, "capability_versions").num("pid", head->pid).take();
}

Node capability_set(std::uint64_t set)
{
    Node node = Node::group("", "|", "");
    node.value = set;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if (!(set >> bit & 1))
            continue;
        std::string_view name = flag_name(*flag_set("capabilities"), bit);
        node.item(Node::leaf(name.empty() ? fmt::format("1<<{}", bit) : fmt::format("1<<{}", name), Token::flag, 1ULL << bit));
    }
    return node.children.empty() ? number(0) : node;
}

std::optional<Node> decode_cap_data(Context& context, std::uint64_t address, Direction direction)
{
    std::array<__user_cap_data_struct, 2> data {};
    std::string bytes = context.data.read(address, sizeof data, direction);
    if (bytes.size() < sizeof data[0])
        return std::nullopt;
    std::memcpy(data.data(), bytes.data(), bytes.size());
    auto both = [&](auto member) { return data[0].*member | static_cast<std::uint64_t>(data[1].*member) << 32; };
    Node node = Node::group("{", ", ", "}");
    node.length = bytes.size();
    node.field("effective", capability_set(both(&__user_cap_data_struct::effective)));
    node.field("permitted", capability_set(both(&__user_cap_data_struct::permitted)));
    node.field("inheritable", capability_set(both(&__user_cap_data_struct::inheritable)));
    return node;
}

std::optional<Node> decode_winsize(Context& context, std::uint64_t address, Direction direction)
{
    struct Size {
        std::uint16_t row, col, xpixel, ypixel;
    };
    auto size = context.data.read_as<Size>(address, direction);
    if (!size)
        return std::nullopt;
    return Fields(*size, address).num("ws_row", size->row).num("ws_col", size->col).num("ws_xpixel", size->xpixel).num("ws_ypixel", size->ypixel).take();
}

std::optional<Node> decode_termios(Context& context, std::uint64_t address, Direction direction)
{
    auto tio = context.data.read_as<termios>(address, direction);
    if (!tio)
        return std::nullopt;
    Fields fields(*tio, address);
    fields.flags("c_iflag", tio->c_iflag, "termios_iflags").flags("c_oflag", tio->c_oflag, "termios_oflags")
        .flags("c_cflag", tio->c_cflag, "termios_cflags").flags("c_lflag", tio->c_lflag, "termios_lflags");
    if (!context.options.verbose)
        return fields.more().take();
    fields.num("c_line", tio->c_line);
    std::string_view control(reinterpret_cast<const char*>(tio->c_cc), sizeof tio->c_cc);
    return fields.add("c_cc", tio->c_cc, Node::leaf(quoted(control, false, Quote::hex), Token::string)).take();
}

constexpr StructEntry entries[] = {
    {"sigaction", decode_sigaction}, {"sigset", decode_sigset}, {"sigset_argpack", decode_sigset_argpack},
    {"siginfo", decode_siginfo}, {"stack", decode_stack}, {"rlimit", decode_rlimit}, {"rusage", decode_rusage},
    {"utsname", decode_utsname}, {"sysinfo", decode_sysinfo}, {"wait_status", decode_wait_status},
    {"clone_args", decode_clone_args}, {"sched_param", decode_sched_param}, {"sched_attr", decode_sched_attr},
    {"cap_header", decode_cap_header}, {"cap_data", decode_cap_data}, {"winsize", decode_winsize}, {"termios", decode_termios},
};

}

std::span<const StructEntry> process_structs() { return entries; }

Node wait_status_node(std::int32_t status)
{
    Node node = Node::group("{", " && ", "}");
    node.value = static_cast<std::uint32_t>(status);
    auto part = [&](std::string text) { node.item(Node::leaf(std::move(text), Token::flag)); };
    auto name = [](int signal) { return signal_name(signal); };
    if (WIFSTOPPED(status)) {
        part("WIFSTOPPED(s)");
        part(fmt::format("WSTOPSIG(s) == {}", name(WSTOPSIG(status))));
    } else if (WIFSIGNALED(status)) {
        part("WIFSIGNALED(s)");
        part(fmt::format("WTERMSIG(s) == {}", name(WTERMSIG(status))));
        if (WCOREDUMP(status))
            part("WCOREDUMP(s)");
    } else if (WIFEXITED(status)) {
        part("WIFEXITED(s)");
        part(fmt::format("WEXITSTATUS(s) == {}", WEXITSTATUS(status)));
    } else if (WIFCONTINUED(status)) {
        part("WIFCONTINUED(s)");
    } else {
        return number(status);
    }
    return node;
}

Node siginfo_node(Context& context, std::string_view bytes)
{
    siginfo_t info {};
    std::memcpy(&info, bytes.data(), std::min(bytes.size(), sizeof info));
    Node node = Node::group("{", ", ", "}");
    node.length = bytes.size();
    if (info.si_signo == 0)
        return node;
    node.field("si_signo", signal_node(static_cast<std::uint64_t>(info.si_signo)));
    std::string_view code = signal_code_name(info.si_signo, info.si_code);
    node.field("si_code", code.empty() ? hex_number(static_cast<std::uint32_t>(info.si_code)) : Node::leaf(std::string(code), Token::flag, static_cast<std::uint64_t>(info.si_code)));
    if (info.si_errno)
        node.field("si_errno", Node::leaf(std::string(errno_name(info.si_errno)), Token::error, static_cast<std::uint64_t>(info.si_errno)));
    auto sender = [&] {
        node.field("si_pid", number(info.si_pid));
        node.field("si_uid", unsigned_number(info.si_uid));
    };
    auto value = [&] {
        auto raw = reinterpret_cast<std::uint64_t>(info.si_value.sival_ptr);
        if (raw)
            node.field("si_value", Node::leaf(fmt::format("{{sival_int={}, sival_ptr={:#x}}}", info.si_value.sival_int, raw), Token::number, raw));
    };
    if (info.si_code == SI_TIMER) {
        node.field("si_timerid", hex_number(static_cast<std::uint32_t>(info.si_timerid)));
        node.field("si_overrun", number(info.si_overrun));
        value();
    } else if (info.si_code < 0) {
        sender();
        if (info.si_code != SI_TKILL)
            value();
    } else if (info.si_code == SI_USER) {
        sender();
    } else if (info.si_code == SI_KERNEL) {
        if (info.si_signo == SIGSEGV || info.si_signo == SIGBUS)
            node.field("si_addr", address_node(reinterpret_cast<std::uint64_t>(info.si_addr)));
    } else if (info.si_signo == SIGCHLD) {
        sender();
        node.field("si_status", info.si_code == CLD_EXITED ? number(info.si_status) : signal_node(static_cast<std::uint64_t>(info.si_status)));
        node.field("si_utime", number(info.si_utime));
        node.field("si_stime", number(info.si_stime));
    } else if (info.si_signo == SIGSYS) {
        node.field("si_call_addr", address_node(reinterpret_cast<std::uint64_t>(info.si_call_addr)));
        const SyscallInfo* call = find_syscall(info.si_syscall);
        node.field("si_syscall", call ? Node::leaf("__NR_" + std::string(call->name), Token::flag) : number(info.si_syscall));
        node.field("si_arch", hex_number(info.si_arch));
    } else if (info.si_signo == SIGIO) {
        node.field("si_band", number(info.si_band));
        node.field("si_fd", fd_node(context, info.si_fd));
    } else {
        node.field("si_addr", address_node(reinterpret_cast<std::uint64_t>(info.si_addr)));
    }
    return node;
}

}
