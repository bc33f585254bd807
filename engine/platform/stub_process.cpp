// One stub: the host process that holds one guest address space.

#include "engine/platform/stub_process.h"

#include <csignal>
#include <linux/futex.h>
#include <poll.h>
#include <sys/wait.h>

namespace ringside::platform {

using namespace stub;

StubProcess::StubProcess(const ControlFile& control, std::uint32_t slot, int pid, host::Fd pidfd, int ack)
    : control_(control), slot_(slot), pid_(pid), pidfd_(std::move(pidfd)), orders_(control.orders(slot), ack, pidfd_.get())
{
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
    if (contexts_.size() == context_count)
        return Errno(EAGAIN);
    auto index = static_cast<std::uint32_t>(contexts_.size());
    contexts_.push_back(std::make_unique<GuestContext>(*this, index, control_.context(slot_, index)));
    GuestContext* context = contexts_.back().get();
    context->reset();
    orders_.push(SYS_clone, {clone_thread_flags, 0, context->address() + offsetof(Context, tid)}, order_thread, context->address());
    return context;
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

void StubProcess::reap()
{
    dead_ = true;
    static_cast<void>(host::call(SYS_waitid, P_PIDFD, pidfd_.get(), nullptr, WEXITED | WNOHANG, nullptr).ok());
}

}
