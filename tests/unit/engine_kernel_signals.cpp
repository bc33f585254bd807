// Signals apart from tasks: queues, sets, default actions, restart rules, the frame's layout.

#include "engine/kernel/signal_delivery.h"
#include "engine/kernel/signal_frame.h"
#include "engine/kernel/signals.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <ucontext.h>

using namespace ringside;
using namespace ringside::kernel;

TEST_CASE("a standard signal is pending once, a real-time one as often as it was sent")
{
    SignalQueue queue;
    CHECK(queue.add(make_siginfo(SIGUSR1, SI_USER)));
    CHECK_FALSE(queue.add(make_siginfo(SIGUSR1, SI_USER)));
    for (int i = 0; i < 3; ++i) {
        siginfo_t info = make_siginfo(34, SI_QUEUE);
        info.si_value.sival_int = i;
        CHECK(queue.add(info));
    }
    CHECK(queue.size() == 4);
    for (int i = 0; i < 3; ++i) {
        auto taken = queue.take(SignalSet::of({34}));
        REQUIRE(taken.has_value());
        CHECK(taken->si_value.sival_int == i);
        CHECK(queue.pending().has(34) == (i < 2));
    }
    CHECK_FALSE(queue.take(SignalSet::of({34})).has_value());
    CHECK(queue.take(~SignalSet())->si_signo == SIGUSR1);
    CHECK(queue.pending().empty());
}

TEST_CASE("synchronous signals are taken first, then the lowest number")
{
    SignalQueue queue;
    for (int signo : {40, SIGTERM, SIGHUP, SIGSEGV, SIGFPE})
        queue.add(make_siginfo(signo, 0));
    std::vector<int> order;
    while (auto info = queue.take(~SignalSet()))
        order.push_back(info->si_signo);
    CHECK(order == std::vector<int> {SIGFPE, SIGSEGV, SIGHUP, SIGTERM, 40});
}

TEST_CASE("signals can be thrown away, all of a kind at once")
{
    SignalQueue queue;
    for (int i = 0; i < 3; ++i)
        queue.add(make_siginfo(35, SI_QUEUE));
    queue.add(make_siginfo(SIGTSTP, 0));
    queue.add(make_siginfo(SIGCONT, 0));
    queue.discard(SignalSet::of({35, SIGTSTP}));
    CHECK(queue.size() == 1);
    CHECK(queue.pending() == SignalSet::of({SIGCONT}));
}

TEST_CASE("SIGKILL and SIGSTOP are never blocked")
{
    TaskSignals signals;
    signals.set_blocked(~SignalSet());
    CHECK_FALSE(signals.blocked().has(SIGKILL));
    CHECK_FALSE(signals.blocked().has(SIGSTOP));
    CHECK(signals.blocked().has(SIGTERM));
}

TEST_CASE("a temporary mask comes back, or goes into the frame")
{
    TaskSignals signals;
    signals.set_blocked(SignalSet::of({SIGUSR1}));
    signals.set_temporary(SignalSet::of({SIGUSR2}));
    CHECK(signals.blocked() == SignalSet::of({SIGUSR2}));
    signals.restore_saved();
    CHECK(signals.blocked() == SignalSet::of({SIGUSR1}));
    signals.set_temporary(SignalSet());
    CHECK(signals.take_saved_or_blocked() == SignalSet::of({SIGUSR1}));
    CHECK_FALSE(signals.has_saved());
    CHECK(signals.blocked().empty());
}

TEST_CASE("who stands on the alternate stack")
{
    TaskSignals signals;
    CHECK_FALSE(signals.on_alt_stack(0x1000));
    signals.alt_stack = 0x10000;
    signals.alt_size = 0x2000;
    CHECK_FALSE(signals.on_alt_stack(0x10000)); // the stack grows down: its lowest address is already past it
    CHECK(signals.on_alt_stack(0x10001));
    CHECK(signals.on_alt_stack(0x12000));
    CHECK_FALSE(signals.on_alt_stack(0x12001));
    signals.alt_flags = static_cast<int>(abi::ss_autodisarm);
    CHECK_FALSE(signals.on_alt_stack(0x11000));
}

TEST_CASE("exec resets handlers and keeps what is ignored")
{
    SignalHandlers handlers;
    handlers.set(SIGINT, {.handler = 0x401000, .flags = SA_RESTART, .restorer = 1, .mask = 2});
    handlers.set(SIGHUP, {.handler = handler_ignore, .flags = SA_RESTART, .restorer = 0, .mask = 0});
    CHECK_FALSE(handlers.ignored(SIGINT));
    CHECK(handlers.ignored(SIGHUP));
    CHECK(handlers.ignored(SIGCHLD));
    CHECK(handlers.ignored(SIGCONT));
    CHECK_FALSE(handlers.ignored(SIGTERM));
    handlers.reset_for_exec();
    CHECK(handlers.get(SIGINT).handler == handler_default);
    CHECK(handlers.get(SIGINT).flags == 0);
    CHECK(handlers.get(SIGHUP).handler == handler_ignore);
}

