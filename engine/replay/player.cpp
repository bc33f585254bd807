// The order of events, what is compared, and what is applied.

#include "engine/replay/player.h"

#include "engine/kernel/int80.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/replay_task.h"
#include "engine/mm/address_space.h"
#include "engine/record/register_hash.h"
#include "trace/special_data.h"
#include "trace/syscall_table.h"

#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

namespace ringside::replay {

using namespace trace;
using kernel::ReplayTask;

namespace {

constexpr std::uint64_t page_fault = 14; // the x86 vector

}

Player::Player(kernel::Kernel& kernel, const Log& log)
    : kernel_(kernel)
    , log_(log)
    , content_(log)
{
}

Player::~Player() = default;

Result<void> Player::play()
{
    if (log_.last() == 0 || log_.first_thread() == 0)
        return {};
    auto space = make_ref<Space>();
    space->memory = TRY(mm::AddressSpace::create(kernel_.platform(), kernel_.memory(), 0));
    TRY(start_thread(log_.first_thread(), space, nullptr, {}));
    ReplayTask::run_until(kernel_, [this] { return finished(); });
    stopping_ = true;
    for (auto& [id, thread] : threads_)
        thread->turn.wake_all();
    // Threads that the recording left in the guest, or waiting: their fibers end by themselves now.
    ReplayTask::run_until(kernel_, [this] {
        for (auto& [id, thread] : threads_) {
            if (thread->task && !ReplayTask::in_guest(*thread->task))
                return false;
        }
        return true;
    });
    for (auto& [id, thread] : threads_) {
        if (thread->task)
            ReplayTask::abandon(*thread->task);
    }
    return {};
}

bool Player::finished() const
{
    return divergence_ || next_ > log_.last();
}

Result<void> Player::start_thread(ThreadId id, Ref<Space> space, const platform::Registers* registers, std::span<const std::byte> xstate)
{
    auto thread = std::make_unique<Thread>();
    Thread& started = *thread;
    thread->id = id;
    thread->space = space;
    thread->task = TRY(ReplayTask::create(kernel_, static_cast<kernel::Pid>(id), space->memory, [this, &started] { run(started); }));
    threads_[id] = std::move(thread);
    if (registers) {
        platform::Thread& guest = started.task->thread();
        guest.registers() = *registers;
        TRY(guest.set_xstate(xstate));
    }
    ReplayTask::start(*started.task);
    return {};
}

void Player::run(Thread& thread)
{
    while (!stopping_ && thread.next < log_.of_thread(thread.id).size()) {
        EventId id = log_.of_thread(thread.id)[thread.next++];
        auto served = serve(thread, id);
        if (!served.ok()) {
            if (!divergence_ && !stopping_)
                divergence_ = Divergence {id, thread.id, platform::EventKind::died, thread.task->registers(), {},
                    fmt::format("the recorded effect could not be applied (errno {})", served.error().value())};
            break;
        }
        if (log_.event(id).kind == EventKind::exit)
            break; // the number may go on: it is the process', and passes to the thread that calls execve
        if (auto call = log_.event(id).of ? log_.event(id).of : id; executed(call) == id && log_.process_of(thread.id) != thread.id)
            become_leader(thread, id);
    }
    ReplayTask::end(*thread.task);
    thread.task = {};
    thread.space = {};
}

EventId Player::executed(EventId call) const
{
    const EventRecord& entry = log_.event(call);
    if (entry.kind != EventKind::syscall || (entry.nr != SYS_execve && entry.nr != SYS_execveat))
        return 0;
    EventId row = entry.flags & event_flag::has_ret ? call : log_.completion(call);
    return row && log_.event(row).ret == 0 ? row : 0;
}

void Player::become_leader(Thread& thread, EventId id)
{
    auto own = threads_.extract(thread.id);
    thread.id = log_.process_of(thread.id);
    own.key() = thread.id;
    threads_.erase(thread.id); // the old leader has ended
    threads_.insert(std::move(own));
    auto ids = log_.of_thread(thread.id);
    thread.next = static_cast<std::size_t>(std::upper_bound(ids.begin(), ids.end(), id) - ids.begin());
}

Result<void> Player::wait_turn(Thread& thread, EventId id)
{
    while (next_ != id) {
        if (stopping_ || divergence_)
            return Errno(ECANCELED);
        static_cast<void>(thread.turn.wait(*thread.task, {}, kernel::Interruptible::no).ok());
    }
    return {};
}

void Player::advance()
{
    ++next_;
    if (next_ > log_.last())
        return;
    auto next = threads_.find(log_.event(next_).thread);
    if (next != threads_.end())
        next->second->turn.wake_all();
}

Result<void> Player::serve(Thread& thread, EventId id)
{
    const EventRecord& event = log_.event(id);
    // Whoever shares memory ran one at a time, each from one event to its next: so it is here, in the same order.
    if (thread.space->ref_count() > 1 || thread.space->shares)
        TRY(wait_turn(thread, id));
    switch (event.kind) {
    case EventKind::syscall:
        if (!is_start(thread, event))
            TRY(expect(thread, id));
        TRY(wait_turn(thread, id));
        if (log_.thread_made_by(id))
            TRY(make_child(thread, id));
        if (event.flags & event_flag::has_ret)
            TRY(apply_call(thread, id, id));
        else if (!executed(id))
            TRY(apply_data(thread, id)); // an exec's is the new program's: it comes with its completion
        break;
    case EventKind::resume:
        TRY(wait_turn(thread, id));
        if (log_.event(event.of).kind == EventKind::syscall) {
            TRY(apply_call(thread, event.of, id));
        } else {
            TRY(apply_data(thread, id));
            if (log_.event(event.of).kind == EventKind::exit)
                TRY(check_memory_of(thread, id));
        }
        break;
    case EventKind::fault:
        TRY(expect(thread, id));
        TRY(wait_turn(thread, id));
        break;
    case EventKind::instruction:
        TRY(expect(thread, id));
        TRY(wait_turn(thread, id));
        TRY(apply_instruction(thread, id));
        break;
    case EventKind::exec:
        TRY(wait_turn(thread, id));
        if (event.ret == 0)
            TRY(apply_exec(thread, id, id));
        break;
    default: // signals, stops, markers, preemptions, page-ins, the end: what the kernel did by itself
        TRY(wait_turn(thread, id));
        TRY(apply_data(thread, id));
        if (event.kind == EventKind::exit)
            TRY(check_memory_of(thread, id));
        break;
    }
    advance();
    return {};
}

bool Player::is_start(const Thread& thread, const EventRecord& event) const
{
    return thread.space->id == 0 && event.ip == 0 && event.nr == SYS_execve;
}

Result<void> Player::expect(Thread& thread, EventId id)
{
    kernel::Task& task = *thread.task;
    const EventRecord& expected = log_.event(id);
    if (expected.kind == EventKind::fault && expected.nr == SIGBUS)
        TRY(hide_page(thread, expected.args[0]));
    for (;;) {
        platform::Event event = ReplayTask::run_guest(task);
        if (stopping_)
            return Errno(ECANCELED);
        if (event.kind == platform::EventKind::interrupted)
            continue;
        // Faults that only our memory management makes are no events; they come before one that the guest sees, too.
        if (event.kind == platform::EventKind::fault && event.fault.trapno == page_fault) {
            auto served = task.mm().handle_fault(task, event.fault.address, (event.fault.error & 2) != 0, (event.fault.error & 16) != 0,
                event.fault.signo == SIGBUS);
            if (served == mm::AddressSpace::FaultResult::resolved)
                continue;
        }
        std::string text = difference(expected, event, task.registers());
        if (text.empty())
            return {};
        return diverged(thread, id, event, std::move(text));
    }
}

namespace {

std::string name_of(std::int64_t nr)
{
    const SyscallInfo* info = find_syscall(static_cast<int>(nr));
    return info ? std::string(info->name) : fmt::format("syscall_{}", nr);
}

std::string describe(const platform::Event& event, const platform::Registers& registers)
{
    switch (event.kind) {
    case platform::EventKind::syscall:
    case platform::EventKind::int80:
    case platform::EventKind::vsyscall:
        return fmt::format("{}({:#x}, {:#x}, {:#x})", name_of(static_cast<std::int64_t>(registers.rax)), registers.rdi, registers.rsi, registers.rdx);
    case platform::EventKind::fault:
        return fmt::format("a fault (signal {}) at address {:#x}", event.fault.signo, event.fault.address.value());
    case platform::EventKind::interrupted:
        return "an interruption";
    case platform::EventKind::died:
        return "the end of its address space";
    }
    return "something unknown";
}

std::string describe(const EventRecord& expected)
{
    switch (expected.kind) {
    case EventKind::syscall:
        return fmt::format("{}({:#x}, {:#x}, {:#x})", name_of(expected.nr), expected.args[0], expected.args[1], expected.args[2]);
    case EventKind::fault:
        return fmt::format("a fault (signal {}) at address {:#x}", expected.nr, expected.args[0]);
    default:
        return "a trapped instruction";
    }
}

}

std::string Player::difference(const EventRecord& expected, const platform::Event& event, const platform::Registers& given) const
{
    // Recorded as the native call that it asks for.
    const platform::Registers registers = event.kind == platform::EventKind::int80 ? kernel::native_call(given) : given;
    auto differs = [&] { return fmt::format("expected {}, got {}", describe(expected), describe(event, registers)); };
    bool is_call = event.kind == platform::EventKind::syscall || event.kind == platform::EventKind::vsyscall || event.kind == platform::EventKind::int80;
    if (expected.kind == EventKind::syscall) {
        if (!is_call || static_cast<std::int32_t>(registers.rax) != expected.nr)
            return differs();
        const std::array<std::uint64_t, 6> args {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9};
        const SyscallInfo* info = find_syscall(expected.nr);
        for (std::size_t i = 0; info && i < info->arity; ++i) {
            if (args[i] != expected.args[i])
                return fmt::format("{}: argument {} ({}) was {:#x}, is {:#x}", info->name, i + 1, info->slots[i].name, expected.args[i], args[i]);
        }
        if (registers.rip - 2 != expected.ip)
            return fmt::format("{} was called from {:#x}, now from {:#x}", name_of(expected.nr), expected.ip, registers.rip - 2);
        if (record::register_hash(registers) != expected.regs_hash)
            return fmt::format("{}: the general registers differ", name_of(expected.nr));
        return {};
    }
    if (is_call || event.kind != platform::EventKind::fault)
        return differs();
    if (registers.rip != expected.ip)
        return fmt::format("{}, recorded at {:#x}, now at {:#x}", differs(), expected.ip, registers.rip);
    if (expected.kind == EventKind::fault && event.fault.address.value() != expected.args[0])
        return differs();
    if (expected.kind == EventKind::instruction && event.fault.trapno == page_fault)
        return differs();
    return {};
}

Result<void> Player::diverged(Thread& thread, EventId id, const platform::Event& event, std::string text)
{
    if (!divergence_)
        divergence_ = Divergence {id, thread.id, event.kind, thread.task->registers(), event.fault, std::move(text)};
    return Errno(ECANCELED);
}

Result<void> Player::apply_call(Thread& thread, EventId call, EventId row)
{
    const EventRecord& entry = log_.event(call);
    const EventRecord& last = log_.event(row);
    bool is_exec = entry.nr == SYS_execve || entry.nr == SYS_execveat;
    if (is_exec && last.ret == 0)
        return apply_exec(thread, call, row);
    if (last.ret >= 0 || last.ret < -4095)
        TRY(apply_memory(thread, entry, last.ret));
    else if (last.ret == -ENOMEM && (entry.nr == SYS_mprotect || entry.nr == SYS_madvise))
        static_cast<void>(apply_memory(thread, entry, last.ret).ok()); // what lay before the hole was done (mm/mprotect.c)
    TRY(apply_data(thread, row));
    if (entry.nr != SYS_rt_sigreturn) // which gives back another rax than its own
        thread.task->registers().rax = static_cast<std::uint64_t>(last.ret);
    restart(thread, entry, last.ret);
    return {};
}

Result<void> Player::apply_data(Thread& thread, EventId row)
{
    platform::Thread& guest = thread.task->thread();
    for (const LogData& data : log_.load(row).data) {
        if (data.direction != Direction::out)
            continue;
        switch (data.arg) {
        case data_arg_page: // was filled in when the mapping was made, unless that is shared, or the file was cut meanwhile
            TRY(show_shared(thread, data));
            TRY(show_again(thread, data));
            break;
        case data_arg_child:
        case data_arg_shared:
        case data_arg_digest: // below, when all that the event wrote is there
            break;
        case data_arg_registers:
            if (data.bytes.size() != sizeof(platform::Registers))
                return Errno(EINVAL);
            std::memcpy(&guest.registers(), data.bytes.data(), sizeof(platform::Registers));
            break;
        case data_arg_xstate:
            TRY(guest.set_xstate(data.bytes.size() > 1 ? data.bytes : std::span<const std::byte>()));
            break;
        default:
            TRY(write(thread, data.address, data.bytes));
        }
    }
    return {};
}

Result<void> Player::apply_instruction(Thread& thread, EventId id)
{
    const EventRecord& event = log_.event(id);
    platform::Registers& r = thread.task->registers();
    std::uint64_t length = ReplayTask::trapped_instruction_length(*thread.task);
    if (length == 0)
        return Errno(EINVAL);
    if (event.nr == static_cast<std::int32_t>(TrappedInstruction::cpuid)) {
        for (const LogData& data : log_.load(id).data) {
            std::array<std::uint32_t, 4> answer {};
            if (data.bytes.size() != sizeof(answer))
                continue;
            std::memcpy(answer.data(), data.bytes.data(), sizeof(answer));
            r.rax = answer[0];
            r.rbx = answer[1];
            r.rcx = answer[2];
            r.rdx = answer[3];
        }
    } else {
        r.rax = static_cast<std::uint64_t>(event.ret) & 0xffff'ffff;
        r.rdx = static_cast<std::uint64_t>(event.ret) >> 32;
        if (event.nr == static_cast<std::int32_t>(TrappedInstruction::rdtscp))
            r.rcx = 0;
    }
    r.rip += length;
    return {};
}

Result<void> Player::make_child(Thread& parent, EventId call)
{
    ThreadId id = log_.thread_made_by(call);
    const platform::Registers* registers = nullptr;
    platform::Registers copy {};
    for (const LogData& data : log_.load(call).data) {
        if (data.arg == data_arg_child && data.bytes.size() == sizeof(copy)) {
            std::memcpy(&copy, data.bytes.data(), sizeof(copy));
            registers = &copy;
        }
    }
    if (!registers)
        return Errno(EINVAL);
    std::span<const std::byte> xstate = parent.task->thread().xstate();
    std::vector<std::byte> kept(xstate.begin(), xstate.end());
    if (clone_flags(log_, call) & CLONE_VM)
        return start_thread(id, parent.space, registers, kept);
    auto space = make_ref<Space>();
    space->memory = TRY(parent.space->memory->fork(*parent.task));
    space->id = call;
    space->brk = parent.space->brk;
    space->shares = parent.space->shares;
    space->files = parent.space->files;
    space->absent = parent.space->absent;
    TRY(start_thread(id, space, registers, kept));
    // What the child touches first of a mapped file is recorded in the child.
    Thread& child = *threads_.at(id);
    std::vector<Range> absent = std::exchange(space->absent, {});
    for (const Range& range : absent)
        TRY(fill(child, range, call));
    return {};
}

void Player::restart(Thread& thread, const EventRecord& call, std::int64_t ret)
{
    constexpr std::int64_t first = 512, last = 516; // ERESTARTSYS..ERESTART_RESTARTBLOCK
    if (ret > -first || ret < -last)
        return;
    // Where a handler runs, its event holds the registers. Else the kernel has put the call back, or ended it: what the guest does
    // next tells.
    const EventRecord* found = nullptr;
    auto ids = log_.of_thread(thread.id);
    for (std::size_t at = thread.next; at < ids.size() && !found; ++at) {
        const EventRecord& event = log_.event(ids[at]);
        if (event.kind == EventKind::syscall || event.kind == EventKind::fault || event.kind == EventKind::instruction)
            found = &event;
    }
    if (!found)
        return;
    const EventRecord& next = *found;
    platform::Registers& r = thread.task->registers();
    if (next.kind == EventKind::syscall && next.ip == call.ip && (next.nr == call.nr || next.nr == SYS_restart_syscall)) {
        r.rax = static_cast<std::uint64_t>(next.nr);
        r.rip -= 2;
    } else {
        r.rax = static_cast<std::uint64_t>(-EINTR);
    }
}

}
