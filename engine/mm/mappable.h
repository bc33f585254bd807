// What mmap can map: an inode's page cache, or shared anonymous memory.
#pragma once

#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/mm/memory_file.h"
#include "engine/mm/range_map.h"

#include <string>

namespace ringside::kernel {
class Task;
}

namespace ringside::mm {

class AddressSpace;

class Mappable : public RefCounted {
public:
    /// Consecutive, present bytes of the memory file that hold the object from some offset on.
    struct Piece {
        FileOffset at;
        std::uint64_t length; ///< page multiple
    };
    /// Makes the page at `offset` (page aligned) present, with what follows it up to `wanted` bytes where that is cheap. May block on
    /// the host's disk (the fiber waits). ENXIO past the end: the guest gets SIGBUS.
    virtual Result<Piece> fetch(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted, bool for_write) = 0;
    /// Bytes; a mapping may reach further, its pages there give SIGBUS.
    virtual std::uint64_t size() const = 0;
    /// Called for every range that maps the object, so that truncation can take pages back (unmap_pages on the address space).
    virtual void mapped(AddressSpace& space) = 0;
    virtual void unmapped(AddressSpace& space) = 0;
    /// Somebody maps it shared and may write to it: all who map it shared can see each other's writes.
    bool shared_writable = false;
    /// What a recording calls it; 0: not yet asked for.
    std::uint64_t share_identity = 0;
    /// Parts whose content a recording has from a shared mapping: it comes again when it was changed by other ways than mappings.
    RangeSet shown;
    /// Whether the content may change while it is mapped privately: then only pages that are written are copied, as Linux does it.
    /// Of a file that stays as it is, neighbours are copied along.
    virtual bool may_change() const { return true; }
    /// A shared, writable mapping of [offset, +length) was synced or is gone: its pages may hold bytes that the host's file has not.
    virtual Result<void> write_back(std::uint64_t offset, std::uint64_t length);
    /// madvise(MADV_REMOVE): the pages become a hole. EOPNOTSUPP where the file cannot have any.
    virtual Result<void> remove(kernel::Task& task, std::uint64_t offset, std::uint64_t length);
};

}
