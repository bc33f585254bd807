// A guest address space: VMAs, what page of the memory file stands where, copy-on-write, and copying to and from the guest.
// Shared by the tasks of a CLONE_VM family. Its host side is a platform::AddressSpace.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/base/ref.h"
#include "engine/mm/mappable.h"
#include "engine/platform/platform.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringside::mm {

/// One line of /proc/PID/maps, and what a core of the kernel needs to know of a VMA.
struct VmaInfo {
    GuestAddr start, end;
    int prot;              ///< PROT_*
    bool shared;
    std::uint64_t offset;  ///< in the object
    std::uint64_t device, inode;
    std::string name;      ///< path, "[heap]", "[stack]", "[vdso]", or empty
    std::uint64_t resident; ///< bytes that were touched, as far as known
};

/// What mmap is asked for. `object` null: anonymous.
struct MapRequest {
    GuestAddr address;      ///< hint, or exact with MAP_FIXED
    std::uint64_t length;
    int prot;
    int flags;              ///< MAP_*
    Ref<Mappable> object;
    std::uint64_t offset;
    std::string name;
    std::uint64_t device, inode;
    std::uint64_t trace_object; ///< the trace's id of the file, 0: none
    int max_prot;           ///< PROT_* that mprotect may reach (a shared mapping of a read-only descriptor)
};

class AddressSpace : public RefCounted {
public:
    /// A new, empty one; `seed` chooses where things are put (recorded in the trace's meta).
    static Result<Ref<AddressSpace>> create(platform::Platform& platform, MemoryFile& memory, std::uint64_t seed);
    ~AddressSpace() override;

    // The memory calls, with the errnos of their man pages. Limits are checked by the caller.
    Result<GuestAddr> map(kernel::Task& task, const MapRequest& request);
    /// What map() would say of a fixed place and of the length: ENOMEM, EINVAL, EPERM, EEXIST.
    Result<void> check_place(const MapRequest& request) const;
    Result<void> unmap(kernel::Task& task, GuestAddr start, std::uint64_t length);
    Result<void> protect(kernel::Task& task, GuestAddr start, std::uint64_t length, int prot);
    Result<GuestAddr> remap(kernel::Task& task, GuestAddr old, std::uint64_t old_length, std::uint64_t new_length, int flags, GuestAddr target);
    Result<GuestAddr> brk(kernel::Task& task, GuestAddr end);
    Result<void> advise(kernel::Task& task, GuestAddr start, std::uint64_t length, int advice);
    Result<void> sync(kernel::Task& task, GuestAddr start, std::uint64_t length, int flags);
    /// mincore: one byte a page. ENOMEM where something is not mapped.
    Result<std::vector<std::uint8_t>> in_core(GuestAddr start, std::uint64_t length) const;
    /// mlock and munlock: marks only; memory is never swapped by us. `on_fault`: MLOCK_ONFAULT.
    Result<void> lock(kernel::Task& task, GuestAddr start, std::uint64_t length, bool locked, bool on_fault);
    /// mlockall(flags) and munlockall (0).
    Result<void> lock_all(kernel::Task& task, int flags);
    std::uint64_t locked_bytes() const;
    std::uint64_t locked_bytes_in(GuestAddr start, std::uint64_t length) const;
    /// remap_file_pages on a checked range: a shared mapping shows another part of its object. EINVAL.
    Result<void> remap_shared(kernel::Task& task, GuestAddr start, std::uint64_t length, std::uint64_t offset);
    /// mmap_min_addr and the stub region apart, whether anything is mapped in [start, +length).
    bool anything_mapped(GuestAddr start, std::uint64_t length) const;
    /// Bytes of private writable mappings (RLIMIT_DATA: data_vm).
    std::uint64_t data_bytes() const;

    /// A copy for fork: both sides copy on write from now on.
    Result<Ref<AddressSpace>> fork(kernel::Task& task);

