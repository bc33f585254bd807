// One stub: the host process that holds one guest address space.

#include "engine/platform/stub_process.h"

#include <algorithm>
#include <csignal>
#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

namespace ringside::platform {

using namespace stub;

StubProcess::StubProcess(const ControlFile& control, std::uint32_t slot, int pid, host::Fd pidfd, int ack, unsigned patch_after)
    : control_(control), slot_(slot), pid_(pid), pidfd_(std::move(pidfd)), orders_(control.orders(slot), ack, pidfd_.get()), patcher_(*this, patch_after),
      patching_(patch_after != 0)
{
}

void StubProcess::queue_map(std::uint64_t start, std::uint64_t length, Prot prot, std::uint64_t file_offset, bool populate)
{
    int flags = MAP_SHARED | MAP_FIXED | (populate ? MAP_POPULATE : 0);
    std::array<std::uint64_t, 6> args {start, length, static_cast<std::uint64_t>(prot), static_cast<std::uint64_t>(flags), memory_fd, file_offset};
    if (!orders_.extend_last(SYS_mmap, args, 5))
        orders_.push(SYS_mmap, args, order_checked, start);
    mappings_.map(start, length, static_cast<int>(prot), file_offset);
}

void StubProcess::queue_unmap(std::uint64_t start, std::uint64_t length)
{
    std::array<std::uint64_t, 6> args {start, length};
    if (!orders_.extend_last(SYS_munmap, args, -1))
        orders_.push_checked(SYS_munmap, args);
    mappings_.unmap(start, length);
}

void StubProcess::queue_protect(std::uint64_t start, std::uint64_t length, Prot prot)
{
    std::array<std::uint64_t, 6> args {start, length, static_cast<std::uint64_t>(prot)};
    if (!orders_.extend_last(SYS_mprotect, args, -1))
        orders_.push_checked(SYS_mprotect, args);
    mappings_.protect(start, length, static_cast<int>(prot));
}

Result<GuestContext*> StubProcess::take_context()
{
    if (!parked_.empty()) {
        GuestContext* context = parked_.back();
        parked_.pop_back();
        context->reset();
        context->state = GuestContext::State::stopped;
        return context;
    }
    if (unborn_.empty()) {
        if (contexts_.size() == context_count)
            return Errno(EAGAIN);
        auto index = static_cast<std::uint32_t>(contexts_.size());
        contexts_.push_back(std::make_unique<GuestContext>(*this, index, control_.context(slot_, index), patching_));
        unborn_.push_back(contexts_.back().get());
        open_context(index);
    }
    GuestContext* context = unborn_.back();
    TRY(order_thread_for(*context));
    unborn_.pop_back();
    return context;
}

/// Few at a time, but not one by one where there are many: each is a change of the host's mappings.
void StubProcess::open_context(std::uint32_t index)
{
    if (index < opened_)
        return;
    std::uint64_t count = std::min<std::uint64_t>(std::max<std::uint32_t>(opened_ / 4, 1), context_count - index);
    orders_.push_checked(SYS_mprotect, {contexts_start + index * context_size, count * context_size, PROT_READ | PROT_WRITE});
    opened_ += static_cast<std::uint32_t>(count);
}

Result<void> StubProcess::order_thread_for(GuestContext& context)
{
    context.reset();
    orders_.push(SYS_clone, {clone_thread_flags, 0, context.address() + offsetof(Context, tid)}, order_thread, context.address());
    TRY(orders_.flush());
    // Written by the host before clone returned. A guest that changes it deceives itself.
    if (context.tid() == 0)
        return Errno(EAGAIN);
    return {};
}

void StubProcess::park(GuestContext& context)
{
    context.state = GuestContext::State::parked;
    parked_.push_back(&context);
}

void StubProcess::hand_over(GuestContext& context)
{
    if (!orders_.has_unpublished() && !orders_under_way()) {
        if (!context.hand_over())
            static_cast<void>(host::call(SYS_futex, context.turn_word(), FUTEX_WAKE, 1).ok());
        return;
    }
    context.leave_to_orders();
    // The host sets the word and wakes the thread: the order thread itself touches nothing that the guest can write.
    constexpr std::uint64_t set_run = static_cast<std::uint64_t>(FUTEX_OP_SET) << 28 | FUTEX_OP_CMP_EQ << 24 | turn_run << 12;
    std::uint64_t word = context.address() + offsetof(Context, turn);
    orders_.push(SYS_futex, {word, FUTEX_WAKE_OP, 1, 0, word, set_run}, order_any, 0);
    fence_ = &context;
    orders_.publish();
}

void StubProcess::kill()
{
    if (!dead_)
        static_cast<void>(host::call(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0).ok());
}

void StubProcess::await_death() const
{
    pollfd wait {pidfd_.get(), POLLIN, 0};
    while (!dead_ && (wait.revents & POLLIN) == 0)
        static_cast<void>(host::call(SYS_ppoll, &wait, 1, nullptr, nullptr, 0).ok());
}

bool StubProcess::has_ended() const
{
    pollfd state {pidfd_.get(), POLLIN, 0};
    timespec no_time {};
    return dead_ || host::call(SYS_ppoll, &state, 1, &no_time, nullptr, 0).value_or(0) > 0;
}

void StubProcess::reap()
{
    dead_ = true;
    orders_.stop();
    static_cast<void>(host::call(SYS_waitid, P_PIDFD, pidfd_.get(), nullptr, WEXITED | WNOHANG, nullptr).ok());
}

}
