// pidfds: descriptors that refer to a process. man 2 pidfd_open.
#pragma once

#include "engine/fs/file.h"
#include "engine/kernel/thread_group.h"

namespace ringside::kernel {

class PidFd final : public fs::File {
public:
    PidFd(Ref<ThreadGroup> group, int flags) : File(flags), group_(std::move(group)) { }
    ThreadGroup& group() const { return *group_; }
    PollMask poll() override;
    WaitQueue* poll_queue() override { return &group_->exit_queue; }
    std::string name(Task&) override { return "anon_inode:[pidfd]"; }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::pidfd; }

private:
    Ref<ThreadGroup> group_;
};

Ref<fs::File> make_pidfd(Ref<ThreadGroup> group, int flags = 0);
/// The process that a descriptor refers to. EBADF.
Result<Ref<PidFd>> find_pidfd(Task& task, int fd);

}
