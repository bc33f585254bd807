// Sockets: addresses, messages with their control data, option values.
#include "trace/decode/context.h"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace ringside::trace {

namespace {

template <class T>
T padded(std::string_view bytes)
{
    T value {};
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
}

void add_unix(Node& node, std::string_view bytes)
{
    std::string_view path = bytes.substr(offsetof(sockaddr_un, sun_path));
    if (path.empty())
        return;
    if (path[0] != '\0') {
        node.field("sun_path", Node::leaf(quoted(path.substr(0, path.find('\0')), false), Token::path));
        return;
    }
    node.field("sun_path", Node::leaf("@" + quoted(path.substr(1), false), Token::path)); // abstract: the length ends it
}

void add_inet(Node& node, std::string_view bytes)
{
    auto in = padded<sockaddr_in>(bytes);
    char text[INET_ADDRSTRLEN] {};
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    node.field("sin_port", Node::leaf(fmt::format("htons({})", ntohs(in.sin_port)), Token::number, ntohs(in.sin_port)));
    node.field("sin_addr", Node::leaf(fmt::format("inet_addr(\"{}\")", text), Token::string));
}

void add_inet6(Node& node, std::string_view bytes)
{
    auto in = padded<sockaddr_in6>(bytes);
    char text[INET6_ADDRSTRLEN] {};
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    node.field("sin6_port", Node::leaf(fmt::format("htons({})", ntohs(in.sin6_port)), Token::number, ntohs(in.sin6_port)));
    node.field("sin6_flowinfo", Node::leaf(fmt::format("htonl({})", ntohl(in.sin6_flowinfo)), Token::number));
    node.item(Node::leaf(fmt::format("inet_pton(AF_INET6, \"{}\", &sin6_addr)", text), Token::string));
    node.field("sin6_scope_id", unsigned_number(in.sin6_scope_id));
}

void add_netlink(Node& node, std::string_view bytes)
{
    auto nl = padded<sockaddr_nl>(bytes);
    node.field("nl_pid", number(static_cast<std::int32_t>(nl.nl_pid)));
    node.field("nl_groups", Node::leaf(fmt::format("{:08x}", nl.nl_groups), Token::number, nl.nl_groups));
}

/// What one control message says.
template <class F>
void add_control_data(Context& context, F& fields, const cmsghdr& head, std::string_view data, Direction direction)
{
    auto inet_text = [](const in_addr& address) {
        char text[INET_ADDRSTRLEN] {};
        inet_ntop(AF_INET, &address, text, sizeof text);
        return Node::leaf(fmt::format("inet_addr(\"{}\")", text), Token::string);
    };
    auto add = [&](Node node) { fields.node().field("cmsg_data", std::move(node)); };
    if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_RIGHTS) {
        Node fds = Node::group("[", ", ", "]");
        for (std::size_t i = 0; i + 4 <= data.size() && context.spend(); i += 4) {
            auto fd = padded<std::int32_t>(data.substr(i));
            fds.item(direction == Direction::out ? new_fd_node(context, fd) : fd_node(context, fd));
        }
        add(std::move(fds));
    } else if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_CREDENTIALS && data.size() >= sizeof(ucred)) {
        auto cred = padded<ucred>(data);
        add(Fields(cred, 0).num("pid", cred.pid).num("uid", cred.uid).num("gid", cred.gid).take());
    } else if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_TIMESTAMP && data.size() >= sizeof(timeval)) {
        auto time = padded<timeval>(data);
        add(Fields(time, 0).num("tv_sec", time.tv_sec).num("tv_usec", time.tv_usec).take());
    } else if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_TIMESTAMPNS && data.size() >= sizeof(timespec)) {
        auto time = padded<timespec>(data);
        add(Fields(time, 0).num("tv_sec", time.tv_sec).num("tv_nsec", time.tv_nsec).take());
    } else if (head.cmsg_level == SOL_IP && head.cmsg_type == IP_PKTINFO && data.size() >= sizeof(in_pktinfo)) {
        auto info = padded<in_pktinfo>(data);
        Node node = Node::group("{", ", ", "}");
        node.field("ipi_ifindex", info.ipi_ifindex == 1 ? Node::leaf("if_nametoindex(\"lo\")", Token::string) : number(info.ipi_ifindex));
        node.field("ipi_spec_dst", inet_text(info.ipi_spec_dst));
        node.field("ipi_addr", inet_text(info.ipi_addr));
        add(std::move(node));
    } else if ((head.cmsg_level == SOL_IP || head.cmsg_level == SOL_IPV6) && data.size() == sizeof(int)) {
        Node list = Node::group("[", ", ", "]");
        list.item(number(padded<std::int32_t>(data)));
        add(std::move(list));
    } else if (head.cmsg_level == SOL_IP && head.cmsg_type == IP_TOS && data.size() == 1) {
        Node list = Node::group("[", ", ", "]");
        list.item(Node::leaf(fmt::format("{:#x}", static_cast<unsigned char>(data[0])), Token::number));
        add(std::move(list));
    } else if (!data.empty()) {
        std::size_t limit = context.options.string_limit;
        add(Node::leaf(quoted(data.substr(0, limit), data.size() > limit), Token::string));
    }
}

