// Delivery: get_signal of kernel/signal.c, setup_rt_frame and rt_sigreturn of arch/x86/kernel/signal.c.

#include "engine/kernel/signal_delivery.h"

#include "engine/kernel/job_control.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/signal_frame.h"
#include "engine/record/task_recorder.h"

#include <cstring>

namespace ringside::kernel {

Restart restart_rule(std::int64_t result, std::optional<std::uint64_t> handler_flags)
{
    using Action = Restart::Action;
    bool handled = handler_flags.has_value();
    switch (-result) {
    case ERESTART_RESTARTBLOCK:
        return {handled ? Action::fail_with_eintr : Action::by_restart_syscall};
    case ERESTARTNOHAND:
        return {handled ? Action::fail_with_eintr : Action::again};
    case ERESTARTSYS:
        return {handled && !(*handler_flags & SA_RESTART) ? Action::fail_with_eintr : Action::again};
    case ERESTARTNOINTR:
        return {Action::again};
    default:
        return {Action::none};
    }
}

struct SignalDelivery {
    static void deliver(Task& task)
    {
        Ref<ThreadGroup> group(&task.group());
        while (!task.exiting_) {
            if (group->exiting()) {
                task.exiting_ = true;
                return;
            }
            if (group->stopped() && !pending_signals(task).has(SIGKILL)) {
                stay_stopped(task);
                continue;
            }
            auto info = dequeue_signal(task, ~task.signals_->blocked());
            if (!info)
                break;
            act(task, *info); // a handler set up does not end this: further signals nest (exit_to_user_mode_loop)
        }
        if (task.exiting_)
            return;
        restart(task, {});
        task.signals_->restore_saved();
    }

    static void act(Task& task, const siginfo_t& info)
    {
        int signo = info.si_signo;
        SignalAction action = task.group_->handlers->get(signo);
        if (signo == SIGKILL) {
            die(task, info, SIGKILL);
            return;
        }
        if (action.handler == handler_ignore)
            return;
        if (action.handler != handler_default) {
            if (action.flags & SA_RESETHAND)
                task.group_->handlers->set(signo, {.flags = action.flags, .restorer = action.restorer, .mask = action.mask});
            handle(task, info, action);
            return;
        }
        switch (default_action(signo)) {
        case DefaultAction::ignore:
        case DefaultAction::cont:
            break;
        case DefaultAction::stop:
            // A stop from the terminal makes no sense where nobody could continue the job.
            if (signo == SIGSTOP || !task.group_->process_group().orphaned())
                stop_group(*task.group_, signo);
            break;
        case DefaultAction::terminate:
            die(task, info, signo);
            break;
        case DefaultAction::core:
            die(task, info, signo | (task.limits().soft(RLIMIT_CORE) > 0 && task.group_->dumpable == 1 ? 0x80 : 0));
            break;
        }
    }

    static void note_begin(Task& task, const siginfo_t& info, std::uint64_t handler)
    {
        bool has_address = (synchronous_signals.has(info.si_signo) && info.si_code > 0);
        std::uint64_t about = has_address ? reinterpret_cast<std::uintptr_t>(info.si_addr) : static_cast<std::uint64_t>(info.si_pid);
        std::array<std::uint64_t, 3> args {static_cast<std::uint64_t>(static_cast<std::int64_t>(info.si_code)), handler, about};
        task.recorder().note_begin(task, trace::EventKind::signal, info.si_signo, args);
    }

    static void die(Task& task, const siginfo_t& info, int status)
    {
        note_begin(task, info, handler_default);
        task.recorder().signal_info(info);
        task.recorder().note_end(task, status);
        task.group_->begin_exit(status);
        task.exiting_ = true;
    }

