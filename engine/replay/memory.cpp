// The memory calls in replay: real mappings at the recorded addresses, all of them anonymous.

#include "engine/kernel/kernel.h"
#include "engine/kernel/replay_task.h"
#include "engine/mm/address_space.h"
#include "engine/replay/player.h"
#include "trace/special_data.h"

#include <algorithm>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

namespace ringside::replay {

using namespace trace;
using kernel::ReplayTask;

namespace {

bool overlap(const Range& a, const Range& b)
{
    return a.start < b.end && b.start < a.end;
}

/// What of a file's range lies in `part`.
template<typename FileRange>
FileRange cut(const FileRange& file, Range part)
{
    FileRange rest = file;
    rest.range = part;
    rest.offset += part.start - file.range.start;
    return rest;
}

Result<void> make_room(kernel::Task& task, mm::PageCache& object, std::uint64_t size)
{
    return size > object.size() ? object.resize(task, page_up(size)) : Result<void>();
}

}

Result<void> Player::write(Thread& thread, std::uint64_t address, std::span<const std::byte> bytes)
{
    if (bytes.empty())
        return {};
    std::uint64_t done = TRY(thread.space->memory->poke(*thread.task, GuestAddr(address), bytes, true));
    if (done != bytes.size())
        return Errno(EFAULT);
    return {};
}

Result<void> Player::write_file(Thread& thread, std::uint64_t address, std::span<const std::byte> bytes)
{
    if (write(thread, address, bytes).ok())
        return {};
    // A shared mapping without access cannot be written even by force (FOLL_FORCE).
    std::uint64_t start = page_down(address);
    TRY(thread.space->memory->protect(*thread.task, GuestAddr(start), page_up(address + bytes.size()) - start, PROT_READ | PROT_WRITE));
    return write(thread, address, bytes);
}

Result<void> Player::map(Thread& thread, Range range, int prot, int flags, bool file, EventId from, std::uint64_t offset)
{
    mm::MapRequest request {};
    request.address = GuestAddr(range.start);
    request.length = range.end - range.start;
    request.prot = prot;
    // A shared mapping of a file that is only read is as good as a private one, which can be filled.
    bool shared = (flags & MAP_SHARED) && (!file || (prot & PROT_WRITE));
    request.flags = MAP_FIXED | MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE) | (flags & MAP_GROWSDOWN);
    request.max_prot = PROT_READ | PROT_WRITE | PROT_EXEC;
    forget_files(*thread.space, range);
    if (flags & MAP_SHARED)
        thread.space->shares = true;
    Ref<mm::PageCache> object = file && (flags & MAP_SHARED) ? shared_object(from) : Ref<mm::PageCache>();
    if (object) {
        request.flags = MAP_FIXED | MAP_SHARED;
        request.object = object;
        request.offset = offset;
        TRY(make_room(*thread.task, *object, offset + request.length));
    }
    TRY(thread.space->memory->map(*thread.task, request));
    if (!file)
        return {};
    thread.space->files.push_back({range, prot, object, offset});
    if (object)
        return {}; // shows what it holds as the recording says so
    return fill(thread, range, from);
}

Ref<mm::PageCache> Player::shared_object(EventId from)
{
    if (from == 0)
        return {};
    EventId completion = log_.completion(from);
    for (EventId row : {from, completion}) {
        if (row == 0)
            continue;
        for (const LogData& data : log_.load(row).data) {
            if (data.arg != data_arg_shared)
                continue;
            Ref<mm::PageCache>& object = shared_[data.address];
            if (!object)
                object = make_ref<mm::PageCache>(kernel_.memory(), nullptr, 0);
            return object;
        }
    }
    return {};
}

Result<void> Player::show_shared(Thread& thread, const LogData& data)
{
    Range range {data.address, data.address + data.bytes.size()};
    for (const FileRange& file : thread.space->files) {
        if (!file.object || !overlap(file.range, range))
            continue;
        Range part {std::max(file.range.start, range.start), std::min(file.range.end, range.end)};
        TRY(file.object->write(*thread.task, file.offset + (part.start - file.range.start), data.bytes.subspan(part.start - range.start, part.end - part.start)));
    }
    return {};
}

Result<void> Player::fill(Thread& thread, Range range, EventId from)
{
    Result<void> written {};
    auto absent = content_.fill(thread.space->id, range, from, [&](std::uint64_t address, std::span<const std::byte> bytes) {
        if (written.ok())
            written = write_file(thread, address, bytes);
    });
    TRY(std::move(written));
    thread.space->absent.insert(thread.space->absent.end(), absent.begin(), absent.end());
    return protect_files(thread, range);
}

