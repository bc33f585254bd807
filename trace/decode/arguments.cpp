// Arguments by their kind in the syscall table, and the calls whose arguments strace arranges in a way of its own.
#include "trace/decode/context.h"
#include "trace/names.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace ringside::trace {

namespace {

constexpr std::size_t path_limit = 4096; // strace shows paths whole

std::uint64_t low(std::uint64_t value) { return value & 0xffffffff; }
std::int32_t as_int(std::uint64_t value) { return static_cast<std::int32_t>(value); }

/// argv: the pointers are data themselves, each string is found by its address. envp only with -v.
Node strings_at(Context& context, std::uint64_t address, bool environment)
{
    if (address == 0)
        return address_node(0);
    Node list = Node::group("[", ", ", "]");
    list.address = address;
    std::size_t count = 0, shown = 0;
    constexpr std::size_t most = 100'000;
    for (; count < most; ++count) {
        auto pointer = context.data.read_as<std::uint64_t>(address + 8 * count, Direction::in);
        if (!pointer) {
            if (count == 0)
                return address_node(address);
            list.item(Node::leaf("...", Token::plain));
            break;
        }
        if (*pointer == 0)
            break;
        if (environment && !context.options.verbose)
            continue;
        if (shown >= context.item_limit() || !context.spend()) {
            list.item(Node::leaf("...", Token::plain));
            break;
        }
        list.item(string_at(context, *pointer, Direction::in, context.options.string_limit));
        ++shown;
    }
    list.length = 8 * (count + 1);
    if (!environment || context.options.verbose)
        return list;
    Node node = Node::group("", " ", "");
    node.item(address_node(address));
    node.item(comment(count == 1 ? "1 var" : fmt::format("{} vars", count)));
    return node;
}

/// The event's own path stands in where the string itself was not recorded.
Node path_node(Context& context, std::uint64_t address, std::size_t index)
{
    Node node = string_at(context, address, Direction::in, path_limit, Token::path);
    if (node.token != Token::address || address == 0 || context.event.path == 0)
        return node;
    for (std::size_t i = 0; i < index; ++i)
        if (context.info->slots[i].kind == ArgKind::path)
            return node;
    std::string path = context.source.string(context.event.path);
    if (path.empty())
        return node;
    Node known = Node::leaf(quoted(path, false), Token::path);
    known.address = address;
    return known;
}

std::uint64_t count_of(Context& context, const Arg& arg)
{
    int at = context.info->index_of(arg.count);
    if (at < 0)
        return 0;
    const Arg& counter = context.info->slots[static_cast<std::size_t>(at)];
    std::uint64_t value = context.event.args[static_cast<std::size_t>(at)];
    if (counter.kind == ArgKind::structure) // a pointer to the length: as it came back
        return context.data.read_as<std::uint32_t>(value, Direction::out).value_or(0);
    if (counter.kind == ArgKind::int_) // negative counts as none
        return static_cast<std::uint64_t>(std::max(as_int(value), 0));
    return counter.kind == ArgKind::uint_ ? low(value) : value;
}

std::uint64_t result_size(const Context& context)
{
    return context.succeeded() ? static_cast<std::uint64_t>(std::max<std::int64_t>(context.event.ret, 0)) : 0;
}

Node buffer_node(Context& context, const Arg& arg, std::uint64_t value)
{
    Quote quote = context.info->name == "getrandom" ? Quote::hex : Quote::plain;
    if (arg.flow == Flow::in)
        return bytes_at(context, value, count_of(context, arg), Direction::in, quote);
    if (!context.succeeded())
        return address_node(value);
    if (context.info->ret != ReturnKind::size && arg.count != "len")
        return bytes_at(context, value, count_of(context, arg), Direction::out, quote);
    // recv with MSG_TRUNC returns more than it writes.
    return bytes_at(context, value, std::min(result_size(context), count_of(context, arg)), Direction::out, quote);
}

Node out_string_node(Context& context, std::uint64_t value)
{
    if (!context.succeeded())
        return address_node(value);
    std::uint64_t length = result_size(context);
    if (context.info->name == "getcwd")
        return string_at(context, value, Direction::out, path_limit, Token::path);
    Node node = bytes_at(context, value, length, Direction::out);
    if (node.token == Token::string)
        node.token = Token::path;
    return node;
}

Node structure_node(Context& context, const Arg& arg, std::uint64_t value)
{
    if (arg.flow == Flow::in)
        return struct_at(context, arg.detail, value, Direction::in);
    if (arg.detail == "msghdr") // what came back; where that failed, what went in names no buffers
        return struct_at(context, arg.detail, value, context.info->name == "recvmsg" ? Direction::out : Direction::in);
    if (arg.flow == Flow::out)
        return context.succeeded() || arg.detail == "timespec" || arg.detail == "timeval" ? struct_at(context, arg.detail, value, Direction::out) : address_node(value);
    if (context.info->in_group(group::network) && arg.detail == "int" && value) { // [128 => 16]
        auto before = context.data.read_as<std::int32_t>(value, Direction::in), after = context.data.read_as<std::int32_t>(value, Direction::out);
        if (before && after && *before != *after)
            return Node::leaf(fmt::format("[{} => {}]", *before, *after), Token::number, static_cast<std::uint64_t>(*after));
    }
    if (arg.detail == "futex_word")
        return address_node(value);
    Node node = struct_at(context, arg.detail, value, Direction::in);
    return node.token == Token::address && context.succeeded() ? struct_at(context, arg.detail, value, Direction::out) : node;
}

Node array_node(Context& context, const Arg& arg, std::uint64_t value)
{
    if (arg.flow != Flow::out) {
        std::string_view type = arg.detail == "int" ? "int_item" : arg.detail;
        return arg.detail == "iovec" ? iovec_at(context, value, count_of(context, arg), Direction::in, 0) : array_at(context, type, value, count_of(context, arg), Direction::in);
    }
    if (!context.succeeded() || count_of(context, arg) == 0)
        return address_node(value);
    std::uint64_t count = context.info->ret == ReturnKind::number && arg.detail != "int" ? result_size(context) : count_of(context, arg);
    return array_at(context, arg.detail == "int" ? "int_item" : arg.detail, value, count, Direction::out);
}

Node enumeration_node(Context& context, const Arg& arg, std::uint64_t value)
{
    if (arg.detail == "socket_options") {
        auto level = as_int(context.arg("level"));
        std::string_view set = level == 6 ? "tcp_options" : level == 0 ? "ip_options" : level == 41 ? "ipv6_options" : level == 1 ? "socket_options" : "";
        return flags_node(set, low(value));
    }
    if (arg.detail == "ioctl_requests") {
        value = low(value);
        if (std::string_view name = flag_name(*flag_set(arg.detail), value); !name.empty())
            return Node::leaf(std::string(name), Token::flag, value);
        static constexpr std::array<std::string_view, 4> ways {"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"};
        auto part = [](std::uint64_t number) { return number ? fmt::format("{:#x}", number) : std::string("0"); };
        return Node::leaf(fmt::format("_IOC({}, {}, {}, {})", ways[value >> 30], part(value >> 8 & 0xff), part(value & 0xff), part(value >> 16 & 0x3fff)), Token::number, value);
    }
    if (arg.detail == "ipc_keys")
        return low(value) ? hex_number(low(value)) : Node::leaf("IPC_PRIVATE", Token::flag);
    if (arg.detail == "ptrace_requests" || arg.detail == "keyctl_operations")
        return flags_node(arg.detail, value);
    return flags_node(arg.detail, low(value));
}

Node protocol_node(const Context& context, std::uint64_t value)
{
    auto domain = as_int(context.arg("domain"));
    if (domain == AF_INET || domain == AF_INET6)
        return flags_node("inet_protocols", low(value));
    return domain == AF_NETLINK ? flags_node("netlink_protocols", low(value)) : number(as_int(value));
}

/// The few integers that strace shows by more than their kind.
std::optional<Node> special_integer(Context& context, const Arg& arg, std::uint64_t value)
{
    std::string_view call = context.info->name;
    if (call.starts_with("socket") && arg.name == "protocol")
        return protocol_node(context, value);
    if (call == "rseq" && arg.name == "rseq_len")
        return hex_number(low(value));
    if (arg.name == "shmflg" || arg.name == "semflg" || arg.name == "msgflg") {
        if (call != "shmget" && call != "semget" && call != "msgget")
            return std::nullopt;
        Node node = flags_node(arg.detail, low(value) & ~0777ULL);
        std::string mode = fmt::format("0{:03o}", value & 0777);
        if ((low(value) & ~0777ULL) == 0)
            return Node::leaf(std::move(mode), Token::number, value);
        Node joined = Node::group("", "|", "");
        joined.item(std::move(node));
        joined.item(Node::leaf(std::move(mode), Token::number, value & 0777));
        return joined;
    }
    return std::nullopt;
}

Node clone_flags_node(std::uint64_t value)
{
    Node node = Node::group("", "|", "");
    node.value = value;
    if (value & ~0xffULL)
        node.item(flags_node("clone_flags", value & ~0xffULL));
    if (value & 0xff)
        node.item(signal_node(value & 0xff));
    return node.children.empty() ? number(0) : node;
}

}

