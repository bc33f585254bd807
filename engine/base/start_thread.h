// Starting a helper thread of the Sentry: with every signal blocked, and really running when this returns. A thread that has just
// been made still makes host calls of libc's own (rseq, its robust list, its signal mask), which the Sentry's filter refuses.
#pragma once

#include <atomic>
#include <csignal>
#include <memory>
#include <pthread.h>
#include <thread>
#include <utility>

namespace ringside {

/// A thread on its way. wait() returns when it really runs; several are begun first and waited for then, since each has to wake a core.
class StartingThread {
public:
    template<typename Body>
    explicit StartingThread(Body body)
    {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread([body = std::move(body), running = running_]() mutable {
            running->store(true);
            running->notify_one();
            body();
        });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    std::thread wait()
    {
        running_->wait(false);
        return std::move(thread_);
    }

private:
    std::shared_ptr<std::atomic<bool>> running_ = std::make_shared<std::atomic<bool>>(false); // the new thread may touch it after we have gone on
    std::thread thread_;
};

template<typename Body>
std::thread start_thread(Body body)
{
    return StartingThread(std::move(body)).wait();
}

}
