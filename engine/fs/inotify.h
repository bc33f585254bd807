// inotify instances. man 7 inotify.
#pragma once

#include "engine/fs/anonymous.h"
#include "engine/fs/notify.h"
#include "engine/kernel/credentials.h"

#include <deque>
#include <map>

namespace ringside::fs {

/// How many instances each user has (fs.inotify.max_user_instances).
struct InotifyUsers final : RefCounted {
    std::map<kernel::Uid, int> instances;
};

class Inotify final : public AnonymousFile {
public:
    static constexpr int max_instances = 128;         ///< fs.inotify.max_user_instances
    static constexpr std::size_t max_events = 16384;  ///< fs.inotify.max_queued_events
    static constexpr std::size_t max_watches = 65536; ///< fs.inotify.max_user_watches
    /// inotify_init1(2). EMFILE: the user has as many as are allowed.
    static Result<Ref<Inotify>> create(Task& task, int flags);
    /// One of `user`, who is counted until it ends.
    Inotify(Task& task, int flags, Ref<InotifyUsers> users, kernel::Uid user);
    ~Inotify() override;

    /// inotify_add_watch(2) on a place that was found and may be read. EEXIST, ENOSPC.
    Result<int> add(const Path& path, std::uint32_t mask);
    /// inotify_rm_watch(2): IN_IGNORED follows. EINVAL.
    Result<void> remove(int watch);

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override;
    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override { return &queue_; }
    std::string name(Task&) override { return "anon_inode:inotify"; }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::inotify; }

    // From the marks of inodes.
    void happened(int watch, std::uint32_t mask, const std::string* name, std::uint32_t cookie, bool removed);
    void let_go(int watch);
    void inode_gone(int watch);

private:
    struct Watch {
        Inode* inode = nullptr;  ///< lives as long as this watch
        Ref<Inode> held;         ///< while it has a name: what nobody uses would be forgotten
        Ref<Dentry> place;       ///< likewise, so that the same inode is found again
        std::uint32_t mask = 0;
        std::uint32_t flags = 0; ///< IN_ONESHOT, IN_EXCL_UNLINK
    };
    struct Event {
        int watch;
        std::uint32_t mask;
        std::uint32_t cookie;
        std::string name;
        std::size_t size() const;
    };
    void queue(Event event);
    void ignored(int watch);
    /// Takes a watch from its inode.
    void unmark(Inode& inode, int watch);
    Ref<InotifyUsers> users_;
    kernel::Uid user_;
    std::map<int, Watch> watches_;
    int last_watch_ = 0;
    std::deque<Event> events_;
    bool overflowed_ = false; ///< IN_Q_OVERFLOW is queued
    kernel::WaitQueue queue_;
};

}
