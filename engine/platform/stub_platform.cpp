// The platform made of stub processes.

#include "engine/platform/stub_platform.h"

#include "engine/platform/host_clocks.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <linux/audit.h>
#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

namespace ringside::platform {

namespace {

constexpr std::uint64_t vsyscall_page = 0xffff'ffff'ff60'0000;
/// A guest thread that was asked to stop and did not: its process is killed.
constexpr std::uint64_t patience_ns = 5'000'000'000;

constexpr std::uint64_t second = 1'000'000'000;

std::uint64_t nanoseconds(const timespec& t)
{
    return static_cast<std::uint64_t>(t.tv_sec) * second + static_cast<std::uint64_t>(t.tv_nsec);
}

std::uint64_t now()
{
    timespec t {};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return nanoseconds(t);
}

std::uint64_t thread_time()
{
    timespec t {};
    if (!host::call(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &t).ok())
        return 0;
    return nanoseconds(t);
}

/// How often a guest looks for its answer in 50 µs. It has no clock: where a recording traps RDTSC, it traps in the stub too.
std::uint32_t measure_guest_spins()
{
    constexpr std::uint64_t limit = 50'000, looks = 200;
    std::uint64_t least = ~0ULL;
    for (int i = 0; i < 3; ++i) {
        std::uint64_t start = now();
        for (std::uint64_t n = 0; n < looks; ++n)
            __builtin_ia32_pause();
        least = std::min(least, now() - start);
    }
    return static_cast<std::uint32_t>(looks * limit / std::max<std::uint64_t>(least, 100));
}

/// A thread that has an id leaves the guest's code, or what it waits in.
void kick(const GuestContext& context)
{
    if (int tid = context.tid(); tid > 0)
        static_cast<void>(host::call(SYS_tgkill, context.process().pid(), tid, kick_signal).ok());
}

/// Trampolines read %gs' base, as the stub's own code does.
bool has_fsgsbase()
{
    constexpr unsigned long fsgsbase = 2; // HWCAP2_FSGSBASE
    return (getauxval(AT_HWCAP2) & fsgsbase) != 0;
}

}

Result<std::unique_ptr<Platform>> make_stub_platform(const StubOptions& options)
{
    return StubPlatform::create(options);
}

Result<std::unique_ptr<Platform>> StubPlatform::create(const StubOptions& options)
{
    ControlFile control = TRY(ControlFile::create());
    host::Fd ack(static_cast<int>(TRY(host::call(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK))));
    TemplateProcess base = TRY(start_template(options, control, ack.get()));
    std::unique_ptr<StubPlatform> platform(new StubPlatform(options, std::move(control), std::move(ack), std::move(base))); // private constructor
    platform->watcher_ = TRY(Watcher::create(*platform->control_));
    TRY(set_up_template(platform->template_orders_, *platform->control_, options));
    platform->choose_places();
    return std::unique_ptr<Platform>(std::move(platform));
}

StubPlatform::StubPlatform(const StubOptions& options, ControlFile control, host::Fd ack, TemplateProcess base)
    : options_(options), control_(std::make_unique<ControlFile>(std::move(control))), ack_(std::move(ack)), template_(std::move(base)),
      template_orders_(control_->orders(0), ack_.get(), template_.pidfd.get()), patch_after_(has_fsgsbase() ? options.patch_after : 0),
      processes_(stub::slot_count), hand_over_(options.hand_over, thread_time)
{
}

StubPlatform::~StubPlatform()
{
    auto end = [](int pidfd) {
        static_cast<void>(host::call(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0).ok());
        static_cast<void>(host::call(SYS_waitid, P_PIDFD, pidfd, nullptr, WEXITED, nullptr).ok());
    };
    end(template_.pidfd.get());
    for (auto& process : processes_) {
        if (process && !process->dead())
            end(process->pidfd());
    }
}

Result<std::unique_ptr<AddressSpace>> StubPlatform::create_address_space()
{
    watcher_->start();
    collect_deaths();
    std::uint32_t slot = TRY(control_->take_slot());
    Result<std::unique_ptr<StubProcess>> made = fork_stub(slot);
    if (!made.ok()) {
        control_->give_back(slot);
        return made.error();
    }
    std::unique_ptr<StubProcess> process = std::move(made).value();
    // A first order, which does nothing: it has a Sentry.
    process->orders().push(SYS_futex, {stub::doorbell, FUTEX_WAKE, 0}, stub::order_any, 0);
    process->orders().publish();
    StubProcess& stub = *process;
    processes_[slot] = std::move(process);
    return std::unique_ptr<AddressSpace>(std::make_unique<StubAddressSpace>(*this, stub));
}

Result<std::unique_ptr<StubProcess>> StubPlatform::fork_stub(std::uint32_t slot)
{
    // The template's own context page carries the answer: no guest ever sees it.
    std::uint64_t answer = stub::contexts_start + offsetof(stub::Context, tid);
    std::atomic_ref pid_word(reinterpret_cast<stub::Context*>(control_->context(0, 0).data())->tid);
    pid_word.store(0);
    template_orders_.push(SYS_clone, {stub::clone_fork_flags, 0, answer}, stub::order_fork, ControlFile::slot_offset(slot));
    TRY(template_orders_.flush());
    int pid = pid_word.load();
    if (pid == 0)
        return Errno(EAGAIN); // the host allows no more processes
    Result<long> pidfd = host::call(SYS_pidfd_open, pid, 0);
    if (pidfd.ok()) {
        auto process = std::make_unique<StubProcess>(*control_, slot, pid, host::Fd(static_cast<int>(pidfd.value())), ack_.get(), patch_after_);
        if (watcher_->watch(process->pidfd(), slot).ok())
            return process;
    }
    // No descriptor is left for it. It is our child: its number is its own until we have waited for it.
    static_cast<void>(host::call(SYS_tgkill, pid, pid, SIGKILL).ok());
    static_cast<void>(host::call(SYS_waitid, P_PID, pid, nullptr, WEXITED, nullptr).ok());
    return Errno(EAGAIN);
}

// ---- threads

Result<std::unique_ptr<Thread>> StubPlatform::create_thread(StubProcess& process)
{
    if (process.dead())
        return Errno(ESRCH);
    GuestContext* context = TRY(process.take_context());
    auto thread = std::make_unique<StubThread>(*this, *context);
    context->thread = thread.get();
    ++process.threads;
    return std::unique_ptr<Thread>(std::move(thread));
}

void StubPlatform::set_running(GuestContext& context)
{
    context.state = GuestContext::State::running;
    context.running_index = running_.size();
    running_.push_back(&context);
    watcher_->set_running(true);
}

void StubPlatform::set_stopped(GuestContext& context, GuestContext::State state)
{
    context.state = state;
    running_[context.running_index] = running_.back();
    running_[context.running_index]->running_index = context.running_index;
    running_.pop_back();
    if (std::exchange(context.wanted, false))
        --wanted_;
}

void StubPlatform::resume(GuestContext& context)
{
    if (context.state != GuestContext::State::stopped || context.process().dead())
        return;
    if (context.needs_state())
        load_state(context);
    context.write_frame();
    set_running(context);
    context.process().hand_over(context);
}

void StubPlatform::interrupt(GuestContext& context)
{
    bool runs = context.state == GuestContext::State::running || context.state == GuestContext::State::ending;
    if (!runs || context.wanted)
        return;
    context.wanted = true;
    context.wanted_since = now();
    ++wanted_;
    // The id is there as soon as the thread has been ordered.
    if (context.tid() == 0 && !context.process().orders().flush().ok())
        return;
    kick(context);
}

void StubPlatform::drop_thread(GuestContext& context)
{
    StubProcess& process = context.process();
    std::erase_if(told_, [&](const Event& event) { return event.thread == context.thread; });
    context.thread = nullptr;
    --process.threads;
    if (context.state == GuestContext::State::running) {
        context.state = GuestContext::State::ending;
        interrupt(context);
    } else if (context.state == GuestContext::State::stopped && !process.dead()) {
        process.park(context);
    }
    forget_if_gone(process);
}

// ---- the end of stubs

void StubPlatform::drop_space(StubProcess& process)
{
    process.has_space = false;
    process.kill();
    // Its pages get another meaning when we return. On our own processor none of its threads is in guest code now, and the signal is pending
    // in all of them; elsewhere one may still be.
    if (!runs_on_our_cpu())
        process.await_death();
    for (auto& context : process.contexts()) {
        if (context->state == GuestContext::State::running || context->state == GuestContext::State::ending)
            set_stopped(*context, GuestContext::State::stopped);
    }
    process.patcher().clear();
    forget_if_gone(process);
}

void StubPlatform::collect_deaths()
{
    if (!watcher_->any_dead())
        return;
    for (std::uint32_t slot : watcher_->take_dead()) {
        StubProcess* process = processes_[slot].get();
        if (!process)
            continue;
        process->reap();
        for (auto& context : process->contexts()) {
            if (context->state == GuestContext::State::running || context->state == GuestContext::State::ending)
                set_stopped(*context, GuestContext::State::stopped);
            if (context->thread && process->has_space)
                told_.push_back(Event {EventKind::died, context->thread, {}});
        }
        forget_if_gone(*process);
    }
}

void StubPlatform::forget_if_gone(StubProcess& process)
{
    if (!process.dead() || process.has_space || process.threads != 0)
        return;
    std::uint32_t slot = process.slot();
    processes_[slot].reset();
    control_->give_back(slot);
}

void StubPlatform::check_interrupts()
{
    std::uint64_t time = now();
    for (GuestContext* context : running_) {
        if (context->wanted && time - context->wanted_since > patience_ns)
            context->process().kill();
    }
}

// ---- events

std::optional<Event> StubPlatform::interpret(GuestContext& context, const Report& report)
{
    Event event {EventKind::fault, context.thread, {}};
    if (report.signo == kick_signal) {
        // One that came after another event had answered the request, or from outside.
        if (!context.wanted)
            return {};
        event.kind = EventKind::interrupted;
        return event;
    }
    if (report.code <= 0)
        return {}; // sent by a process: none of the guest's business
    switch (report.signo) {
    case SIGSYS:
        if (report.arch != AUDIT_ARCH_X86_64)
            event.kind = EventKind::int80;
        else if ((report.address & ~page_mask) == vsyscall_page)
            event.kind = EventKind::vsyscall;
        else
            event.kind = EventKind::syscall;
        return event;
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP: {
        constexpr std::uint64_t page_fault = 14;
        std::uint64_t address = report.trapno == page_fault ? report.cr2 : report.address;
        event.fault = {report.signo, report.code, GuestAddr(address), report.error, report.trapno};
        return event;
    }
    default:
        return {};
    }
}

std::optional<Event> StubPlatform::take_event(GuestContext& context)
{
    std::optional<Report> report = context.read_event();
    if (!report) {
        // No honest handler tells of a frame outside its signal stack.
        context.process().kill();
        set_stopped(context, GuestContext::State::stopped);
        return {};
    }
    if (context.state == GuestContext::State::ending) {
        set_stopped(context, GuestContext::State::stopped);
        context.process().park(context);
        return {};
    }
    bool hidden = leave_trampoline(context, *report) && report->signo == SIGTRAP;
    hidden = leave_host_clock(context, *report, control_->common().fast_clocks) || hidden;
    std::optional<Event> event = hidden ? std::nullopt : interpret(context, *report);
    if (event) {
        if (event->kind == EventKind::syscall)
            count_call(context);
        set_stopped(context, GuestContext::State::stopped);
        return event;
    }
    if (context.needs_state())
        load_state(context);
    context.write_frame();
    context.process().hand_over(context);
    return {};
}

void StubPlatform::count_call(GuestContext& context)
{
    if (context.in_patched_call()) {
        ++calls_.patched;
    } else {
        ++calls_.trapped;
        context.process().patcher().note_trap(context.registers());
    }
}

/// Trampolines do not exist for the guest: it stands where the instruction stands that was moved there. True: it was in one.
bool StubPlatform::leave_trampoline(GuestContext& context, const Report& report)
{
    CodePatcher& patcher = context.process().patcher();
    if (context.in_patched_call() || report.signo == 0)
        return false;
    auto address = patcher.guest_address(context.registers().rip);
    if (!address)
        return false;
    // A guest that steps through its code would stop at each jump as well: it goes on there without one, and stops behind the instruction.
    if (report.signo == SIGTRAP)
        patcher.leave_alone(context.registers().rip);
    context.registers().rip = *address;
    return true;
}

void StubPlatform::barrier()
{
    for (auto& process : processes_) {
        if (process && !process->dead())
            barrier(*process);
    }
}

void StubPlatform::barrier(StubProcess& process)
{
    if (!pinned_)
        look_at_all(process);
}

void StubPlatform::processors_differ()
{
    std::atomic_ref(control_->common().fast_clocks.on_first_processor).store(0, std::memory_order_relaxed);
}

/// Sleeps until the doorbell is rung, unless `ready` finds something. True: the deadline has passed.
template<typename Ready>
bool StubPlatform::sleep_once(std::optional<std::uint64_t> deadline, Ready&& ready)
{
    watcher_->set_running(!running_.empty());
    std::atomic_ref sleeps(control_->common().sentry_sleeps);
    std::atomic_ref bell(control_->doorbell());
    // Whoever tells something from here on rings. What was told before is seen by the second look.
    std::uint32_t before = bell.load();
    sleeps.store(1);
    bool late = false;
    if (!ready()) {
        timespec until {};
        if (deadline)
            until = {static_cast<time_t>(*deadline / second), static_cast<long>(*deadline % second)};
        Result<long> slept = host::call(SYS_futex, &control_->doorbell(), FUTEX_WAIT_BITSET, before, deadline ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
        late = !slept.ok() && slept.error() == ETIMEDOUT;
    }
    sleeps.store(0, std::memory_order_release);
    return late;
}

// ---- patched calls

bool StubPlatform::await_event(GuestContext& context)
{
    constexpr std::uint64_t patience = 2'000'000'000;
    constexpr std::uint64_t longest_sleep = 20'000'000;
    std::uint64_t start = now();
    while (!context.has_event()) {
        std::uint64_t time = now();
        if (time - start > patience)
            context.process().kill();
        if (time - start > patience || context.process().has_ended())
            return false;
        static_cast<void>(sleep_once(time + longest_sleep, [&] { return context.has_event(); }));
    }
    return true;
}

void StubPlatform::load_state(GuestContext& context)
{
    if (context.has_state() || context.process().dead())
        return;
    if (!context.ask_for_state())
        static_cast<void>(host::call(SYS_futex, context.turn_word(), FUTEX_WAKE, 1).ok());
    // A process that does not answer is dead or killed: what its state was no longer matters.
    static_cast<void>(await_event(context));
    context.take_state();
}

void StubPlatform::look_at_all(StubProcess& process)
{
    for (auto& context : process.contexts()) {
        bool runs = context->state == GuestContext::State::running || context->state == GuestContext::State::ending;
        if (!runs || process.dead())
            continue;
        if (!context->has_event())
            kick(*context);
        if (!await_event(*context))
            return;
        if (std::optional<Event> event = take_event(*context))
            told_.push_back(*event);
    }
}

std::optional<Event> StubPlatform::poll_event()
{
    collect_deaths();
    if (!told_.empty()) {
        Event event = told_.front();
        told_.pop_front();
        return event;
    }
    for (std::size_t looked = 0; looked < running_.size(); ++looked) {
        if (next_ >= running_.size())
            next_ = 0;
        GuestContext& context = *running_[next_++];
        if (!context.has_event() || context.process().dead())
            continue;
        if (std::optional<Event> event = take_event(context))
            return event;
    }
    if (wanted_ != 0)
        check_interrupts();
    return {};
}

std::optional<Event> StubPlatform::wait(std::optional<std::uint64_t> deadline)
{
    std::size_t busy = running_.size();
    std::optional<Event> event = poll_event();
    if (!event && !take_ring() && deadline != 0) {
        if (hand_over_.spins())
            event = spin(deadline);
        else
            event = sleep(deadline);
    }
    if (event) {
        event->time = now();
        hand_over_.request(event->time);
        note_load(event->time, busy, true);
    } else if (spread_.allowed()) {
        note_load(now(), busy, false);
    }
    return event;
}

/// Looks again and again, until something has come or it has been too long.
std::optional<Event> StubPlatform::spin(std::optional<std::uint64_t> deadline)
{
    constexpr int looks_between_clocks = 32;
    for (int i = 1;; ++i) {
        if (std::optional<Event> event = poll_event())
            return event;
        if (take_ring())
            return {};
        if (i % looks_between_clocks == 0) {
            std::uint64_t time = now();
            hand_over_.nothing(time);
            if (!hand_over_.spins() || (deadline && time >= *deadline))
                return {};
        }
        __builtin_ia32_pause();
    }
}

/// Until something comes, or the deadline.
std::optional<Event> StubPlatform::sleep(std::optional<std::uint64_t> deadline)
{
    if (spread_.wants_look(running_.size()))
        deadline = std::min(deadline.value_or(~0ULL), now() + Spread::window);
    for (;;) {
        std::optional<Event> event;
        bool late = sleep_once(deadline, [&] {
            event = poll_event();
            return event || rung_.load();
        });
        if (!event)
            event = poll_event();
        if (event || take_ring() || late)
            return event;
    }
}

void StubPlatform::moved_to_worker(unsigned worker)
{
    if (worker != 0 && guest_spins_ == 0)
        guest_spins_ = measure_guest_spins();
    hand_over_.moved(worker, now());
    std::atomic_ref(control_->common().guest_spins).store(hand_over_.guests_spin() ? guest_spins_ : 0, std::memory_order_relaxed);
}

void StubPlatform::answer_takes_long(GuestContext& context)
{
    if (context.state == GuestContext::State::stopped && hand_over_.guests_spin())
        context.answer_takes_long();
}

void StubPlatform::ring()
{
    rung_ = true;
    watcher_->ring(false);
}

}
