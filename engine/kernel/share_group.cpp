// Merging share groups over mapped files.

#include "engine/kernel/share_group.h"

#include "engine/kernel/kernel.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

namespace ringside::kernel {

namespace {

/// Somebody of another share group who maps it shared; null: nobody.
Task* stranger(const Task& self, const mm::Mappable& object)
{
    for (const auto& [tid, task] : self.kernel().processes().tasks()) {
        if (task->has_memory() && &task->share_group() != &self.share_group() && task->mm().shares(object))
            return task;
    }
    return nullptr;
}

}

void share_mapping(Task& task, mm::Mappable& object, bool writable, std::uint64_t identity)
{
    if (!task.kernel().recording())
        return;
    if (object.share_identity == 0)
        object.share_identity = identity;
    object.shared_writable |= writable;
    task.recorder().maps_shared(object.share_identity);
    join_sharers(task, object);
}

void join_sharers(Task& task, const mm::Mappable& object)
{
    if (!object.shared_writable || !task.kernel().recording())
        return;
    // Others may have come while it waited.
    while (Task* other = stranger(task, object))
        task.kernel().scheduler().join_share_group(task, Ref(&other->share_group()));
}

}
