// Single values as strace writes them: numbers, modes, signals, dates, quoted text, descriptors.
#include "trace/decode/context.h"
#include "trace/names.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace ringside::trace {

std::uint64_t Context::arg(std::string_view name) const
{
    int at = info ? info->index_of(name) : -1;
    return at < 0 ? 0 : event.args[static_cast<std::size_t>(at)];
}

bool Context::spend()
{
    if (budget == 0)
        return false;
    --budget;
    return true;
}

Node number(std::int64_t value) { return Node::leaf(std::to_string(value), Token::number, static_cast<std::uint64_t>(value)); }
Node unsigned_number(std::uint64_t value) { return Node::leaf(std::to_string(value), Token::number, value); }
Node hex_number(std::uint64_t value) { return Node::leaf(value ? fmt::format("{:#x}", value) : "0", Token::number, value); }
Node address_node(std::uint64_t value) { return Node::leaf(value ? fmt::format("{:#x}", value) : "NULL", Token::address, value); }
Node comment(std::string text) { return Node::leaf(fmt::format("/* {} */", text), Token::comment); }

Node device(std::uint64_t dev)
{
    auto part = [](unsigned number) { return number ? fmt::format("{:#x}", number) : std::string("0"); };
    return Node::leaf(fmt::format("makedev({}, {})", part(gnu_dev_major(dev)), part(gnu_dev_minor(dev))), Token::number, dev);
}

Node mode_node(std::uint64_t mode, bool with_type)
{
    mode &= 0xffffffff;
    std::string bits = fmt::format("{:02o}", mode & 0777);
    std::string_view type = with_type ? flag_name(*flag_set("file_types"), mode & S_IFMT) : std::string_view {};
    Node node = Node::group("", "|", "");
    node.value = mode;
    if (!type.empty())
        node.item(Node::leaf(std::string(type), Token::flag, mode & S_IFMT));
    std::uint64_t rest = type.empty() ? mode : mode & ~static_cast<std::uint64_t>(S_IFMT);
    if (type.empty()) // as "%#03o" of strace
        return Node::leaf(fmt::format("0{:02o}", rest), Token::number, mode);
    if (rest & S_ISUID)
        node.item(Node::leaf("S_ISUID", Token::flag, S_ISUID));
    if (rest & S_ISGID)
        node.item(Node::leaf("S_ISGID", Token::flag, S_ISGID));
    if (rest & S_ISVTX)
        node.item(Node::leaf("S_ISVTX", Token::flag, S_ISVTX));
    node.item(Node::leaf("0" + bits, Token::number, rest & 0777));
    return node;
}

bool makes_file(std::uint64_t open_flags)
{
    constexpr std::uint64_t kernels_tmpfile = __O_TMPFILE & ~O_DIRECTORY; // glibc's holds O_DIRECTORY, too, which alone makes nothing
    return (open_flags & (O_CREAT | kernels_tmpfile)) != 0;
}

Node signal_node(std::uint64_t value)
{
    auto number_of = static_cast<int>(value);
    return Node::leaf(signal_name(number_of), is_signal(number_of) ? Token::signal : Token::number, value);
}

Node signal_set(std::uint64_t set)
{
    // As strace: where two thirds are in, by what is missing.
    bool inverted = __builtin_popcountll(set) >= 64 * 2 / 3;
    std::uint64_t shown = inverted ? ~set : set;
    Node node = Node::group(inverted ? "~[" : "[", " ", "]");
    node.value = set;
    for (int number_of = 1; number_of <= 64; ++number_of)
        if (shown >> (number_of - 1) & 1)
            node.item(Node::leaf(signal_name(number_of).substr(3), Token::signal, static_cast<std::uint64_t>(number_of)));
    return node;
}

Node id_node(std::uint64_t id)
{
    auto value = static_cast<std::uint32_t>(id);
    return value == 0xffffffff ? number(-1) : unsigned_number(value);
}

