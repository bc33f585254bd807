// Results: "3</etc/passwd>", "0x8002 (flags O_RDWR|O_LARGEFILE)", "1 ([{fd=3, revents=POLLIN}])", "0 (Timeout)".
#include "trace/decode/context.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

namespace ringside::trace {

namespace {

std::int32_t as_int(std::uint64_t value) { return static_cast<std::int32_t>(value); }

Node error_node(int error)
{
    constexpr int first_restart = 512; // ERESTARTSYS and its kin never reach the program
    Node node = Node::group("", " ", "");
    node.value = static_cast<std::uint64_t>(-static_cast<std::int64_t>(error));
    node.item(Node::leaf(error >= first_restart ? "?" : "-1", Token::number));
    std::string_view name = errno_name(error);
    node.item(Node::leaf(name.empty() ? fmt::format("(errno {})", error) : std::string(name), Token::error, static_cast<std::uint64_t>(error)));
    std::string_view text = errno_text(error);
    if (!name.empty() && !text.empty())
        node.item(Node::leaf(fmt::format("({})", text), Token::text));
    return node;
}

bool makes_fd(const Context& context)
{
    if (context.info->ret == ReturnKind::fd)
        return true;
    if (context.info->name == "fcntl") {
        int command = as_int(context.arg("cmd"));
        return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    }
    return context.info->name == "ioctl" && (context.arg("request") & 0xffffffff) == 0x5441; // TIOCGPTPEER
}

/// What strace adds in parentheses to some numbers.
std::string remark(const Context& context)
{
    std::string_view call = context.info->name;
    std::int64_t ret = context.event.ret;
    if (call == "fcntl") {
        int command = as_int(context.arg("cmd"));
        auto value = static_cast<std::uint64_t>(ret);
        if (command == F_GETFL)
            return fmt::format("(flags {})", to_text(flags_node("open_flags", value)));
        if (command == F_GETFD && ret)
            return fmt::format("(flags {})", to_text(flags_node("fd_flags", value)));
        if (command == F_GET_SEALS && ret)
            return fmt::format("(seals {})", to_text(flags_node("seals", value)));
    }
    if (call == "sched_getscheduler")
        return fmt::format("({})", to_text(flags_node("sched_policies", static_cast<std::uint64_t>(ret))));
    if (call == "time")
        return fmt::format("({})", date_text(ret, 0));
    bool waits = call == "poll" || call == "ppoll" || call == "select" || call == "pselect6";
    return waits && ret == 0 ? "(Timeout)" : "";
}

bool remark_in_hex(const Context& context)
{
    if (context.info->name != "fcntl")
        return false;
    int command = as_int(context.arg("cmd"));
    return command == F_GETFL || command == F_GETFD || command == F_GET_SEALS;
}

Node value_node(Context& context)
{
    std::int64_t ret = context.event.ret;
    if (makes_fd(context))
        return new_fd_node(context, ret);
    if (remark_in_hex(context))
        return hex_number(static_cast<std::uint64_t>(ret));
    switch (context.info->ret) {
    case ReturnKind::address: return Node::leaf(ret ? fmt::format("{:#x}", static_cast<std::uint64_t>(ret)) : "0", Token::address, static_cast<std::uint64_t>(ret));
    case ReturnKind::hex: return hex_number(static_cast<std::uint64_t>(ret));
    case ReturnKind::mode: return mode_node(static_cast<std::uint64_t>(ret), false);
    case ReturnKind::signal: {
        Node node = Node::group("", " ", "");
        node.value = static_cast<std::uint64_t>(ret);
        node.item(number(ret));
        node.item(Node::leaf(fmt::format("({})", to_text(signal_node(static_cast<std::uint64_t>(ret)))), Token::signal));
        return node;
    }
    default: return number(ret);
    }
}

void add_poll(Context& context, Decoded& decoded)
{
    Node list = Node::group("[", ", ", "]");
    std::uint64_t count = context.arg("nfds") & 0xffffffff, address = context.arg("fds");
    std::size_t shown = 0;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, 65536); ++i) {
        // The kernel writes back revents alone: the two bytes at the end.
        std::uint64_t at = address + i * sizeof(pollfd);
        auto revents = context.data.read_as<std::uint16_t>(at + offsetof(pollfd, revents), Direction::out);
        auto fd = context.data.read_as<std::int32_t>(at, Direction::in);
        if (!fd || !revents || *revents == 0)
            continue;
        if (shown++ >= context.item_limit() || !context.spend()) {
            list.item(Node::leaf("...", Token::plain));
            break;
        }
        Node item = Node::group("{", ", ", "}");
        item.address = at;
        item.length = sizeof(pollfd);
        item.field("fd", fd_node(context, *fd));
        item.field("revents", flags_node("poll_events", *revents));
        list.item(std::move(item));
    }
    if (!list.children.empty())
        decoded.extra.push_back(std::move(list));
    if (context.info->name == "ppoll") {
        Node left = struct_at(context, "timespec", context.arg("tmo_p"), Direction::out);
        if (!left.children.empty()) {
            left.name = "left";
            decoded.extra.push_back(std::move(left));
        }
    }
}

void add_select(Context& context, Decoded& decoded)
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> sets {{{"readfds", "in"}, {"writefds", "out"}, {"exceptfds", "except"}}};
    for (auto [argument_name, word] : sets) {
        Node set = struct_at(context, "fd_set", context.arg(argument_name), Direction::out);
        if (set.token == Token::address || set.children.empty())
            continue;
        set.name = word;
        decoded.extra.push_back(std::move(set));
    }
    Node left = struct_at(context, context.info->name == "select" ? "timeval" : "timespec", context.arg("timeout"), Direction::out);
    if (!left.children.empty()) {
        left.name = "left";
        decoded.extra.push_back(std::move(left));
    }
}

}

Node result_node(Context& context)
{
    const Event& event = context.event;
    if (!event.has_ret())
        return Node::leaf("?", Token::number);
    if (event.failed())
        return error_node(event.error());
    if (!context.info)
        return Node::leaf(event.ret > 0xffff ? fmt::format("{:#x}", event.ret) : std::to_string(event.ret), Token::number, static_cast<std::uint64_t>(event.ret));
    if (context.info->ret == ReturnKind::never)
        return Node::leaf("?", Token::number);
    Node node = value_node(context);
    std::string more = remark(context);
    if (more.empty())
        return node;
    Node both = Node::group("", " ", "");
    both.value = node.value;
    both.item(std::move(node));
    both.item(Node::leaf(std::move(more), Token::text));
    return both;
}

void add_extra(Context& context, Decoded& decoded)
{
    if (!context.info || !context.succeeded())
        return;
    std::string_view call = context.info->name;
    if (context.event.ret > 0 && (call == "poll" || call == "ppoll"))
        add_poll(context, decoded);
    else if (context.event.ret > 0 && (call == "select" || call == "pselect6"))
        add_select(context, decoded);
}

}
