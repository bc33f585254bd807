// process_vm_readv(2), process_vm_writev(2): from the memory of one process to that of another.

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/ptrace_access.h"
#include "engine/kernel/thread_group.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/iovec.h"

#include <algorithm>
#include <climits>
#include <linux/capability.h>
#include <sys/uio.h>

namespace ringside::syscalls {

namespace {

using kernel::IoBuffer;
constexpr std::size_t piece_size = 64 * 1024;

/// The other side's ranges: their addresses are not looked at before they are touched. EINVAL, EFAULT.
Result<std::vector<iovec>> copy_in_remote(Task& task, GuestAddr vector, std::uint64_t count)
{
    if (count > IOV_MAX)
        return Errno(EINVAL);
    auto ranges = TRY(task.copy_in_array(GuestPtr<iovec>(vector), count));
    for (const iovec& range : ranges)
        if (range.iov_len > static_cast<std::size_t>(SSIZE_MAX))
            return Errno(EINVAL);
    return ranges;
}

/// ESRCH, EPERM.
Result<Ref<kernel::Task>> accessible_task(Task& task, kernel::Pid pid)
{
    kernel::Task* target = task.kernel().processes().task(pid);
    if (!target)
        return Errno(ESRCH);
    if (!kernel::may_ptrace(task, *target, kernel::PtraceCreds::real))
        return Errno(EPERM);
    if (!target->has_memory())
        return Errno(ESRCH); // mm_access of what has ended
    return Ref<kernel::Task>(target);
}

/// Both lists, checked; where either is empty there is nothing to do, whatever the pid.
struct Lists {
    std::vector<IoBuffer::Range> local;
    std::vector<iovec> remote;
    bool empty = false;
};

Result<Lists> copy_in_lists(Task& task, GuestAddr local, std::uint64_t local_count, GuestAddr remote, std::uint64_t remote_count, std::uint64_t flags)
{
    TRY(check_flags(flags, 0));
    if (local_count > IOV_MAX)
        return Errno(EINVAL);
    Lists lists;
    lists.local = TRY(copy_in_iovec(task, local, static_cast<int>(local_count)));
    auto has_bytes = [](const auto& range) { return range.length > 0; };
    lists.empty = std::none_of(lists.local.begin(), lists.local.end(), has_bytes);
    if (lists.empty)
        return lists;
    lists.remote = TRY(copy_in_remote(task, remote, remote_count));
    lists.empty = std::all_of(lists.remote.begin(), lists.remote.end(), [](const iovec& range) { return range.iov_len == 0; });
    return lists;
}

/// Calls `move` with pieces of the other side's ranges until it returns fewer bytes than it was given. The bytes moved; its error when there are none.
template<typename Move>
Result<long> for_each_piece(IoBuffer& local, const std::vector<iovec>& remote, Move move)
{
    std::uint64_t done = 0;
    for (const iovec& range : remote) {
        auto start = reinterpret_cast<std::uintptr_t>(range.iov_base);
        for (std::uint64_t offset = 0; offset < range.iov_len && local.remaining() > 0;) {
            std::size_t wanted = std::min<std::uint64_t>({piece_size, range.iov_len - offset, local.remaining()});
            Result<std::size_t> moved = move(GuestAddr(start + offset), wanted);
            if (!moved.ok() && done == 0)
                return moved.error();
            if (!moved.ok() || moved.value() < wanted)
                return static_cast<long>(done + (moved.ok() ? moved.value() : 0));
            done += wanted;
            offset += wanted;
        }
    }
    return static_cast<long>(done);
}

Result<long> process_vm_readv(Task& task, kernel::Pid pid, GuestAddr local, std::uint64_t local_count, GuestAddr remote, std::uint64_t remote_count, std::uint64_t flags)
{
    Lists lists = TRY(copy_in_lists(task, local, local_count, remote, remote_count, flags));
    if (lists.empty)
        return 0;
    Ref<kernel::Task> target = TRY(accessible_task(task, pid));
    Ref<mm::AddressSpace> space(&target->mm()); // a piece may wait, and the other end meanwhile
    IoBuffer to(task, std::move(lists.local));
    std::vector<std::byte> piece(piece_size);
    return for_each_piece(to, lists.remote, [&](GuestAddr from, std::size_t wanted) -> Result<std::size_t> {
        std::size_t got = TRY(space->peek(*target, from, std::span(piece).first(wanted), false));
        std::size_t put = TRY(to.put(std::span(piece).first(got)));
        return put;
    });
}

/// Into memory of others only where nothing is recorded: a replay has no place yet for a write that its reader did not ask for.
Result<long> process_vm_writev(Task& task, kernel::Pid pid, GuestAddr local, std::uint64_t local_count, GuestAddr remote, std::uint64_t remote_count, std::uint64_t flags)
{
    Lists lists = TRY(copy_in_lists(task, local, local_count, remote, remote_count, flags));
    if (lists.empty)
        return 0;
    Ref<kernel::Task> target = TRY(accessible_task(task, pid));
    bool own = &target->mm() == &task.mm();
    if (!own && task.recorder().enabled()) {
        task.recorder().unsupported();
        return Errno(ENOSYS);
    }
    Ref<mm::AddressSpace> space(&target->mm());
    IoBuffer from(task, std::move(lists.local));
    std::vector<std::byte> piece(piece_size);
    return for_each_piece(from, lists.remote, [&](GuestAddr to, std::size_t wanted) -> Result<std::size_t> {
        std::size_t writable = space->accessible(*target, to, wanted, true);
        if (writable == 0)
            return Errno(EFAULT);
        auto bytes = std::span(piece).first(TRY(from.get(std::span(piece).first(writable))));
        if (!own)
            return static_cast<std::size_t>(TRY(space->poke(*target, to, bytes, false)));
        TRY(task.copy_out(to, bytes));
        return bytes.size();
    });
}

const Register<SYS_process_vm_readv, process_vm_readv> r_process_vm_readv;
const Register<SYS_process_vm_writev, process_vm_writev> r_process_vm_writev("writing to another process in a recording");

}

}
