// How guest code runs. Nothing above this interface knows of stubs: a KVM platform could stand behind it.
//
// A platform AddressSpace is only the *host side*: which memory-file pages stand at which guest addresses. What the guest
// believes of its memory (VMAs) is mm::AddressSpace. All of it is called with the kernel lock held, but ring().
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/platform/hand_over.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace ringside::platform {

/// The general registers of a guest thread. After a syscall event rax holds the number; the kernel puts the result there.
/// rcx and r11 are already as `syscall` leaves them (next ip, flags); ip is the address behind the instruction.
struct Registers {
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    std::uint64_t fs_base, gs_base;
    friend bool operator==(const Registers&, const Registers&) = default;
};

enum class Prot : int { none = 0, read = 1, write = 2, exec = 4 };
constexpr Prot operator|(Prot a, Prot b) { return static_cast<Prot>(static_cast<int>(a) | static_cast<int>(b)); }
constexpr bool has(Prot set, Prot bit) { return (static_cast<int>(set) & static_cast<int>(bit)) != 0; }

enum class EventKind {
    syscall,     ///< by the syscall instruction, native numbers
    int80,       ///< by int $0x80: rax is an i386 number
    vsyscall,    ///< a call to the legacy vsyscall page: rax the number, rip as if the function had returned
    fault,       ///< a hardware exception, see Fault
    interrupted, ///< interrupt() stopped it between two instructions
    died,        ///< its address space is gone (the guest killed its own stub, or the host did): as by SIGKILL. Once for every thread
};

/// What the host told of a hardware exception.
struct Fault {
    int signo;             ///< SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP
    int code;              ///< si_code as the host saw it (for SIGSEGV and SIGBUS mm decides anew)
    GuestAddr address;     ///< cr2 or si_addr
    std::uint64_t error;   ///< page-fault error code: 2 = write, 16 = instruction fetch
    std::uint64_t trapno;  ///< x86 vector: 14 = page fault, 13 = general protection, …
};

class Thread;

struct Event {
    EventKind kind;
    Thread* thread;
    Fault fault;
    std::uint64_t time = 0; ///< when it was taken, CLOCK_MONOTONIC ns; 0: not known
};

/// A host thread that runs guest code. Stopped when made, and whenever it has an event.
class Thread {
public:
    virtual ~Thread() = default; ///< ends the host thread
    /// Registers of the stopped thread, to read and to change before resume().
    virtual Registers& registers() = 0;
    /// Its extended state in the XSAVE layout of a signal frame (legacy area, header, components), read and write. May be
    /// empty in a new thread, which then starts with the initial state.
    virtual std::span<std::byte> xstate() = 0;
    /// Replaces the extended state, e.g. from another thread's at fork or from a signal frame. EINVAL where it is malformed;
    /// an empty span means the initial state.
    virtual Result<void> set_xstate(std::span<const std::byte> state) = 0;
    /// Lets it run, after the orders queued for its address space have been carried out.
    virtual void resume() = 0;
    /// Its answer will take a while: it need not spin for it. Only a hint.
    virtual void answer_takes_long() { }
    /// Asks a running thread to stop; an `interrupted` event (or another one that came first) follows. Not an error when stopped.
    virtual void interrupt() = 0;
    void set_owner(void* owner) { owner_ = owner; }
    void* owner() const { return owner_; } ///< the kernel's task

private:
    void* owner_ = nullptr;
};

/// A page of the memory file that holds code which the guest does not know of. It is freed with its last reference.
class CodePage {
public:
    virtual ~CodePage() = default;
    virtual std::uint64_t offset() const = 0;
    virtual std::span<const std::byte> bytes() const = 0;
    virtual void write(std::size_t at, std::span<const std::byte> content) = 0;
};

/// What a platform asks of whoever knows the guest's memory before it changes code of the guest's (out of the guest's sight) to make it faster.
class GuestCode {
public:
    virtual ~GuestCode() = default;
    /// The bytes of a page, as long as nothing else changes, if it may be patched: private, executable, not writable, in nobody's
    /// else power to change. Empty otherwise.
    virtual std::span<const std::byte> patchable_page(GuestAddr page) = 0;
    virtual Result<std::shared_ptr<CodePage>> make_code_page(std::span<const std::byte> content) = 0;
    /// A page less than 2 GiB from `near` where the guest has nothing, and is unlikely to want anything, and that `fits`.
    virtual std::optional<GuestAddr> free_page_near(GuestAddr near, const std::function<bool(GuestAddr)>& fits) = 0;
    virtual bool is_free(GuestAddr page) = 0;
};

/// The host side of one guest address space.
class AddressSpace {
public:
    virtual ~AddressSpace() = default; ///< ends the stub. Pages that it mapped may be reused at once afterwards
    /// Puts [file_offset, +length) of the memory file at `start`, over what was there. Queued. Page aligned.
    virtual void map(GuestAddr start, std::uint64_t length, Prot prot, std::uint64_t file_offset, bool populate = false) = 0;
    virtual void unmap(GuestAddr start, std::uint64_t length) = 0;
    virtual void protect(GuestAddr start, std::uint64_t length, Prot prot) = 0;
    /// Waits until every queued order is carried out. Needed before a page that was revoked (unmapped, made read-only, replaced) may be
    /// given another meaning. An error means that the stub is dead.
    virtual Result<void> flush() = 0;
    // Code that the platform may patch: nothing, by default.
    /// From now on the platform may patch code. `code` outlives this object's use.
    virtual void set_guest_code(GuestCode*) { }
    /// This is the copy of `parent` for fork, its mappings ordered.
    virtual void inherit_patches(AddressSpace&) { }
    /// The guest is about to have something at [start, +length), known to the host or not: what the platform put there has to go.
    virtual void make_room(GuestAddr, std::uint64_t) { }
    /// Bytes in [start, +length) are about to change although they are mapped without write access (ptrace and its like).
    virtual void code_changes(GuestAddr, std::uint64_t) { }
    /// Every running thread has passed a memory barrier, and what orders its instructions, since this was called.
    virtual void barrier() { }
    /// A new, stopped thread with all registers zero.
    virtual Result<std::unique_ptr<Thread>> create_thread() = 0;
    /// Host mappings that this address space holds now, roughly: the host allows 65,530.
    virtual std::size_t mapping_count() const = 0;
    /// The host process that stands behind it, for tests and `ringside boundary`; 0 where there is none.
    virtual int host_pid() const { return 0; }
};

/// How system calls came.
struct CallCounts {
    std::uint64_t trapped = 0; ///< by a signal
    std::uint64_t patched = 0; ///< by a patched site
};

class Platform {
public:
    virtual ~Platform() = default;
    virtual CallCounts call_counts() const { return {}; }
    /// AddressSpace::barrier() for all.
    virtual void barrier() { }
    /// From now on the answers of getcpu differ from thread to thread, or from 0: none is given without a system call.
    virtual void processors_differ() { }
    /// Starts the platform's own helper thread: after privileges were dropped (they are a thread's own), before the Sentry's filter forbids
    /// it. Where nobody calls it, the first create_address_space() does.
    virtual void start() { }
    virtual Result<std::unique_ptr<AddressSpace>> create_address_space() = 0;
    /// The next event of any thread. Waits until one comes, ring() is called, or `deadline` (CLOCK_MONOTONIC ns) has passed: then
    /// nothing. Each event is given once; its thread is stopped.
    virtual std::optional<Event> wait(std::optional<std::uint64_t> deadline) = 0;
    /// Ends a wait() early. The one function that other threads of the Sentry (I/O helpers) may call.
    virtual void ring() = 0;

    // Where there are two workers, of which one at a time calls wait() and all else: the second, which stands on a processor of its own, may
    // spin for requests. Who should serve changes in wait(); whoever takes over says so.
    virtual void allow_second_worker() { }
    virtual unsigned wanted_worker() const { return 0; }
    virtual void moved_to_worker(unsigned) { }
};

struct HostClocks; // host_clocks.h

/// What the stub platform is made of. Before confinement: the template process is forked here. Call it from the Sentry's main thread: the
/// host ends template and stubs when the calling thread ends.
struct StubOptions {
    int memory_file;        ///< descriptor of the memory file
    bool trap_tsc = false;  ///< rdtsc gives a fault (SIGSEGV, general protection): recordings
    bool trap_cpuid = false; ///< where the host can; see cpuid_traps
    const HostClocks* host_clocks = nullptr; ///< what the guest's vDSO reads without a system call: null where calls are recorded
    unsigned patch_after = 0; ///< `syscall` instructions are patched at their so-manieth trap; 0: never
    int cpu = -1;           ///< pin all stubs to this processor, -1: leave to the host
    bool may_spread = false; ///< from it to all processors of this process, when guests compute rather than call. Never in recordings
    HandOverChoice hand_over = HandOverChoice::automatic;
};
/// Whether ARCH_SET_CPUID works here (probed by its effect).
bool cpuid_traps();
Result<std::unique_ptr<Platform>> make_stub_platform(const StubOptions& options);

}
