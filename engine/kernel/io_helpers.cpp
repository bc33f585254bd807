// Helper threads. A helper and the worker share one slot with one word in it, on which they wait by futex: no lock, and every host
// call goes through the wrapper. Helpers touch nothing else of the kernel.

#include "engine/kernel/io_helpers.h"

#include "engine/base/start_thread.h"
#include "engine/kernel/kernel.h"
#include "engine/platform/platform.h"

#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <deque>
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>

namespace ringside::kernel {

namespace {

using Word = std::atomic<std::uint32_t>;

void sleep_on(Word& word, std::uint32_t while_it_is)
{
    while (word.load(std::memory_order_acquire) == while_it_is)
        (void)host::call(SYS_futex, &word, FUTEX_WAIT_PRIVATE, while_it_is, nullptr);
}

void set_and_wake(Word& word, std::uint32_t value)
{
    word.store(value, std::memory_order_release);
    (void)host::call(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX);
}

enum SlotState : std::uint32_t { slot_idle, slot_work, slot_done, slot_quit };

struct Slot {
    Word state {slot_idle};
    std::unique_ptr<IoJob> job; ///< the helper's in slot_work, the worker's otherwise
    std::thread thread;
};

/// The epoll thread hands over one batch at a time.
struct Readiness {
    static constexpr std::size_t batch = 32;
    enum State : std::uint32_t { empty, full, quit };
    Word state {empty};
    std::array<epoll_event, batch> events {};
    std::size_t count = 0;
    std::thread thread;
};

}

struct IoHelpers::State {
    explicit State(platform::Platform& platform) : platform(platform) { }
    platform::Platform& platform;
    std::array<Slot, thread_count> slots;
    std::deque<std::unique_ptr<IoJob>> waiting;         ///< for any helper
    std::deque<std::unique_ptr<IoJob>> waiting_to_hang; ///< for those that are not reserved
    Readiness readiness;
    host::Fd epoll;
    host::Fd stop; ///< an eventfd that ends the epoll thread

    void help(Slot& slot)
    {
        host::Account idle;
        while (true) {
            host::set_current_account(&idle);
            std::uint32_t state = slot.state.load(std::memory_order_acquire);
            if (state == slot_quit)
                return;
            if (state != slot_work) {
                sleep_on(slot.state, state);
                continue;
            }
            IoJob& job = *slot.job;
            host::set_current_account(&job.account);
            job.result = job.work();
            host::set_current_account(&idle);
            std::uint32_t expected = slot_work;
            if (!slot.state.compare_exchange_strong(expected, slot_done, std::memory_order_acq_rel))
                return; // quit
            platform.ring();
        }
    }

    void watch()
    {
        host::Account idle;
        host::set_current_account(&idle);
        while (true) {
            auto got = host::call(SYS_epoll_pwait, epoll.get(), readiness.events.data(), Readiness::batch, -1, nullptr, 8);
            if (readiness.state.load(std::memory_order_acquire) == Readiness::quit)
                return;
            if (!got.ok() || got.value() == 0)
                continue;
            readiness.count = static_cast<std::size_t>(got.value());
            std::uint32_t expected = Readiness::empty;
            if (!readiness.state.compare_exchange_strong(expected, Readiness::full, std::memory_order_acq_rel))
                return;
            platform.ring();
            sleep_on(readiness.state, Readiness::full);
        }
    }

    void give(Slot& slot, std::unique_ptr<IoJob> job)
    {
        slot.job = std::move(job);
        set_and_wake(slot.state, slot_work);
    }

