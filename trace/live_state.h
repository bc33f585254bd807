// The descriptors and mappings that the guest's processes have now, kept to turn changes into the intervals of tables `fd`
// and `mapping`. Memory is bounded by live_limit, whatever the records say.
#pragma once

#include "trace/batch.h"

#include <cstdint>
#include <map>
#include <unordered_map>

namespace ringside::trace {

class LiveState {
public:
    explicit LiveState(Batch& batch)
        : batch_(batch)
    {
    }

    static constexpr std::size_t live_limit = 2'000'000;

    /// False: the limit of descriptors and mappings together is reached.
    bool fork(ProcessId child, ProcessId parent, EventId event, std::uint64_t seq);
    void end(ProcessId process, EventId event, std::uint64_t seq);
    void end_mappings(ProcessId process, EventId event, std::uint64_t seq);
    bool open(ProcessId process, int fd, ObjectId object, EventId event, std::uint64_t seq);
    void close(ProcessId process, int fd, EventId event, std::uint64_t seq);
    /// prot -1: unmapped.
    bool map(const MappingRecord& record, std::uint64_t seq);

private:
    /// Where a row that has no end yet can be found: in the batch, as long as it was not inserted, or in the file by its id.
    struct RowPlace {
        std::uint64_t id;
        std::uint64_t batch;
        std::size_t index;
    };
    struct Descriptor {
        ObjectId object;
        EventId opened;
        RowPlace row;
    };
    struct Mapping {
        std::uint64_t end, offset;
        ObjectId object;
        std::int32_t prot, flags;
        EventId from;
        RowPlace row;
    };
    struct Process {
        std::unordered_map<int, Descriptor> descriptors;
        std::map<std::uint64_t, Mapping> mappings; ///< by start; they don't overlap
    };

    RowPlace add_descriptor(ProcessId process, int fd, ObjectId object, EventId event, std::uint64_t seq);
    void add_mapping(ProcessId process, Process& of, std::uint64_t start, Mapping mapping, std::uint64_t seq);
    void close_row(const RowPlace& row, Op op, std::size_t column, EventId event, std::uint64_t seq);
    void cut(ProcessId process, Process& of, std::uint64_t start, std::uint64_t end, EventId event, std::uint64_t seq);

    Batch& batch_;
    std::unordered_map<ProcessId, Process> processes_;
    std::size_t live_ = 0;
    std::uint64_t fd_rows_ = 0;
    std::uint64_t mapping_rows_ = 0;

public:
    /// The batch was cleared: rows that were in it are in the file now.
    void next_batch() { ++batch_number_; }

private:
    std::uint64_t batch_number_ = 1;
};

}
