// One inode's pages in the memory file: serves read, write and mmap alike. For tmpfs it is the file itself.
#pragma once

#include "engine/mm/mappable.h"

#include <map>
#include <memory>
#include <vector>

namespace ringside::mm {

/// Where absent pages come from. tmpfs has none (zeros).
class PageSource {
public:
    virtual ~PageSource() = default;
    /// The host descriptor to fill from, opened on demand and kept as long as the cache needs it.
    virtual Result<int> descriptor(kernel::Task& task) = 0;
    /// The host's file lies in memory (tmpfs, a memfd): a read never waits for a disk, though the host may not promise so.
    virtual bool in_memory() const { return false; }
    /// A host descriptor that takes what shared mappings wrote (a writable bind); -1: changes stay in the cache.
    virtual int writable_descriptor() { return -1; }
};

class PageCache final : public Mappable {
public:
    /// `source` may be null: absent pages are zeros.
    PageCache(MemoryFile& memory, PageSource* source, std::uint64_t size);
    ~PageCache() override;

    Result<Piece> fetch(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted, bool for_write) override;
    std::uint64_t size() const override;
    void mapped(AddressSpace& space) override;
    void unmapped(AddressSpace& space) override;
    bool may_change() const override;
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override;
    Result<void> remove(kernel::Task& task, std::uint64_t offset, std::uint64_t length) override;

    /// Bytes from `offset` on as a read-only view of consecutive memory, at most `wanted`, cut at the end of file; empty there. The
    /// view is valid until the next wait.
    Result<std::span<const std::byte>> read(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted);
    /// Writes, growing the file. ENOSPC where the memory limit is reached.
    Result<void> write(kernel::Task& task, std::uint64_t offset, std::span<const std::byte> bytes);
    /// Pages past a smaller size are dropped and taken back from mappings; the last page's rest becomes zero.
    Result<void> resize(kernel::Task& task, std::uint64_t size);
    /// fallocate's FALLOC_FL_PUNCH_HOLE.
    Result<void> punch(kernel::Task& task, std::uint64_t offset, std::uint64_t length);
    /// Some address space maps it now; those that only have not told the host yet that they do not are made to.
    bool is_mapped();
    /// Nobody will write to it any more, but to private copies of it: the vDSO.
    void finish() { finished_ = true; }
    /// Forgets pages that came from the source: the host's file has changed.
    void invalidate();
    /// Bytes of memory that it holds (st_blocks of tmpfs).
    std::uint64_t resident() const;
    /// The next offset >= `offset` that holds data (or a hole), for SEEK_DATA and SEEK_HOLE; ENXIO past the end.
    Result<std::uint64_t> next_data(std::uint64_t offset, bool data) const;

private:
    struct State;
    std::unique_ptr<State> state_;
    bool finished_ = false;
};

}
