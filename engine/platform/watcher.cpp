// A thread of the Sentry that waits for the deaths of stubs.

#include "engine/platform/watcher.h"

#include "engine/base/start_thread.h"

#include <array>
#include <climits>
#include <csignal>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace ringside::platform {

namespace {
constexpr int tick_ms = 100;
constexpr std::uint64_t poke_mark = ~0ULL;
}

Watcher::Watcher(const ControlFile& control, host::Fd epoll, host::Fd poke)
    : control_(control), epoll_(std::move(epoll)), poke_(std::move(poke)), dead_(stub::slot_count)
{
}

Result<std::unique_ptr<Watcher>> Watcher::create(const ControlFile& control)
{
    host::Fd epoll(static_cast<int>(TRY(host::call(SYS_epoll_create1, EPOLL_CLOEXEC))));
    host::Fd poke(static_cast<int>(TRY(host::call(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK))));
    epoll_event event {};
    event.events = EPOLLIN;
    event.data.u64 = poke_mark;
    TRY(host::call(SYS_epoll_ctl, epoll.get(), EPOLL_CTL_ADD, poke.get(), &event));
    return std::unique_ptr<Watcher>(new Watcher(control, std::move(epoll), std::move(poke))); // private constructor
}

Watcher::~Watcher()
{
    if (!thread_.joinable())
        return;
    stop_ = true;
    poke();
    thread_.join();
}

void Watcher::start()
{
    if (thread_.joinable())
        return;
    thread_ = start_thread([this] { run(); });
}

Result<void> Watcher::watch(int pidfd, std::uint32_t slot)
{
    epoll_event event {};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = slot;
    TRY(host::call(SYS_epoll_ctl, epoll_.get(), EPOLL_CTL_ADD, pidfd, &event));
    return {};
}

std::vector<std::uint32_t> Watcher::take_dead()
{
    std::vector<std::uint32_t> found;
    if (deaths_.exchange(0) == 0)
        return found;
    for (std::uint32_t slot = 0; slot < dead_.size(); ++slot) {
        if (dead_[slot].load(std::memory_order_relaxed) && dead_[slot].exchange(false))
            found.push_back(slot);
    }
    return found;
}

void Watcher::poke() const
{
    std::uint64_t one = 1;
    static_cast<void>(host::call(SYS_write, poke_.get(), &one, sizeof one).ok());
}

void Watcher::set_running(bool any)
{
    if (any == told_)
        return;
    told_ = any;
    if (!any) {
        running_.store(false, std::memory_order_relaxed); // seen late it costs one tick too many
        return;
    }
    running_.store(true); // before the look at idle_: the thread does it the other way round
    if (idle_.load() && idle_.exchange(false))
        poke();
}

void Watcher::ring(bool surely) const
{
    std::atomic_ref bell(control_.doorbell());
    bell.fetch_add(1);
    if (surely || std::atomic_ref(control_.common().sentry_sleeps).load() != 0)
        static_cast<void>(host::call(SYS_futex, &control_.doorbell(), FUTEX_WAKE, INT_MAX).ok());
}

void Watcher::run()
{
    while (!stop_) {
        std::array<epoll_event, 16> events {};
        Result<long> count = host::call(SYS_epoll_pwait, epoll_.get(), events.data(), events.size(), idle_.load() ? -1 : tick_ms, nullptr, 0);
        if (!count.ok())
            continue;
        bool died = false;
        for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(count.value()))) {
            std::uint64_t what = event.data.u64;
            if (what == poke_mark) {
                std::uint64_t value;
                static_cast<void>(host::call(SYS_read, poke_.get(), &value, sizeof value).ok());
            } else {
                dead_[what].store(true);
                deaths_.fetch_add(1);
                died = true;
            }
        }
        if (died) {
            ring(false);
        } else if (count.value() == 0) {
            if (running_.load()) {
                ring(true);
                continue;
            }
            idle_.store(true);
            if (running_.load())
                idle_.store(false);
        }
    }
}

}
