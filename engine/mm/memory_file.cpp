// The memory file: its making, its two mappings, and who has which offsets.

#include "engine/mm/memory_file.h"

#include "engine/base/guest_addr.h"
#include "engine/mm/guarded_copy.h"
#include "engine/mm/range_map.h"

#include <atomic>
#include <cassert>
#include <cstdio>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>

namespace ringside::mm {

namespace {

constexpr std::uint64_t terabyte = std::uint64_t {1} << 40;
constexpr unsigned memfd_noexec_seal = 0x8; // Linux 6.3; Debian 12's headers lack it

/// A file on a tmpfs of our own, mounted nowhere. EPERM where we may not mount.
Result<host::Fd> open_private_tmpfs(std::uint64_t limit)
{
    host::Fd context(static_cast<int>(TRY(host::call(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC))));
    std::array<char, 32> size {};
    std::snprintf(size.data(), size.size(), "%llu", static_cast<unsigned long long>(page_up(limit)));
    TRY(host::call(SYS_fsconfig, context.get(), FSCONFIG_SET_STRING, "size", size.data(), 0));
    TRY(host::call(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
    host::Fd mount(static_cast<int>(TRY(host::call(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV))));
    return host::Fd(static_cast<int>(TRY(host::call(SYS_openat, mount.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))));
}

Result<host::Fd> open_memfd()
{
    // The seal forbids to execute the file, not to map its pages executable.
    auto fd = host::call(SYS_memfd_create, "ringside-memory", MFD_CLOEXEC | memfd_noexec_seal);
    if (!fd.ok() && fd.error() == EINVAL)
        fd = host::call(SYS_memfd_create, "ringside-memory", MFD_CLOEXEC);
    return host::Fd(static_cast<int>(TRY(fd)));
}

Result<std::byte*> map_whole(int fd, std::uint64_t size, int prot)
{
    long address = TRY(host::call(SYS_mmap, nullptr, size, prot, MAP_SHARED | MAP_NORESERVE, fd, 0));
    return reinterpret_cast<std::byte*>(address);
}

}

struct MemoryFile::State {
    host::Fd fd;
    std::uint64_t size = 0;
    std::uint64_t limit = 0;
    std::byte* readable = nullptr;
    std::byte* writable = nullptr;
    RangeSet free;
    std::uint64_t reserved = 0;
    unsigned calls_since_look = 0;
    bool over = false;
    std::uint64_t identities = 0;

    static Result<std::unique_ptr<State>> make(host::Fd fd, std::uint64_t limit);
    Result<void> map_both();
    ~State();
};

MemoryFile::State::~State()
{
    if (readable)
        static_cast<void>(host::call(SYS_munmap, readable, size).ok());
    if (writable)
        static_cast<void>(host::call(SYS_munmap, writable, size).ok());
}

Result<void> MemoryFile::State::map_both()
{
    TRY(host::call(SYS_ftruncate, fd.get(), size));
    readable = TRY(map_whole(fd.get(), size, PROT_READ));
    auto second = map_whole(fd.get(), size, PROT_READ | PROT_WRITE);
    if (!second.ok()) {
        static_cast<void>(host::call(SYS_munmap, readable, size).ok());
        readable = nullptr;
        return second.error();
    }
    writable = second.value();
    // A core file of the Sentry holds no terabytes, and a forked template none of the guest's memory.
    for (std::byte* base : {readable, writable})
        TRY(host::call(SYS_madvise, base, size, MADV_DONTDUMP));
    return {};
}

Result<std::unique_ptr<MemoryFile::State>> MemoryFile::State::make(host::Fd fd, std::uint64_t limit)
{
    install_copy_guard();
    auto state = std::make_unique<State>();
    state->fd = std::move(fd);
    state->limit = limit;
    Result<void> mapped = Errno(ENOMEM);
    // As large as the address space (and RLIMIT_AS) allow: offsets are never scarce then.
    for (std::uint64_t size = 32 * terabyte; size >= terabyte / 64 && !mapped.ok(); size /= 2) {
        state->size = size;
        mapped = state->map_both();
    }
    TRY(mapped);
    state->free.add(0, state->size);
    return state;
}

MemoryFile::MemoryFile(std::unique_ptr<State> state) : state_(std::move(state)) { }
MemoryFile::~MemoryFile() = default;

Result<std::unique_ptr<MemoryFile>> MemoryFile::create(std::uint64_t limit)
{
    host::Fd fd;
    if (limit) {
        auto private_file = open_private_tmpfs(limit);
        if (private_file.ok())
            fd = std::move(private_file).value();
    }
    if (!fd.valid())
        fd = TRY(open_memfd());
    auto state = TRY(State::make(std::move(fd), limit));
    return std::unique_ptr<MemoryFile>(new MemoryFile(std::move(state)));
}

Result<std::unique_ptr<MemoryFile>> MemoryFile::create_in(int directory, std::uint64_t limit)
{
    host::Fd fd(static_cast<int>(TRY(host::call(SYS_openat, directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600))));
    auto state = TRY(State::make(std::move(fd), limit));
    return std::unique_ptr<MemoryFile>(new MemoryFile(std::move(state)));
}

int MemoryFile::descriptor() const
{
    return state_->fd.get();
}

Result<FileOffset> MemoryFile::reserve(std::uint64_t length)
{
    assert(length % page_size == 0);
    if (length == 0)
        return Errno(EINVAL);
    for (auto& [start, entry] : state_->free) {
        if (entry.end - start >= length) {
            FileOffset at = start;
            state_->free.erase(at, at + length);
            state_->reserved += length;
            return at;
        }
    }
    return Errno(ENOMEM);
}

void MemoryFile::release(FileOffset offset, std::uint64_t length)
{
    if (length == 0)
        return;
    discard(offset, length);
    release_clean(offset, length);
}

void MemoryFile::release_clean(FileOffset offset, std::uint64_t length)
{
    assert(!state_->free.overlaps(offset, offset + length));
    state_->free.add(offset, offset + length);
    state_->reserved -= length;
}

void MemoryFile::discard(FileOffset offset, std::uint64_t length)
{
    assert(offset + length <= state_->size);
    // A hole, by the mapping. EINTR is the only error that can come; the pages would keep their bytes, so try again.
    for (;;) {
        auto done = host::call(SYS_madvise, state_->writable + offset, length, MADV_REMOVE);
        if (done.ok() || !(done.error() == EINTR))
            break;
    }
    state_->over = false;
}

std::span<const std::byte> MemoryFile::view(FileOffset offset, std::uint64_t length) const
{
    assert(offset <= state_->size && length <= state_->size - offset);
    return {state_->readable + offset, length};
}

Result<void> MemoryFile::read(FileOffset offset, std::span<std::byte> to) const
{
    if (!guarded_copy(to.data(), view(offset, to.size()).data(), to.size()))
        return Errno(ENOMEM);
    return {};
}

Result<void> MemoryFile::write(FileOffset offset, std::span<const std::byte> from)
{
    assert(offset <= state_->size && from.size() <= state_->size - offset);
    if (!guarded_copy(state_->writable + offset, from.data(), from.size()))
        return Errno(ENOMEM);
    return {};
}

Result<void> MemoryFile::compare_exchange(FileOffset offset, std::uint32_t& expected, std::uint32_t desired)
{
    assert(offset % sizeof(std::uint32_t) == 0 && offset + sizeof(std::uint32_t) <= state_->size);
    std::byte* at = state_->writable + offset;
    std::uint32_t there = 0;
    if (!guarded_copy(&there, at, sizeof there)) // from here on the page is there
        return Errno(ENOMEM);
    std::atomic_ref(*reinterpret_cast<std::uint32_t*>(at)).compare_exchange_strong(expected, desired);
    return {};
}

Result<void> MemoryFile::copy(FileOffset to, FileOffset from, std::uint64_t length)
{
    return write(to, view(from, length));
}

Result<std::uint64_t> MemoryFile::read_host(FileOffset to, std::uint64_t length, int host_fd, std::uint64_t host_offset, bool wait)
{
    assert(to <= state_->size && length <= state_->size - to);
    iovec part {state_->writable + to, length};
    // The position goes in two registers; on x86-64 the low one holds all of it (fs/read_write.c).
    auto done = host::call(SYS_preadv2, host_fd, &part, 1, host_offset, 0, wait ? 0 : RWF_NOWAIT);
    if (!done.ok())
        return done.error() == EFAULT ? Errno(ENOMEM) : done.error();
    return static_cast<std::uint64_t>(done.value());
}

Result<std::uint64_t> MemoryFile::write_host(FileOffset from, std::uint64_t length, int host_fd, std::uint64_t host_offset) const
{
    iovec part {const_cast<std::byte*>(view(from, length).data()), length}; // pwritev2 only reads it
    auto done = host::call(SYS_pwritev2, host_fd, &part, 1, host_offset, 0, 0);
    return static_cast<std::uint64_t>(TRY(done));
}

std::uint64_t MemoryFile::bytes_reserved() const
{
    return state_->reserved;
}

std::uint64_t MemoryFile::bytes_used() const
{
    struct statx status {}; // the Sentry's filter has no fstat
    if (!host::call(SYS_statx, state_->fd.get(), "", AT_EMPTY_PATH, STATX_BLOCKS, &status).ok())
        return 0;
    return status.stx_blocks * 512;
}

std::uint64_t MemoryFile::limit() const
{
    return state_->limit;
}

std::uint64_t MemoryFile::next_identity()
{
    return state_->identities++ * 2 + 1;
}

bool MemoryFile::over_limit(bool now)
{
    if (state_->limit == 0)
        return false;
    if (now || ++state_->calls_since_look >= 1000) {
        state_->calls_since_look = 0;
        // A page short of it: where the host enforces the limit, the file never holds more.
        state_->over = bytes_used() + page_size > state_->limit;
    }
    return state_->over;
}

}
