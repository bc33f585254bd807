// The one syscall table, for use in code: what every system call of x86-64 is called, takes and returns.
//
// Made from syscall_table.def. Everything is constexpr, so that the engine's dispatcher can check at compile time that a
// handler fits its line; decoder, filter language, policy names and the support page read the same lines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ringside::trace {

/// What an argument is. Everything up to `enumeration` is an integer; see shape_of().
enum class ArgKind : std::uint8_t {
    int_,    ///< 32 bits, signed
    uint_,   ///< 32 bits, unsigned
    long_,   ///< 64 bits, signed
    ulong_,  ///< 64 bits, unsigned
    hex,     ///< 64 bits, shown in hexadecimal
    size,    ///< size_t
    offset,  ///< loff_t, signed 64 bits
    fd,      ///< a file descriptor, 32 bits signed
    dirfd,   ///< a file descriptor or AT_FDCWD
    pid,     ///< pid_t, 32 bits signed
    uid,     ///< uid_t or gid_t, 32 bits, -1 is "leave it"
    signal,  ///< a signal number
    clock_id,
    dev,         ///< an encoded device number
    mode,        ///< mode_t; `detail` says when it counts: always, if_creating, with_type
    flags,       ///< bits; `detail` names the set in decode/
    enumeration, ///< one of the values of the set `detail`
    variant,     ///< integer or pointer, by another argument; `detail` names the case
    address,     ///< an address of the guest that the kernel does not read or write through
    path,        ///< a path, terminated by NUL
    string,      ///< text: in: terminated by NUL; out: as long as the result or `count` says
    strings,     ///< a vector of strings, ended by NULL: argv
    environment, ///< the same: envp
    buffer,      ///< bytes; `count` names the argument with the length
    structure,   ///< one struct of type `detail`; `count`, if any, names the argument with its size
    array,       ///< `count` items of type `detail`
    iovec,       ///< `count` iovecs, whose buffers flow as `flow` says
    sockaddr,    ///< `count` names the argument with the length, which is itself a pointer where flow is out
};

/// The way of the bytes behind a pointer: into the kernel, out of it, or both.
enum class Flow : std::uint8_t { in, out, inout };

/// What a handler's C++ parameter must be. `either`: the kernel sees a number that may be an address.
enum class Shape : std::uint8_t { integer, pointer, either };

constexpr Shape shape_of(ArgKind kind)
{
    if (kind <= ArgKind::enumeration)
        return Shape::integer;
    if (kind == ArgKind::variant || kind == ArgKind::address)
        return Shape::either;
    return Shape::pointer;
}

/// How wide the kernel reads an integer argument, in bytes: the upper half of the register is ignored where it is 4.
constexpr int width_of(ArgKind kind)
{
    switch (kind) {
    case ArgKind::int_:
    case ArgKind::uint_:
    case ArgKind::fd:
    case ArgKind::dirfd:
    case ArgKind::pid:
    case ArgKind::uid:
    case ArgKind::signal:
    case ArgKind::clock_id:
    case ArgKind::dev:
        return 4;
    default:
        return 8;
    }
}

struct Arg {
    std::string_view name;        ///< as the man page calls it
    ArgKind kind = ArgKind::hex;
    Flow flow = Flow::in;
    std::string_view detail = {}; ///< flag set, struct type, or case
    std::string_view count = {};  ///< the argument that holds the length or count
};

/// What a successful result is.
enum class ReturnKind : std::uint8_t { zero, fd, size, offset, address, pid, uid, number, hex, mode, ticks, signal, policy, never };

/// strace's classes, as bits.
namespace group {
constexpr std::uint16_t file = 1 << 0, network = 1 << 1, process = 1 << 2, memory = 1 << 3, signal = 1 << 4, ipc = 1 << 5,
                        desc = 1 << 6, clock = 1 << 7, creds = 1 << 8, pure = 1 << 9;
}

struct GroupName {
    std::string_view name;
    std::uint16_t bit;
};
inline constexpr std::array<GroupName, 10> group_names {{
    {"file", group::file}, {"network", group::network}, {"process", group::process}, {"memory", group::memory},
    {"signal", group::signal}, {"ipc", group::ipc}, {"desc", group::desc}, {"clock", group::clock},
    {"creds", group::creds}, {"pure", group::pure},
}};

