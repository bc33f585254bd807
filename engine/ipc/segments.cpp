// Segments and who has them attached.
#include "engine/ipc/segments.h"

#include "engine/base/guest_addr.h"
#include "engine/mm/address_space.h"

namespace ringside::ipc {

/// What is mapped: zeros, and the account of attachments.
class Segment::Memory final : public mm::Mappable {
public:
    Memory(mm::MemoryFile& memory, Segment& segment, std::uint64_t size) : cache(make_ref<mm::PageCache>(memory, nullptr, size)), segment(&segment) { }
    Result<Piece> fetch(Task& task, std::uint64_t offset, std::uint64_t wanted, bool for_write) override { return cache->fetch(task, offset, wanted, for_write); }
    std::uint64_t size() const override { return cache->size(); }
    void mapped(mm::AddressSpace& space) override { ++spaces[&space]; }
    void unmapped(mm::AddressSpace& space) override
    {
        auto it = spaces.find(&space);
        if (--it->second == 0)
            spaces.erase(it);
        if (!segment)
            return;
        segment->detach_time = seconds_now();
        if (spaces.empty() && (segment->perm.mode & SHM_DEST)) {
            Ref<Memory> keep(this);
            segment->table_.remove(*segment);
        }
    }
    Result<void> remove(Task& task, std::uint64_t offset, std::uint64_t length) override
    {
        TRY(cache->punch(task, offset, length));
        auto all = spaces; // taking pages back may let mappings go
        for (const auto& [space, count] : all)
            space->unmap_pages(*this, offset, length);
        return {};
    }
    Ref<mm::PageCache> cache;
    Segment* segment; ///< null once it has gone
    std::map<mm::AddressSpace*, unsigned> spaces;
};

Segment::Segment(mm::MemoryFile& memory, Segments& table, std::uint64_t size)
    : table_(table)
    , size_(size)
    , memory_(make_ref<Memory>(memory, *this, page_up(size)))
{
}

Segment::~Segment()
{
    memory_->segment = nullptr; // mappings may outlive it at the kernel's end
}

std::uint64_t Segment::resident() const
{
    return memory_->cache->resident();
}

std::size_t Segment::attached()
{
    auto spaces = memory_->spaces;
    for (const auto& [space, count] : spaces)
        space->unmap_pages(*memory_, ~page_mask, 0); // nothing lies there: it forgets what is unmapped already
    std::size_t sum = 0;
    for (const auto& [space, count] : memory_->spaces)
        sum += count;
    return sum;
}

Ref<mm::Mappable> Segment::memory() const
{
    return memory_;
}

void Segment::remove()
{
    if (attached() == 0) {
        table_.remove(*this);
        return;
    }
    perm.mode |= SHM_DEST;
    perm.__key = IPC_PRIVATE;
}

}