std::string date_text(std::int64_t seconds, std::int64_t nanoseconds)
{
    if (seconds == 0 && nanoseconds == 0)
        return {};
    std::time_t time = seconds;
    std::tm parts {};
    if (!gmtime_r(&time, &parts))
        return {};
    char text[64];
    std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::string date(text, length);
    if (nanoseconds > 0 && nanoseconds < 1'000'000'000)
        date += fmt::format(".{:09}", nanoseconds);
    return date + "+0000";
}

Node seconds_with_date(std::int64_t seconds, std::int64_t nanoseconds)
{
    std::string date = date_text(seconds, nanoseconds);
    if (date.empty())
        return number(seconds);
    Node node = Node::group("", " ", "");
    node.value = static_cast<std::uint64_t>(seconds);
    node.item(number(seconds));
    node.item(comment(date));
    return node;
}

std::string quoted(std::string_view bytes, bool more, Quote quote)
{
    std::string text = "\"";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto byte = static_cast<unsigned char>(bytes[i]);
        if (quote == Quote::hex) {
            text += fmt::format("\\x{:02x}", byte);
            continue;
        }
        switch (byte) {
        case '"': text += "\\\""; continue;
        case '\\': text += "\\\\"; continue;
        case '\f': text += "\\f"; continue;
        case '\n': text += "\\n"; continue;
        case '\r': text += "\\r"; continue;
        case '\t': text += "\\t"; continue;
        case '\v': text += "\\v"; continue;
        default: break;
        }
        if (byte >= ' ' && byte < 0x7f) {
            text += static_cast<char>(byte);
            continue;
        }
        // As short as possible, unless an octal digit follows that would be read as part of it.
        bool digit_follows = i + 1 < bytes.size() && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
        text += digit_follows ? fmt::format("\\{:03o}", byte) : fmt::format("\\{:o}", byte);
    }
    text += more ? "\"..." : "\"";
    return text;
}

Node bytes_at(Context& context, std::uint64_t address, std::uint64_t length, Direction direction, Quote quote)
{
    if (address == 0)
        return address_node(0);
    std::size_t limit = context.options.string_limit;
    std::string bytes = context.data.read(address, std::min<std::uint64_t>(length, limit), direction);
    if (bytes.empty() && length > 0)
        return address_node(address);
    bool more = length > bytes.size();
    Node node = Node::leaf(quoted(bytes, more, quote), Token::string);
    node.address = address;
    node.length = length;
    return node;
}

Node string_at(Context& context, std::uint64_t address, Direction direction, std::size_t limit, Token token)
{
    if (address == 0)
        return address_node(0);
    std::string bytes = context.data.read(address, limit + 1, direction);
    if (bytes.empty())
        return address_node(address);
    std::size_t end = bytes.find('\0');
    bool more = end == std::string::npos;
    if (!more)
        bytes.resize(end);
    if (bytes.size() > limit) {
        bytes.resize(limit);
        more = true;
    }
    Node node = Node::leaf(quoted(bytes, more), token);
    node.address = address;
    node.length = bytes.size() + (more ? 0 : 1);
    return node;
}

Node text_field(std::string_view field)
{
    return Node::leaf(quoted(field.substr(0, field.find('\0')), false), Token::string);
}

Node fd_node(Context& context, std::int64_t fd, EventId at)
{
    Node plain = Node::leaf(std::to_string(fd), Token::fd, static_cast<std::uint64_t>(fd));
    if (!context.options.fd_paths || fd < 0)
        return plain;
    std::string path = context.source.fd_path(context.process, static_cast<int>(fd), at);
    if (path.empty())
        return plain;
    Node node = Node::group("", "", "");
    node.value = plain.value;
    node.item(std::move(plain));
    std::string shown = "<";
    for (char c : path) // a file name may hold anything
        shown += (c >= ' ' && c < 0x7f && c != '<' && c != '>') ? std::string(1, c) : fmt::format("\\{:o}", static_cast<unsigned char>(c));
    node.item(Node::leaf(shown + ">", Token::path));
    return node;
}

Node fd_node(Context& context, std::int64_t fd) { return fd_node(context, fd, context.event.id); }

Node dirfd_node(Context& context, std::int64_t fd)
{
    constexpr std::int64_t at_fdcwd = -100;
    if (fd != at_fdcwd)
        return fd_node(context, fd);
    Node node = Node::group("", "", "");
    node.value = static_cast<std::uint64_t>(fd);
    node.item(Node::leaf("AT_FDCWD", Token::flag, node.value));
    // The working directory is recorded as the descriptor AT_FDCWD, where it is recorded.
    std::string path = context.options.fd_paths ? context.source.fd_path(context.process, -100, context.event.id) : "";
    if (!path.empty())
        node.item(Node::leaf("<" + path + ">", Token::path));
    return node;
}

Node new_fd_node(Context& context, std::int64_t fd)
{
    EventId end = context.event.done ? context.event.done : context.event.id;
    return fd_node(context, fd, end + 1);
}

}