struct SyscallInfo {
    int nr = -1;
    std::string_view name;
    std::uint16_t groups = 0;
    ReturnKind ret = ReturnKind::number;
    std::uint8_t arity = 0;
    std::array<Arg, 6> slots {};

    constexpr std::span<const Arg> args() const { return {slots.data(), arity}; }
    /// The index of the argument of this name; -1: none.
    constexpr int index_of(std::string_view arg) const
    {
        for (int i = 0; i < arity; ++i)
            if (slots[static_cast<std::size_t>(i)].name == arg)
                return i;
        return -1;
    }
    constexpr Shape shape(std::size_t arg) const { return arg < arity ? shape_of(slots[arg].kind) : Shape::integer; }
    constexpr bool in_group(std::uint16_t bits) const { return (groups & bits) != 0; }
};

/// The words that syscall_table.def is written in.
namespace table {
using namespace group;
inline constexpr std::uint16_t other = 0;
inline constexpr ReturnKind ret_zero = ReturnKind::zero, ret_fd = ReturnKind::fd, ret_size = ReturnKind::size,
                            ret_offset = ReturnKind::offset, ret_address = ReturnKind::address, ret_pid = ReturnKind::pid,
                            ret_uid = ReturnKind::uid, ret_number = ReturnKind::number, ret_hex = ReturnKind::hex,
                            ret_mode = ReturnKind::mode, ret_ticks = ReturnKind::ticks, ret_signal = ReturnKind::signal,
                            ret_policy = ReturnKind::policy, ret_never = ReturnKind::never;

template <class... Args>
consteval SyscallInfo line(int nr, std::string_view name, std::uint16_t groups, ReturnKind ret, Args... args)
{
    static_assert(sizeof...(args) <= 6);
    return {nr, name, groups, ret, sizeof...(args), {args...}};
}

// In a function of the namespace, so that `signal` and `clock` are the groups and not libc's functions.
#define SYSCALL(nr, name, groups, ret, ...) line(nr, #name, static_cast<std::uint16_t>(groups), ret __VA_OPT__(, ) __VA_ARGS__),
inline constexpr SyscallInfo all[] = {
#include "trace/syscall_table.def"
};
}

/// All calls, by rising number.
inline constexpr std::span<const SyscallInfo> syscalls {table::all};

/// One more than the highest number.
inline constexpr int syscall_limit = syscalls.back().nr + 1;

namespace table {
consteval std::array<std::int16_t, syscall_limit> make_index()
{
    std::array<std::int16_t, syscall_limit> index {};
    index.fill(-1);
    for (std::size_t i = 0; i < syscalls.size(); ++i)
        index[static_cast<std::size_t>(syscalls[i].nr)] = static_cast<std::int16_t>(i);
    return index;
}
inline constexpr auto index = make_index();
}

/// The call with this number, or nullptr. Any number may be asked for.
constexpr const SyscallInfo* find_syscall(int nr)
{
    if (nr < 0 || nr >= syscall_limit)
        return nullptr;
    int at = table::index[static_cast<std::size_t>(nr)];
    return at < 0 ? nullptr : &table::all[at];
}

/// The call of this name, or nullptr. A linear search: for compile time and rare use.
constexpr const SyscallInfo* find_syscall(std::string_view name)
{
    for (const SyscallInfo& info : syscalls)
        if (info.name == name)
            return &info;
    return nullptr;
}

/// The number of the call of this name; -1: there is none. For static_assert and tables: nr_of("openat").
constexpr int nr_of(std::string_view name)
{
    // By values: under -fsanitize=null GCC takes no comparison of an address with nullptr for a constant (GCC bug 71962).
    for (const SyscallInfo& info : syscalls)
        if (info.name == name)
            return info.nr;
    return -1;
}

/// The same at compile time, where a loop over millions of rows asks; a name that is none does not compile.
consteval int call_nr(std::string_view name)
{
    std::size_t at = 0;
    while (syscalls[at].name != name) // beyond the end is no constant
        ++at;
    return syscalls[at].nr;
}

/// The bit of strace's class (`file`, `network`, …), 0 where there is none of that name.
constexpr std::uint16_t group_bit(std::string_view name)
{
    for (const GroupName& group : group_names)
        if (group.name == name)
            return group.bit;
    return 0;
}

/// The name of a call made by `int $0x80` (i386 numbers), empty where there is none.
std::string_view i386_name(int nr);

}
