// The state that the trace follows beside events: processes, threads, programs, descriptors, mappings, registers.

#include "engine/fs/file_table.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"
#include "engine/record/first_object.h"
#include "engine/record/memory_digest.h"
#include "engine/record/recorder.h"
#include "engine/record/task_recorder.h"
#include "trace/special_data.h"


namespace ringside::record {

using namespace trace;

namespace {

EventId event_of(kernel::Task* creator)
{
    return creator ? creator->recorder().current() : 0;
}

std::uint32_t pid_of(const kernel::Task& task)
{
    return static_cast<ProcessId>(task.group().tgid());
}

std::span<const std::byte> bytes_of_registers(const platform::Registers& registers)
{
    return std::as_bytes(std::span(&registers, 1));
}

}

void TaskRecorder::process_begin(kernel::Task& leader, kernel::Task* parent)
{
    if (!state_)
        return;
    ProcessRecord record {};
    record.event = event_of(parent);
    record.pid = pid_of(leader);
    record.parent = parent ? pid_of(*parent) : 0;
    record.uid = leader.credentials().uid;
    record.gid = leader.credentials().gid;
    recorder_.emit(RecordKind::process, record);
}

void TaskRecorder::process_end(kernel::Task& task, std::int32_t status)
{
    ProcessEndRecord record {};
    record.event = last_or_current();
    record.pid = pid_of(task);
    record.status = status;
    recorder_.emit(RecordKind::process_end, record);
}

void TaskRecorder::thread_begin(kernel::Task& task, kernel::Task* creator)
{
    if (!state_)
        return;
    ThreadRecord record {};
    record.event = event_of(creator);
    record.tid = static_cast<ThreadId>(task.tid());
    record.pid = pid_of(task);
    recorder_.emit(RecordKind::thread, record);
    if (creator)
        recorder_.data(record.event, data_arg_child, Direction::out, record.tid, bytes_of_registers(task.registers()));
}

void TaskRecorder::thread_end(kernel::Task& task, std::int32_t status)
{
    ThreadEndRecord record {};
    record.event = last_or_current();
    record.tid = static_cast<ThreadId>(task.tid());
    record.status = status;
    recorder_.emit(RecordKind::thread_end, record);
}

void TaskRecorder::exec(kernel::Task& task, std::string_view path, const std::vector<std::string>& argv)
{
    if (!state_)
        return;
    ExecRecord record {};
    record.event = last_or_current();
    record.pid = pid_of(task);
    record.argc = static_cast<std::uint32_t>(argv.size());
    std::string text(path);
    text += '\0';
    text += task.comm();
    for (const std::string& argument : argv) {
        text += '\0';
        text += argument;
        if (text.size() > ring_max_record / 2) // argv may be as long as the stack: what is past this stays in the execve's own data
            break;
    }
    recorder_.emit(RecordKind::exec, record, {bytes_of(text)});
}

void TaskRecorder::comm(kernel::Task& task)
{
    CommRecord record {};
    record.event = last_or_current();
    record.tid = static_cast<ThreadId>(task.tid());
    recorder_.emit(RecordKind::comm, record, {bytes_of(task.comm())});
}

std::uint64_t TaskRecorder::object(ObjectKind kind, std::string_view name)
{
    if (!state_)
        return 0;
    ObjectRecord record {};
    record.event = last_or_current();
    record.object = recorder_.next_object();
    record.kind = kind;
    recorder_.emit(RecordKind::object, record, {bytes_of(name)});
    return record.object;
}

void TaskRecorder::fd_opened(kernel::Task& task, int fd, std::uint64_t object)
{
    if (!state_)
        return;
    FdRecord record {};
    record.event = last_or_current();
    record.object = object;
    record.pid = pid_of(task);
    record.fd = fd;
    recorder_.emit(RecordKind::fd_open, record);
}

void TaskRecorder::fd_closed(kernel::Task& task, int fd)
{
    if (!state_)
        return;
    FdRecord record {};
    record.event = last_or_current();
    record.pid = pid_of(task);
    record.fd = fd;
    recorder_.emit(RecordKind::fd_close, record);
}

void TaskRecorder::mapping(kernel::Task& task, GuestAddr start, GuestAddr end, int prot, int flags, std::uint64_t object, std::uint64_t offset)
{
    if (!state_)
        return;
    MappingRecord record {};
    record.event = last_or_current();
    record.start = start.value();
    record.end = end.value();
    record.offset = offset;
    record.object = object;
    record.pid = pid_of(task);
    record.prot = prot;
    record.flags = flags;
    recorder_.emit(RecordKind::mapping, record);
}

void TaskRecorder::registers_replaced(kernel::Task& task, bool xstate)
{
    if (!state_)
        return;
    hang(data_arg_registers, Direction::out, 0, bytes_of_registers(task.registers()));
    if (!xstate)
        return;
    // As a new program or a signal handler finds it: no bytes. One byte says so, since none would be no row.
    static constexpr std::array<std::byte, 1> initial {};
    std::span<const std::byte> bytes = task.thread().xstate();
    hang(data_arg_xstate, Direction::out, 0, bytes.empty() ? std::span<const std::byte>(initial) : bytes);
}

void TaskRecorder::memory_digest(kernel::Task& task, bool inherited)
{
    if (!state_ || task.group().memory_unsure || task.mm().ref_count() > 1)
        return;
    std::vector<RangeDigest> digests = digest_memory(task.mm(), inherited, {task.registers().rsp, task.group().stacks_left});
    if (!digests.empty())
        hang(data_arg_digest, Direction::out, 0, std::as_bytes(std::span(digests)));
}

void TaskRecorder::maps_shared(std::uint64_t identity)
{
    if (current() != 0 && identity != 0)
        hang(data_arg_shared, Direction::out, identity, bytes_of("shared"));
}

void TaskRecorder::signal_info(const siginfo_t& info)
{
    if (current() != 0)
        hang(data_arg_siginfo, Direction::in, 0, std::as_bytes(std::span(&info, 1)));
}

EventId TaskRecorder::last_or_current() const
{
    EventId now = current();
    return now ? now : recorder_.last_id();
}

std::uint64_t first_object(kernel::Task& task, const SyscallInfo& info, const std::array<std::uint64_t, 6>& args)
{
    for (std::size_t i = 0; i < info.arity; ++i) {
        ArgKind kind = info.slots[i].kind;
        if (kind != ArgKind::fd && kind != ArgKind::dirfd)
            continue;
        auto file = task.files().get(static_cast<int>(args[i]));
        return file.ok() ? file.value()->trace_object : 0;
    }
    return 0;
}

}
