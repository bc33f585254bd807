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

template<typename Body>
std::thread start_thread(Body body)
{
    sigset_t all, before;
    sigfillset(&all);
    auto running = std::make_shared<std::atomic<bool>>(false); // the new thread may touch it after we have gone on
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([body = std::move(body), running]() mutable {
        running->store(true);
        running->notify_one();
        body();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    running->wait(false);
    return thread;
}

}
