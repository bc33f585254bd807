// One task's events, from entry to their record.

#include "engine/record/task_recorder.h"

#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"
#include "engine/record/first_object.h"
#include "engine/record/recorder.h"
#include "engine/record/register_hash.h"
#include "trace/syscall_table.h"

namespace ringside::record {

using trace::Direction;
using trace::EventKind;
using trace::RecordKind;

struct TaskRecorder::State {
    /// Bytes that a call copied after it had slept: they hang on the row that completes it, whose id is not known yet.
    struct Pending {
        Direction direction;
        std::uint8_t arg;
        std::uint64_t address;
        std::vector<std::byte> bytes;
        std::size_t whole; ///< the copy's length, of which `bytes` may be the beginning
    };

    enum class Phase { idle, open, written };
    Phase phase = Phase::idle;
    trace::EventRecord event {}; ///< as it will be written; `id` and `ts` are of the entry
    trace::Verdict verdict = trace::Verdict::served;
    trace::EventId waker = 0;
    std::string path;
    std::vector<Pending> pending;
    int nested = 0; ///< depth of notes within the event
    EventKind nested_kind = EventKind::marker;
    kernel::Task* task = nullptr; ///< whose account the event's host calls are in
};

TaskRecorder::TaskRecorder(Recorder& recorder)
    : recorder_(recorder)
{
    if (recorder.enabled())
        state_ = std::make_unique<State>();
}

TaskRecorder::~TaskRecorder()
{
    if (state_)
        recorder_.id_used(this);
}

bool TaskRecorder::enabled() const
{
    return state_ != nullptr;
}

trace::EventId TaskRecorder::current() const
{
    return state_ && state_->phase != State::Phase::idle ? state_->event.id : 0;
}

void TaskRecorder::syscall_enter(kernel::Task& task, const platform::Registers& at_entry)
{
    if (!state_)
        return;
    State& s = *state_;
    s.event = {};
    s.event.id = recorder_.take_id(this);
    s.event.ts = recorder_.at(task.kernel().scheduler().entered());
    s.event.kind = EventKind::syscall;
    s.event.thread = static_cast<trace::ThreadId>(task.tid());
    s.event.nr = static_cast<std::int32_t>(at_entry.rax);
    s.event.args = {at_entry.rdi, at_entry.rsi, at_entry.rdx, at_entry.r10, at_entry.r8, at_entry.r9};
    s.event.ip = at_entry.rip - 2;
    s.event.regs_hash = register_hash(at_entry);
    if (const trace::SyscallInfo* info = trace::find_syscall(s.event.nr)) {
        std::fill(s.event.args.begin() + info->arity, s.event.args.end(), 0);
        s.event.object = first_object(task, *info, s.event.args);
    }
    s.task = &task;
    s.phase = State::Phase::open;
    s.verdict = trace::Verdict::served;
    s.waker = 0;
    s.path.clear();
}

void TaskRecorder::write_event(bool has_ret)
{
    State& s = *state_;
    s.event.flags = has_ret ? trace::event_flag::has_ret : 0;
    s.event.verdict = s.verdict;
    host::Account& account = s.task->account();
    s.event.host_calls = account.total();
    recorder_.emit(RecordKind::event, s.event, {bytes_of(s.path)});
    recorder_.host_calls(s.event.id, account);
    account.clear();
    recorder_.id_used(this);
    recorder_.publish();
}

void TaskRecorder::split()
{
    State& s = *state_;
    if (s.phase != State::Phase::open)
        return;
    write_event(false);
    s.phase = State::Phase::written;
}

void TaskRecorder::blocks(kernel::Task&)
{
    if (state_)
        split();
}

void TaskRecorder::woken_by(trace::EventId waker)
{
    if (state_)
        state_->waker = waker;
}

void TaskRecorder::syscall_exit(kernel::Task& task, std::int64_t ret, trace::Verdict verdict)
{
    if (!state_ || state_->phase == State::Phase::idle)
        return;
    if (state_->verdict == trace::Verdict::served)
        state_->verdict = verdict;
    state_->event.ret = ret;
    finish(task);
}

void TaskRecorder::finish(kernel::Task& task)
{
    State& s = *state_;
    std::uint64_t now = recorder_.now();
    task.kernel().scheduler().set_leaving(s.event.kind == EventKind::syscall ? recorder_.start() + now : 0);
    if (s.phase == State::Phase::open) {
        s.event.dur = now - s.event.ts;
        write_event(true);
    } else {
        trace::EventId call = s.event.id;
        s.event.of = call;
        s.event.kind = EventKind::resume;
        s.event.waker = s.waker;
        s.event.id = recorder_.take_id(this);
        s.event.ts = now;
        s.event.dur = 0;
        s.event.regs_hash = 0;
        for (const State::Pending& piece : s.pending)
            recorder_.data(s.event.id, piece.arg, piece.direction, piece.address, piece.bytes, piece.whole);
        s.pending.clear();
        write_event(true);
    }
    s.phase = State::Phase::idle;
    s.nested = 0;
}

void TaskRecorder::syscall_gone(kernel::Task&)
{
    if (!state_ || state_->phase == State::Phase::idle)
        return;
    split();
    state_->phase = State::Phase::idle;
    state_->pending.clear();
}

trace::EventId TaskRecorder::note(kernel::Task& task, EventKind kind, std::int32_t nr, std::int64_t ret, std::span<const std::uint64_t> args, std::string_view text)
{
    if (!state_)
        return 0;
    if (state_->phase != State::Phase::idle)
        return state_->event.id;
    note_begin(task, kind, nr, args, text);
    trace::EventId id = state_->event.id;
    note_end(task, ret);
    return id;
}

void TaskRecorder::note_begin(kernel::Task& task, EventKind kind, std::int32_t nr, std::span<const std::uint64_t> args, std::string_view text)
{
    if (!state_)
        return;
    State& s = *state_;
    if (s.phase != State::Phase::idle) {
        if (s.nested++ == 0)
            s.nested_kind = kind;
        return;
    }
    const platform::Registers& registers = task.registers();
    task.kernel().scheduler().set_leaving(0);
    s.event = {};
    s.event.id = recorder_.take_id(this);
    s.event.ts = recorder_.now();
    s.event.kind = kind;
    s.event.thread = static_cast<trace::ThreadId>(task.tid());
    s.event.nr = nr;
    std::copy_n(args.begin(), std::min<std::size_t>(args.size(), 6), s.event.args.begin());
    s.event.ip = registers.rip;
    s.event.regs_hash = register_hash(registers);
    s.task = &task;
    s.phase = State::Phase::open;
    s.verdict = trace::Verdict::served;
    s.waker = 0;
    s.path = text;
}

void TaskRecorder::note_end(kernel::Task& task, std::int64_t ret)
{
    if (!state_)
        return;
    if (state_->nested > 0) {
        --state_->nested;
        return;
    }
    state_->event.ret = ret;
    finish(task);
}

std::uint8_t TaskRecorder::argument_at(std::uint64_t address) const
{
    const State& s = *state_;
    for (std::uint8_t i = 0; i < 6 && s.event.kind == EventKind::syscall; ++i) {
        if (s.event.args[i] == address)
            return i;
    }
    return 255;
}

void TaskRecorder::copied(kernel::Task&, Direction direction, GuestAddr address, std::span<const std::byte> bytes)
{
    if (!state_ || state_->phase == State::Phase::idle)
        return;
    State& s = *state_;
    bool page = s.event.kind == EventKind::page_in || (s.nested > 0 && s.nested_kind == EventKind::page_in);
    std::size_t kept = direction == Direction::in ? std::min(bytes.size(), input_cap()) : bytes.size();
    hang(page ? trace::data_arg_page : argument_at(address.value()), direction, address.value(), bytes.first(kept), bytes.size());
}

void TaskRecorder::gathered(GuestAddr address, std::span<const std::byte> bytes)
{
    if (state_ && state_->phase != State::Phase::idle)
        hang(argument_at(address.value()), Direction::in, address.value(), bytes);
}

std::size_t TaskRecorder::input_cap() const
{
    return recorder_.options().input_cap;
}

void TaskRecorder::hang(std::uint8_t arg, Direction direction, std::uint64_t address, std::span<const std::byte> bytes, std::size_t whole)
{
    State& s = *state_;
    if (s.phase != State::Phase::written)
        recorder_.data(last_or_current(), arg, direction, address, bytes, whole);
    else
        s.pending.push_back({direction, arg, address, {bytes.begin(), bytes.end()}, whole});
}

void TaskRecorder::path(std::string_view path)
{
    if (state_ && state_->path.empty() && state_->phase == State::Phase::open)
        state_->path = path;
}

void TaskRecorder::unsupported()
{
    if (state_)
        state_->verdict = trace::Verdict::unsupported;
}

}
