// GuestAddr and GuestPtr<T>: addresses in the guest. They cannot be dereferenced: Task::copy_in and copy_out are the only ways.
#pragma once

#include "engine/base/result.h"
#include "engine/base/stub_region.h"

#include <compare>
#include <cstdint>

namespace ringside {

constexpr std::uint64_t page_size = 4096;
constexpr std::uint64_t page_mask = page_size - 1;
/// One past the last address that a guest can use (TASK_SIZE of a 47-bit address space).
constexpr std::uint64_t guest_address_end = 0x7fff'ffff'f000;
/// Lowest address that a guest may map (vm.mmap_min_addr).
constexpr std::uint64_t guest_address_start = 0x1'0000;

constexpr std::uint64_t page_down(std::uint64_t value) { return value & ~page_mask; }
/// Overflows to 0 past 2^64 - 4096: check sizes first.
constexpr std::uint64_t page_up(std::uint64_t value) { return (value + page_mask) & ~page_mask; }

class GuestAddr {
public:
    constexpr GuestAddr() = default;
    constexpr explicit GuestAddr(std::uint64_t value) : value_(value) { }
    constexpr std::uint64_t value() const { return value_; }
    constexpr bool is_null() const { return value_ == 0; }
    constexpr GuestAddr operator+(std::uint64_t offset) const { return GuestAddr(value_ + offset); }
    /// The address `offset` further on, EFAULT where that leaves the address space.
    Result<GuestAddr> plus(std::uint64_t offset) const
    {
        if (value_ > guest_address_end || offset > guest_address_end - value_)
            return Errno(EFAULT);
        return GuestAddr(value_ + offset);
    }
    friend constexpr auto operator<=>(GuestAddr, GuestAddr) = default;

private:
    std::uint64_t value_ = 0;
};

/// The address of a T in the guest.
template<typename T>
class GuestPtr {
public:
    using Target = T;
    constexpr GuestPtr() = default;
    constexpr explicit GuestPtr(GuestAddr addr) : addr_(addr) { }
    constexpr explicit GuestPtr(std::uint64_t addr) : addr_(addr) { }
    constexpr GuestAddr addr() const { return addr_; }
    constexpr bool is_null() const { return addr_.is_null(); }
    constexpr GuestPtr element(std::uint64_t index) const { return GuestPtr(addr_ + index * sizeof(T)); }

private:
    GuestAddr addr_;
};

template<>
class GuestPtr<void> : public GuestAddr {
    using GuestAddr::GuestAddr;
};

}
