// The platform made of stub processes: its Platform, AddressSpace and Thread.
#pragma once

#include "engine/platform/platform.h"
#include "engine/platform/spread.h"
#include "engine/platform/stub_process.h"
#include "engine/platform/template_process.h"
#include "engine/platform/watcher.h"

#include <deque>
#include <sched.h>

namespace ringside::platform {

class StubPlatform final : public Platform {
public:
    static Result<std::unique_ptr<Platform>> create(const StubOptions& options);
    ~StubPlatform() override;

    void start() override { watcher_->start(); }
    Result<std::unique_ptr<AddressSpace>> create_address_space() override;
    std::optional<Event> wait(std::optional<std::uint64_t> deadline) override;
    void ring() override;
    void allow_second_worker() override { hand_over_.allow_second_worker(); }
    unsigned wanted_worker() const override { return hand_over_.wanted(); }
    void moved_to_worker(unsigned worker) override;

    // For address spaces and threads.
    void resume(GuestContext& context);
    void interrupt(GuestContext& context);
    void answer_takes_long(GuestContext& context);
    /// The extended state of a thread that is stopped in a patched call is in its processor: has it told.
    void load_state(GuestContext& context);
    /// Stops every running thread of a process for a moment and takes what it told, so that nobody stands in a trampoline any more.
    void look_at_all(StubProcess& process);
    void processors_differ() override;
    void barrier() override;
    /// Nothing to do where threads share the processor with each other: each sees what the one before it did.
    void barrier(StubProcess& process);
    CallCounts call_counts() const override { return calls_; }
    Result<std::unique_ptr<Thread>> create_thread(StubProcess& process);
    /// The kernel gave its handle back.
    void drop_thread(GuestContext& context);
    void drop_space(StubProcess& process);

private:
    StubPlatform(const StubOptions& options, ControlFile control, host::Fd ack, TemplateProcess base);
    Result<std::unique_ptr<StubProcess>> fork_stub(std::uint32_t slot);
    std::optional<Event> poll_event();
    std::optional<Event> spin(std::optional<std::uint64_t> deadline);
    std::optional<Event> sleep(std::optional<std::uint64_t> deadline);
    template<typename Ready>
    bool sleep_once(std::optional<std::uint64_t> deadline, Ready&& ready);
    bool take_ring() { return rung_.load(std::memory_order_relaxed) && rung_.exchange(false); }
    std::optional<Event> take_event(GuestContext& context);
    std::optional<Event> interpret(GuestContext& context, const Report& report);
    void count_call(GuestContext& context);
    bool leave_trampoline(GuestContext& context, const Report& report);
    /// Sleeps until the thread has told something. False: its process is dead, or killed now, since that took too long.
    bool await_event(GuestContext& context);
    void collect_deaths();
    void check_interrupts();
    void set_running(GuestContext& context);
    void set_stopped(GuestContext& context, GuestContext::State state);
    void forget_if_gone(StubProcess& process);
    // stub_placement.cpp
    void choose_places();
    bool runs_on_our_cpu() const;
    void note_load(std::uint64_t time, std::size_t busy, bool request);
    void place_guests(bool spread);

    StubOptions options_;
    std::unique_ptr<ControlFile> control_;
    host::Fd ack_;
    TemplateProcess template_;
    OrderQueue template_orders_;
    unsigned patch_after_;
    std::unique_ptr<Watcher> watcher_;
    std::vector<std::unique_ptr<StubProcess>> processes_; ///< by slot
    std::vector<GuestContext*> running_;
    std::size_t next_ = 0;                                ///< where the next look begins: nobody is served before all others were
    std::deque<Event> told_;                              ///< deaths to be given
    CallCounts calls_;
    std::size_t wanted_ = 0;                              ///< running threads that were asked to stop
    std::atomic<bool> rung_ = false;
    HandOver hand_over_;
    std::uint32_t guest_spins_ = 0;                       ///< what makes 50 µs of looking, or 0 when not measured yet
    bool pinned_ = false;                                 ///< all guest threads are, and were since they began
    Spread spread_;
    cpu_set_t all_processors_ {};
    pid_t first_worker_ = 0;                              ///< its thread: the main one, which made the platform
};

class StubThread final : public Thread {
public:
    StubThread(StubPlatform& platform, GuestContext& context) : platform_(platform), context_(context) { }
    ~StubThread() override { platform_.drop_thread(context_); }
    Registers& registers() override { return context_.registers(); }
    std::span<std::byte> xstate() override
    {
        platform_.load_state(context_);
        return context_.xstate();
    }
    Result<void> set_xstate(std::span<const std::byte> state) override { return context_.set_xstate(state); }
    void resume() override { platform_.resume(context_); }
    void answer_takes_long() override { platform_.answer_takes_long(context_); }
    void interrupt() override { platform_.interrupt(context_); }

private:
    StubPlatform& platform_;
    GuestContext& context_;
};

class StubAddressSpace final : public AddressSpace {
public:
    StubAddressSpace(StubPlatform& platform, StubProcess& process) : platform_(platform), process_(process) { }
    ~StubAddressSpace() override { platform_.drop_space(process_); }
    void map(GuestAddr start, std::uint64_t length, Prot prot, std::uint64_t file_offset, bool populate) override;
    void unmap(GuestAddr start, std::uint64_t length) override;
    void protect(GuestAddr start, std::uint64_t length, Prot prot) override;
    Result<void> flush() override;
    void set_guest_code(GuestCode* code) override { process_.patcher().set_guest_code(code); }
    void inherit_patches(AddressSpace& parent) override;
    void make_room(GuestAddr start, std::uint64_t length) override;
    void barrier() override { platform_.barrier(process_); }
    void code_changes(GuestAddr start, std::uint64_t length) override { process_.patcher().code_changed(start.value(), length); }
    Result<std::unique_ptr<Thread>> create_thread() override { return platform_.create_thread(process_); }
    std::size_t mapping_count() const override { return process_.mappings().size() + stub::region_mappings; }
    int host_pid() const override { return process_.pid(); }

private:
    bool allowed(GuestAddr start, std::uint64_t length);

    StubPlatform& platform_;
    StubProcess& process_;
};

}
