// mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2), msync(2), remap_file_pages(2), pkey_mprotect(2).

#include "engine/fs/file_table.h"
#include "engine/fs/inode.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/share_group.h"
#include "engine/mm/address_space.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/mapping_limits.h"

#include <linux/capability.h>
#include <climits>
#include <sys/mman.h>

namespace ringside::syscalls {

Result<void> check_mapping_limits(Task& task, std::uint64_t length, int prot, int flags)
{
    auto& limits = task.limits();
    std::uint64_t space = limits.soft(RLIMIT_AS), data = limits.soft(RLIMIT_DATA), locked = limits.soft(RLIMIT_MEMLOCK);
    bool may_lock = task.credentials().capable(CAP_IPC_LOCK);
    if (flags & MAP_LOCKED) {
        if (locked == 0 && !may_lock)
            return Errno(EPERM);
        if (!may_lock && locked != kernel::Limits::infinity && task.mm().locked_bytes() + length > page_down(locked))
            return Errno(EAGAIN);
    }
    if (space != kernel::Limits::infinity && task.mm().total_bytes() + length > page_down(space))
        return Errno(ENOMEM);
    bool is_data = (prot & PROT_WRITE) && (flags & MAP_TYPE) == MAP_PRIVATE && !(flags & MAP_GROWSDOWN);
    if (is_data && data != kernel::Limits::infinity && task.mm().data_bytes() + length > page_down(data))
        return Errno(ENOMEM);
    return {};
}

namespace {

constexpr int all_access = PROT_READ | PROT_WRITE | PROT_EXEC;
constexpr std::uint64_t read_implies_exec = 0x0400000; // personality(2), READ_IMPLIES_EXEC

// What MAP_SHARED_VALIDATE knows (LEGACY_MAP_MASK): neither MAP_SYNC nor MAP_FIXED_NOREPLACE.
constexpr int known_flags = MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE
    | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | 0x4000000 /* MAP_UNINITIALIZED */;

/// do_mmap's checks of a file, and what is kept of it.
Result<void> take_file(Task& task, fs::File& file, mm::MapRequest& request)
{
    // file_mmap_ok: the last page must have a number, and in a file a position.
    auto inode = file.inode();
    std::uint64_t most = inode && inode->is_regular() ? static_cast<std::uint64_t>(LLONG_MAX) : ~std::uint64_t {0};
    if (request.length > most || request.offset / page_size > (most - page_up(request.length)) / page_size)
        return Errno(EOVERFLOW);
    switch (request.flags & MAP_TYPE) {
    case MAP_SHARED_VALIDATE:
        if (request.flags & ~known_flags)
            return Errno(EOPNOTSUPP); // MAP_SYNC among them: no file of ours is persistent memory
        [[fallthrough]];
    case MAP_SHARED:
        if ((request.prot & PROT_WRITE) && !file.writable())
            return Errno(EACCES);
        if (!file.writable())
            request.max_prot &= ~PROT_WRITE;
        [[fallthrough]];
    case MAP_PRIVATE:
        if (!file.readable())
            return Errno(EACCES);
        break;
    default:
        return Errno(EINVAL);
    }
    request.object = TRY(file.mappable(task));
    request.name = file.name(task);
    request.trace_object = file.trace_object;
    if (auto status = file.stat(task); status.ok()) {
        request.device = status.value().st_dev;
        request.inode = status.value().st_ino;
    }
    return {};
}

Result<long> mmap(Task& task, GuestAddr addr, std::uint64_t length, int prot, int flags, int fd, std::uint64_t offset)
{
    if (offset & page_mask)
        return Errno(EINVAL);
    Ref<fs::File> file;
    if (!(flags & MAP_ANONYMOUS)) {
        file = TRY(task.files().get_for_io(fd));
        if (flags & MAP_HUGETLB)
            return Errno(EINVAL); // not of hugetlbfs
    } else if (flags & MAP_HUGETLB) {
        return Errno(ENOMEM); // no huge pages are set aside
    }
    if (length == 0)
        return Errno(EINVAL);
    if ((prot & PROT_READ) && (task.personality & read_implies_exec))
        prot |= PROT_EXEC;
    mm::MapRequest request {addr, length, prot, flags, {}, offset, {}, 0, 0, 0, all_access};
    if (file) {
        auto taken = length <= guest_address_end ? take_file(task, *file, request) : Result<void>(Errno(ENOMEM));
        if (!taken.ok()) {
            TRY(task.mm().check_place(request)); // what is wrong with the place is said first
            return taken.error();
        }
    } else if ((flags & MAP_TYPE) != MAP_SHARED && (flags & MAP_TYPE) != MAP_PRIVATE) {
        TRY(task.mm().check_place(request));
        return Errno(EINVAL);
    }
    if (length <= guest_address_end)
        TRY(check_mapping_limits(task, page_up(length), prot, flags));
    if (file && (flags & MAP_TYPE) != MAP_PRIVATE)
        kernel::share_mapping(task, *request.object, (request.max_prot & PROT_WRITE) != 0, request.trace_object);
    return static_cast<long>(TRY(task.mm().map(task, request)).value());
}

Result<long> munmap(Task& task, GuestAddr addr, std::uint64_t length)
{
    TRY(task.mm().unmap(task, addr, length));
    return 0;
}

Result<long> mprotect(Task& task, GuestAddr addr, std::uint64_t length, int prot)
{
    if ((prot & PROT_READ) && (task.personality & read_implies_exec))
        prot |= PROT_EXEC;
    TRY(task.mm().protect(task, addr, length, prot));
    return 0;
}

Result<long> pkey_mprotect(Task& task, GuestAddr addr, std::uint64_t length, int prot, int pkey)
{
    if (pkey != -1)
        return Errno(EINVAL); // the guest's processor has no protection keys
    return mprotect(task, addr, length, prot);
}

Result<long> pkey_alloc(Task&, unsigned flags, std::uint64_t access_rights)
{
    if (flags || (access_rights & ~std::uint64_t {PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE}))
        return Errno(EINVAL);
    return Errno(ENOSPC);
}

Result<long> pkey_free(Task&, int)
{
    return Errno(EINVAL);
}

Result<long> mremap(Task& task, GuestAddr old, std::uint64_t old_length, std::uint64_t new_length, int flags, GuestAddr target)
{
    return static_cast<long>(TRY(task.mm().remap(task, old, old_length, new_length, flags, target)).value());
}

Result<long> brk(Task& task, GuestAddr end)
{
    return static_cast<long>(TRY(task.mm().brk(task, end)).value());
}

Result<long> madvise(Task& task, GuestAddr addr, std::uint64_t length, int advice)
{
    TRY(task.mm().advise(task, addr, length, advice));
    return 0;
}

Result<long> msync(Task& task, GuestAddr addr, std::uint64_t length, int flags)
{
    TRY(task.mm().sync(task, addr, length, flags));
    return 0;
}

Result<long> remap_file_pages(Task& task, GuestAddr addr, std::uint64_t size, int prot, std::uint64_t pgoff, int)
{
    if (prot)
        return Errno(EINVAL);
    std::uint64_t start = page_down(addr.value());
    size = page_down(size);
    if (start + size <= start || pgoff + size / page_size < pgoff || pgoff > guest_address_end / page_size)
        return Errno(EINVAL);
    TRY(task.mm().remap_shared(task, GuestAddr(start), size, pgoff * page_size));
    return 0;
}

const Register<SYS_mmap, mmap> r_mmap;
const Register<SYS_munmap, munmap> r_munmap;
const Register<SYS_mprotect, mprotect> r_mprotect;
const Register<SYS_pkey_mprotect, pkey_mprotect> r_pkey_mprotect;
const Register<SYS_pkey_alloc, pkey_alloc> r_pkey_alloc;
const Register<SYS_pkey_free, pkey_free> r_pkey_free;
const Register<SYS_mremap, mremap> r_mremap;
const Register<SYS_brk, brk> r_brk;
const Register<SYS_madvise, madvise> r_madvise;
const Register<SYS_msync, msync> r_msync;
const Register<SYS_remap_file_pages, remap_file_pages> r_remap_file_pages;

}

}