Result<void> Player::protect_files(Thread& thread, Range range)
{
    mm::AddressSpace& memory = *thread.space->memory;
    for (const FileRange& file : thread.space->files) {
        if (!overlap(file.range, range))
            continue;
        Range part {std::max(file.range.start, range.start), std::min(file.range.end, range.end)};
        std::vector<Range> present {part};
        for (const Range& absent : thread.space->absent) {
            present = subtract(present, absent);
            if (overlap(absent, part)) {
                std::uint64_t start = std::max(absent.start, part.start);
                TRY(memory.protect(*thread.task, GuestAddr(start), std::min(absent.end, part.end) - start, PROT_NONE));
            }
        }
        for (const Range& here : present)
            TRY(memory.protect(*thread.task, GuestAddr(here.start), here.end - here.start, file.prot));
    }
    return {};
}

const Player::FileRange* Player::file_in(const Space& space, Range range)
{
    auto file = std::find_if(space.files.begin(), space.files.end(), [&](const FileRange& f) { return overlap(f.range, range); });
    return file == space.files.end() ? nullptr : &*file;
}

void Player::forget_files(Space& space, Range range)
{
    std::vector<FileRange> rest;
    for (const FileRange& file : space.files) {
        for (const Range& part : subtract({file.range}, range))
            rest.push_back(cut(file, part));
    }
    space.files = std::move(rest);
    space.absent = subtract(space.absent, range);
}

Result<void> Player::hide_page(Thread& thread, std::uint64_t address)
{
    Range page {page_down(address), page_down(address) + page_size};
    thread.space->absent = subtract(thread.space->absent, page);
    thread.space->absent.push_back(page);
    return protect_files(thread, page);
}

Result<void> Player::show_again(Thread& thread, const LogData& data)
{
    Range range {data.address, data.address + data.bytes.size()};
    for (const Range& absent : std::vector<Range>(thread.space->absent)) {
        if (!overlap(absent, range))
            continue;
        Range part {std::max(absent.start, range.start), std::min(absent.end, range.end)};
        TRY(write_file(thread, part.start, data.bytes.subspan(part.start - range.start, part.end - part.start)));
        thread.space->absent = subtract(thread.space->absent, part);
        TRY(protect_files(thread, part));
    }
    return {};
}

void Player::set_protection(Space& space, Range range, int prot)
{
    std::vector<FileRange> changed;
    for (const FileRange& file : space.files) {
        if (!overlap(file.range, range)) {
            changed.push_back(file);
            continue;
        }
        for (const Range& part : subtract({file.range}, range))
            changed.push_back(cut(file, part));
        changed.push_back(cut(file, {std::max(file.range.start, range.start), std::min(file.range.end, range.end)}));
        changed.back().prot = prot;
    }
    space.files = std::move(changed);
}

Result<void> Player::apply_memory(Thread& thread, const EventRecord& call, std::int64_t ret)
{
    mm::AddressSpace& memory = *thread.space->memory;
    kernel::Task& task = *thread.task;
    auto result = static_cast<std::uint64_t>(ret);
    const auto& a = call.args;
    auto range_of = [](std::uint64_t start, std::uint64_t length) { return Range {start, start + page_up(length)}; };
    switch (call.nr) {
    case SYS_mmap: {
        bool file = !(a[3] & MAP_ANONYMOUS);
        return map(thread, range_of(result, a[1]), static_cast<int>(a[2]), static_cast<int>(a[3]), file, call.id, a[5]);
    }
    case SYS_shmat:
        return attach(thread, call.id, result);
    case SYS_shmdt:
        return detach(thread, call.id);
    case SYS_munmap:
        forget_files(*thread.space, range_of(a[0], a[1]));
        return memory.unmap(task, GuestAddr(a[0]), a[1]);
    case SYS_mprotect:
    case SYS_pkey_mprotect:
        TRY(memory.protect(task, GuestAddr(a[0]), a[1], static_cast<int>(a[2])));
        set_protection(*thread.space, range_of(a[0], a[1]), static_cast<int>(a[2]));
        return protect_files(thread, range_of(a[0], a[1]));
    case SYS_mremap: {
        Range old = range_of(a[0], a[1]);
        bool moved = result != a[0];
        TRY(memory.remap(task, GuestAddr(a[0]), a[1], a[2], moved ? MREMAP_MAYMOVE | MREMAP_FIXED | static_cast<int>(a[3] & MREMAP_DONTUNMAP) : 0, GuestAddr(moved ? result : 0)));
        const FileRange* file = file_in(*thread.space, old);
        bool was_file = file != nullptr;
        FileRange now = was_file ? cut(*file, old) : FileRange {};
        if (now.object) // before the mapping grows: SIGBUS is the recording's to give
            TRY(make_room(task, *now.object, now.offset + page_up(a[2])));
        forget_files(*thread.space, old);
        if (!was_file)
            return {};
        now.range = range_of(result, a[2]);
        thread.space->files.push_back(now);
        if (now.object)
            return {};
        return fill(thread, range_of(result, a[2]), call.id);
    }
    case SYS_remap_file_pages: {
        Range range {page_down(a[0]), page_down(a[0]) + page_down(a[1])};
        TRY(memory.remap_shared(task, GuestAddr(range.start), range.end - range.start, a[3] * page_size));
        const FileRange* file = file_in(*thread.space, range);
        if (!file)
            return {};
        FileRange now = *file;
        now.range = range;
        now.offset = a[3] * page_size;
        forget_files(*thread.space, range);
        thread.space->files.push_back(now);
        return {};
    }
    case SYS_brk:
        return apply_brk(thread, result);
    case SYS_madvise: {
        if (a[2] != MADV_DONTNEED && a[2] != MADV_DONTFORK && a[2] != MADV_DOFORK && a[2] != MADV_WIPEONFORK && a[2] != MADV_KEEPONFORK)
            return {};
        TRY(memory.advise(task, GuestAddr(a[0]), a[1], static_cast<int>(a[2])));
        if (a[2] != MADV_DONTNEED)
            return {};
        Range dropped = range_of(a[0], a[1]);
        for (const FileRange& file : std::vector<FileRange>(thread.space->files)) {
            const Range part = file.range;
            if (file.object || !overlap(part, dropped))
                continue;
            Range again {std::max(part.start, dropped.start), std::min(part.end, dropped.end)};
            thread.space->absent = subtract(thread.space->absent, again);
            TRY(fill(thread, again, call.id));
        }
        return {};
    }
    case SYS_setrlimit:
        if (a[0] == RLIMIT_STACK)
            ReplayTask::set_stack_limit(task, log_.load(call.id).data);
        return {};
    case SYS_prlimit64:
        if (a[1] == RLIMIT_STACK && a[2] != 0 && (a[0] == 0 || a[0] == log_.process_of(thread.id)))
            ReplayTask::set_stack_limit(task, log_.load(call.id).data);
        return {};
    default:
        return {};
    }
}

