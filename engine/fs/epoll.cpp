// epoll (fs/eventpoll.c): items stand in the wait queues of their files; a wake-up puts them on the ready list, and the list is looked
// through when somebody asks.
#include "engine/fs/epoll.h"

#include "engine/fs/poll_events.h"

#include <algorithm>

namespace ringside::fs {

namespace {
constexpr PollMask private_bits = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;
constexpr int max_nesting = 4;
}

class Epoll::Item final : public kernel::Waiter, public File::Watcher {
public:
    Item(Epoll& epoll, File& file, int fd, const epoll_event& event) : epoll(epoll), file(file), fd(fd), event(event) { }
    ~Item() override
    {
        std::erase(file.watchers, this);
        if (ready)
            epoll.ready_.remove(this);
    }
    void woken(PollMask events) override
    {
        if (this->event.events & ~private_bits & (events | EPOLLERR | EPOLLHUP))
            epoll.make_ready(*this);
    }
    void file_gone() override
    {
        leave();
        epoll.items_.erase({&file, fd}); // deletes this
    }
    PollMask state() const { return file.poll() & event.events & ~private_bits; }

    Epoll& epoll;
    File& file;
    int fd;
    epoll_event event;
    bool ready = false;
};

Epoll::Epoll(Task& task) : AnonymousFile(task, "[eventpoll]", 02 /* O_RDWR */) { }

Epoll::~Epoll()
{
    items_.clear();
}

void Epoll::make_ready(Item& item)
{
    if (!item.ready) {
        item.ready = true;
        ready_.push_back(&item);
    }
    queue_.wake_all(readable_events);
}

bool Epoll::reaches(File& from, const Epoll& target, int depth)
{
    auto* epoll = dynamic_cast<Epoll*>(&from);
    if (!epoll)
        return false;
    if (epoll == &target || depth > max_nesting)
        return true;
    return std::ranges::any_of(epoll->items_, [&](const auto& entry) { return reaches(*entry.first.first, target, depth + 1); });
}

Result<void> Epoll::add(int fd, Ref<File> file, const epoll_event& event)
{
    if (!file->poll_queue())
        return Errno(EPERM);
    if (file.get() == this)
        return Errno(EINVAL);
    if (items_.contains({file.get(), fd}))
        return Errno(EEXIST);
    if (reaches(*file, *this, 1))
        return Errno(ELOOP);
    auto item = std::make_unique<Item>(*this, *file, fd, event);
    item->event.events |= EPOLLERR | EPOLLHUP;
    Item& entered = *item;
    items_[{file.get(), fd}] = std::move(item);
    file->watchers.push_back(&entered);
    file->poll_queue()->add(entered, (event.events & EPOLLEXCLUSIVE) != 0);
    if (entered.state())
        make_ready(entered);
    return {};
}

Result<void> Epoll::modify(int fd, File& file, const epoll_event& event)
{
    auto found = items_.find({&file, fd});
    if (found == items_.end())
        return Errno(ENOENT);
    if ((event.events | found->second->event.events) & EPOLLEXCLUSIVE)
        return Errno(EINVAL);
    found->second->event = event;
    found->second->event.events |= EPOLLERR | EPOLLHUP;
    if (found->second->state())
        make_ready(*found->second);
    return {};
}

Result<void> Epoll::remove(int fd, File& file)
{
    if (items_.erase({&file, fd}) == 0)
        return Errno(ENOENT);
    return {};
}

std::vector<epoll_event> Epoll::collect(std::size_t max)
{
    std::vector<epoll_event> result;
    std::list<Item*> waiting;
    waiting.swap(ready_);
    while (!waiting.empty() && result.size() < max) {
        Item& item = *waiting.front();
        waiting.pop_front();
        item.ready = false;
        PollMask state = item.state();
        if (!state)
            continue;
        epoll_event event = item.event;
        event.events = state;
        result.push_back(event);
        if (item.event.events & EPOLLONESHOT) {
            item.event.events &= private_bits; // silent until EPOLL_CTL_MOD
        } else if (!(item.event.events & EPOLLET)) {
            item.ready = true;
            ready_.push_back(&item); // level-triggered: looked at again next time, behind the others
        }
    }
    ready_.splice(ready_.begin(), waiting);
    return result;
}

bool Epoll::any_ready()
{
    for (auto place = ready_.begin(); place != ready_.end();) {
        Item& item = **place;
        if (item.state())
            return true;
        item.ready = false;
        place = ready_.erase(place);
    }
    return false;
}

PollMask Epoll::poll()
{
    return any_ready() ? readable_events : 0;
}

}
