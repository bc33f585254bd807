// What the network stack keeps for the whole sandbox.
#include "engine/net/net_state.h"

#include "engine/kernel/kernel.h"
#include "engine/net/message.h"

#include <algorithm>
#include <iterator>

namespace ringside::net {

namespace {
constexpr std::uint64_t least_memory = std::uint64_t {64} << 20;
}

NetState::NetState(kernel::Kernel& kernel) : kernel(&kernel), memory_limit(std::max(least_memory, kernel.total_memory() / 4)) { }

NetState::~NetState() = default;

Ref<NetState> NetState::of(kernel::Task& task)
{
    Ref<NetState>& state = task.kernel().net;
    if (!state)
        state = make_ref<NetState>(task.kernel());
    return state;
}

void NetState::dispose(std::deque<Ref<Packet>> packets)
{
    std::ranges::move(packets, std::back_inserter(doomed_));
    if (disposing_)
        return;
    Ref<NetState> keep(this);
    disposing_ = true;
    while (!doomed_.empty()) {
        Ref<Packet> packet = std::move(doomed_.front());
        doomed_.pop_front();
    }
    disposing_ = false;
}

std::uint32_t NetState::random()
{
    std::uint32_t value = 0;
    if (kernel)
        kernel->random(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

}
