// The event ring's shared memory.

#include "engine/session/ring_memory.h"

#include "engine/base/raise_limit.h"
#include "trace/ring.h"

#include <fcntl.h>
#include <sys/mman.h>

namespace ringside::session {

RingMemory RingMemory::create()
{
    constexpr std::size_t size = trace::ring_data_offset + trace::ring_default_capacity;
    RingMemory ring;
    RaisedLimit any_size(RLIMIT_FSIZE); // it is no file that the caller meant
    ring.file_ = UniqueFd(memfd_create("ringside-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!ring.file_.valid() || ftruncate(ring.file_.get(), static_cast<off_t>(size)) != 0)
        return {};
    // A Sentry that shrinks the file would end us with SIGBUS.
    if (fcntl(ring.file_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return {};
    void* address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.file_.get(), 0);
    if (address == MAP_FAILED)
        return {};
    ring.bytes_ = {static_cast<std::byte*>(address), size};
    trace::ring_init(ring.bytes_);
    return ring;
}

RingMemory::~RingMemory()
{
    if (!bytes_.empty())
        munmap(bytes_.data(), bytes_.size());
}

}