    /// What a helper that has become free does next.
    std::unique_ptr<IoJob> next_for(std::size_t slot)
    {
        std::erase_if(waiting_to_hang, [](const auto& job) { return job->abandoned; });
        for (auto* line : {&waiting, &waiting_to_hang}) {
            if (line->empty() || (line == &waiting_to_hang && slot < reserved_count))
                continue;
            std::unique_ptr<IoJob> job = std::move(line->front());
            line->pop_front();
            return job;
        }
        return {};
    }
};

Result<std::unique_ptr<IoHelpers>> IoHelpers::start(platform::Platform& platform)
{
    auto state = std::make_unique<State>(platform);
    state->epoll = host::Fd(static_cast<int>(TRY(host::call(SYS_epoll_create1, EPOLL_CLOEXEC))));
    state->stop = host::Fd(static_cast<int>(TRY(host::call(SYS_eventfd2, 0, EFD_CLOEXEC))));
    epoll_event event {};
    event.events = EPOLLIN;
    event.data.fd = state->stop.get();
    TRY(host::call(SYS_epoll_ctl, state->epoll.get(), EPOLL_CTL_ADD, state->stop.get(), &event));
    State* s = state.get();
    std::vector<StartingThread> starting;
    for (Slot& slot : state->slots)
        starting.emplace_back([s, &slot] { s->help(slot); });
    state->readiness.thread = start_thread([s] { s->watch(); });
    for (std::size_t i = 0; i < starting.size(); ++i)
        state->slots[i].thread = starting[i].wait();
    return std::unique_ptr<IoHelpers>(new IoHelpers(std::move(state)));
}

IoHelpers::IoHelpers(std::unique_ptr<State> state)
    : state_(std::move(state))
{
}

IoHelpers::~IoHelpers()
{
    bool stuck = false;
    for (Slot& slot : state_->slots) {
        if (slot.state.load(std::memory_order_acquire) == slot_work) {
            stuck = true;
            slot.thread.detach();
        }
        set_and_wake(slot.state, slot_quit);
    }
    set_and_wake(state_->readiness.state, Readiness::quit);
    std::uint64_t one = 1;
    (void)host::call(SYS_write, state_->stop.get(), &one, sizeof one);
    for (Slot& slot : state_->slots)
        if (slot.thread.joinable())
            slot.thread.join();
    state_->readiness.thread.join();
    if (stuck) // a host call that never returns: its thread ends with the Sentry, and what it looks at must stay until then
        static_cast<void>(state_.release());
}

IoJob& IoHelpers::submit(std::unique_ptr<IoJob> job)
{
    IoJob& submitted = *job;
    for (std::size_t i = job->may_hang ? reserved_count : 0; i < state_->slots.size(); ++i) {
        Slot& slot = state_->slots[i];
        if (slot.state.load(std::memory_order_acquire) == slot_idle) {
            state_->give(slot, std::move(job));
            return submitted;
        }
    }
    (submitted.may_hang ? state_->waiting_to_hang : state_->waiting).push_back(std::move(job));
    return submitted;
}

std::size_t IoHelpers::poll()
{
    std::size_t completed = 0;
    for (std::size_t i = 0; i < state_->slots.size(); ++i) {
        Slot& slot = state_->slots[i];
        if (slot.state.load(std::memory_order_acquire) != slot_done)
            continue;
        std::unique_ptr<IoJob> job = std::move(slot.job);
        slot.state.store(slot_idle, std::memory_order_release);
        if (auto next = state_->next_for(i))
            state_->give(slot, std::move(next));
        ++completed;
        if (job->completed)
            job->completed(*job);
    }
    return completed;
}

WaitQueue& HostPoller::queue(int host_fd)
{
    auto& entry = entries_[host_fd];
    if (!entry)
        entry = std::make_unique<Entry>();
    return entry->queue;
}

void HostPoller::control(int host_fd, Entry& entry)
{
    epoll_event event {};
    event.events = entry.armed | EPOLLONESHOT;
    event.data.fd = host_fd;
    auto done = host::call(SYS_epoll_ctl, helpers_.state_->epoll.get(), entry.added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, host_fd, &event);
    if (done.ok())
        entry.added = true;
    else
        entry.queue.wake_all(entry.armed); // EPERM: a file, which is always ready
}

void HostPoller::arm(int host_fd, PollMask events)
{
    (void)queue(host_fd);
    Entry& entry = *entries_[host_fd];
    entry.armed |= events;
    control(host_fd, entry);
}

PollMask HostPoller::ready(int host_fd, PollMask events)
{
    // The low bits of EPOLL* and POLL* are the same.
    pollfd request {.fd = host_fd, .events = static_cast<short>(events), .revents = 0};
    timespec now {};
    auto got = host::call(SYS_ppoll, &request, 1, &now, nullptr, 8);
    return got.ok() && got.value() > 0 ? static_cast<PollMask>(static_cast<unsigned short>(request.revents)) : 0;
}

void HostPoller::forget(int host_fd)
{
    auto it = entries_.find(host_fd);
    if (it == entries_.end())
        return;
    if (it->second->added)
        (void)host::call(SYS_epoll_ctl, helpers_.state_->epoll.get(), EPOLL_CTL_DEL, host_fd, nullptr);
    it->second->queue.wake_all();
    entries_.erase(it);
}

void HostPoller::watch(int host_fd, PollMask events, std::function<void(PollMask)> function)
{
    (void)queue(host_fd);
    entries_[host_fd]->function = std::move(function);
    arm(host_fd, events);
}

std::size_t HostPoller::poll()
{
    Readiness& readiness = helpers_.state_->readiness;
    if (readiness.state.load(std::memory_order_acquire) != Readiness::full)
        return 0;
    std::array<epoll_event, Readiness::batch> events = readiness.events;
    std::size_t count = readiness.count;
    set_and_wake(readiness.state, Readiness::empty);
    for (std::size_t i = 0; i < count; ++i) {
        int fd = events[i].data.fd;
        auto it = entries_.find(fd);
        if (it == entries_.end())
            continue;
        Entry& entry = *it->second;
        PollMask wanted = std::exchange(entry.armed, 0);
        entry.queue.wake_all(events[i].events);
        if (entry.function) {
            auto function = entry.function; // it may forget() itself
            function(events[i].events);
            if (entries_.contains(fd))
                arm(fd, wanted);
        }
    }
    return count;
}

namespace {

/// What the waiting fiber and the job share: either may go first.
struct Offloaded : RefCounted {
    WaitQueue queue;
    bool done = false;
    Result<long> result = Errno(EINTR);
};

}

Result<long> offload(Task& task, std::function<Result<long>()> work, bool interruptible)
{
    auto shared = make_ref<Offloaded>();
    Ref<Task> keep(&task);
    auto job = std::make_unique<IoJob>();
    job->work = std::move(work);
    job->may_hang = interruptible;
    job->completed = [shared, keep](IoJob& job) {
        keep->account().merge(job.account);
        shared->done = true;
        shared->result = job.result;
        shared->queue.wake_all();
    };
    IoJob& submitted = task.kernel().io().submit(std::move(job));
    while (!shared->done) {
        auto waited = shared->queue.wait(task, {}, interruptible ? Interruptible::yes : Interruptible::no);
        if (!waited.ok()) {
            submitted.abandoned = !shared->done;
            return waited.error();
        }
    }
    return shared->result;
}

Result<void> wait_host_ready(Task& task, int host_fd, PollMask events, std::optional<Nanoseconds> deadline)
{
    HostPoller& poller = task.kernel().host_poller();
    Sleeper sleeper(task);
    sleeper.stand_in(poller.queue(host_fd), events | EPOLLERR | EPOLLHUP);
    poller.arm(host_fd, events);
    return sleeper.sleep(deadline);
}

}
