// Host calls that may block run here: a few threads made before the Sentry is confined, which touch no kernel state. And one more
// that holds the epoll over host descriptors. Use them through offload() and wait_host_ready() of task.h, and HostPoller.
#pragma once

#include "engine/boundary/host_call.h"
#include "engine/kernel/wait_queue.h"

#include <functional>
#include <map>
#include <memory>

namespace ringside::platform {
class Platform;
}

namespace ringside::kernel {

/// One blocking host call. Owned by the pool until it is done, so that a waiter may go away before.
struct IoJob {
    std::function<Result<long>()> work;     ///< on a helper
    std::function<void(IoJob&)> completed;  ///< on the worker, under the kernel lock; may be empty
    Result<long> result = Errno(EINTR);
    host::Account account; ///< what the work cost
    bool may_hang = false; ///< depends on somebody who may never answer: some helpers are kept from these
    bool abandoned = false; ///< nobody waits any more: not begun if it has not been
};

class IoHelpers {
public:
    static constexpr int thread_count = 16;
    /// Helpers that serve no job that may hang, so that a file system without answers stops nobody but who asks it.
    static constexpr int reserved_count = 4;
    /// Starts the threads: before the seccomp filter is in force.
    static Result<std::unique_ptr<IoHelpers>> start(platform::Platform& platform);
    ~IoHelpers();
    /// Queues it: the next free helper takes it, first come first served. The job lives until it was completed.
    IoJob& submit(std::unique_ptr<IoJob> job);
    /// From the main loop: completes what is done and hands out more work. How many were completed.
    std::size_t poll();

private:
    friend class HostPoller;
    struct State;
    explicit IoHelpers(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Readiness of host descriptors (terminals, pipes and sockets that were handed in). Those that epoll does not know (files) are
/// always ready.
class HostPoller {
public:
    explicit HostPoller(IoHelpers& helpers) : helpers_(helpers) { }
    /// Where pollers of `host_fd` hang. Valid until forget(). One wake-up follows each arm().
    WaitQueue& queue(int host_fd);
    /// Asks for one wake-up of the queue when any of `events` (or an error) is there.
    void arm(int host_fd, PollMask events);
    /// What is ready now (one host poll(2), which does not wait).
    PollMask ready(int host_fd, PollMask events);
    /// Before the descriptor is closed.
    void forget(int host_fd);
    /// Calls `function` on the main loop each time it is ready (level-triggered): the control socket. Must not block.
    void watch(int host_fd, PollMask events, std::function<void(PollMask)> function);
    /// From the main loop.
    std::size_t poll();

private:
    struct Entry {
        WaitQueue queue;
        PollMask armed = 0;
        bool added = false;
        std::function<void(PollMask)> function;
    };
    void control(int host_fd, Entry& entry);
    IoHelpers& helpers_;
    std::map<int, std::unique_ptr<Entry>> entries_;
};

}
