// See replay_log.h.
#include "trace/replay_log.h"

#include <algorithm>

namespace ringside::trace {

ReplayLog::ReplayLog(TraceFile& trace)
    : trace_(trace)
{
    blocks_.resize(kept_blocks);
    auto access = trace_.access();
    Statement rows = access.database.prepare("SELECT id, thread FROM event ORDER BY id");
    while (rows.step()) {
        if (rows.number(0) != last_event_ + 1 || last_event_ >= UINT32_MAX)
            throw Error("This trace is damaged: the numbers of its events are not dense.");
        ++last_event_;
        by_thread_[static_cast<ThreadId>(rows.integer(1))].events.push_back(static_cast<std::uint32_t>(last_event_));
    }
}

const ReplayLog::Block& ReplayLog::block_of(EventId id)
{
    EventId first = (id - 1) / block_rows * block_rows + 1;
    for (const Block& block : blocks_)
        if (block.first == first)
            return block;
    Block& block = blocks_[next_block_];
    next_block_ = (next_block_ + 1) % kept_blocks;
    block.first = first;
    block.events.clear();
    for (Event& event : trace_.events(first, block_rows))
        block.events.push_back({event, {}});
    trace_.for_each_chunk(first, first + block_rows - 1, [&](DataChunk&& chunk) {
        std::size_t index = chunk.event - first;
        if (index < block.events.size())
            block.events[index].data.push_back(std::move(chunk));
        return true;
    });
    return block;
}

const ReplayEvent* ReplayLog::at(EventId id)
{
    if (id == 0 || id > last_event_)
        return nullptr;
    const Block& block = block_of(id);
    std::size_t index = id - block.first;
    return index < block.events.size() ? &block.events[index] : nullptr;
}

const ReplayEvent* ReplayLog::peek(ThreadId thread)
{
    auto found = by_thread_.find(thread);
    if (found == by_thread_.end() || found->second.next >= found->second.events.size())
        return nullptr;
    return at(found->second.events[found->second.next]);
}

const ReplayEvent* ReplayLog::next(ThreadId thread)
{
    const ReplayEvent* event = peek(thread);
    if (event)
        ++by_thread_.find(thread)->second.next;
    return event;
}

void ReplayLog::seek(ThreadId thread, EventId after)
{
    auto found = by_thread_.find(thread);
    if (found == by_thread_.end())
        return;
    const auto& events = found->second.events;
    found->second.next = static_cast<std::size_t>(std::ranges::upper_bound(events, after) - events.begin());
}

std::vector<DataChunk> ReplayLog::output(const Event& event)
{
    std::vector<DataChunk> chunks;
    for (EventId row : {event.id, event.done != event.id ? event.done : 0}) {
        if (const ReplayEvent* found = at(row))
            for (const DataChunk& chunk : found->data)
                if (chunk.direction == Direction::out)
                    chunks.push_back(chunk);
    }
    return chunks;
}

const std::vector<std::uint32_t>& ReplayLog::events_of(ThreadId thread) const
{
    static const std::vector<std::uint32_t> none;
    auto found = by_thread_.find(thread);
    return found == by_thread_.end() ? none : found->second.events;
}

std::vector<ThreadId> ReplayLog::threads() const
{
    std::vector<ThreadId> ids;
    for (const auto& [id, thread] : by_thread_)
        ids.push_back(id);
    std::ranges::sort(ids);
    return ids;
}

}
