// Messages in queues, and what they charge (net/core/skbuff.c counts truesize).
#include "engine/net/message.h"

#include "engine/net/sock.h"

#include <bit>

namespace ringside::net {

Rights::Rights(Ref<NetState> net, kernel::Uid sender, std::vector<Ref<fs::File>> files)
    : net_(std::move(net))
    , sender_(sender)
    , files_(std::move(files))
{
    net_->rights_in_flight += files_.size();
    net_->rights_of[sender_] += files_.size();
}

Rights::~Rights()
{
    net_->rights_in_flight -= files_.size();
    auto count = net_->rights_of.find(sender_);
    if ((count->second -= files_.size()) == 0)
        net_->rights_of.erase(count);
}

Packet::Packet(Ref<NetState> net, Ref<Sock> payer, std::vector<std::byte> bytes, std::size_t charge)
    : data(std::move(bytes))
    , net_(std::move(net))
    , payer_(std::move(payer))
    , charge_(charge)
{
    net_->memory += charge_;
    if (payer_)
        payer_->charge(charge_);
}

Packet::~Packet()
{
    net_->memory -= charge_;
    if (payer_)
        payer_->uncharge(charge_);
}

std::size_t buffer_charge(std::size_t linear, std::size_t paged)
{
    constexpr std::size_t shared_info = 320, head = 256; // SKB_DATA_ALIGN of struct skb_shared_info and struct sk_buff
    std::size_t wanted = (linear + 63) / 64 * 64 + shared_info;
    return std::bit_ceil(wanted) + head + static_cast<std::size_t>(page_up(paged));
}

}
