// The worker threads: whoever runs kernel code is one of them, and holds the kernel's one lock. The first is the Sentry's main thread, on the
// guests' processor; the second stands on another one and serves while the platform wants it to. The lock goes from one to the other only
// between two turns of the main loop, so nothing in the kernel sees the change: fibers run on whichever worker serves.
#pragma once

#include <functional>
#include <memory>

namespace ringside::host {
class Account;
}

namespace ringside::platform {
class Platform;
}

namespace ringside::kernel {

class Workers {
public:
    explicit Workers(platform::Platform& platform);
    ~Workers();
    /// Starts the second worker, on `processor`: before the seccomp filter is in force, and after whatever a thread inherits is settled.
    /// `account` gets the host calls that serve nobody, may be null.
    void start_second(int processor, host::Account* account);
    /// Calls `turn` until `over`, on the worker that the platform wants. Called by the main thread, which holds the lock before and after.
    void serve(const std::function<bool()>& over, const std::function<void()>& turn);

private:
    struct Second;
    void offer();
    platform::Platform& platform_;
    std::unique_ptr<Second> second_;
};

/// A processor for the second worker that is likely not the other half of the first one's core, out of those that this process may use; -1: none.
int second_processor(int first);

}