TEST_CASE("default actions are those of man 7 signal")
{
    for (int signo : {SIGCHLD, SIGURG, SIGWINCH})
        CHECK(default_action(signo) == DefaultAction::ignore);
    for (int signo : {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU})
        CHECK(default_action(signo) == DefaultAction::stop);
    for (int signo : {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS})
        CHECK(default_action(signo) == DefaultAction::core);
    for (int signo : {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, 34, 64})
        CHECK(default_action(signo) == DefaultAction::terminate);
    CHECK(default_action(SIGCONT) == DefaultAction::cont);
}

TEST_CASE("restart rules")
{
    using Action = Restart::Action;
    auto rule = [](int code, std::optional<std::uint64_t> flags) { return restart_rule(-code, flags).action; };
    CHECK(rule(ERESTARTSYS, {}) == Action::again);
    CHECK(rule(ERESTARTSYS, 0) == Action::fail_with_eintr);
    CHECK(rule(ERESTARTSYS, SA_RESTART) == Action::again);
    CHECK(rule(ERESTARTNOHAND, {}) == Action::again);
    CHECK(rule(ERESTARTNOHAND, SA_RESTART) == Action::fail_with_eintr);
    CHECK(rule(ERESTARTNOINTR, {}) == Action::again);
    CHECK(rule(ERESTARTNOINTR, 0) == Action::again);
    CHECK(rule(ERESTART_RESTARTBLOCK, {}) == Action::by_restart_syscall);
    CHECK(rule(ERESTART_RESTARTBLOCK, SA_RESTART) == Action::fail_with_eintr);
    CHECK(rule(EINTR, {}) == Action::none);
    CHECK(restart_rule(5, 0).action == Action::none);
}

TEST_CASE("the frame is laid out as the C library's ucontext_t")
{
    CHECK(offsetof(SigUcontext, flags) == offsetof(ucontext_t, uc_flags));
    CHECK(offsetof(SigUcontext, stack) == offsetof(ucontext_t, uc_stack));
    CHECK(offsetof(SigUcontext, context) == offsetof(ucontext_t, uc_mcontext));
    CHECK(offsetof(SigUcontext, mask) == offsetof(ucontext_t, uc_sigmask));
    CHECK(offsetof(SigUcontext, context) + offsetof(SigContext, fpstate) == offsetof(ucontext_t, uc_mcontext.fpregs));
    auto reg = [](int index) { return offsetof(ucontext_t, uc_mcontext.gregs) + static_cast<std::size_t>(index) * 8 - offsetof(ucontext_t, uc_mcontext); };
    CHECK(offsetof(SigContext, r8) == reg(REG_R8));
    CHECK(offsetof(SigContext, rdi) == reg(REG_RDI));
    CHECK(offsetof(SigContext, rsp) == reg(REG_RSP));
    CHECK(offsetof(SigContext, rip) == reg(REG_RIP));
    CHECK(offsetof(SigContext, eflags) == reg(REG_EFL));
    CHECK(offsetof(SigContext, cs) == reg(REG_CSGSFS));
    CHECK(offsetof(SigContext, error) == reg(REG_ERR));
    CHECK(offsetof(SigContext, trapno) == reg(REG_TRAPNO));
    CHECK(offsetof(SigContext, old_mask) == reg(REG_OLDMASK));
    CHECK(offsetof(SigContext, cr2) == reg(REG_CR2));
}

TEST_CASE("the frame stands below the stack pointer, aligned as a called function expects")
{
    for (std::uint64_t top = 0x7fff'0000; top < 0x7fff'0100; ++top) {
        FramePlace place = place_frame(top, 2700);
        CHECK(place.xstate % 64 == 0);
        CHECK(place.xstate + 2700 <= top);
        CHECK(place.frame % 16 == 8);
        CHECK(place.frame + sizeof(SignalFrame) <= place.xstate);
        CHECK(top - place.frame < 2700 + sizeof(SignalFrame) + 64 + 24);
    }
}

TEST_CASE("the extended state of a frame says how long it is")
{
    auto fresh = frame_xstate({});
    REQUIRE(fresh.size() == frame_xstate_size());
    std::size_t size = frame_xstate_claim(std::span<const std::byte>(fresh).first(512));
    CHECK(size == fresh.size() - 4);
    CHECK(has_closing_magic(std::span<const std::byte>(fresh).subspan(size)));
    std::uint16_t fcw = 0;
    std::memcpy(&fcw, fresh.data(), sizeof fcw);
    CHECK(fcw == 0x37f);

    SECTION("a claim beyond what the processor has counts for nothing")
    {
        auto broken = fresh;
        std::uint32_t huge = 1U << 20;
        std::memcpy(broken.data() + 464 + 16, &huge, sizeof huge);
        CHECK(frame_xstate_claim(std::span<const std::byte>(broken).first(512)) == 512);
    }
    SECTION("without the magic word only the legacy part is there")
    {
        auto broken = fresh;
        broken[464] = std::byte {0};
        CHECK(frame_xstate_claim(std::span<const std::byte>(broken).first(512)) == 512);
    }
}

TEST_CASE("sigreturn changes the flags that a program may change, and no others")
{
    platform::Registers registers {};
    registers.eflags = 0x202;
    SigContext context = to_context(registers);
    context.eflags = ~std::uint64_t {0};
    context.rip = 0x1234;
    from_context(context, registers);
    CHECK(registers.rip == 0x1234);
    CHECK(registers.eflags == (0x202 | 0x40dd5));
    CHECK_FALSE(registers.eflags & 0x3000); // IOPL
}
