// System V shared memory (ipc/shm.c): a segment is zeros that can be mapped; it goes when it is removed and nobody has it attached.
#pragma once

#include "engine/ipc/ids.h"
#include "engine/mm/page_cache.h"

#include <sys/shm.h>

namespace ringside::ipc {

constexpr std::size_t segments_max = 4096;                  // SHMMNI
constexpr std::uint64_t segment_bytes_max = ~std::uint64_t {0} - (1UL << 24); // SHMMAX

class Segment;
using Segments = Table<Segment>;

class Segment final : public Object {
public:
    Segment(mm::MemoryFile& memory, Segments& table, std::uint64_t size);
    ~Segment() override;
    std::uint64_t size() const { return size_; }
    std::uint64_t resident() const;
    /// How often it is attached; asks the host to carry out what is left of detaching.
    std::size_t attached();
    Ref<mm::Mappable> memory() const;
    /// IPC_RMID: at once, or with the last detach. The key is free at once.
    void remove();

    kernel::Pid creator = 0, last = 0;
    std::int64_t attach_time = 0, detach_time = 0;
    std::uint64_t trace_object = 0; ///< what a recording calls it; 0: not attached yet

private:
    class Memory;
    Segments& table_;
    std::uint64_t size_;
    Ref<Memory> memory_;
};

}
