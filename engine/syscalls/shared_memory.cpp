// System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2).
#include "engine/ipc/state.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/share_group.h"
#include "engine/kernel/thread_group.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/mapping_limits.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>

namespace ringside::syscalls {

namespace {

using ipc::Segment;

ipc::Segments& table(Task& task)
{
    return ipc::state(task.kernel()).segments;
}

Result<long> shmget(Task& task, key_t key, std::uint64_t size, int flags)
{
    auto create = [&]() -> Result<long> {
        if (size < 1 || size > ipc::segment_bytes_max)
            return Errno(EINVAL);
        if (flags & SHM_HUGETLB)
            return Errno(ENOMEM); // no huge pages are set aside
        if (size > guest_address_end)
            return Errno(ENOMEM);
        auto segment = make_ref<Segment>(task.kernel().memory(), table(task), size);
        ipc::own(task, *segment, key, flags);
        segment->creator = task.group().tgid();
        return TRY(table(task).add(segment, ipc::segments_max));
    };
    return ipc::get(task, table(task), key, flags, create, [&](const Segment& segment) {
        return segment.size() < size ? Result<void>(Errno(EINVAL)) : Result<void>();
    });
}

Result<long> shmat(Task& task, int id, GuestAddr address, int flags)
{
    if (id < 0)
        return Errno(EINVAL);
    std::uint64_t start = address.value();
    if (start & page_mask) {
        if (!(flags & SHM_RND))
            return Errno(EINVAL);
        start = page_down(start);
        if (start == 0 && (flags & SHM_REMAP))
            return Errno(EINVAL);
    } else if (start == 0 && (flags & SHM_REMAP)) {
        return Errno(EINVAL);
    }
    bool read_only = (flags & SHM_RDONLY) != 0;
    int prot = PROT_READ | (read_only ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0);
    Ref<Segment> segment = TRY(table(task).find(id));
    TRY(ipc::check_access(task, *segment, 0444U | (read_only ? 0U : 0222U) | (flags & SHM_EXEC ? 0111U : 0U)));
    std::uint64_t length = page_up(segment->size());
    if (start && !(flags & SHM_REMAP) && (start + length < start || task.mm().anything_mapped(GuestAddr(start), length)))
        return Errno(EINVAL);
    TRY(check_mapping_limits(task, length, prot, MAP_SHARED));
    std::string name = fmt::format("/SYSV{:08x} (deleted)", static_cast<unsigned>(segment->perm.__key));
    if (segment->trace_object == 0)
        segment->trace_object = task.recorder().object(trace::ObjectKind::other, name);
    mm::MapRequest request {GuestAddr(start), length, prot, MAP_SHARED | (start ? MAP_FIXED : 0), segment->memory(), 0,
        name, ipc::state(task.kernel()).device, static_cast<std::uint64_t>(segment->id), segment->trace_object,
        read_only ? PROT_READ | PROT_EXEC : PROT_READ | PROT_WRITE | PROT_EXEC};
    kernel::share_mapping(task, *request.object, !read_only, segment->trace_object);
    GuestAddr placed = TRY(task.mm().map(task, request));
    segment->attach_time = ipc::seconds_now();
    segment->last = task.group().tgid();
    return static_cast<long>(placed.value());
}

Result<long> shmdt(Task& task, GuestAddr address)
{
    if (address.value() & page_mask)
        return Errno(EINVAL);
    // All that is left of the attachment that began there, in as many parts as mprotect and munmap made of it.
    ipc::State& state = ipc::state(task.kernel());
    std::optional<std::uint64_t> inode;
    for (const mm::VmaInfo& part : task.mm().vmas()) {
        bool ours = part.device == state.device && part.start.value() - part.offset == address.value() && part.start.value() >= address.value();
        if (!ours || (inode && *inode != part.inode))
            continue;
        inode = part.inode;
        TRY(task.mm().unmap(task, part.start, part.end.value() - part.start.value()));
    }
    if (!inode)
        return Errno(EINVAL);
    if (auto segment = state.segments.find(static_cast<int>(*inode)); segment.ok()) {
        segment.value()->detach_time = ipc::seconds_now();
        segment.value()->last = task.group().tgid();
        (void)segment.value()->attached(); // the last one's end may be the segment's
    }
    return 0;
}

Result<long> info(Task& task, int command, GuestAddr to)
{
    if (command == IPC_INFO) {
        shminfo limits {};
        limits.shmmax = limits.shmall = ipc::segment_bytes_max;
        limits.shmmin = 1;
        limits.shmmni = limits.shmseg = ipc::segments_max;
        TRY(task.copy_out(GuestPtr<shminfo>(to), limits));
        return table(task).highest();
    }
    shm_info now {};
    now.used_ids = static_cast<int>(table(task).objects().size());
    for (const auto& [place, segment] : table(task).objects()) {
        now.shm_tot += page_up(segment->size()) / page_size;
        now.shm_rss += segment->resident() / page_size;
    }
    TRY(task.copy_out(GuestPtr<shm_info>(to), now));
    return table(task).highest();
}

Result<long> stat(Task& task, int id, int command, GuestAddr to)
{
    Ref<Segment> segment = TRY(ipc::find_for_stat(task, table(task), id, command, command == SHM_STAT_ANY));
    shmid_ds result {};
    result.shm_perm = segment->perm;
    result.shm_segsz = segment->size();
    result.shm_atime = segment->attach_time;
    result.shm_dtime = segment->detach_time;
    result.shm_ctime = segment->changed;
    result.shm_cpid = segment->creator;
    result.shm_lpid = segment->last;
    result.shm_nattch = segment->attached();
    TRY(task.copy_out(GuestPtr<shmid_ds>(to), result));
    return command == IPC_STAT ? 0 : segment->id;
}

/// Memory of ours is never swapped: the mark alone.
Result<long> lock(Task& task, int id, bool locked)
{
    Ref<Segment> segment = TRY(table(task).find(id));
    const kernel::Credentials& who = task.credentials();
    if (!who.capable(CAP_IPC_LOCK)) {
        if (who.euid != segment->perm.uid && who.euid != segment->perm.cuid)
            return Errno(EPERM);
        if (locked && task.limits().soft(RLIMIT_MEMLOCK) == 0)
            return Errno(EPERM);
    }
    constexpr unsigned mark = SHM_LOCKED;
    segment->perm.mode = locked ? segment->perm.mode | mark : segment->perm.mode & ~mark;
    return 0;
}

Result<long> shmctl(Task& task, int id, int command, GuestAddr at)
{
    if (id < 0 || command < 0)
        return Errno(EINVAL);
    switch (command) {
    case IPC_INFO:
    case SHM_INFO:
        return info(task, command, at);
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY:
        return stat(task, id, command, at);
    case IPC_SET: {
        auto wanted = TRY(task.copy_in(GuestPtr<shmid_ds>(at)));
        Ref<Segment> segment = TRY(ipc::find_own(task, table(task), id));
        ipc::set_permissions(*segment, wanted.shm_perm);
        return 0;
    }
    case IPC_RMID: {
        Ref<Segment> segment = TRY(ipc::find_own(task, table(task), id));
        segment->remove();
        return 0;
    }
    case SHM_LOCK:
    case SHM_UNLOCK:
        return lock(task, id, command == SHM_LOCK);
    default:
        return Errno(EINVAL);
    }
}

const Register<SYS_shmget, shmget> r_shmget;
const Register<SYS_shmat, shmat> r_shmat;
const Register<SYS_shmdt, shmdt> r_shmdt;
const Register<SYS_shmctl, shmctl> r_shmctl;

}

}
