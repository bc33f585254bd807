// The one wrapper through which the Sentry asks the host for anything. Every call is charged to the event being served.
#pragma once

#include "engine/base/result.h"

#include <array>
#include <cstdint>
#include <span>
#include <sys/syscall.h>

namespace ringside::host {

/// What one host call number cost within one event.
struct Charge {
    std::int32_t nr;
    std::uint32_t count;
    std::uint64_t ns;
};

/// Collects the charges of one event. A thread of the Sentry charges to the account that is current for it.
class Account {
public:
    enum class Timing { each, none }; ///< none: calls are counted only, and the clock is not read for them
    explicit Account(Timing timing = Timing::each) : timed_(timing == Timing::each) { }
    bool timed() const { return timed_; }
    void charge(int nr, std::uint64_t ns);
    std::span<const Charge> charges() const { return {charges_.data(), used_}; }
    std::uint32_t total() const { return total_; }
    void merge(const Account& other);
    void clear()
    {
        used_ = 0;
        total_ = 0;
    }

private:
    static constexpr std::size_t kinds = 48; ///< more than the filter lets through
    std::array<Charge, kinds> charges_ {};
    std::size_t used_ = 0;
    std::uint32_t total_ = 0;
    bool timed_;
};

/// The calling thread's account. The worker sets it when it takes up an event, an I/O helper when it takes up a job.
void set_current_account(Account* account);
Account* current_account();

/// Makes host syscall `nr` and charges it. The value, or the errno. EINTR is returned, not retried.
Result<long> call6(int nr, std::uint64_t a0, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4, std::uint64_t a5);

namespace detail {
template<typename T>
std::uint64_t to_register(T value)
{
    if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<std::uintptr_t>(value);
    else if constexpr (std::is_null_pointer_v<T>)
        return 0;
    else if constexpr (std::is_enum_v<T>)
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    else if constexpr (std::is_signed_v<T>)
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    else
        return static_cast<std::uint64_t>(value);
}
}

template<typename... Args>
Result<long> call(int nr, Args... args)
{
    static_assert(sizeof...(Args) <= 6);
    std::array<std::uint64_t, 6> a {};
    std::size_t i = 0;
    ((a[i++] = detail::to_register(args)), ...);
    return call6(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/// A host descriptor, closed with its owner.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) { }
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) { }
    Fd& operator=(Fd&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd();
    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

}
