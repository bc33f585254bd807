// Events of the guest: system calls, faults, interruptions, the end of its address space.

#include "engine/kernel/task_loop.h"

#include "engine/kernel/cpu_timers.h"
#include "engine/kernel/exit.h"
#include "engine/kernel/int80.h"
#include "engine/kernel/job_control.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/signal_delivery.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"
#include "trace/syscall_table.h"

namespace ringside::kernel {

struct TaskLoop {
    static void run(Task& task)
    {
        if (task.first_)
            std::exchange(task.first_, {})(task);
        bool signals_wait = false;
        while (prepare_for_guest(task, signals_wait)) {
            enter_guest(task);
            signals_wait = serve(task);
            task.at_event_ = !signals_wait && task.event_.kind != platform::EventKind::died;
        }
        exit_task(task);
    }

    /// Signals, stops, the baton. False: the task ends.
    static bool prepare_for_guest(Task& task, bool signals_wait)
    {
        bool yielded = false;
        while (true) {
            // In a recording asynchronous signals do not come at a fault that only our memory management made: the guest cannot
            // tell where it was, and neither could replay.
            if (!signals_wait || task.group_->exiting())
                deliver_signals(task);
            // Nor does it give way there: what a thread runs between two events must be one piece.
            if (task.exiting_ || yielded || signals_wait || !task.share_group_->contended())
                break;
            task.kernel().scheduler().yield(task);
            yielded = true;
        }
        task.syscall_nr_ = -1;
        return !task.exiting_;
    }

    static void enter_guest(Task& task)
    {
        task.state_ = Task::State::in_guest;
        // The hand-over is nobody's: it would be charged to the next event otherwise.
        host::set_current_account(task.kernel().idle());
        task.thread_->resume();
        task.group_->cpu_timers->running();
        if (task.signal_pending())
            task.preempt_in(task.kernel().recording() ? preemption_delay : 0);
        task.kernel().scheduler().leave_to_guest(task);
        if (task.preemption_)
            task.preemption_->disarm();
    }

    /// True: signals should wait for the guest's next trap.
    static bool serve(Task& task)
    {
        switch (task.event_.kind) {
        case platform::EventKind::syscall:
        case platform::EventKind::vsyscall:
            serve_call(task, task.registers());
            return false;
        case platform::EventKind::int80:
            serve_call(task, native_call(task.registers()));
            return false;
        case platform::EventKind::fault:
            return serve_fault(task);
        case platform::EventKind::interrupted:
            if (task.kernel().recording())
                record_preemption(task);
            return false;
        case platform::EventKind::died:
            task.group_->begin_exit(SIGKILL);
            return false;
        }
        return false;
    }

    /// Nothing but the clock stopped it here, so replay cannot find the place by running: it is given what the guest had become.
    static void record_preemption(Task& task)
    {
        std::array<std::uint64_t, 1> args {task.registers().rip};
        record::TaskRecorder& recorder = task.recorder();
        recorder.note_begin(task, trace::EventKind::preempt, 0, args);
        task.mm().for_each_written([&](GuestAddr address, std::span<const std::byte> bytes) {
            recorder.copied(task, trace::Direction::out, address, bytes);
        });
        recorder.registers_replaced(task, true);
        recorder.note_end(task, 0);
    }

    /// `r` is a copy: exec replaces the registers.
    static void serve_call(Task& task, platform::Registers r)
    {
        task.syscall_nr_ = static_cast<long>(task.registers().rax);
        task.registers_replaced_ = false;
        task.recorder().syscall_enter(task, r);
        std::int64_t result = dispatch(task, r);
        if (task.exiting_) {
            task.recorder().syscall_gone(task);
            return;
        }
        if (!task.registers_replaced_)
            task.registers().rax = static_cast<std::uint64_t>(result);
        task.recorder().syscall_exit(task, result, trace::Verdict::served);
        if (task.event_.kind == platform::EventKind::vsyscall)
            task.syscall_nr_ = -1; // a function, not an instruction: it cannot be restarted
    }

    static std::int64_t dispatch(Task& task, const platform::Registers& r)
    {
        // Linux takes the number as an int, sign-extended (do_syscall_x64).
        auto number = static_cast<std::uint32_t>(r.rax);
        syscalls::Entry entry = number < syscalls::handler_count ? syscalls::handlers()[number] : syscalls::Entry {};
        if (!entry.handler) {
            if (trace::find_syscall(static_cast<int>(number)) || task.event_.kind == platform::EventKind::int80)
                task.recorder().unsupported();
            return -ENOSYS;
        }
        Result<long> result = entry.handler(task, {r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9});
        return result.ok() ? result.value() : -result.error().value();
    }

    static bool serve_fault(Task& task)
    {
        constexpr std::uint64_t page_fault = 14, general_protection = 13;
        const platform::Fault fault = task.event_.fault;
        if (fault.trapno == general_protection && task.kernel().options().trap_instructions && serve_instruction(task))
            return task.kernel().recording();
        siginfo_t info = make_siginfo(fault.signo, fault.code);
        info.si_addr = to_pointer(fault.address);
        if (fault.trapno == page_fault) {
            if (serve_page_fault(task, fault, info))
                return task.kernel().recording();
        }
        task.fault_ = {fault.error, fault.trapno, fault.trapno == page_fault ? fault.address.value() : task.fault_.cr2};
        std::array<std::uint64_t, 3> args {fault.address.value(), fault.error, fault.trapno};
        task.recorder().note(task, trace::EventKind::fault, info.si_signo, 0, args);
        force_signal(task, info);
        return false;
    }

    /// True where the guest can go on. Else `info` becomes the signal.
    static bool serve_page_fault(Task& task, const platform::Fault& fault, siginfo_t& info)
    {
        using Fault = mm::AddressSpace::FaultResult;
        constexpr std::uint64_t write = 2, fetch = 16;
        Usage& usage = *task.usage_;
        ++usage.minor_faults;
        switch (task.mm().handle_fault(task, fault.address, (fault.error & write) != 0, (fault.error & fetch) != 0, fault.signo == SIGBUS)) {
        case Fault::resolved:
            return true;
        case Fault::sigsegv_maperr:
            info.si_signo = SIGSEGV;
            info.si_code = SEGV_MAPERR;
            return false;
        case Fault::sigsegv_accerr:
            info.si_signo = SIGSEGV;
            info.si_code = SEGV_ACCERR;
            return false;
        case Fault::sigbus_adrerr:
            info.si_signo = SIGBUS;
            info.si_code = BUS_ADRERR;
            return false;
        case Fault::out_of_memory:
            kill_for_memory(task);
            return true; // it ends before it runs again
        }
        return false;
    }

    static void kill_for_memory(Task& task)
    {
        std::array<std::uint64_t, 1> args {};
        task.recorder().note(task, trace::EventKind::marker, 0, 0, args, "out of memory: killed");
        task.group_->begin_exit(SIGKILL);
    }

    static void* to_pointer(GuestAddr address) { return reinterpret_cast<void*>(address.value()); }
    static constexpr Nanoseconds preemption_delay = 10'000'000;
};

void run_task(Task& task)
{
    TaskLoop::run(task);
}

}
