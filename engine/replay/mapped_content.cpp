// Looking ahead in the recording for the content of mapped files.

#include "engine/replay/mapped_content.h"

#include <algorithm>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace ringside::replay {

using namespace trace;

namespace {

bool succeeded(const Log& log, EventId id)
{
    EventId completion = log.completion(id);
    const EventRecord& last = log.event(completion ? completion : id);
    return (last.flags & event_flag::has_ret) && !(last.ret < 0 && last.ret >= -4095);
}

}

std::vector<Range> subtract(const std::vector<Range>& ranges, Range hole)
{
    std::vector<Range> rest;
    for (const Range& range : ranges) {
        if (hole.end <= range.start || hole.start >= range.end) {
            rest.push_back(range);
            continue;
        }
        if (range.start < hole.start)
            rest.push_back({range.start, hole.start});
        if (hole.end < range.end)
            rest.push_back({hole.end, range.end});
    }
    return rest;
}

std::uint64_t clone_flags(const Log& log, EventId id)
{
    const EventRecord& event = log.event(id);
    switch (event.nr) {
    case SYS_vfork:
        return CLONE_VM | CLONE_VFORK;
    case SYS_clone:
        return event.args[0];
    case SYS_clone3: {
        std::uint64_t flags = 0;
        for (const LogData& data : log.load(id).data) {
            if (data.direction == Direction::in && data.address == event.args[0] && data.bytes.size() >= sizeof(flags))
                std::memcpy(&flags, data.bytes.data(), sizeof(flags));
        }
        return flags;
    }
    default:
        return 0;
    }
}

MappedContent::MappedContent(const Log& log)
{
    std::unordered_map<ThreadId, SpaceId> space_of;
    for (EventId id = 1; id <= log.last(); ++id) {
        const EventRecord& event = log.event(id);
        if (event.kind == EventKind::syscall) {
            if (ThreadId child = log.thread_made_by(id))
                space_of[child] = (clone_flags(log, id) & CLONE_VM) ? space_of[event.thread] : id;
            if ((event.nr == SYS_execve || event.nr == SYS_execveat) && succeeded(log, id))
                space_of[event.thread] = id;
        }
        if (event.kind == EventKind::exec && succeeded(log, id))
            space_of[event.thread] = id;
        std::vector<Step>& steps = spaces_[space_of[event.thread]];
        add_change(log, id, steps);
        if (!log.has_page_ins(id))
            continue; // most: the player loads those when their turn comes
        for (const LogData& data : log.load(id).data) {
            if (data.arg == data_arg_page)
                steps.push_back({id, true, data.address, data.address + data.bytes.size(), data.bytes});
        }
    }
}

void MappedContent::add_change(const Log& log, EventId id, std::vector<Step>& steps)
{
    const EventRecord& event = log.event(id);
    if (event.kind != EventKind::syscall)
        return;
    if (!succeeded(log, id))
        return;
    EventId completion = log.completion(id);
    const EventRecord& last = log.event(completion ? completion : id);
    auto change = [&](std::uint64_t start, std::uint64_t length) { steps.push_back({id, false, start, start + page_up(length), {}}); };
    switch (event.nr) {
    case SYS_mmap:
        change(static_cast<std::uint64_t>(last.ret), event.args[1]);
        break;
    case SYS_shmat:
    case SYS_shmdt:
        for (const MappingRecord* mapping : log.mappings_of_call(id))
            change(mapping->start, mapping->end - mapping->start);
        break;
    case SYS_munmap:
        change(event.args[0], event.args[1]);
        break;
    case SYS_madvise:
        if (event.args[2] == MADV_DONTNEED)
            change(event.args[0], event.args[1]);
        break;
    case SYS_mremap:
        change(event.args[0], event.args[1]);
        change(static_cast<std::uint64_t>(last.ret), event.args[2]);
        break;
    default:
        break;
    }
}

std::vector<Range> MappedContent::fill(SpaceId space, Range range, EventId from, const Sink& sink) const
{
    std::vector<Range> live {range};
    std::vector<Range> absent {range};
    auto found = spaces_.find(space);
    if (found == spaces_.end())
        return absent;
    const std::vector<Step>& steps = found->second;
    auto step = std::lower_bound(steps.begin(), steps.end(), from, [](const Step& s, EventId id) { return s.event < id; });
    for (; step != steps.end() && !live.empty(); ++step) {
        if (!step->page_in) {
            if (step->event != from) // the change that made the mapping itself
                live = subtract(live, {step->start, step->end});
            continue;
        }
        for (const Range& part : live) {
            std::uint64_t start = std::max(part.start, step->start);
            std::uint64_t end = std::min(part.end, step->end);
            if (start >= end)
                continue;
            sink(start, step->bytes.subspan(start - step->start, end - start));
            absent = subtract(absent, {page_down(start), page_up(end)});
        }
    }
    return absent;
}

}
