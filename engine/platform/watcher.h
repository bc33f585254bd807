// A thread of the Sentry that waits for the deaths of stubs, and rings the doorbell now and then while guests run, since a hostile guest
// can make a ring go astray. It touches atomics and its own descriptors, no kernel state.
#pragma once

#include "engine/base/result.h"
#include "engine/boundary/host_call.h"
#include "engine/platform/control_file.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace ringside::platform {

class Watcher {
public:
    static Result<std::unique_ptr<Watcher>> create(const ControlFile& control);
    ~Watcher();
    /// Starts the thread, once.
    void start();
    /// From now on the death of the stub in `slot` is told by take_dead().
    Result<void> watch(int pidfd, std::uint32_t slot);
    /// Slots whose stub has died since the last call.
    bool any_dead() const { return deaths_.load(std::memory_order_acquire) != 0; }
    std::vector<std::uint32_t> take_dead();
    /// Whether guest threads run: while any do, it ticks. To be told before they are let go, and before the Sentry sleeps.
    void set_running(bool any);
    /// Ends the Sentry's sleep on the doorbell. Any thread may call it.
    void ring(bool surely) const;

private:
    Watcher(const ControlFile& control, host::Fd epoll, host::Fd poke);
    void run();
    void poke() const;

    const ControlFile& control_;
    host::Fd epoll_;
    host::Fd poke_;
    std::atomic<std::uint32_t> deaths_ = 0;
    std::atomic<bool> running_ = false;
    bool told_ = false; ///< what set_running() was told last: most calls change nothing
    std::atomic<bool> idle_ = false; ///< the thread waits for events alone
    std::atomic<bool> stop_ = false;
    std::vector<std::atomic<bool>> dead_;
    std::thread thread_;
};

}
