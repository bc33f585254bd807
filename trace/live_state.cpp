// See live_state.h.
#include "trace/live_state.h"

namespace ringside::trace {

namespace {

std::int64_t to_column(std::uint64_t value)
{
    return static_cast<std::int64_t>(value);
}

constexpr std::size_t fd_closed_column = 5;
constexpr std::size_t mapping_to_column = 9;

}

LiveState::RowPlace LiveState::add_descriptor(ProcessId process, int fd, ObjectId object, EventId event, std::uint64_t seq)
{
    std::uint64_t id = ++fd_rows_;
    batch_.ops.push_back({.seq = seq, .op = Op::fd, .value = {to_column(id), process, fd, to_column(object), to_column(event), 0}});
    return {id, batch_number_, batch_.ops.size() - 1};
}

void LiveState::add_mapping(ProcessId process, Process& of, std::uint64_t start, Mapping mapping, std::uint64_t seq)
{
    std::uint64_t id = ++mapping_rows_;
    batch_.ops.push_back({.seq = seq, .op = Op::mapping,
        .value = {to_column(id), process, to_column(start), to_column(mapping.end), mapping.prot, mapping.flags,
            to_column(mapping.object), to_column(mapping.offset), to_column(mapping.from), 0}});
    mapping.row = {id, batch_number_, batch_.ops.size() - 1};
    of.mappings.insert_or_assign(start, mapping);
    ++live_;
}

void LiveState::close_row(const RowPlace& row, Op op, std::size_t column, EventId event, std::uint64_t seq)
{
    // Most descriptors live shortly: as long as the row waits in the batch its end is written into it.
    if (row.batch == batch_number_ && row.index >= batch_.applied_ops)
        batch_.ops[row.index].value[column] = to_column(event);
    else
        batch_.ops.push_back({.seq = seq, .op = op, .value = {to_column(row.id), to_column(event)}});
}

bool LiveState::fork(ProcessId child, ProcessId parent, EventId event, std::uint64_t seq)
{
    Process& to = processes_[child];
    auto at = processes_.find(parent);
    if (at == processes_.end())
        return true;
    const Process& from = at->second;
    if (live_ + from.descriptors.size() + from.mappings.size() > live_limit)
        return false;
    for (const auto& [fd, descriptor] : from.descriptors) {
        to.descriptors[fd] = {descriptor.object, event, add_descriptor(child, fd, descriptor.object, event, seq)};
        ++live_;
    }
    for (const auto& [start, mapping] : from.mappings) {
        Mapping copy = mapping;
        copy.from = event;
        add_mapping(child, to, start, copy, seq);
    }
    return true;
}

void LiveState::end_mappings(ProcessId process, EventId event, std::uint64_t seq)
{
    auto at = processes_.find(process);
    if (at == processes_.end())
        return;
    for (const auto& [start, mapping] : at->second.mappings)
        close_row(mapping.row, Op::mapping_close, mapping_to_column, event, seq);
    live_ -= at->second.mappings.size();
    at->second.mappings.clear();
}

void LiveState::end(ProcessId process, EventId event, std::uint64_t seq)
{
    end_mappings(process, event, seq);
    auto at = processes_.find(process);
    if (at == processes_.end())
        return;
    for (const auto& [fd, descriptor] : at->second.descriptors)
        close_row(descriptor.row, Op::fd_close, fd_closed_column, event, seq);
    live_ -= at->second.descriptors.size();
    processes_.erase(at);
}

bool LiveState::open(ProcessId process, int fd, ObjectId object, EventId event, std::uint64_t seq)
{
    auto at = processes_.find(process);
    if (at == processes_.end())
        return true; // it has ended: nothing to keep
    auto& descriptors = at->second.descriptors;
    auto known = descriptors.find(fd);
    if (known != descriptors.end()) {
        if (known->second.object == object)
            return true;
        close(process, fd, event, seq);
    }
    if (live_ >= live_limit)
        return false;
    descriptors[fd] = {object, event, add_descriptor(process, fd, object, event, seq)};
    ++live_;
    return true;
}

void LiveState::close(ProcessId process, int fd, EventId event, std::uint64_t seq)
{
    auto at = processes_.find(process);
    if (at == processes_.end())
        return;
    auto known = at->second.descriptors.find(fd);
    if (known == at->second.descriptors.end())
        return;
    close_row(known->second.row, Op::fd_close, fd_closed_column, event, seq);
    at->second.descriptors.erase(known);
    --live_;
}

/// Ends what lies in [start, end); what sticks out on either side goes on as a row of its own.
void LiveState::cut(ProcessId process, Process& of, std::uint64_t start, std::uint64_t end, EventId event, std::uint64_t seq)
{
    auto at = of.mappings.lower_bound(start);
    if (at != of.mappings.begin() && std::prev(at)->second.end > start)
        --at;
    std::vector<std::pair<std::uint64_t, Mapping>> pieces; // at most two: mappings don't overlap
    while (at != of.mappings.end() && at->first < end) {
        const auto& [old_start, old] = *at;
        close_row(old.row, Op::mapping_close, mapping_to_column, event, seq);
        if (old_start < start) {
            pieces.emplace_back(old_start, old);
            pieces.back().second.end = start;
        }
        if (old.end > end) {
            pieces.emplace_back(end, old);
            if (old.object != 0)
                pieces.back().second.offset += end - old_start;
        }
        at = of.mappings.erase(at);
        --live_;
    }
    for (auto& [piece_start, piece] : pieces) {
        piece.from = event;
        add_mapping(process, of, piece_start, piece, seq);
    }
}

bool LiveState::map(const MappingRecord& record, std::uint64_t seq)
{
    auto at = processes_.find(record.pid);
    if (at == processes_.end())
        return true;
    Process& process = at->second;
    auto known = process.mappings.find(record.start);
    if (record.prot >= 0 && known != process.mappings.end() && known->second.end == record.end
        && known->second.offset == record.offset && known->second.object == record.object && known->second.prot == record.prot
        && known->second.flags == record.flags)
        return true;
    cut(record.pid, process, record.start, record.end, record.event, seq);
    if (record.prot < 0)
        return true;
    if (live_ >= live_limit)
        return false;
    add_mapping(record.pid, process, record.start,
        {record.end, record.offset, record.object, record.prot, record.flags, record.event, {}}, seq);
    return true;
}

}
