// A thread that does one thing after another, so that the window's thread never waits for a file. What a job finds out it
// hands back with deliver(); a Worker that is destroyed finishes its running job and drops the rest.
#pragma once

#include <QMetaObject>
#include <QObject>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ringside::ui {

class Worker {
public:
    using Job = std::function<void()>;

    Worker();
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void post(Job job);
    /// Set when the Worker is being destroyed: long jobs look at it.
    const std::atomic<bool>& stopping() const { return stopping_; }

private:
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

/// Runs `function` in the thread of `receiver`, later; never when the receiver has gone by then.
template <typename Function>
void deliver(QObject* receiver, Function&& function)
{
    QMetaObject::invokeMethod(receiver, std::forward<Function>(function), Qt::QueuedConnection);
}

}