Node argument(Context& context, std::size_t index)
{
    const Arg& arg = context.info->slots[index];
    std::uint64_t value = context.event.args[index];
    if (auto special = special_integer(context, arg, value))
        return std::move(*special);
    switch (arg.kind) {
    case ArgKind::int_: return number(as_int(value));
    case ArgKind::uint_: return unsigned_number(low(value));
    case ArgKind::long_:
    case ArgKind::offset: return number(static_cast<std::int64_t>(value));
    case ArgKind::ulong_:
    case ArgKind::size: return unsigned_number(value);
    case ArgKind::hex: return hex_number(value);
    case ArgKind::fd: return fd_node(context, as_int(value));
    case ArgKind::dirfd: return dirfd_node(context, as_int(value));
    case ArgKind::pid: return number(as_int(value));
    case ArgKind::uid: return id_node(value);
    case ArgKind::signal: return as_int(value) ? signal_node(low(value)) : number(0);
    case ArgKind::clock_id: return flags_node("clocks", low(value));
    case ArgKind::dev: return device(low(value));
    case ArgKind::mode: return arg.detail == "with_type" ? mode_node(value, true) : mode_node(value & 0xffff, false);
    case ArgKind::flags: return context.info->name == "clone" ? clone_flags_node(value) : flags_node(arg.detail, low(value));
    case ArgKind::enumeration: return enumeration_node(context, arg, value);
    case ArgKind::variant: return variant_argument(context, index);
    case ArgKind::address: return address_node(value);
    case ArgKind::path: return path_node(context, value, index);
    case ArgKind::string:
        return arg.flow == Flow::out ? out_string_node(context, value) : string_at(context, value, Direction::in, std::max<std::size_t>(context.options.string_limit, context.info->in_group(group::file) ? 255 : 0));
    case ArgKind::strings: return strings_at(context, value, false);
    case ArgKind::environment: return strings_at(context, value, true);
    case ArgKind::buffer: return buffer_node(context, arg, value);
    case ArgKind::structure: return structure_node(context, arg, value);
    case ArgKind::array: return array_node(context, arg, value);
    case ArgKind::iovec:
        if (arg.flow == Flow::out && !context.succeeded())
            return iovec_at(context, value, count_of(context, arg), Direction::out, 0);
        return iovec_at(context, value, count_of(context, arg), arg.flow == Flow::out ? Direction::out : Direction::in, arg.flow == Flow::out ? result_size(context) : UINT64_MAX);
    case ArgKind::sockaddr: {
        Direction direction = arg.flow == Flow::out ? Direction::out : Direction::in;
        if (direction == Direction::out && !context.succeeded())
            return address_node(value);
        return sockaddr_at(context, value, count_of(context, arg), direction);
    }
    }
    return hex_number(value);
}