    static void restart(Task& task, std::optional<std::uint64_t> handler_flags)
    {
        if (task.syscall_nr_ < 0)
            return;
        platform::Registers& r = task.registers();
        switch (restart_rule(static_cast<std::int64_t>(r.rax), handler_flags).action) {
        case Restart::Action::none:
            return;
        case Restart::Action::fail_with_eintr:
            r.rax = static_cast<std::uint64_t>(-EINTR);
            break;
        case Restart::Action::again:
            r.rax = static_cast<std::uint64_t>(task.syscall_nr_);
            r.rip -= 2;
            break;
        case Restart::Action::by_restart_syscall:
            r.rax = SYS_restart_syscall;
            r.rip -= 2;
            break;
        }
        task.syscall_nr_ = -1;
    }

    static void handle(Task& task, const siginfo_t& info, const SignalAction& action)
    {
        restart(task, action.flags);
        note_begin(task, info, action.handler);
        TaskSignals& signals = *task.signals_;
        SignalSet return_mask = signals.take_saved_or_blocked();
        auto made = make_frame(task, info, action, return_mask);
        if (!made.ok() || !(action.flags & SA_SIGINFO)) // else it is in the frame
            task.recorder().signal_info(info);
        if (made.ok()) {
            SignalSet mask = signals.blocked() | SignalSet(action.mask);
            if (!(action.flags & SA_NODEFER))
                mask.add(info.si_signo);
            signals.set_blocked(mask);
            task.recorder().registers_replaced(task, true);
        }
        task.recorder().note_end(task, made.ok() ? 0 : -made.error().value());
        if (!made.ok())
            frame_failed(task, info.si_signo);
    }

    /// No room for the frame (force_sigsegv): where it was SIGSEGV itself, the task dies of it.
    static void frame_failed(Task& task, int signo)
    {
        if (signo == SIGSEGV)
            task.group_->handlers->set(SIGSEGV, {});
        force_signal(task, make_siginfo(SIGSEGV, SI_KERNEL)); // taken next
    }

    static Result<void> make_frame(Task& task, const siginfo_t& info, const SignalAction& action, SignalSet return_mask)
    {
        platform::Registers& r = task.registers();
        TaskSignals& signals = *task.signals_;
        if (!(action.flags & abi::sa_restorer))
            return Errno(EFAULT); // x86-64 has no other way back
        std::uint64_t top = r.rsp - red_zone;
        bool nested = signals.on_alt_stack(r.rsp);
        bool entering = false;
        // SS_AUTODISARM: on_alt_stack is false while armed, so the stack starts anew.
        if ((action.flags & SA_ONSTACK) && signals.alt_size != 0 && !nested) {
            top = signals.alt_stack + signals.alt_size;
            entering = true;
        }
        std::vector<std::byte> xstate = frame_xstate(task.thread_->xstate());
        FramePlace place = place_frame(top, xstate.size());
        if ((nested || entering) && !(place.frame > signals.alt_stack && place.frame - signals.alt_stack <= signals.alt_size))
            return Errno(EFAULT); // it would run over the stack's end

        SignalFrame frame {};
        frame.return_address = action.restorer;
        frame.ucontext.flags = uc_flag::fp_xstate | uc_flag::sigcontext_ss | uc_flag::strict_restore_ss;
        frame.ucontext.stack = {signals.alt_stack, signals.alt_flags, 0, signals.alt_size};
        frame.ucontext.context = to_context(r);
        frame.ucontext.context.error = task.fault_.error;
        frame.ucontext.context.trapno = task.fault_.trapno;
        frame.ucontext.context.cr2 = task.fault_.cr2;
        frame.ucontext.context.old_mask = return_mask.bits();
        frame.ucontext.context.fpstate = place.xstate;
        frame.ucontext.mask = return_mask.bits();
        frame.info = info;
        TRY(task.copy_out(GuestAddr(place.xstate), xstate));
        auto bytes = std::as_bytes(std::span(&frame, 1));
        // Without SA_SIGINFO the kernel leaves the siginfo's place as it is.
        if (!(action.flags & SA_SIGINFO))
            bytes = bytes.first(offsetof(SignalFrame, info));
        TRY(task.copy_out(GuestAddr(place.frame), bytes));
        if (static_cast<unsigned>(signals.alt_flags) & abi::ss_autodisarm) {
            signals.alt_stack = signals.alt_size = 0;
            signals.alt_flags = SS_DISABLE;
        }
        enter_handler(task, info.si_signo, action.handler, place.frame);
        return {};
    }

