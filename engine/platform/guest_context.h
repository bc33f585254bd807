// The Sentry's side of one host thread that runs guest code: its context area, what it told last, and what to tell it next.
//
// Everything in the context area is guest input: it is read once, into this object, and checked. Nothing read there is used as an address
// in the Sentry but offsets that lie within the area.
#pragma once

#include "engine/platform/platform.h"
#include "engine/platform/stub/layout.h"

#include <array>
#include <atomic>
#include <optional>
#include <vector>

namespace ringside::platform {

class StubProcess;
class StubThread;

/// What a thread's signal handler told.
struct Report {
    int signo;
    int code;
    std::uint64_t address; ///< si_addr or si_call_addr
    std::uint32_t arch;    ///< of a SIGSYS
    std::uint64_t error, trapno, cr2;
};

class GuestContext {
public:
    enum class State { stopped, running, ending, parked };

    /// `area` is the Sentry's view of context area `index` of `process`. `patching`: its thread finds its context by %gs while the guest
    /// uses that for nothing.
    GuestContext(StubProcess& process, std::uint32_t index, std::span<std::byte> area, bool patching);

    StubProcess& process() const { return process_; }
    std::uint32_t index() const { return index_; }
    std::uint64_t address() const { return stub::contexts_start + index_ * stub::context_size; }

    State state = State::stopped;
    StubThread* thread = nullptr;     ///< the handle that the kernel holds, null when given back
    bool wanted = false;              ///< interrupt() asked, no event since
    std::uint64_t wanted_since = 0;   ///< CLOCK_MONOTONIC ns
    int steps_out = 0;                ///< out of the host's vDSO, so far; 0: it does not
    std::size_t running_index = 0;    ///< its place in the platform's list while running

    Registers& registers() { return registers_; }
    /// Of a patched call only after has_state(): until then its processor holds it.
    std::span<std::byte> xstate();
    Result<void> set_xstate(std::span<const std::byte> state);
    /// The last event was a call through a patched site.
    bool in_patched_call() const { return patched_; }
    bool has_state() const { return !patched_ || xstate_loaded_; }
    /// Whether write_frame() needs the state, for it cannot let the thread go as it came.
    bool needs_state() const { return !has_state() && !returns_patched(); }
    /// Asks the thread for it: it tells an event when it has written it. False when it sleeps and must be woken.
    bool ask_for_state() { return set_turn(stub::turn_save); }
    /// It has.
    void take_state();
    /// All zero, initial extended state: for the next thread that it carries.
    void reset();

    bool has_event() const { return turn().load(std::memory_order_acquire) == stub::turn_event; }
    /// Reads the event: registers() and the report. Nothing when its frame is not one.
    std::optional<Report> read_event();
    /// Writes registers and state where the thread will load them from.
    void write_frame();
    /// Lets it go on; false when it sleeps and must be woken.
    bool hand_over() { return set_turn(stub::turn_run); }
    /// It will be handed over by the order thread.
    void leave_to_orders() { turn().store(stub::turn_stopped, std::memory_order_relaxed); }
    /// It sleeps, if it has not yet done so, until the answer comes. Must not have been handed over.
    void answer_takes_long() { turn().store(stub::turn_later, std::memory_order_relaxed); }
    /// The order thread has not come to it yet.
    bool waits_for_orders() const { return turn().load(std::memory_order_relaxed) == stub::turn_stopped; }
    std::uint32_t* turn_word() const { return &context().turn; }
    /// The host's thread id; what the guest makes of it concerns its own process only.
    std::int32_t tid() const { return std::atomic_ref(context().tid).load(std::memory_order_relaxed); }

private:
    stub::Context& context() const { return *reinterpret_cast<stub::Context*>(area_.data()); }
    std::atomic_ref<std::uint32_t> turn() const { return std::atomic_ref(context().turn); }
    /// The area's bytes for guest addresses [address, +length), if they lie in it, behind the Context.
    std::optional<std::span<std::byte>> at(std::uint64_t address, std::uint64_t length, std::uint64_t alignment) const;
    Report read_patched_call();
    bool set_turn(stub::Turn value);
    bool returns_patched() const;
    void load_xstate();
    void load_state(std::span<const std::byte> whole);
    std::uint64_t new_frame();

    StubProcess& process_;
    std::uint32_t index_;
    std::span<std::byte> area_;
    bool patching_;
    Registers registers_ {};
    std::uint64_t frame_ = 0;       ///< ucontext of the last event, checked; 0: none, a frame must be made
    std::uint64_t frame_xstate_ = 0; ///< its fpstate pointer, not checked
    std::vector<std::byte> xstate_;
    bool xstate_loaded_ = false;    ///< xstate_ holds the truth and is written back
    bool patched_ = false;          ///< the last event was a patched call: no frame, and the processor holds the extended state
    bool xstate_replaced_ = false;  ///< since then
    std::uint64_t patched_fs_base_ = 0;
};

}
