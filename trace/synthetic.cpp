// See synthetic.h.
#include "trace/synthetic.h"

#include "trace/interner.h"
#include "trace/syscall_table.h"

#include <cstring>

#include <fmt/format.h>

namespace ringside::trace {

namespace {

constexpr std::uint64_t text_base = 0x7f41c0de0000;
constexpr std::uint64_t stack_base = 0x7ffd3c000000;

}

/// xorshift64*: quick, and the same everywhere.
std::uint64_t Synthetic::random()
{
    random_ ^= random_ >> 12;
    random_ ^= random_ << 25;
    random_ ^= random_ >> 27;
    return random_ * 0x2545f4914f6cdd1d >> 11;
}

template <typename Record>
void Synthetic::emit(RecordKind kind, Record record, std::string_view payload)
{
    record.header = {static_cast<std::uint32_t>(sizeof record + payload.size()), kind, 0};
    buffer_.resize(sizeof record + payload.size());
    std::memcpy(buffer_.data(), &record, sizeof record);
    if (!payload.empty())
        std::memcpy(buffer_.data() + sizeof record, payload.data(), payload.size());
    if (!stopped_ && !sink_(buffer_))
        stopped_ = true;
}

EventRecord Synthetic::base(Thread& thread, int nr)
{
    EventRecord record{};
    record.kind = EventKind::syscall;
    record.thread = thread.tid;
    record.nr = nr;
    record.ip = text_base + below(200) * 0x1234;
    record.regs_hash = random() << 20 ^ random();
    record.dur = 200 + below(40'000);
    record.flags = event_flag::has_ret;
    return record;
}

EventId Synthetic::event(EventRecord record, std::string_view path)
{
    time_ += 500 + below(20'000);
    record.id = ++last_event_;
    record.ts = time_;
    emit(RecordKind::event, record, path);
    return record.id;
}

std::string Synthetic::bytes(std::size_t size)
{
    std::string text;
    text.reserve(size + 8);
    while (text.size() < size) // compresses somewhat, as real data does
        text += fmt::format("{:x} line {} ", below(4096), text.size() / 64);
    text.resize(size);
    return text;
}

void Synthetic::data(EventId event, unsigned arg, Direction direction, std::uint64_t address, std::string_view bytes, bool as_blob)
{
    DataRecord record{};
    record.event = event;
    record.arg = static_cast<std::uint8_t>(arg);
    record.direction = direction;
    record.address = address;
    record.length = bytes.size();
    if (as_blob) {
        BlobRecord blob{};
        blob.hash = hash128(std::as_bytes(std::span(bytes)));
        emit(RecordKind::blob, blob, bytes);
        record.hash = blob.hash;
        record.flags = data_flag::is_blob;
        bytes = {};
    }
    emit(RecordKind::data, record, bytes);
}

void Synthetic::first_process()
{
    using namespace std::string_view_literals;
    last_pid_ = 1;
    ProcessRecord process{};
    process.pid = 1;
    process.uid = process.gid = 1000;
    emit(RecordKind::process, process);
    ThreadRecord thread{};
    thread.tid = thread.pid = 1;
    emit(RecordKind::thread, thread);
    threads_.push_back({1, 1, 0, {}});
    MetaRecord meta{};
    emit(RecordKind::meta, meta, "seed\0"
                                 "42"sv);
    ObjectRecord object{};
    object.object = ++last_object_;
    object.kind = ObjectKind::tty;
    emit(RecordKind::object, object, "/dev/pts/3");
    for (int fd = 0; fd < 3; ++fd) {
        FdRecord record{};
        record.pid = 1;
        record.fd = fd;
        record.object = 1;
        emit(RecordKind::fd_open, record);
    }
    EventRecord exec{};
    exec.kind = EventKind::exec;
    exec.thread = 1;
    ExecRecord program{};
    program.event = event(exec, "/usr/bin/prog");
    program.pid = 1;
    program.argc = 2;
    emit(RecordKind::exec, program, "/usr/bin/prog\0prog\0prog\0--all"sv);
}

void Synthetic::open_file(Thread& thread)
{
    EventRecord record = base(thread, nr_of("openat"));
    std::string path = fmt::format("/usr/share/{}/file{}.txt", below(40), below(500));
    record.args = {0xffffff9c, stack_base + below(4096), 0x80000, 0, random(), random()};
    bool missing = below(5) == 0;
    int fd = 3 + static_cast<int>(thread.open.size());
    record.ret = missing ? -2 : fd;
    record.host_calls = missing ? 1 : 2;
    EventId id = event(record, path);
    data(id, 1, Direction::in, record.args[1], path + '\0');
    HostCallRecord host{};
    host.event = id;
    host.nr = nr_of("openat2");
    host.count = record.host_calls;
    host.ns = 3000;
    emit(RecordKind::host_call, host);
    if (missing)
        return;
    ObjectRecord object{};
    object.event = id;
    object.object = ++last_object_;
    object.kind = ObjectKind::file;
    emit(RecordKind::object, object, path);
    FdRecord opened{};
    opened.event = id;
    opened.object = object.object;
    opened.pid = thread.pid;
    opened.fd = fd;
    emit(RecordKind::fd_open, opened);
    thread.open.push_back(static_cast<int>(last_object_));
}

void Synthetic::close_file(Thread& thread)
{
    EventRecord record = base(thread, nr_of("close"));
    if (thread.open.empty()) {
        record.args[0] = 99;
        record.ret = -9;
        event(record);
        return;
    }
    int fd = 2 + static_cast<int>(thread.open.size());
    record.args[0] = static_cast<std::uint64_t>(fd);
    record.object = static_cast<std::uint64_t>(thread.open.back());
    thread.open.pop_back();
    FdRecord closed{};
    closed.event = event(record);
    closed.pid = thread.pid;
    closed.fd = fd;
    emit(RecordKind::fd_close, closed);
}

void Synthetic::read_file(Thread& thread)
{
    if (thread.open.empty())
        return open_file(thread);
    EventRecord record = base(thread, nr_of("read"));
    std::size_t size = below(8) == 0 ? below(options_.largest) + 1 : below(200) + 1;
    record.args = {2 + thread.open.size(), stack_base, 65'536, 0, 0, 0};
    record.ret = static_cast<std::int64_t>(size);
    record.object = static_cast<std::uint64_t>(thread.open.back());
    EventId id = event(record);
    data(id, 1, Direction::out, stack_base, bytes(size), size > 4096);
}

void Synthetic::fork(Thread& thread)
{
    EventRecord record = base(thread, nr_of("fork"));
    ProcessRecord process{};
    process.pid = ++last_pid_;
    process.parent = thread.pid;
    record.ret = process.pid;
    process.event = event(record);
    emit(RecordKind::process, process);
    ThreadRecord first{};
    first.event = process.event;
    first.tid = first.pid = process.pid;
    emit(RecordKind::thread, first);
    Thread child{process.pid, process.pid, 0, thread.open};
    threads_.push_back(std::move(child));
}

void Synthetic::block(Thread& thread)
{
    EventRecord record = base(thread, nr_of("read"));
    record.args = {0, stack_base, 100, 0, 0, 0};
    record.object = 1;
    record.flags = 0;
    thread.blocked = event(record);
    emit(RecordKind::commit_hint, MetaRecord{});
}

void Synthetic::resume(Thread& thread)
{
    EventRecord record = base(thread, nr_of("read"));
    record.kind = EventKind::resume;
    record.of = thread.blocked;
    record.waker = last_event_ > 1 ? last_event_ - 1 : 0;
    record.ret = 5;
    thread.blocked = 0;
    data(event(record), 1, Direction::out, stack_base, "typed");
}

void Synthetic::map(Thread& thread)
{
    EventRecord record = base(thread, nr_of("mmap"));
    std::uint64_t pages = 1 + below(64);
    std::uint64_t address = text_base + 0x100000000 + below(256) * 16 * 4096;
    bool unmap = below(4) == 0;
    if (unmap)
        record.nr = nr_of("munmap");
    record.args = {unmap ? address : 0, pages * 4096, unmap ? 0u : 3u, unmap ? 0u : 0x22u, unmap ? 0 : ~std::uint64_t{0}, 0};
    record.ret = unmap ? 0 : static_cast<std::int64_t>(address);
    MappingRecord mapping{};
    mapping.event = event(record);
    mapping.pid = thread.pid;
    mapping.start = address;
    mapping.end = address + pages * 4096;
    mapping.prot = unmap ? -1 : 3;
    mapping.flags = 0x22;
    emit(RecordKind::mapping, mapping);
}

void Synthetic::trap(Thread& thread)
{
    EventRecord record = base(thread, static_cast<int>(TrappedInstruction::rdtsc));
    record.kind = EventKind::instruction;
    record.ret = static_cast<std::int64_t>(time_ * 3);
    event(record);
}

void Synthetic::step()
{
    Thread& thread = threads_[below(threads_.size())];
    if (thread.blocked != 0)
        return resume(thread);
    if (!options_.payload) {
        EventRecord record = base(thread, nr_of(below(3) == 0 ? "lseek" : "read"));
        record.args = {3 + below(8), stack_base + below(100) * 64, 4096, 0, 0, 0};
        record.ret = static_cast<std::int64_t>(below(4096));
        record.object = 1;
        event(record);
        return;
    }
    switch (below(16)) {
    case 0:
        if (last_pid_ < options_.processes)
            return fork(thread);
        [[fallthrough]];
    case 1:
    case 2: return open_file(thread);
    case 3:
    case 4: return close_file(thread);
    case 5: return block(thread);
    case 6: return map(thread);
    case 7: return trap(thread);
    default: return read_file(thread);
    }
}

bool Synthetic::run()
{
    first_process();
    while (last_event_ + 1 < options_.events && !stopped_)
        step();
    EventRecord exit = base(threads_.front(), 0);
    exit.kind = EventKind::exit;
    ThreadEndRecord thread_end{};
    thread_end.event = event(exit);
    for (const Thread& thread : threads_) {
        thread_end.tid = thread.tid;
        emit(RecordKind::thread_end, thread_end);
        ProcessEndRecord process_end{};
        process_end.event = last_event_;
        process_end.pid = thread.pid;
        emit(RecordKind::process_end, process_end);
    }
    EndRecord end{};
    end.last_event = last_event_;
    emit(RecordKind::end, end);
    return !stopped_;
}

}