/// How large a segment is says its mapping, not the call.
Result<void> Player::attach(Thread& thread, EventId call, std::uint64_t at)
{
    for (const MappingRecord* mapping : log_.mappings_of_call(call)) {
        if (mapping->prot >= 0 && mapping->start == at)
            return map(thread, {mapping->start, mapping->end}, mapping->prot, mapping->flags, true, call, mapping->offset);
    }
    return Errno(EINVAL); // a recording whose rows are not of one piece
}

Result<void> Player::detach(Thread& thread, EventId call)
{
    // A row that ended may have been of more than the segment: what is left of it begins anew.
    std::vector<const MappingRecord*> mappings = log_.mappings_of_call(call);
    std::vector<Range> gone;
    for (const MappingRecord* mapping : mappings) {
        if (mapping->prot < 0)
            gone.push_back({mapping->start, mapping->end});
    }
    for (const MappingRecord* mapping : mappings) {
        if (mapping->prot >= 0)
            gone = subtract(gone, {mapping->start, mapping->end});
    }
    for (const Range& range : gone) {
        forget_files(*thread.space, range);
        TRY(thread.space->memory->unmap(*thread.task, GuestAddr(range.start), range.end - range.start));
    }
    return {};
}

Result<void> Player::apply_brk(Thread& thread, std::uint64_t end)
{
    std::uint64_t old = std::exchange(thread.space->brk, end);
    if (old == 0 || page_up(old) == page_up(end))
        return {};
    if (page_up(end) < page_up(old))
        return thread.space->memory->unmap(*thread.task, GuestAddr(page_up(end)), page_up(old) - page_up(end));
    return map(thread, {page_up(old), page_up(end)}, PROT_READ | PROT_WRITE, MAP_PRIVATE, false, 0);
}

Result<void> Player::apply_exec(Thread& thread, EventId call, EventId row)
{
    TRY(check_memory_of(thread, call));
    if (row != call)
        TRY(check_memory_of(thread, row));
    auto space = make_ref<Space>();
    space->memory = TRY(mm::AddressSpace::create(kernel_.platform(), kernel_.memory(), 0));
    space->id = call;
    thread.space = space;
    TRY(ReplayTask::replace_memory(*thread.task, space->memory));
    auto apply_mappings = [&](EventId id) -> Result<void> {
        for (const MappingRecord* mapping : log_.load(id).mappings) {
            if (mapping->prot < 0 || mapping->pid != log_.process_of(thread.id))
                continue;
            bool file = !(mapping->flags & MAP_ANONYMOUS);
            TRY(map(thread, {mapping->start, mapping->end}, mapping->prot, mapping->flags, file, call));
        }
        return {};
    };
    TRY(apply_mappings(call));
    if (row != call)
        TRY(apply_mappings(row));
    TRY(apply_data(thread, call));
    if (row != call)
        TRY(apply_data(thread, row));
    return {};
}

}
