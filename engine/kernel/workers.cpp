// The worker threads and the way of the lock between them.

#include "engine/kernel/workers.h"

#include "engine/base/start_thread.h"
#include "engine/boundary/host_call.h"
#include "engine/platform/platform.h"

#include <algorithm>
#include <climits>
#include <linux/futex.h>
#include <sched.h>
#include <vector>

namespace ringside::kernel {

namespace {

using Word = std::atomic<std::uint32_t>;

void wait_while(Word& word, std::uint32_t value)
{
    while (word.load(std::memory_order_acquire) == value)
        static_cast<void>(host::call(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr).ok());
}

void wake(Word& word)
{
    static_cast<void>(host::call(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX).ok());
}

}

struct Workers::Second {
    enum State : std::uint32_t {
        asleep,
        called, ///< it is to wake up
        ready,  ///< it looks for the lock, for a moment
        serves, ///< it has it
        quit,
    };
    explicit Second(platform::Platform& platform) : platform(platform) { }
    void run();
    bool get_lock();

    platform::Platform& platform;
    Word state {asleep};
    Word first_waits {0}; ///< 1: the first has given the lock away
    const std::function<bool()>* over = nullptr;
    const std::function<void()>* turn = nullptr;
    std::thread thread;
};

void Workers::Second::run()
{
    for (;;) {
        wait_while(state, asleep);
        if (state == quit)
            return;
        if (!get_lock())
            continue;
        platform.moved_to_worker(1);
        while (platform.wanted_worker() == 1 && !(*over)())
            (*turn)();
        platform.moved_to_worker(0);
        state = asleep;
        first_waits = 0;
        wake(first_waits);
    }
}

bool Workers::Second::get_lock()
{
    // The first worker gives it up between two turns. One that sleeps has nothing to hand over: it is rung for.
    constexpr int looks = 20'000;
    std::uint32_t expected = called;
    if (!state.compare_exchange_strong(expected, ready))
        return false;
    platform.ring();
    for (int i = 0; i < looks && state == ready; ++i)
        __builtin_ia32_pause();
    expected = ready;
    return !state.compare_exchange_strong(expected, asleep) && expected == serves;
}

Workers::Workers(platform::Platform& platform) : platform_(platform) { }

Workers::~Workers()
{
    if (!second_)
        return;
    second_->state = Second::quit;
    wake(second_->state);
    second_->thread.join();
}

void Workers::start_second(int processor, host::Account* account)
{
    second_ = std::make_unique<Second>(platform_);
    second_->thread = start_thread([second = second_.get(), processor, account] {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(processor), &set);
        sched_setaffinity(0, sizeof set, &set);
        host::set_current_account(account);
        second->run();
    });
    platform_.allow_second_worker();
}

void Workers::serve(const std::function<bool()>& over, const std::function<void()>& turn)
{
    if (second_) {
        second_->over = &over;
        second_->turn = &turn;
    }
    while (!over()) {
        turn();
        if (platform_.wanted_worker() != 0)
            offer();
    }
}

/// Calls the second worker, and gives it the lock as soon as it is there: until then guests are served here.
void Workers::offer()
{
    Second& second = *second_;
    std::uint32_t state = second.state;
    if (state == Second::asleep) {
        second.state = Second::called;
        wake(second.state);
    } else if (state == Second::ready) {
        second.first_waits = 1;
        if (second.state.compare_exchange_strong(state, Second::serves))
            wait_while(second.first_waits, 1);
        second.first_waits = 0;
    }
}

int second_processor(int first)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (first < 0 || sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    std::vector<int> allowed;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set))
            allowed.push_back(cpu);
    }
    auto found = std::find(allowed.begin(), allowed.end(), first);
    if (found == allowed.end() || allowed.size() < 2)
        return -1;
    // The two halves of a core are numbered n, n + 1 on some machines, n, n + count / 2 on others.
    std::size_t count = allowed.size(), index = static_cast<std::size_t>(found - allowed.begin());
    std::size_t step = count < 4 ? 1 : index % 2 == 0 ? count / 2 + 1 : count / 2 - 1;
    return allowed[(index + step) % count];
}

}
