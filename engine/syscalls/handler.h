// How a system call's handler meets the one syscall table. A family's file ends with lines such as
//     const Register<SYS_pipe2, pipe2> r_pipe2;
// The handler's parameters must fit the table's line (as many, pointers where the table has pointers): else it does not compile.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/base/result.h"
#include "engine/kernel/task.h"
#include "trace/syscall_table.h"

#include <array>
#include <cstdint>
#include <sys/syscall.h>
#include <type_traits>
#include <utility>

namespace ringside::syscalls {

using kernel::Task;

using Handler = Result<long> (*)(Task& task, const std::array<std::uint64_t, 6>& args);
constexpr int handler_count = 512;

struct Entry {
    Handler handler = nullptr;
    std::string_view missing = {}; ///< flags and cases that are not there, and answer EINVAL or ENOSYS with verdict `unsupported`
};
std::array<Entry, handler_count>& handlers();

/// "absent", "partial" or "full", as the support page says it.
constexpr std::string_view support_name(const Entry& entry)
{
    return !entry.handler ? "absent" : entry.missing.empty() ? "full" : "partial";
}

namespace detail {

template<typename T>
struct is_guest_pointer : std::false_type { };
template<typename T>
struct is_guest_pointer<GuestPtr<T>> : std::true_type { };
template<>
struct is_guest_pointer<GuestAddr> : std::true_type { };

template<typename T>
constexpr T from_register(std::uint64_t value)
{
    if constexpr (is_guest_pointer<T>::value)
        return T(value);
    else
        return static_cast<T>(value); // truncates, as the kernel's own entry does
}

template<auto function>
struct Thunk;
template<typename... Args, Result<long> (*function)(Task&, Args...)>
struct Thunk<function> {
    static constexpr std::size_t arity = sizeof...(Args);
    static constexpr std::array<bool, 6> pointers = [] {
        std::array<bool, 6> result {};
        std::size_t i = 0;
        ((result[i++] = is_guest_pointer<Args>::value), ...);
        return result;
    }();
    static Result<long> call(Task& task, const std::array<std::uint64_t, 6>& args)
    {
        return invoke(task, args, std::index_sequence_for<Args...> {});
    }
    template<std::size_t... I>
    static Result<long> invoke(Task& task, const std::array<std::uint64_t, 6>& args, std::index_sequence<I...>)
    {
        return function(task, from_register<Args>(args[I])...);
    }
};

}

/// Whether the parameters fit the table's line: as many, guest pointers where it has pointers, integers where it has integers.
template<auto function>
consteval bool fits(const trace::SyscallInfo& info)
{
    using Thunk = detail::Thunk<function>;
    if (info.arity != Thunk::arity)
        return false;
    for (std::size_t i = 0; i < Thunk::arity; ++i) {
        trace::Shape shape = info.shape(i);
        if (shape != trace::Shape::either && (shape == trace::Shape::pointer) != Thunk::pointers[i])
            return false;
    }
    return true;
}

template<int nr, auto function>
struct Register {
    // By the index: under -fsanitize=null GCC takes no comparison of an address with nullptr for a constant (GCC bug 71962).
    static_assert(nr >= 0 && nr < trace::syscall_limit && trace::table::index[nr] >= 0, "no such call in trace/syscall_table.def");
    static_assert(fits<function>(*trace::find_syscall(nr)), "the handler's parameters do not fit its line in trace/syscall_table.def");
    /// Full, as Linux has it, but for what is missing.
    explicit Register(std::string_view missing = {}) { handlers()[nr] = {&detail::Thunk<function>::call, missing}; }
};

/// Flags outside `allowed` give EINVAL.
inline Result<void> check_flags(std::uint64_t flags, std::uint64_t allowed)
{
    if (flags & ~allowed)
        return Errno(EINVAL);
    return {};
}

}
