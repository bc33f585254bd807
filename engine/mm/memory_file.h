// The memory file: all guest memory lives in one sparse file on tmpfs. The Sentry maps it twice: read-only, for everybody, and
// writable at an address that only this class knows, so that a stray write faults at once.
#pragma once

#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/boundary/host_call.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace ringside::mm {

/// A byte offset in the memory file.
using FileOffset = std::uint64_t;

class MemoryFile {
public:
    /// `limit`: bytes that the guest may use at most (the tmpfs' size), 0 for none. Made before confinement.
    /// A private tmpfs with that size where the host lets us mount one (the host then enforces the limit), else a memfd, whose use is
    /// only looked at now and then (over_limit).
    static Result<std::unique_ptr<MemoryFile>> create(std::uint64_t limit);
    /// The same as an unnamed file in a directory of a tmpfs, which has size= if there is a limit. The mount must not be noexec.
    static Result<std::unique_ptr<MemoryFile>> create_in(int directory, std::uint64_t limit);
    ~MemoryFile();
    int descriptor() const;

    /// Reserves `length` bytes (page multiple) of consecutive, absent pages. ENOMEM when the offset space is used up.
    Result<FileOffset> reserve(std::uint64_t length);
    /// Gives back a reservation (or part of one) and its pages. Nobody may map them any more (platform flush).
    void release(FileOffset offset, std::uint64_t length);
    /// The same for offsets that hold no pages: never written since they were reserved or discarded.
    void release_clean(FileOffset offset, std::uint64_t length);
    /// Frees the pages, keeps the reservation: they read as zero again.
    void discard(FileOffset offset, std::uint64_t length);

    /// The bytes, read-only, valid as long as the reservation. Touching absent pages allocates them: use read() where in doubt.
    std::span<const std::byte> view(FileOffset offset, std::uint64_t length) const;
    /// Copies with a fix-up for SIGBUS: ENOMEM when the memory limit is reached (the guest is then killed as by the OOM killer).
    Result<void> read(FileOffset offset, std::span<std::byte> to) const;
    /// Puts `desired` at `offset` if `expected` is there, at once for guests that write there meanwhile; `expected` becomes what was there.
    /// A multiple of 4. ENOMEM.
    Result<void> compare_exchange(FileOffset offset, std::uint32_t& expected, std::uint32_t desired);
    Result<void> write(FileOffset offset, std::span<const std::byte> from);
    Result<void> copy(FileOffset to, FileOffset from, std::uint64_t length);
    /// preadv2 of a host file into the file; `wait` false: RWF_NOWAIT, EAGAIN where the host would have to wait for its disk. The
    /// number of bytes read, 0 at the end of file.
    Result<std::uint64_t> read_host(FileOffset to, std::uint64_t length, int host_fd, std::uint64_t host_offset, bool wait);
    /// The other direction, for writable binds. Bytes written.
    Result<std::uint64_t> write_host(FileOffset from, std::uint64_t length, int host_fd, std::uint64_t host_offset) const;
    std::uint64_t bytes_reserved() const;
    /// Bytes of host memory that the file holds now (fstat: a host call).
    std::uint64_t bytes_used() const;
    std::uint64_t limit() const;
    /// A number that no other address space has: odd, so that it is no address of an object either.
    std::uint64_t next_identity();
    /// Whether the limit is reached. Asks the host at most once in 1,000 calls, unless `now`: it is called at each fault and mapping.
    bool over_limit(bool now = false);

private:
    struct State;
    explicit MemoryFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}
