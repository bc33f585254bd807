// What the decoders of values and structs share: the call, its data, the options, and a budget that bounds the work.
#pragma once

#include "trace/decode/decoder.h"
#include "trace/decode/flags.h"
#include "trace/decode/guest_data.h"
#include "trace/syscall_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringside::trace {

struct Context {
    EventSource& source;
    const DecodeOptions& options;
    const Event& event;
    const SyscallInfo* info = nullptr;
    ProcessId process = 0;
    GuestData data;
    std::size_t budget = 20'000; ///< nodes that may still be made for this event
    int depth = 0;

    std::uint64_t arg(std::string_view name) const;
    /// Takes one node from the budget; false: stop making more.
    bool spend();
    /// How many items of an array are shown.
    std::size_t item_limit() const { return options.verbose ? 4096 : options.string_limit; }
    bool ended() const { return event.has_ret(); }
    bool succeeded() const { return event.has_ret() && !event.failed(); }
};

// Numbers.
Node number(std::int64_t value);
Node unsigned_number(std::uint64_t value);
Node hex_number(std::uint64_t value);   ///< "0" or "0x…"
Node address_node(std::uint64_t value); ///< "NULL" or "0x…"
Node comment(std::string text);         ///< " /* text */" is added by the caller's separator
Node device(std::uint64_t dev);         ///< makedev(0x8, 0x1)
Node mode_node(std::uint64_t mode, bool with_type); ///< "S_IFREG|0644", without the type "0644", "000"
/// Whether open flags make a file, so that its mode counts.
bool makes_file(std::uint64_t open_flags);
Node signal_node(std::uint64_t number);
Node signal_set(std::uint64_t set);     ///< [CHLD INT], ~[KILL STOP]
Node id_node(std::uint64_t id);         ///< uid or gid, -1 where it says "none"
Node seconds_with_date(std::int64_t seconds, std::int64_t nanoseconds);
std::string date_text(std::int64_t seconds, std::int64_t nanoseconds); ///< 2026-11-23T17:20:44.872234391+0000; empty when 0

// Text.
enum class Quote : std::uint8_t { plain, hex };
/// With quotes and escapes as strace writes them; `more`: the text goes on, add "...".
std::string quoted(std::string_view bytes, bool more, Quote quote = Quote::plain);
/// `length` bytes at an address, cut at the string limit; the bare address where nothing was recorded.
Node bytes_at(Context& context, std::uint64_t address, std::uint64_t length, Direction direction, Quote quote = Quote::plain);
/// A terminated string at an address, cut at `limit`.
Node string_at(Context& context, std::uint64_t address, Direction direction, std::size_t limit, Token token = Token::string);
/// A fixed field of a struct that holds text: up to its NUL, never cut.
Node text_field(std::string_view field);

// Descriptors.
/// "3</etc/passwd>", seen just before event `at`.
Node fd_node(Context& context, std::int64_t fd, EventId at);
Node fd_node(Context& context, std::int64_t fd);
Node dirfd_node(Context& context, std::int64_t fd);
/// A descriptor that the call made: seen just after it.
Node new_fd_node(Context& context, std::int64_t fd);

// Structs. Each takes the address and the way of the bytes, and gives nothing where they were not recorded.
using StructDecoder = std::optional<Node> (*)(Context&, std::uint64_t address, Direction direction);
struct StructEntry {
    std::string_view name;
    StructDecoder decode;
    std::size_t size = 0; ///< distance of the items of an array
};
const StructEntry* find_struct(std::string_view name);
std::span<const StructEntry> time_structs();
std::span<const StructEntry> file_structs();
std::span<const StructEntry> process_structs();
std::span<const StructEntry> network_structs();
std::span<const StructEntry> scalar_structs();

/// The struct of this type, or the bare address.
Node struct_at(Context& context, std::string_view type, std::uint64_t address, Direction direction);
/// Items of a struct type: "[{…}, {…}]".
Node array_at(Context& context, std::string_view type, std::uint64_t address, std::uint64_t count, Direction direction);
/// iovecs with the bytes that they point to; `total` bytes flow in all.
Node iovec_at(Context& context, std::uint64_t address, std::uint64_t count, Direction buffers, std::uint64_t total);
Node sockaddr_at(Context& context, std::uint64_t address, std::uint64_t length, Direction direction);
/// `{si_signo=SIGCHLD, si_code=CLD_EXITED, …}` from the 128 bytes of a siginfo.
Node siginfo_node(Context& context, std::string_view bytes);
/// `{WIFEXITED(s) && WEXITSTATUS(s) == 0}`.
Node wait_status_node(std::int32_t status);

// Arguments, in arguments.cpp and variants.cpp.
/// The value of argument `index` as strace shows it.
Node argument(Context& context, std::size_t index);
/// An argument whose meaning hangs on another (fcntl, ioctl, prctl, futex…).
Node variant_argument(Context& context, std::size_t index);
/// How many arguments strace shows: open without O_CREAT has no mode, fcntl(F_GETFD) no third.
std::size_t shown_arguments(const Context& context);
/// What a successful result looks like, and what is added behind it.
Node result_node(Context& context);
void add_extra(Context& context, Decoded& decoded);

/// Reads a struct's fields and keeps their places.
template <class T>
class Fields {
public:
    Fields(const T& value, std::uint64_t address) : value_(value), node_(Node::group("{", ", ", "}"))
    {
        node_.address = address;
        node_.length = sizeof(T);
    }

    template <class M>
    Fields& add(std::string_view name, const M& member, Node shown)
    {
        shown.address = node_.address + offset(member);
        shown.length = sizeof(M);
        node_.field(name, std::move(shown));
        return *this;
    }
    template <class M>
    Fields& num(std::string_view name, const M& member)
    {
        if constexpr (std::is_signed_v<M>)
            return add(name, member, number(member));
        else
            return add(name, member, unsigned_number(member));
    }
    template <class M>
    Fields& hex(std::string_view name, const M& member) { return add(name, member, hex_number(static_cast<std::uint64_t>(member))); }
    template <class M>
    Fields& flags(std::string_view name, const M& member, std::string_view set)
    {
        return add(name, member, flags_node(set, static_cast<std::make_unsigned_t<M>>(member)));
    }
    Fields& more()
    {
        node_.item(Node::leaf("...", Token::plain));
        return *this;
    }
    Node& node() { return node_; }
    Node take() { return std::move(node_); }

private:
    template <class M>
    std::uint64_t offset(const M& member) const
    {
        return static_cast<std::uint64_t>(reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&value_));
    }

    const T& value_;
    Node node_;
};

}
