// Where the objects hang, and their tables in /proc/sysvipc.
#include "engine/ipc/state.h"

#include "engine/fs/kernel_state.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/thread_group.h"

#include <fmt/format.h>

namespace ringside::ipc {

State& state(kernel::Kernel& kernel)
{
    Ref<RefCounted>& held = kernel.fs->ipc;
    if (!held) {
        auto made = make_ref<State>();
        made->device = kernel.fs->vfs->next_device();
        held = made;
    }
    return static_cast<State&>(*held);
}

void process_ended(kernel::ThreadGroup& group)
{
    kernel::Kernel& kernel = group.kernel();
    if (!kernel.fs || !kernel.fs->ipc)
        return;
    auto sets = state(kernel).semaphores.objects(); // a copy: those woken may remove sets
    for (const auto& [place, set] : sets)
        set->undo(group);
}

std::string semaphores_text(kernel::Kernel& kernel)
{
    std::string text = "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n";
    for (const auto& [place, set] : state(kernel).semaphores.objects())
        text += fmt::format("{:10} {:10}  {:4o} {:10} {:5} {:5} {:5} {:5} {:10} {:10}\n", set->perm.__key, set->id, set->perm.mode, set->count(),
            set->perm.uid, set->perm.gid, set->perm.cuid, set->perm.cgid, set->operated(), set->changed);
    return text;
}

std::string messages_text(kernel::Kernel& kernel)
{
    std::string text = "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n";
    for (const auto& [place, queue] : state(kernel).messages.objects())
        text += fmt::format("{:10} {:10}  {:4o}  {:10} {:10} {:5} {:5} {:5} {:5} {:5} {:5} {:10} {:10} {:10}\n", queue->perm.__key, queue->id,
            queue->perm.mode, queue->bytes, queue->count(), queue->last_sender, queue->last_receiver, queue->perm.uid, queue->perm.gid,
            queue->perm.cuid, queue->perm.cgid, queue->sent, queue->received, queue->changed);
    return text;
}

std::string segments_text(kernel::Kernel& kernel)
{
    std::string text = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n";
    auto segments = state(kernel).segments.objects(); // asking for attachments may let one go
    for (const auto& [place, segment] : segments)
        text += fmt::format("{:10} {:10}  {:4o} {:21} {:5} {:5}  {:5} {:5} {:5} {:5} {:5} {:10} {:10} {:10} {:21} {:21}\n", segment->perm.__key,
            segment->id, segment->perm.mode, segment->size(), segment->creator, segment->last, segment->attached(), segment->perm.uid,
            segment->perm.gid, segment->perm.cuid, segment->perm.cgid, segment->attach_time, segment->detach_time, segment->changed, segment->resident(), 0);
    return text;
}

}
