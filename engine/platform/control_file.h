// The control file: what the Sentry and its stubs share beside guest memory. The Sentry maps all of it once; a stub maps the common page,
// the doorbell and its own slot, so nothing writable is shared by two stubs but the doorbell's page.
#pragma once

#include "engine/base/result.h"
#include "engine/boundary/host_call.h"
#include "engine/platform/stub/layout.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ringside::platform {

class ControlFile {
public:
    static Result<ControlFile> create();
    ControlFile(ControlFile&& other) noexcept;
    ControlFile& operator=(ControlFile&&) = delete;
    ~ControlFile();

    int descriptor() const { return fd_.get(); }
    stub::CommonPage& common() const { return *at<stub::CommonPage>(0); }
    /// The word that stubs change when they ring. Guest input.
    std::uint32_t& doorbell() const { return *at<std::uint32_t>(0x1000); }

    /// Where the host put the template's vDSO, or 0. Read before there is a guest.
    std::uint64_t template_vdso() const { return *at<std::uint64_t>(0x1000 + stub::vdso_word - stub::doorbell); }

    /// A free slot, its bytes zero. EAGAIN when all are in use.
    Result<std::uint32_t> take_slot();
    /// Forgets what is in the slot. Its stub must be dead.
    void give_back(std::uint32_t slot);
    static std::uint64_t slot_offset(std::uint32_t slot) { return stub::slots_start + slot * stub::slot_size; }
    stub::Orders& orders(std::uint32_t slot) const { return *at<stub::Orders>(slot_offset(slot)); }
    /// All of a context area. Guest input.
    std::span<std::byte> context(std::uint32_t slot, std::uint32_t index) const
    {
        return {at<std::byte>(slot_offset(slot) + stub::orders_size + index * stub::context_size), stub::context_size};
    }

private:
    ControlFile(host::Fd fd, std::byte* base);
    template<typename T>
    T* at(std::uint64_t offset) const
    {
        return reinterpret_cast<T*>(base_ + offset);
    }

    host::Fd fd_;
    std::byte* base_;
    std::vector<std::uint32_t> free_;
    std::uint32_t unused_ = 1; ///< slots from here on were never taken; 0 is the template's
};

}
