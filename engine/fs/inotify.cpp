// inotify instances (fs/notify/inotify).
#include "engine/fs/inotify.h"

#include "engine/fs/kernel_state.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

namespace ringside::fs {

namespace {

constexpr std::uint32_t watch_flags = IN_ONESHOT | IN_EXCL_UNLINK;
constexpr std::uint32_t shown = IN_ALL_EVENTS | IN_ISDIR | IN_UNMOUNT | IN_IGNORED | IN_Q_OVERFLOW;

}

Result<Ref<Inotify>> Inotify::create(Task& task, int flags)
{
    Ref<InotifyUsers>& users = task.kernel().fs->inotify_users;
    if (!users)
        users = make_ref<InotifyUsers>();
    kernel::Uid user = task.credentials().euid;
    if (users->instances[user] >= max_instances)
        return Errno(EMFILE);
    return make_ref<Inotify>(task, flags, users, user);
}

Inotify::Inotify(Task& task, int flags, Ref<InotifyUsers> users, kernel::Uid user)
    : AnonymousFile(task, "inotify", O_RDONLY | (flags & O_NONBLOCK)), users_(std::move(users)), user_(user)
{
    ++users_->instances[user_];
}

Inotify::~Inotify()
{
    if (--users_->instances[user_] == 0)
        users_->instances.erase(user_);
    // The inodes may end with their watches: first all marks, then the references.
    for (auto& [number, watch] : watches_)
        unmark(*watch.inode, number);
}

void Inotify::unmark(Inode& inode, int number)
{
    inode.marks->remove(*this, number);
    if (inode.marks->empty())
        inode.marks.reset();
}

std::size_t Inotify::Event::size() const
{
    // Names are padded with NULs to the size of the header, one NUL at least (round_event_name_len).
    constexpr std::size_t header = sizeof(inotify_event);
    return name.empty() ? header : header + (name.size() + 1 + header - 1) / header * header;
}

Result<int> Inotify::add(const Path& path, std::uint32_t mask)
{
    Inode& inode = path.inode();
    int known = inode.marks ? inode.marks->watch_of(*this) : -1;
    if (known >= 0) {
        if (mask & IN_MASK_CREATE)
            return Errno(EEXIST);
        Watch& watch = watches_.at(known);
        if (!(mask & IN_MASK_ADD))
            watch.mask = watch.flags = 0;
        watch.mask |= mask & IN_ALL_EVENTS;
        watch.flags |= mask & watch_flags;
        return known;
    }
    if (watches_.size() >= max_watches)
        return Errno(ENOSPC);
    int number = ++last_watch_; // as Linux, which does not use a number again soon (idr_alloc_cyclic)
    watches_[number] = {&inode, Ref<Inode>(&inode), path.dentry, mask & IN_ALL_EVENTS, mask & watch_flags};
    if (!inode.marks)
        inode.marks = std::make_unique<NotifyMarks>();
    inode.marks->add(*this, number);
    return number;
}

Result<void> Inotify::remove(int number)
{
    auto it = watches_.find(number);
    if (it == watches_.end())
        return Errno(EINVAL);
    Watch watch = std::move(it->second);
    watches_.erase(it);
    unmark(*watch.inode, number);
    ignored(number);
    return {};
}

void Inotify::ignored(int number)
{
    queue({number, IN_IGNORED, 0, {}});
}

void Inotify::happened(int number, std::uint32_t mask, const std::string* name, std::uint32_t cookie, bool removed)
{
    auto it = watches_.find(number);
    if (it == watches_.end())
        return;
    const Watch& watch = it->second;
    if ((watch.flags & IN_EXCL_UNLINK) && removed)
        return;
    if (!(mask & watch.mask & IN_ALL_EVENTS))
        return;
    bool once = (watch.flags & IN_ONESHOT) != 0;
    if (mask & (IN_MOVE_SELF | IN_DELETE_SELF))
        mask &= ~static_cast<std::uint32_t>(IN_ISDIR); // inotify_handle_inode_event
    queue({number, mask & shown, cookie, name ? *name : std::string()});
    if (once)
        (void)remove(number);
}

void Inotify::let_go(int number)
{
    Watch& watch = watches_.at(number);
    Ref<Inode> inode = std::move(watch.held); // ends in the caller's hands, not here
    watch.held = {};
    watch.place = {};
}

void Inotify::inode_gone(int number)
{
    auto it = watches_.find(number);
    bool wanted = (it->second.mask & IN_DELETE_SELF) != 0;
    watches_.erase(it);
    if (wanted)
        queue({number, IN_DELETE_SELF, 0, {}});
    ignored(number);
}

void Inotify::queue(Event event)
{
    if (events_.size() >= max_events) {
        if (overflowed_)
            return;
        overflowed_ = true;
        event = {-1, IN_Q_OVERFLOW, 0, {}};
    } else if (!events_.empty()) {
        // The same as the last one is not told twice (inotify_merge); IN_IGNORED ends a watch, whose number may come again.
        const Event& last = events_.back();
        if (!(last.mask & IN_IGNORED) && last.mask == event.mask && last.watch == event.watch && last.name == event.name)
            return;
    }
    events_.push_back(std::move(event));
    queue_.wake_all(EPOLLIN | EPOLLRDNORM);
}

Result<std::size_t> Inotify::read(Task& task, IoBuffer& to, std::optional<std::uint64_t>)
{
    while (events_.empty()) {
        if (nonblocking())
            return Errno(EAGAIN);
        TRY(queue_.wait(task));
    }
    std::size_t done = 0;
    while (!events_.empty()) {
        const Event& event = events_.front();
        std::size_t size = event.size();
        if (size > to.remaining())
            return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(Errno(EINVAL));
        std::vector<std::byte> bytes(size);
        inotify_event header {};
        header.wd = event.watch;
        header.mask = event.mask;
        header.cookie = event.cookie;
        header.len = static_cast<std::uint32_t>(size - sizeof header);
        std::memcpy(bytes.data(), &header, sizeof header);
        std::memcpy(bytes.data() + sizeof header, event.name.data(), event.name.size());
        if (event.mask & IN_Q_OVERFLOW)
            overflowed_ = false;
        events_.pop_front(); // lost where it cannot be put, as in Linux
        auto put = to.put(bytes);
        if (!put.ok() || put.value() < size)
            return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(Errno(EFAULT));
        done += size;
    }
    return done;
}

Result<long> Inotify::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    if (request != FIONREAD)
        return Errno(ENOTTY);
    std::size_t bytes = 0;
    for (const Event& event : events_)
        bytes += event.size();
    TRY(task.copy_out(GuestPtr<int>(argument), static_cast<int>(bytes)));
    return 0;
}

PollMask Inotify::poll()
{
    return events_.empty() ? 0 : EPOLLIN | EPOLLRDNORM;
}

}
