// epoll instances. man 7 epoll.
#pragma once

#include "engine/fs/anonymous.h"

#include <list>
#include <map>
#include <memory>
#include <sys/epoll.h>

namespace ringside::fs {

class Epoll final : public AnonymousFile {
public:
    explicit Epoll(Task& task);
    ~Epoll() override;

    // epoll_ctl(2). EEXIST, ENOENT, EPERM (the file cannot be waited for), ELOOP (epolls that watch each other).
    Result<void> add(int fd, Ref<File> file, const epoll_event& event);
    Result<void> modify(int fd, File& file, const epoll_event& event);
    Result<void> remove(int fd, File& file);
    /// What is ready now, at most `max`.
    std::vector<epoll_event> collect(std::size_t max);
    /// Whether collect() would give any.
    bool any_ready();

    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override { return &queue_; }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::epoll; }

private:
    class Item;
    using Key = std::pair<File*, int>;
    void make_ready(Item& item);
    /// How many epolls deep what it watches goes; more than 5, or itself among them: ELOOP.
    static bool reaches(File& from, const Epoll& target, int depth);
    std::map<Key, std::unique_ptr<Item>> items_;
    std::list<Item*> ready_;
    kernel::WaitQueue queue_;
};

}
