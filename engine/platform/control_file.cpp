// The control file: what the Sentry and its stubs share beside guest memory.

#include "engine/platform/control_file.h"

#include <fcntl.h>
#include <sys/mman.h>

namespace ringside::platform {

ControlFile::ControlFile(host::Fd fd, std::byte* base) : fd_(std::move(fd)), base_(base) { }

ControlFile::ControlFile(ControlFile&& other) noexcept
    : fd_(std::move(other.fd_)), base_(std::exchange(other.base_, nullptr)), free_(std::move(other.free_)), unused_(other.unused_)
{
}

ControlFile::~ControlFile()
{
    if (base_)
        static_cast<void>(host::call(SYS_munmap, base_, stub::control_file_size));
}

Result<ControlFile> ControlFile::create()
{
    host::Fd fd(static_cast<int>(TRY(host::call(SYS_memfd_create, "ringside-control", MFD_CLOEXEC))));
    TRY(host::call(SYS_ftruncate, fd.get(), stub::control_file_size));
    long base = TRY(host::call(SYS_mmap, nullptr, stub::control_file_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd.get(), 0));
    return ControlFile(std::move(fd), reinterpret_cast<std::byte*>(base));
}

Result<std::uint32_t> ControlFile::take_slot()
{
    if (!free_.empty()) {
        std::uint32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }
    if (unused_ == stub::slot_count)
        return Errno(EAGAIN);
    return unused_++;
}

void ControlFile::give_back(std::uint32_t slot)
{
    // What one guest process left there is not for the next one. A slot that cannot be cleaned is never used again.
    if (host::call(SYS_madvise, base_ + slot_offset(slot), stub::slot_size, MADV_REMOVE).ok())
        free_.push_back(slot);
}

}
