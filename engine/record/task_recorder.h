// What the kernel tells the recorder of one task. Inert when nothing is recorded, so callers never ask.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/platform/platform.h"
#include "trace/record.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace ringside::kernel {
class Task;
}

namespace ringside::record {

class Recorder;

class TaskRecorder {
public:
    explicit TaskRecorder(Recorder& recorder);
    ~TaskRecorder();

    /// The event being served, 0 outside of one. What a wake-up stores as its waker.
    trace::EventId current() const;

    // Called by the task's loop, in this order.
    void syscall_enter(kernel::Task& task, const platform::Registers& at_entry);
    /// Called by the wait queue just before the fiber first sleeps in this call: the row is written without a result.
    void blocks(kernel::Task& task);
    /// The wake-up's cause, set by the waker.
    void woken_by(trace::EventId waker);
    void syscall_exit(kernel::Task& task, std::int64_t ret, trace::Verdict verdict);
    /// A signal's delivery (kernel/signal), a hardware fault that becomes one, trapped instructions, page-ins, exit, …
    trace::EventId note(kernel::Task& task, trace::EventKind kind, std::int32_t nr, std::int64_t ret, std::span<const std::uint64_t> args, std::string_view text = {});
    /// Between note_begin and note_end copies and host calls are charged to the event (page-ins, signal frames).
    void note_begin(kernel::Task& task, trace::EventKind kind, std::int32_t nr, std::span<const std::uint64_t> args, std::string_view text = {});
    void note_end(kernel::Task& task, std::int64_t ret);

    // Called by Task::copy_in, copy_out and the memory management.
    void copied(kernel::Task& task, trace::Direction direction, GuestAddr address, std::span<const std::byte> bytes);
    /// The path that the call is about, as resolved by the VFS (event.path).
    void path(std::string_view path);
    /// The handler answers ENOSYS/EINVAL where Linux would not.
    void unsupported();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}
