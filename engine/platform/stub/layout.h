// What the Sentry and the stub agree on: where things stand in the stub region, and the shape of what they share.
// Included by the freestanding stub, so nothing here needs a library. All addresses are the stub's; Sentry pointers never appear.
#pragma once

#include "engine/base/stub_region.h"

#include <cstddef>
#include <cstdint>

namespace ringside::platform::stub {

// The region, from stub_region_start: code, a page that all stubs read, the doorbell, orders, contexts.
constexpr std::uint64_t code_start = stub_region_start;
constexpr std::uint64_t code_size = 0x1000;
constexpr std::uint64_t handler_entry = code_start + 0x200;      ///< kept there by stub.ld
constexpr std::uint64_t patched_call_entry = code_start + 0x600; ///< likewise: where trampolines lead
constexpr std::uint64_t common_page = stub_region_start + 0x1'0000;
constexpr std::uint64_t doorbell = stub_region_start + 0x2'0000;
constexpr std::uint64_t vdso_word = doorbell + 64;               ///< here the template says where the host put its vDSO
constexpr std::uint64_t host_clocks_start = stub_region_start + 0x8'0000; ///< where it is moved to, with its data, if it stays
constexpr std::uint64_t host_clocks_end = stub_region_start + 0x10'0000;
constexpr std::uint64_t orders_start = stub_region_start + 0x10'0000;
constexpr std::uint64_t orders_size = 0x1'0000;
constexpr std::uint64_t contexts_start = stub_region_start + 0x100'0000;
constexpr std::uint64_t context_size = 0x1'0000;
constexpr std::uint64_t context_count = 4095;
constexpr std::uint64_t contexts_size = context_size * context_count;

/// Host mappings that the region itself takes at most: code, common page, doorbell, the host's vDSO and two of data, orders, contexts open and closed.
constexpr std::size_t region_mappings = 9;

// The control file: the common page, the doorbell's page, then one slot for each stub (slot 0 is the template's).
constexpr std::uint64_t slot_size = orders_size + contexts_size;
constexpr std::uint64_t slot_count = 4096;
constexpr std::uint64_t slots_start = 0x2000;
constexpr std::uint64_t control_file_size = slots_start + slot_count * slot_size;

// The only descriptors that a stub has. The control file's is closed by each stub before a guest thread is born.
constexpr int memory_fd = 10;
constexpr int control_fd = 11;
constexpr int ack_fd = 12;

/// One system call for the order thread.
struct Order {
    std::uint32_t nr;
    std::uint32_t kind; ///< OrderKind
    std::uint64_t args[6];
    std::uint64_t extra; ///< checked: the result that it must have; thread: the context's address; fork: the slot's file offset
};
static_assert(sizeof(Order) == 64);

enum OrderKind : std::uint32_t {
    order_checked = 0, ///< any other result kills the stub
    order_any = 1,     ///< the result does not matter
    order_thread = 2,  ///< clone of a guest thread; where the host refuses, its id stays 0
    order_fork = 3,    ///< in the template: clone of a stub, likewise
};

constexpr std::uint32_t ring_orders = 256;

/// Read-only in the stub. `head` counts the orders given so far; the order thread sleeps on it.
struct Orders {
    std::uint32_t head;
    std::uint32_t unused[1023];
    Order ring[ring_orders];
};
static_assert(offsetof(Orders, ring) == 4096 && sizeof(Orders) <= orders_size);

enum Turn : std::uint32_t {
    turn_stopped = 0, ///< not started, or about to be resumed by the order thread
    turn_run = 1,     ///< the guest may go on
    turn_event = 2,   ///< the guest stopped and tells why
    turn_save = 3,    ///< a thread in a patched call shall save its extended state, and tell when it has
    turn_later = 4,   ///< its answer takes a while: it need not look for it
};

/// What `frame` holds when no signal frame tells of an event.
enum NoFrame : std::uint64_t {
    frame_patched_call = 1, ///< a call through a patched site: `registers`. By it the thread may be let go, too: as the registers say
    frame_kicked = 2,       ///< it was let go from a patched call and interrupted before it was back in the guest's code
};

/// The head of a guest thread's context area. **Guest input**: every word may be changed by the guest at any time.
struct Context {
    std::uint32_t turn;    ///< Turn; a futex
    std::uint32_t asleep;  ///< the thread is, or is about to be, asleep on `turn`
    std::int32_t tid;      ///< written by the host kernel at clone
    std::uint32_t kicked;  ///< a kick came while the thread was in a patched call's code
    std::uint64_t frame;   ///< the ucontext to return by; on events, the one made by the host kernel
    std::uint64_t fs_base;
    std::uint64_t gs_base;
    std::uint64_t registers[18]; ///< of a patched call: r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags
};

/// Where a register of a patched call stands in a context.
constexpr std::uint64_t register_at(unsigned index) { return offsetof(Context, registers) + 8 * index; }

// Within a context area: the Context, room for frames that the Sentry writes, the signal stack.
constexpr std::uint64_t written_frame = 0x1000;
constexpr std::uint64_t written_xstate = 0x2000;
constexpr std::uint64_t signal_stack = 0x8000;
constexpr std::uint64_t signal_stack_size = context_size - signal_stack;

/// What the guest's own vDSO may answer from without a system call (engine/loader/vdso/vdso.S reads it); all 0: nothing.
struct FastClocks {
    std::uint64_t clock_gettime, gettimeofday, time; ///< addresses of the host's functions
    std::uint32_t on_first_processor;                ///< 1: getcpu is 0, 0 for every thread
    std::uint32_t unused;
};

/// Read-only in all stubs. Constants that calls of the order thread point to, and the filters.
struct CommonPage {
    std::uint32_t sentry_sleeps; ///< the doorbell must be rung
    std::uint32_t guest_spins;   ///< so many times a guest thread looks for its answer before it sleeps
    alignas(64) FastClocks fast_clocks; ///< on a line of its own: the words above change often
    std::uint64_t ack;           ///< what is written to the eventfd: 1
    std::uint64_t first_wait[2]; ///< timespec: a new stub without orders for so long has lost its Sentry
    std::uint64_t all_signals;   ///< sigset_t
    std::uint64_t core_limit[2]; ///< rlimit
    std::uint64_t cpu_mask[16];
    std::uint64_t saved_features; ///< what a thread saves of its extended state when it is asked to
    char name[16];               ///< what ps shows
    struct Action {
        std::uint64_t handler, flags, restorer, mask;
    } handled, ignored;
    struct Program { ///< sock_fprog
        std::uint64_t length, instructions;
    } guest_program, order_program;
    std::uint64_t guest_filter[64];
    std::uint64_t order_filter[380];
};
static_assert(sizeof(CommonPage) <= 4096);
static_assert(common_page + offsetof(CommonPage, fast_clocks) == 0x6ff0'0001'0040, "as vdso.S has it");

constexpr std::uint64_t ack_word = common_page + offsetof(CommonPage, ack);
constexpr std::uint64_t first_wait_word = common_page + offsetof(CommonPage, first_wait);
constexpr std::uint64_t guest_program_word = common_page + offsetof(CommonPage, guest_program);

constexpr int kick_number = 10;           ///< SIGUSR1: interrupts a running guest thread
constexpr std::uint64_t frame_ip = 168;  ///< of the instruction pointer in a ucontext

// Flags of the clones that the order thread makes.
constexpr std::uint64_t clone_thread_flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x100000; ///< VM FS FILES SIGHAND THREAD SYSVSEM PARENT_SETTID
constexpr std::uint64_t clone_fork_flags = 0x8000 | 0x100000 | 17;                                         ///< PARENT PARENT_SETTID SIGCHLD

}
