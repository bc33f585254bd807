// Where guest threads and the first worker run: all on one processor, or each where the host likes.

#include "engine/platform/stub_platform.h"

#include <unistd.h>

namespace ringside::platform {

namespace {

bool is_pinned(int pid, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return cpu >= 0 && sched_getaffinity(pid, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 && CPU_ISSET(cpu, &set);
}

}

void StubPlatform::choose_places()
{
    first_worker_ = getpid();
    pinned_ = is_pinned(template_.pid, options_.cpu);
    bool many = sched_getaffinity(0, sizeof all_processors_, &all_processors_) == 0 && CPU_COUNT(&all_processors_) > 1;
    if (many && pinned_ && options_.may_spread) {
        if (options_.hand_over == HandOverChoice::automatic)
            spread_.allow();
        else if (options_.hand_over == HandOverChoice::spread)
            place_guests(true);
    }
}

bool StubPlatform::runs_on_our_cpu() const
{
    return pinned_ && sched_getcpu() == options_.cpu;
}

void StubPlatform::note_load(std::uint64_t time, std::size_t busy, bool request)
{
    if (!spread_.note(time, busy, request))
        return;
    hand_over_.guests_are_spread(spread_.on());
    place_guests(spread_.on());
}

/// On one processor with the first worker, or each where the host likes. Threads made from now on inherit it.
void StubPlatform::place_guests(bool spread)
{
    pinned_ = false; // one that is being born now may miss it
    cpu_set_t set = all_processors_;
    if (!spread) {
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(options_.cpu), &set);
    }
    auto place = [&](int thread) { static_cast<void>(host::call(SYS_sched_setaffinity, thread, sizeof set, &set).ok()); };
    place(first_worker_);
    place(template_.pid);
    for (auto& process : processes_) {
        if (!process || process->dead())
            continue;
        place(process->pid());
        for (auto& context : process->contexts()) {
            if (int thread = context->tid(); thread > 0)
                place(thread);
        }
    }
}

}