    static void enter_handler(Task& task, int signo, std::uint64_t handler, std::uint64_t frame)
    {
        constexpr std::uint64_t direction = 0x400, resume = 0x1'0000, trap = 0x100;
        platform::Registers& r = task.registers();
        r.rdi = static_cast<std::uint64_t>(signo);
        r.rsi = frame + offsetof(SignalFrame, info);
        r.rdx = frame + offsetof(SignalFrame, ucontext);
        r.rax = 0;
        r.rip = handler;
        r.rsp = frame;
        r.eflags &= ~(direction | resume | trap);
        (void)task.thread_->set_xstate({});
        task.syscall_nr_ = -1;
    }

    static Result<void> read_frame(Task& task)
    {
        platform::Registers& r = task.registers();
        constexpr std::uint16_t user_code = 0x33;
        GuestAddr at(r.rsp - 8 + offsetof(SignalFrame, ucontext));
        auto ucontext = TRY(task.copy_in(GuestPtr<SigUcontext>(at)));
        if ((ucontext.context.cs | 3) != user_code)
            return Errno(EFAULT); // no 32-bit segments here
        task.signals_->set_blocked(SignalSet(ucontext.mask));
        TRY(read_xstate(task, ucontext.context.fpstate));
        from_context(ucontext.context, r);
        TaskSignals& signals = *task.signals_;
        // restore_altstack: errors are ignored, as Linux does.
        if (!signals.on_alt_stack(r.rsp) || ucontext.stack.flags != SS_DISABLE)
            restore_alt_stack(signals, ucontext.stack, r.rsp);
        return {};
    }

    static void restore_alt_stack(TaskSignals& signals, const SigStack& stack, std::uint64_t sp)
    {
        if (signals.on_alt_stack(sp))
            return;
        int mode = stack.flags & ~static_cast<int>(abi::ss_autodisarm);
        if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
            return;
        if (mode == SS_DISABLE) {
            signals.alt_stack = signals.alt_size = 0;
        } else {
            if (stack.size < abi::min_alt_stack)
                return;
            signals.alt_stack = stack.sp;
            signals.alt_size = stack.size;
        }
        signals.alt_flags = stack.flags;
    }

    static Result<void> read_xstate(Task& task, std::uint64_t address)
    {
        if (address == 0)
            return task.thread_->set_xstate({});
        constexpr std::size_t legacy = 512;
        std::vector<std::byte> state(legacy);
        TRY(task.copy_in(GuestAddr(address), state));
        std::size_t size = frame_xstate_claim(state);
        if (size > legacy) {
            std::vector<std::byte> whole(size + 4);
            std::copy(state.begin(), state.end(), whole.begin());
            TRY(task.copy_in(GuestAddr(address + legacy), std::span(whole).subspan(legacy)));
            if (has_closing_magic(std::span(whole).subspan(size))) {
                whole.resize(size);
                return task.thread_->set_xstate(whole);
            }
        }
        // The legacy part alone: a header that says so (x87 and SSE), the rest initial.
        state.resize(legacy + 64);
        std::fill(state.begin() + 464, state.end(), std::byte {0});
        state[legacy] = std::byte {3};
        return task.thread_->set_xstate(state);
    }
};

void deliver_signals(Task& task)
{
    SignalDelivery::deliver(task);
}

Result<long> signal_return(Task& task)
{
    auto restored = SignalDelivery::read_frame(task);
    if (!restored.ok()) {
        force_signal(task, make_siginfo(SIGSEGV, SI_KERNEL));
        return 0;
    }
    task.registers_are_replaced();
    task.recorder().registers_replaced(task, true);
    return static_cast<long>(task.registers().rax);
}

}