/// The control messages of a msghdr. Each is read by itself: what lies between two of them is not written by the kernel.
Node control_node(Context& context, std::uint64_t address, std::uint64_t length, Direction direction)
{
    length = std::min<std::uint64_t>(length, 65536);
    Node list = Node::group("[", ", ", "]");
    list.address = address;
    bool any = false;
    for (std::uint64_t at = 0; at + sizeof(cmsghdr) <= length && context.spend();) {
        std::string bytes = context.data.read(address + at, sizeof(cmsghdr), direction);
        if (bytes.size() < sizeof(cmsghdr))
            break;
        cmsghdr head;
        std::memcpy(&head, bytes.data(), sizeof head);
        if (head.cmsg_len < sizeof head || head.cmsg_len > length - at)
            break;
        std::string data = context.data.read(address + at + sizeof head, head.cmsg_len - sizeof head, direction);
        Fields fields(head, address + at);
        fields.num("cmsg_len", head.cmsg_len).flags("cmsg_level", head.cmsg_level, "socket_levels");
        if (head.cmsg_level == SOL_SOCKET)
            fields.flags("cmsg_type", head.cmsg_type, "control_types");
        else if (head.cmsg_level == SOL_IP)
            fields.flags("cmsg_type", head.cmsg_type, "ip_options");
        else if (head.cmsg_level == SOL_IPV6)
            fields.flags("cmsg_type", head.cmsg_type, "ipv6_options");
        else
            fields.hex("cmsg_type", head.cmsg_type);
        add_control_data(context, fields, head, data, direction);
        list.item(fields.take());
        any = true;
        at += (head.cmsg_len + 7) / 8 * 8;
    }
    return any ? std::move(list) : address_node(address);
}

/// `given`: the length of the name's room as it went in.
Node message_node(Context& context, const msghdr& message, std::uint64_t address, Direction direction, std::uint64_t total, socklen_t given)
{
    Fields fields(message, address);
    auto place = [](const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); };
    fields.add("msg_name", message.msg_name, sockaddr_at(context, place(message.msg_name), message.msg_namelen, direction));
    // The kernel's own struct has an int here, and strace shows it as such.
    fields.add("msg_namelen", message.msg_namelen,
        given == message.msg_namelen ? unsigned_number(given) : Node::leaf(fmt::format("{} => {}", given, message.msg_namelen), Token::number, message.msg_namelen));
    fields.add("msg_iov", message.msg_iov, iovec_at(context, place(message.msg_iov), message.msg_iovlen, direction, total));
    fields.num("msg_iovlen", message.msg_iovlen);
    if (message.msg_controllen)
        fields.add("msg_control", message.msg_control, control_node(context, place(message.msg_control), message.msg_controllen, direction));
    fields.num("msg_controllen", message.msg_controllen).flags("msg_flags", message.msg_flags, "msg_flags");
    return fields.take();
}

std::optional<Node> decode_msghdr(Context& context, std::uint64_t address, Direction direction)
{
    auto in = context.data.read_as<msghdr>(address, Direction::in);
    if (!in || (direction == Direction::out && !context.succeeded()))
        return std::nullopt;
    msghdr message = *in;
    if (direction == Direction::out) { // name length, control length and flags come back, where they were recorded
        auto patch = [&](auto& member) {
            auto offset = static_cast<std::uint64_t>(reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&message));
            std::string bytes = context.data.read(address + offset, sizeof member, Direction::out);
            if (bytes.size() == sizeof member)
                std::memcpy(&member, bytes.data(), bytes.size());
        };
        patch(message.msg_namelen);
        patch(message.msg_controllen);
        patch(message.msg_flags);
    }
    std::uint64_t total = direction == Direction::out ? static_cast<std::uint64_t>(std::max<std::int64_t>(context.event.ret, 0)) : UINT64_MAX;
    return message_node(context, message, address, direction, total, in->msg_namelen);
}

