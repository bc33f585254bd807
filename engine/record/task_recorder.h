// What the kernel tells the recorder of one task. Inert when nothing is recorded, so callers never ask.
//
// A task serves one event at a time: a system call, or a note (signal, fault, page-in, …). Its id is taken at entry; its record is
// written at the end, or earlier, without a result, when the task goes to sleep or another task's event begins.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/platform/platform.h"
#include "trace/record.h"

#include <csignal>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::kernel {
class Task;
}

namespace ringside::record {

class Recorder;

class TaskRecorder {
public:
    explicit TaskRecorder(Recorder& recorder);
    ~TaskRecorder();

    bool enabled() const;
    /// The event being served, 0 outside of one. What a wake-up stores as its waker.
    trace::EventId current() const;

    // Called by the task's loop, in this order.
    void syscall_enter(kernel::Task& task, const platform::Registers& at_entry);
    /// Called by the wait queue just before the fiber first sleeps: the event is written without a result.
    void blocks(kernel::Task& task);
    /// The wake-up's cause: the event that was being served by whoever woke it.
    void woken_by(trace::EventId waker);
    /// `ret`: value, negative errno, or negative restart code (512…), as the call leaves the kernel.
    void syscall_exit(kernel::Task& task, std::int64_t ret, trace::Verdict verdict = trace::Verdict::served);
    /// A call that never returns (exit, a successful execve is not one).
    void syscall_gone(kernel::Task& task);

    /// An event of one moment.
    trace::EventId note(kernel::Task& task, trace::EventKind kind, std::int32_t nr, std::int64_t ret, std::span<const std::uint64_t> args, std::string_view text = {});
    /// Between note_begin and note_end copies and host calls are charged to the note. Within another event (a page-in while a call
    /// copies) no event of its own begins: what is copied hangs on that one, page-ins' content as data_arg_page.
    void note_begin(kernel::Task& task, trace::EventKind kind, std::int32_t nr, std::span<const std::uint64_t> args, std::string_view text = {});
    void note_end(kernel::Task& task, std::int64_t ret);

    // Called by Task::copy_in, copy_out and the memory management.
    void copied(kernel::Task& task, trace::Direction direction, GuestAddr address, std::span<const std::byte> bytes);
    /// Bytes of many copies into the kernel that lie beside each other: kept whole (see GatheredInput).
    void gathered(GuestAddr address, std::span<const std::byte> bytes);
    /// Bytes that are kept of a copy into the kernel.
    std::size_t input_cap() const;
    /// The path that the call is about, as resolved by the VFS (event.path). The first of a call stays.
    void path(std::string_view path);
    /// The handler answers ENOSYS/EINVAL where Linux would not.
    void unsupported();

    // State that the trace follows. All hang on the current event.
    /// A new process, told to its leader's recorder; `parent` is the task that forks, null for the first. Before thread_begin.
    void process_begin(kernel::Task& leader, kernel::Task* parent);
    void process_end(kernel::Task& task, std::int32_t status);
    /// A new thread, told to its own recorder, when its registers are as it will start with. `creator` null for the first.
    void thread_begin(kernel::Task& task, kernel::Task* creator);
    /// The event leaves the task with other registers than a call's result makes: recorded for replay. `xstate`: that changed too.
    void registers_replaced(kernel::Task& task, bool xstate);
    /// Hashes of the memory that the task's process has written, for replay to compare: the task is its last user. `inherited`: what
    /// it shares with its parent by copy-on-write too. Nothing where the guest was stopped between two events.
    void memory_digest(kernel::Task& task, bool inherited);
    /// The call maps memory that others may map: `identity` is the same for all mappings of the object.
    void maps_shared(std::uint64_t identity);
    /// The siginfo of the signal being delivered, where the guest is not given it.
    void signal_info(const siginfo_t& info);
    void thread_end(kernel::Task& task, std::int32_t status);
    void exec(kernel::Task& task, std::string_view path, const std::vector<std::string>& argv);
    void comm(kernel::Task& task);
    /// Gives an open file description or a mapped file its id in the trace; 0 when nothing is recorded.
    std::uint64_t object(trace::ObjectKind kind, std::string_view name);
    void fd_opened(kernel::Task& task, int fd, std::uint64_t object);
    void fd_closed(kernel::Task& task, int fd);
    /// prot -1: unmapped.
    void mapping(kernel::Task& task, GuestAddr start, GuestAddr end, int prot, int flags, std::uint64_t object, std::uint64_t offset);

    /// Called by Recorder when another event begins while this one has not been written.
    void split();

private:
    struct State;
    void write_event(bool has_ret);
    /// What state records hang on: the event being served, or the last one.
    trace::EventId last_or_current() const;
    void finish(kernel::Task& task);
    /// Bytes of the event being served; after it has slept they wait for the row that completes it.
    void hang(std::uint8_t arg, trace::Direction direction, std::uint64_t address, std::span<const std::byte> bytes, std::size_t whole = 0);
    /// The argument of the call that points to `address`; 255: none.
    std::uint8_t argument_at(std::uint64_t address) const;
    Recorder& recorder_;
    std::unique_ptr<State> state_; ///< null when inert
};

}