    enum class FaultResult { resolved, sigsegv_maperr, sigsegv_accerr, sigbus_adrerr, out_of_memory };
    /// Serves a page fault. May block (host disk). Anything but `resolved` becomes a signal.
    /// `bus`: the host said SIGBUS, which over a present page means that the memory limit is reached.
    FaultResult handle_fault(kernel::Task& task, GuestAddr address, bool write, bool exec, bool bus = false);

    // Kernel access to guest memory: the only two ways. EFAULT where any byte is not accessible (some may have been copied). They fault
    // pages in, copy-on-write included, and so may block. Recording happens in Task::copy_in and copy_out, which call these.
    Result<void> copy_in(kernel::Task& task, GuestAddr from, std::span<std::byte> to);
    /// `written`: the bytes that were copied, also where an error is returned.
    /// As MemoryFile::compare_exchange, at an address that is a multiple of 4. EFAULT, ENOMEM.
    Result<void> compare_exchange(kernel::Task& task, GuestAddr word, std::uint32_t& expected, std::uint32_t desired);
    Result<void> copy_out(kernel::Task& task, GuestAddr to, std::span<const std::byte> from, std::uint64_t* written = nullptr);
    /// How many bytes from the start could be copied (for partial reads and writes).
    std::uint64_t accessible(kernel::Task& task, GuestAddr start, std::uint64_t length, bool write);
    /// ptrace-like access (process_vm_readv's target, /proc/PID/mem, PTRACE_POKE): `force` ignores protection, as FOLL_FORCE does, but
    /// writes to shared mappings that are not writable give EIO. The bytes moved; EIO/EFAULT when none could be.
    Result<std::uint64_t> peek(kernel::Task& task, GuestAddr from, std::span<std::byte> to, bool force);
    Result<std::uint64_t> poke(kernel::Task& task, GuestAddr to, std::span<const std::byte> from, bool force);

    /// Every present page that this space has written or may write, in pieces, by address: what a snapshot holds.
    void for_each_written(const std::function<void(GuestAddr, std::span<const std::byte>)>& function) const;
    /// The same of private memory alone. `inherited`: pages too that it shares with relatives and has not written since the fork.
    /// `from` is asked for each VMA [start, end) from where on it counts.
    void for_each_private(bool inherited, const std::function<std::uint64_t(std::uint64_t start, std::uint64_t end)>& from,
        const std::function<void(GuestAddr, std::span<const std::byte>)>& function) const;
    /// It maps `object` shared.
    bool shares(const Mappable& object) const;
    /// It maps memory that a fork's child would share with it, writable.
    bool shares_with_children() const;

    /// A key that is equal for two tasks' addresses when they name the same memory: futexes. EFAULT where nothing is mapped.
    struct FutexKey {
        std::uint64_t object;
        std::uint64_t offset;
        friend auto operator<=>(const FutexKey&, const FutexKey&) = default;
    };
    Result<FutexKey> futex_key(kernel::Task& task, GuestAddr address, bool is_private);

    std::vector<VmaInfo> vmas() const;
    /// Tells the task's recorder all mappings: after exec, when the task has this address space. Later changes are told as they are made.
    void record_mappings(kernel::Task& task) const;
    /// Called by a Mappable when [offset, +length) of it is gone: pages are taken back from the guest.
    /// `even_copies`: private copies too, as truncation does. The host has forgotten them when this returns.
    void unmap_pages(const Mappable& object, std::uint64_t offset, std::uint64_t length, bool even_copies = false);
    platform::AddressSpace& host();

    // Facts that /proc and prctl show; set by the loader.
    struct Layout {
        GuestAddr start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end, entry;
        std::vector<std::uint64_t> auxv;
        std::string exe_path;
        int membarriers = 0; ///< what it registered for, membarrier(2)
        Ref<RefCounted> running; ///< held by all that run the program: it cannot be written meanwhile (ETXTBSY)
    };
    Layout& layout();
    std::uint64_t total_bytes() const;    ///< VmSize
    std::uint64_t resident_bytes() const; ///< VmRSS, as far as known

    struct State; ///< for the files of this folder alone

private:
    explicit AddressSpace(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}
