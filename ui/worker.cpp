// See worker.h.
#include "ui/worker.h"

#include <csignal>
#include <pthread.h>

namespace ringside::ui {

Worker::Worker() : thread_([this] { run(); }) { }

Worker::~Worker()
{
    {
        std::scoped_lock lock(mutex_);
        stopping_ = true;
        jobs_.clear();
    }
    wake_.notify_one();
    thread_.join();
}

void Worker::post(Job job)
{
    {
        std::scoped_lock lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void Worker::run()
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are the main thread's
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_)
            return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr; // what it holds is given back here, not under the lock
        lock.lock();
    }
}

}
