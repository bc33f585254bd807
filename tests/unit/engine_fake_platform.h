// A platform without guest code: it keeps what is mapped page by page, refuses orders that would kill a stub, and reads and writes
// memory as the guest would, with its faults.
#pragma once

#include "engine/mm/address_space.h"
#include "engine/mm/memory_file.h"
#include "engine/platform/platform.h"

#include <map>
#include <set>
#include <stdexcept>

namespace ringside::test {

/// Has registers, and never runs.
class FakeThread final : public platform::Thread {
public:
    platform::Registers& registers() override { return registers_; }
    std::span<std::byte> xstate() override { return {}; }
    Result<void> set_xstate(std::span<const std::byte>) override { return {}; }
    void resume() override { }
    void interrupt() override { }

private:
    platform::Registers registers_ {};
};

class FakeAddressSpace final : public platform::AddressSpace {
public:
    struct Page {
        platform::Prot prot;
        std::uint64_t at;
    };
    explicit FakeAddressSpace(std::set<FakeAddressSpace*>& all) : all_(all) { all_.insert(this); }
    ~FakeAddressSpace() override { all_.erase(this); }

    void map(GuestAddr start, std::uint64_t length, platform::Prot prot, std::uint64_t at, bool = false) override
    {
        check(start, length);
        ++orders;
        for (std::uint64_t i = 0; i < length; i += page_size)
            pages[start.value() + i] = {prot, at + i};
    }
    void unmap(GuestAddr start, std::uint64_t length) override
    {
        check(start, length);
        ++orders;
        pages.erase(pages.lower_bound(start.value()), pages.lower_bound(start.value() + length));
    }
    void protect(GuestAddr start, std::uint64_t length, platform::Prot prot) override
    {
        check(start, length);
        ++orders;
        for (std::uint64_t i = 0; i < length; i += page_size) {
            auto page = pages.find(start.value() + i);
            if (page == pages.end())
                throw std::logic_error("mprotect of a hole: the order fails and the stub dies");
            page->second.prot = prot;
        }
    }
    Result<void> flush() override
    {
        ++flushes;
        return {};
    }
    Result<std::unique_ptr<platform::Thread>> create_thread() override { return std::unique_ptr<platform::Thread>(std::make_unique<FakeThread>()); }
    /// As the host counts them: neighbours with the same rights and consecutive offsets are one.
    std::size_t host_mappings() const
    {
        std::size_t count = 0;
        std::uint64_t end = 0, at = 0;
        platform::Prot prot {};
        for (const auto& [start, page] : pages) {
            if (start != end || page.at != at || page.prot != prot)
                ++count;
            end = start + page_size;
            at = page.at + page_size;
            prot = page.prot;
        }
        return count;
    }
    std::size_t mapping_count() const override { return claimed_mappings; }

    std::map<std::uint64_t, Page> pages;
    std::size_t orders = 0;
    std::size_t flushes = 0;
    std::size_t claimed_mappings = 0;

private:
    static void check(GuestAddr start, std::uint64_t length)
    {
        if ((start.value() | length) % page_size || length == 0 || start.value() + length > guest_address_end)
            throw std::logic_error("an order that the host refuses");
        if (start.value() < stub_region_end && start.value() + length > stub_region_start)
            throw std::logic_error("an order into the stub region");
    }
    std::set<FakeAddressSpace*>& all_;
};

class FakePlatform final : public platform::Platform {
public:
    Result<std::unique_ptr<platform::AddressSpace>> create_address_space() override
    {
        return std::unique_ptr<platform::AddressSpace>(std::make_unique<FakeAddressSpace>(all));
    }
    std::optional<platform::Event> wait(std::optional<std::uint64_t>) override { return {}; }
    void ring() override { }
    std::set<FakeAddressSpace*> all;
};

inline FakeAddressSpace& fake(mm::AddressSpace& space)
{
    return static_cast<FakeAddressSpace&>(space.host());
}

/// What the guest's instruction ends with: nothing, or a signal.
using Touched = mm::AddressSpace::FaultResult;

/// One load or store of a byte by guest code. `memory` is the memory file.
inline Touched touch(kernel::Task& task, mm::MemoryFile& memory, mm::AddressSpace& space, std::uint64_t address, bool write, std::byte& value)
{
    for (int tries = 0; tries < 8; ++tries) {
        auto& host = fake(space);
        auto page = host.pages.find(page_down(address));
        if (page != host.pages.end() && platform::has(page->second.prot, write ? platform::Prot::write : platform::Prot::read)) {
            std::uint64_t at = page->second.at + (address & page_mask);
            auto done = write ? memory.write(at, std::span(&value, 1)) : memory.read(at, std::span(&value, 1));
            return done.ok() ? Touched::resolved : Touched::out_of_memory;
        }
        auto result = space.handle_fault(task, GuestAddr(address), write, false);
        if (result != Touched::resolved)
            return result;
    }
    throw std::logic_error("a fault that is resolved again and again");
}

}