std::size_t shown_arguments(const Context& context)
{
    std::string_view call = context.info->name;
    std::size_t arity = context.info->arity;
    if ((call == "open" || call == "openat") && !makes_file(context.arg("flags")))
        return arity - 1;
    if (call == "mq_open" && !makes_file(context.arg("oflag")))
        return 2;
    if (call == "mknod" || call == "mknodat") {
        auto type = context.arg("mode") & S_IFMT;
        return type == S_IFCHR || type == S_IFBLK ? arity : arity - 1;
    }
    if (call == "mremap")
        return (context.arg("flags") & 6) != 0 ? 5 : 4;
    if (call == "membarrier")
        return 2;
    if (call == "fcntl") {
        switch (as_int(context.arg("cmd"))) {
        case F_GETFD: case F_GETFL: case F_GETOWN: case F_GETSIG: case F_GETLEASE: case F_GETPIPE_SZ: case F_GET_SEALS: return 2;
        default: return 3;
        }
    }
    if (call == "futex") {
        switch (context.arg("futex_op") & 0x7f) {
        case 7: return 2;          // UNLOCK_PI
        case 1: case 8: return 3;  // WAKE, TRYLOCK_PI
        case 0: return 4;
        case 6: case 13: return 4;
        case 3: return 5;
        default: return 6;
        }
    }
    if (call == "prctl") {
        switch (as_int(context.arg("option"))) {
        case PR_GET_DUMPABLE: case PR_GET_KEEPCAPS: case PR_GET_SECCOMP: case PR_GET_TIMERSLACK: case PR_GET_TIMING: case PR_GET_SECUREBITS: return 1;
        case PR_SET_NAME: case PR_GET_NAME: case PR_SET_PDEATHSIG: case PR_GET_PDEATHSIG: case PR_SET_DUMPABLE: case PR_SET_KEEPCAPS:
        case PR_CAPBSET_READ: case PR_CAPBSET_DROP: case PR_SET_TIMERSLACK: case PR_SET_CHILD_SUBREAPER: case PR_GET_CHILD_SUBREAPER:
        case PR_SET_TSC: case PR_GET_TSC: case PR_GET_TID_ADDRESS: case PR_SET_SECUREBITS: return 2;
        default: return 5;
        }
    }
    return arity;
}

}
