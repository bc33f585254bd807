// A task's own small matters: copying, names, shared tables.

#include "engine/kernel/task.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/preemption.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

#include <algorithm>
#include <cstring>

namespace ringside::kernel {

Task::Task(Kernel& kernel, Pid tid)
    : kernel_(kernel)
    , tid_(tid)
    , signals_(std::make_unique<TaskSignals>())
    , recorder_(std::make_unique<record::TaskRecorder>(kernel.recorder()))
    , usage_(std::make_unique<Usage>())
{
}

Task::~Task() = default;

Limits& Task::limits() const
{
    return group_->limits;
}

platform::Registers& Task::registers()
{
    return thread_ ? thread_->registers() : no_registers_;
}

mm::MemoryFile& Task::memory() const
{
    return kernel_.memory();
}

void Task::set_credentials(Ref<const Credentials> credentials)
{
    credentials_ = std::move(credentials);
}

void Task::set_comm(std::string_view name)
{
    comm_ = name.substr(0, std::min<std::size_t>(name.find('\0'), 15));
    recorder_->comm(*this);
}

void Task::set_files(Ref<fs::FileTable> files)
{
    files_ = std::move(files);
}

void Task::set_fs_context(Ref<fs::FsContext> context)
{
    fs_context_ = std::move(context);
}

Usage Task::usage() const
{
    Usage usage = *usage_;
    if (state_ == State::in_guest)
        usage.user += monotonic_now() - last_switch_;
    return usage;
}

char Task::state_letter() const
{
    if (state_ == State::dead)
        return 'Z';
    if (stopped_here_)
        return 'T';
    if (state_ == State::asleep)
        return sleep_ == Interruptible::yes ? 'S' : 'D';
    return 'R';
}

bool Task::signal_pending() const
{
    if (exiting_ || group_->exiting() || group_->stopped())
        return true;
    return !((signals_->queue.pending() | group_->shared_queue.pending()) & ~signals_->blocked()).empty();
}

bool Task::fatal_signal_pending() const
{
    if (exiting_ || group_->exiting())
        return true;
    SignalSet pending = (signals_->queue.pending() | group_->shared_queue.pending()) & ~signals_->blocked();
    for (int signo = 1; signo <= signal_count; ++signo) {
        if (!pending.has(signo) || group_->handlers->get(signo).handler != handler_default)
            continue;
        DefaultAction action = default_action(signo);
        if (action == DefaultAction::terminate || action == DefaultAction::core)
            return true;
    }
    return false;
}

Result<void> Task::copy_in(GuestAddr from, std::span<std::byte> to)
{
    if (to.empty())
        return {};
    TRY(mm_->copy_in(*this, from, to));
    recorder_->copied(*this, trace::Direction::in, from, to);
    return {};
}

Result<void> Task::copy_out(GuestAddr to, std::span<const std::byte> from)
{
    if (from.empty())
        return {};
    std::uint64_t written = 0;
    auto result = mm_->copy_out(*this, to, from, &written);
    if (written > 0) // what came before a fault is there too
        recorder_->copied(*this, trace::Direction::out, to, from.first(written));
    return result;
}

Result<std::uint32_t> Task::compare_exchange(GuestPtr<std::uint32_t> word, std::uint32_t expected, std::uint32_t desired)
{
    std::uint32_t found = expected;
    TRY(mm_->compare_exchange(*this, word.addr(), found, desired));
    recorder_->copied(*this, trace::Direction::in, word.addr(), std::as_bytes(std::span(&found, 1)));
    if (found == expected)
        recorder_->copied(*this, trace::Direction::out, word.addr(), std::as_bytes(std::span(&desired, 1)));
    return found;
}

Result<std::string> Task::copy_in_string(GuestAddr from, std::size_t max)
{
    std::string text = TRY(read_string(from, max));
    // With its NUL: that is what the kernel read.
    recorder_->copied(*this, trace::Direction::in, from, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    return text;
}

Result<std::string> Task::read_string(GuestAddr from, std::size_t max)
{
    std::string text;
    std::array<std::byte, 256> piece;
    GuestAddr at = from;
    while (text.size() < max) {
        // Never across a page's end in one piece: the next page may not be there and need not be.
        std::size_t to_page_end = page_size - (at.value() & page_mask);
        std::size_t want = std::min({piece.size(), to_page_end, max - text.size()});
        std::span<std::byte> bytes(piece.data(), want);
        TRY(mm_->copy_in(*this, at, bytes));
        auto end = std::find(bytes.begin(), bytes.end(), std::byte {0});
        text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(end - bytes.begin()));
        if (end != bytes.end())
            return text;
        at = at + want;
    }
    return Errno(ENAMETOOLONG);
}

void preempt_later(Task& task)
{
    task.preempt_in(preemption_slice);
}

void kick(Task& task, bool fatal)
{
    if (fatal || !task.kernel().recording())
        task.preempt_in(0);
    else
        task.preempt_in(preemption_slice);
}

void Task::preempt_in(Nanoseconds delay)
{
    if (delay == 0) {
        if (state_ == State::in_guest)
            thread_->interrupt();
        return;
    }
    if (!preemption_) {
        preemption_ = std::make_unique<Timer>(kernel_.timers(), [this] { preempt_in(0); });
    }
    if (!preemption_->armed())
        preemption_->arm(monotonic_now() + delay);
}

}