std::optional<Node> decode_mmsghdr(Context& context, std::uint64_t address, Direction)
{
    struct Item {
        msghdr head;
        std::uint32_t length;
    };
    auto item = context.data.read_as<Item>(address, Direction::in);
    if (!item)
        return std::nullopt;
    bool receiving = context.info && context.info->name == "recvmmsg";
    auto moved = context.data.read_as<std::uint32_t>(address + offsetof(Item, length), Direction::out);
    Fields fields(*item, address);
    fields.add("msg_hdr", item->head, message_node(context, item->head, address, receiving ? Direction::out : Direction::in, receiving ? moved.value_or(0) : UINT64_MAX, item->head.msg_namelen));
    if (moved)
        fields.add("msg_len", item->length, unsigned_number(*moved));
    return fields.take();
}

/// The value of setsockopt and getsockopt: a number where it has four bytes, a few structs, else bytes.
std::optional<Node> decode_sockopt(Context& context, std::uint64_t address, Direction direction)
{
    std::uint64_t length = context.arg("optlen");
    if (direction == Direction::out)
        length = context.data.read_as<std::uint32_t>(length, Direction::out).value_or(0);
    auto level = static_cast<int>(context.arg("level")), option = static_cast<int>(context.arg("optname"));
    if (level == SOL_SOCKET && option == SO_LINGER && length == sizeof(linger)) {
        if (auto value = context.data.read_as<linger>(address, direction))
            return Fields(*value, address).num("l_onoff", value->l_onoff).num("l_linger", value->l_linger).take();
        return std::nullopt;
    }
    if (level == SOL_SOCKET && option == SO_PEERCRED && length == sizeof(ucred)) {
        if (auto value = context.data.read_as<ucred>(address, direction))
            return Fields(*value, address).num("pid", value->pid).num("uid", value->uid).num("gid", value->gid).take();
        return std::nullopt;
    }
    if (level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO) && length == 16)
        return struct_at(context, "timeval", address, direction);
    if (length == 4)
        if (auto value = context.data.read_as<std::int32_t>(address, direction)) {
            Node node = Node::group("[", ", ", "]");
            node.length = 4;
            node.item(level == SOL_SOCKET && option == SO_TYPE && direction == Direction::out ? flags_node("socket_types", static_cast<std::uint32_t>(*value)) : number(*value));
            return node;
        }
    Node node = bytes_at(context, address, length, direction);
    return node.token == Token::string ? std::optional(std::move(node)) : std::nullopt;
}

constexpr StructEntry entries[] = {
    {"msghdr", decode_msghdr}, {"mmsghdr", decode_mmsghdr, 64}, {"sockopt", decode_sockopt},
};

}

std::span<const StructEntry> network_structs() { return entries; }

Node sockaddr_at(Context& context, std::uint64_t address, std::uint64_t length, Direction direction)
{
    if (address == 0)
        return address_node(0);
    std::string bytes = context.data.read(address, std::min<std::uint64_t>(length, sizeof(sockaddr_storage)), direction);
    if (bytes.size() < sizeof(sa_family_t))
        return address_node(address);
    auto family = padded<sa_family_t>(bytes);
    Node node = Node::group("{", ", ", "}");
    node.address = address;
    node.length = bytes.size();
    node.field("sa_family", flags_node("address_families", family));
    if (family == AF_UNIX)
        add_unix(node, bytes);
    else if (family == AF_INET && bytes.size() >= 8)
        add_inet(node, bytes);
    else if (family == AF_INET6 && bytes.size() >= 24)
        add_inet6(node, bytes);
    else if (family == AF_NETLINK && bytes.size() >= sizeof(sockaddr_nl))
        add_netlink(node, bytes);
    else if (bytes.size() > sizeof(sa_family_t))
        node.field("sa_data", Node::leaf(quoted(std::string_view(bytes).substr(sizeof(sa_family_t)), false), Token::string));
    return node;
}

}
