// See intake.h. One function a kind of record: first everything is checked, then the rows are added.
#include "trace/intake.h"

#include "trace/special_data.h"
#include "trace/syscall_table.h"

#include <cstring>

#include <fmt/format.h>
#include <zstd.h>

namespace ringside::trace {

namespace {

constexpr std::size_t text_limit = 64 * 1024;          ///< paths, names: Linux allows 4096
constexpr std::size_t inline_limit = 256;              ///< longer data goes to table `blob`
constexpr std::size_t compress_from = 128;
constexpr std::size_t meta_limit = 1000;
constexpr std::uint64_t time_limit = std::uint64_t{1} << 62;
constexpr std::int32_t fd_limit = 1 << 30;             ///< fs.nr_open can't be set higher
constexpr std::uint64_t address_limit = std::uint64_t{1} << 57;

std::int64_t to_column(std::uint64_t value)
{
    return static_cast<std::int64_t>(value);
}

std::string_view as_text(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> as_span(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

EventRow make_row(const EventRecord& record)
{
    EventRow row{};
    row.id = record.id;
    row.ts = record.ts;
    row.dur = record.dur;
    row.ret = record.ret;
    row.args = record.args;
    row.ip = record.ip;
    row.of = record.of;
    row.waker = record.waker;
    row.regs_hash = record.regs_hash;
    row.object = record.object;
    row.thread = record.thread;
    row.nr = record.nr;
    row.host_calls = record.host_calls;
    row.kind = record.kind;
    row.verdict = record.verdict;
    row.flags = record.flags;
    row.arity = 6;
    if (record.kind == EventKind::syscall) {
        if (const SyscallInfo* info = find_syscall(record.nr))
            row.arity = info->arity;
    } else {
        while (row.arity > 0 && row.args[row.arity - 1u] == 0)
            --row.arity;
    }
    return row;
}

}

std::optional<std::uint64_t> RowIds::next(EventId event)
{
    if (event > newest_) {
        newest_ = event;
        count_ = 0;
    }
    if (event == newest_) {
        if (count_ == half)
            return std::nullopt;
        return first(event) + count_++;
    }
    return first(event) + half + late_++ % half;
}

void Intake::FreeCompressor::operator()(ZSTD_CCtx_s* context) const
{
    ZSTD_freeCCtx(context);
}

Intake::Intake(Batch& batch)
    : batch_(batch)
    , live_(batch)
    , compressor_(ZSTD_createCCtx())
{
    if (!compressor_)
        throw std::bad_alloc();
}

Intake::~Intake() = default;

bool Intake::fail(std::string message)
{
    message_ = std::move(message);
    return false;
}

template <typename Record>
bool Intake::fixed(const RecordCopy& copy, Record& record)
{
    if (copy.bytes.size() != sizeof record)
        return fail(fmt::format("a record of kind {} has {} bytes", static_cast<unsigned>(copy.header.kind), copy.bytes.size()));
    std::memcpy(&record, copy.bytes.data(), sizeof record);
    return true;
}

template <typename Record>
bool Intake::with_payload(const RecordCopy& copy, Record& record, std::span<const std::byte>& payload, std::size_t limit)
{
    if (copy.bytes.size() < sizeof record || copy.bytes.size() - sizeof record > limit)
        return fail(fmt::format("a record of kind {} has {} bytes", static_cast<unsigned>(copy.header.kind), copy.bytes.size()));
    std::memcpy(&record, copy.bytes.data(), sizeof record);
    payload = copy.bytes.subspan(sizeof record);
    return true;
}

bool Intake::event_known(EventId event)
{
    return event <= last_event_ + 1 || fail(fmt::format("event {} is named after event {}", event, last_event_));
}

bool Intake::thread_known(ThreadId thread)
{
    return threads_.contains(thread) || fail(fmt::format("thread {} was not introduced", thread));
}

bool Intake::process_known(ProcessId process)
{
    return parents_.contains(process) || fail(fmt::format("process {} was not introduced", process));
}

bool Intake::object_known(ObjectId object)
{
    return objects_.contains(object) || fail(fmt::format("object {} was not introduced", object));
}

OpRow& Intake::add(Op op, std::span<const std::byte> text)
{
    OpRow& row = batch_.ops.emplace_back();
    row.seq = last_event_;
    row.op = op;
    row.text = batch_.arena.size();
    row.text_length = static_cast<std::uint32_t>(text.size());
    batch_.arena.insert(batch_.arena.end(), text.begin(), text.end());
    return row;
}

StringId Intake::intern(std::span<const std::byte> text)
{
    auto [id, is_new] = strings_.intern(as_text(text));
    if (is_new)
        add(Op::string, text).value[0] = id;
    return id;
}

bool Intake::take(const RecordCopy& record)
{
    if (ended_)
        return fail("a record after the end");
    switch (record.header.kind) {
    case RecordKind::event: return take_event(record);
    case RecordKind::data: return take_data(record);
    case RecordKind::blob: return take_blob(record);
    case RecordKind::process: return take_process(record);
    case RecordKind::process_end: return take_process_end(record);
    case RecordKind::thread: return take_thread(record);
    case RecordKind::thread_end: return take_thread_end(record);
    case RecordKind::exec: return take_exec(record);
    case RecordKind::comm: return take_comm(record);
    case RecordKind::object: return take_object(record);
    case RecordKind::fd_open: return take_fd(record, true);
    case RecordKind::fd_close: return take_fd(record, false);
    case RecordKind::mapping: return take_mapping(record);
    case RecordKind::host_call: return take_host_call(record);
    case RecordKind::meta: return take_meta(record);
    case RecordKind::commit_hint: wants_commit_ = true; return true;
    case RecordKind::end: return take_end(record);
    }
    return fail(fmt::format("a record of kind {}", static_cast<unsigned>(record.header.kind)));
}

bool Intake::take_event(const RecordCopy& copy)
{
    EventRecord record;
    std::span<const std::byte> path;
    if (!with_payload(copy, record, path, text_limit))
        return false;
    if (record.id != last_event_ + 1)
        return fail(fmt::format("event {} after event {}", record.id, last_event_));
    if (record.ts < last_ts_ || record.ts > time_limit || record.dur > time_limit)
        return fail(fmt::format("time {} of event {} after {}", record.ts, record.id, last_ts_));
    if (record.kind < EventKind::syscall || record.kind > EventKind::marker || record.verdict > Verdict::unsupported
        || (record.flags & ~(event_flag::has_ret | event_flag::restarted | event_flag::fatal)) != 0)
        return fail(fmt::format("event {} of kind {}, verdict {}, flags {}", record.id, static_cast<unsigned>(record.kind),
            static_cast<unsigned>(record.verdict), record.flags));
    bool of_nobody = record.thread == 0 && (record.kind == EventKind::marker || record.kind == EventKind::policy);
    if (!of_nobody && !thread_known(record.thread))
        return false;
    if (record.object != 0 && !object_known(record.object))
        return false;
    if (record.of >= record.id || record.waker > record.id)
        return fail(fmt::format("event {} refers to {} and {}", record.id, record.of, record.waker));
    bool has_ret = (record.flags & event_flag::has_ret) != 0;
    if (record.kind == EventKind::resume) {
        auto call = blocked_.find(record.of);
        if (call == blocked_.end() || call->second.thread != record.thread)
            return fail(fmt::format("event {} completes {}, which does not wait", record.id, record.of));
    }
    EventRow row = make_row(record);
    row.path = intern(path);
    batch_.events.push_back(row);
    last_event_ = record.id;
    last_ts_ = record.ts;
    // Not only calls: what the kernel does by itself (the first program's execution, a page from a cold disk) may wait as well.
    if (record.kind != EventKind::resume && !has_ret)
        blocked_[record.id] = {record.thread, record.ts};
    if (record.kind == EventKind::resume && has_ret)
        complete(record);
    return true;
}

/// Fills the result into the call's own row: in the batch where it is still there, else by an update.
void Intake::complete(const EventRecord& resume)
{
    std::uint64_t dur = resume.ts + resume.dur - blocked_[resume.of].ts;
    blocked_.erase(resume.of);
    if (!batch_.events.empty() && resume.of >= batch_.events.front().id) {
        std::size_t index = resume.of - batch_.events.front().id;
        if (index >= batch_.applied_events) {
            EventRow& call = batch_.events[index];
            call.ret = resume.ret;
            call.dur = dur;
            call.done = resume.id;
            call.flags |= event_flag::has_ret;
            return;
        }
    }
    add(Op::complete).value = {to_column(resume.of), resume.ret, to_column(dur), to_column(resume.id)};
}

bool Intake::take_data(const RecordCopy& copy)
{
    DataRecord record;
    std::span<const std::byte> bytes;
    if (!with_payload(copy, record, bytes, ring_max_record) || !event_known(record.event))
        return false;
    bool is_blob = (record.flags & data_flag::is_blob) != 0;
    if ((record.arg > 5 && record.arg < data_arg_special) || record.direction > Direction::out
        || (record.flags & ~(data_flag::capped | data_flag::is_blob)) != 0 || (is_blob && !bytes.empty())
        || record.offset > time_limit || record.length > time_limit || bytes.size() > record.length)
        return fail(fmt::format("data of event {} with argument {}, flags {}, length {}", record.event, record.arg, record.flags, record.length));
    std::uint32_t blob = is_blob ? blobs_.find(record.hash) : 0;
    if (is_blob && blob == 0)
        return fail(fmt::format("data of event {} names a content that was not sent", record.event));
    auto id = data_ids_.next(record.event);
    if (!id)
        return fail(fmt::format("too many data records for event {}", record.event));
    if (!is_blob && bytes.size() > inline_limit) {
        blob = store_blob(bytes, hash128(bytes));
        bytes = {};
    }
    add(Op::data, bytes).value = {to_column(*id), record.arg, static_cast<int>(record.direction),
        record.flags & data_flag::capped, to_column(record.address), to_column(record.offset), to_column(record.length), blob};
    return true;
}

bool Intake::take_blob(const RecordCopy& copy)
{
    BlobRecord record;
    std::span<const std::byte> bytes;
    if (!with_payload(copy, record, bytes, ring_max_record))
        return false;
    if (hash128(bytes) != record.hash)
        return fail("a content that is not what its hash says");
    store_blob(bytes, record.hash);
    return true;
}

/// The id of the content in table `blob`, where it is put unless it is there.
std::uint32_t Intake::store_blob(std::span<const std::byte> bytes, const Hash128& hash)
{
    if (std::uint32_t known = blobs_.find(hash))
        return known;
    std::uint32_t id = blobs_.add(hash);
    std::int64_t coding = 0;
    std::vector<std::byte> packed;
    if (bytes.size() >= compress_from) {
        packed.resize(ZSTD_compressBound(bytes.size()));
        std::size_t size = ZSTD_compressCCtx(compressor_.get(), packed.data(), packed.size(), bytes.data(), bytes.size(), 1);
        if (ZSTD_isError(size) == 0 && size < bytes.size()) {
            packed.resize(size);
            coding = 1;
        }
    }
    add(Op::blob, coding == 1 ? std::span<const std::byte>(packed) : bytes).value
        = {id, to_column(hash[1]), to_column(hash[0]), to_column(bytes.size()), coding};
    return id;
}

bool Intake::take_process(const RecordCopy& copy)
{
    ProcessRecord record;
    if (!fixed(copy, record) || !event_known(record.event) || (record.parent != 0 && !process_known(record.parent)))
        return false;
    if (record.pid == 0 || parents_.contains(record.pid))
        return fail(fmt::format("process {} begins twice", record.pid));
    if (!live_.fork(record.pid, record.parent, record.event, last_event_))
        return fail("too many descriptors and mappings");
    parents_[record.pid] = record.parent;
    add(Op::process).value = {record.pid, record.parent, record.uid, record.gid, to_column(record.event)};
    return true;
}

bool Intake::take_process_end(const RecordCopy& copy)
{
    ProcessEndRecord record;
    if (!fixed(copy, record) || !event_known(record.event) || !process_known(record.pid))
        return false;
    live_.end(record.pid, record.event, last_event_);
    add(Op::process_end).value = {record.pid, to_column(record.event), record.status};
    return true;
}

bool Intake::take_thread(const RecordCopy& copy)
{
    ThreadRecord record;
    if (!fixed(copy, record) || !event_known(record.event) || !process_known(record.pid))
        return false;
    if (record.tid == 0 || threads_.contains(record.tid))
        return fail(fmt::format("thread {} begins twice", record.tid));
    std::string name = inherited_comm(record.pid, record.event);
    threads_[record.tid] = record.pid;
    add(Op::thread).value = {record.tid, record.pid, to_column(record.event)};
    if (!name.empty())
        set_comm(record.tid, record.event, std::move(name));
    return true;
}

/// A new thread is called as the one that made it: the thread of the event, where that is near, else a leader.
std::string Intake::inherited_comm(ProcessId process, EventId event)
{
    ThreadId from = 0;
    if (!batch_.events.empty() && event >= batch_.events.front().id && event <= batch_.events.back().id)
        from = batch_.events[event - batch_.events.front().id].thread;
    for (ThreadId candidate : {from, process, parents_[process]})
        if (auto at = comms_.find(candidate); at != comms_.end())
            return at->second;
    return {};
}

bool Intake::take_thread_end(const RecordCopy& copy)
{
    ThreadEndRecord record;
    if (!fixed(copy, record) || !event_known(record.event) || !thread_known(record.tid))
        return false;
    comms_.erase(record.tid);
    std::erase_if(blocked_, [&](const auto& call) { return call.second.thread == record.tid; });
    add(Op::thread_end).value = {record.tid, to_column(record.event), record.status};
    return true;
}

void Intake::set_comm(ThreadId thread, EventId event, std::string name)
{
    add(Op::comm, as_span(name)).value = {thread, to_column(event)};
    comms_[thread] = std::move(name);
}

bool Intake::take_exec(const RecordCopy& copy)
{
    ExecRecord record;
    std::span<const std::byte> payload;
    if (!with_payload(copy, record, payload, ring_max_record) || !event_known(record.event) || !process_known(record.pid))
        return false;
    std::string_view text = as_text(payload);
    std::size_t path_end = text.find('\0');
    std::size_t comm_end = path_end == text.npos ? text.npos : std::min(text.find('\0', path_end + 1), text.size());
    if (comm_end == text.npos || path_end > text_limit || comm_end - path_end > 256)
        return fail(fmt::format("the exec of event {} lacks path or name", record.event));
    live_.end_mappings(record.pid, record.event, last_event_);
    StringId path = intern(payload.first(path_end));
    add(Op::exec, payload.subspan(std::min(comm_end + 1, payload.size()))).value = {to_column(record.event), record.pid, path, record.argc};
    set_comm(record.pid, record.event, std::string(text.substr(path_end + 1, comm_end - path_end - 1)));
    return true;
}

bool Intake::take_comm(const RecordCopy& copy)
{
    CommRecord record;
    std::span<const std::byte> name;
    if (!with_payload(copy, record, name, 256) || !event_known(record.event) || !thread_known(record.tid))
        return false;
    set_comm(record.tid, record.event, std::string(as_text(name)));
    return true;
}

bool Intake::take_object(const RecordCopy& copy)
{
    ObjectRecord record;
    std::span<const std::byte> name;
    if (!with_payload(copy, record, name, text_limit) || !event_known(record.event))
        return false;
    if (record.object == 0 || record.object > time_limit || objects_.contains(record.object) || record.kind > ObjectKind::inotify)
        return fail(fmt::format("object {} of kind {}", record.object, static_cast<unsigned>(record.kind)));
    objects_.add(record.object);
    StringId path = intern(name);
    add(Op::object).value = {to_column(record.object), static_cast<int>(record.kind), path, to_column(record.event)};
    return true;
}

bool Intake::take_fd(const RecordCopy& copy, bool open)
{
    FdRecord record;
    if (!fixed(copy, record) || !event_known(record.event) || !process_known(record.pid) || (open && !object_known(record.object)))
        return false;
    if (record.fd < 0 || record.fd >= fd_limit)
        return fail(fmt::format("descriptor {}", record.fd));
    if (!open)
        live_.close(record.pid, record.fd, record.event, last_event_);
    else if (!live_.open(record.pid, record.fd, record.object, record.event, last_event_))
        return fail("too many descriptors and mappings");
    return true;
}

bool Intake::take_mapping(const RecordCopy& copy)
{
    MappingRecord record;
    if (!fixed(copy, record) || !event_known(record.event) || !process_known(record.pid)
        || (record.object != 0 && !object_known(record.object)))
        return false;
    if (record.start >= record.end || record.end > address_limit || (record.start | record.end | record.offset) % 4096 != 0
        || record.prot < -1 || record.offset > time_limit)
        return fail(fmt::format("mapping {:#x}-{:#x}, protection {}", record.start, record.end, record.prot));
    return live_.map(record, last_event_) || fail("too many descriptors and mappings");
}

bool Intake::take_host_call(const RecordCopy& copy)
{
    HostCallRecord record;
    if (!fixed(copy, record) || !event_known(record.event))
        return false;
    if (record.nr < 0 || record.nr > 0xffff || record.ns > time_limit)
        return fail(fmt::format("host call {}", record.nr));
    auto id = host_ids_.next(record.event);
    if (!id)
        return fail(fmt::format("too many host calls for event {}", record.event));
    add(Op::host_call).value = {to_column(*id), 0, record.nr, record.count, to_column(record.ns)};
    return true;
}

bool Intake::take_meta(const RecordCopy& copy)
{
    MetaRecord record;
    std::span<const std::byte> payload;
    if (!with_payload(copy, record, payload, ring_max_record))
        return false;
    std::string_view text = as_text(payload);
    std::size_t key_end = text.find('\0');
    if (key_end == text.npos || key_end == 0 || key_end > 64 || ++meta_count_ > meta_limit)
        return fail("a meta record without a key");
    // How the recording ends is the recorder's to say, not the Sentry's.
    std::string_view key = text.substr(0, key_end);
    if (key == "format" || key.starts_with("end"))
        return fail(fmt::format("a meta record for the recorder's own key \"{}\"", key));
    add(Op::meta, payload);
    return true;
}

bool Intake::take_end(const RecordCopy& copy)
{
    EndRecord record;
    if (!fixed(copy, record))
        return false;
    if (record.last_event != last_event_)
        return fail(fmt::format("the end says {} events after {}", record.last_event, last_event_));
    ended_ = true;
    exit_status_ = record.exit_status;
    return true;
}

}
