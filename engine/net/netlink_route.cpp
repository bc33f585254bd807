// The answers of NETLINK_ROUTE (net/core/rtnetlink.c, net/ipv4/devinet.c, net/ipv6/addrconf.c): one interface, two addresses, no routes
// but those of lo's own table, and nothing that may be changed.
#include "engine/net/interfaces.h"
#include "engine/net/netlink_sock.h"

#include <cstring>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

namespace ringside::net {

namespace {

/// The answer to one request under construction: a datagram of netlink messages.
class Messages {
public:
    Messages(const nlmsghdr& request, std::uint32_t port_id) : sequence_(request.nlmsg_seq), port_id_(port_id) { }
    void begin(std::uint16_t type, std::uint16_t flags)
    {
        start_ = bytes_.size();
        nlmsghdr header {0, type, flags, sequence_, port_id_};
        put(header);
    }
    void put_bytes(std::span<const std::byte> bytes)
    {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        align();
    }
    template<typename T>
    void put(const T& value)
    {
        put_bytes(std::as_bytes(std::span(&value, 1)));
    }
    void attribute(std::uint16_t type, std::span<const std::byte> value)
    {
        rtattr header {static_cast<unsigned short>(sizeof(rtattr) + value.size()), type};
        put(header);
        put_bytes(value);
    }
    template<typename T>
    void attribute(std::uint16_t type, const T& value)
    {
        attribute(type, std::as_bytes(std::span(&value, 1)));
    }
    void text(std::uint16_t type, std::string_view value)
    {
        std::string with_end(value);
        attribute(type, std::as_bytes(std::span(with_end.c_str(), with_end.size() + 1)));
    }
    void end()
    {
        auto length = static_cast<std::uint32_t>(bytes_.size() - start_);
        std::memcpy(bytes_.data() + start_, &length, sizeof length);
    }
    std::vector<std::byte> take() { return std::exchange(bytes_, {}); }

private:
    void align() { bytes_.resize((bytes_.size() + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO); }
    std::uint32_t sequence_, port_id_;
    std::vector<std::byte> bytes_;
    std::size_t start_ = 0;
};

void put_link(Messages& out, std::uint16_t flags)
{
    out.begin(RTM_NEWLINK, flags);
    ifinfomsg info {};
    info.ifi_type = ARPHRD_LOOPBACK;
    info.ifi_index = loopback_index;
    info.ifi_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP;
    out.put(info);
    out.text(IFLA_IFNAME, "lo");
    out.attribute(IFLA_TXQLEN, std::uint32_t {1000});
    out.attribute(IFLA_OPERSTATE, std::uint8_t {0}); // unknown, as lo has it
    out.attribute(IFLA_LINKMODE, std::uint8_t {0});
    out.attribute(IFLA_MTU, static_cast<std::uint32_t>(loopback_mtu));
    out.attribute(IFLA_GROUP, std::uint32_t {0});
    out.attribute(IFLA_PROMISCUITY, std::uint32_t {0});
    out.attribute(IFLA_NUM_TX_QUEUES, std::uint32_t {1});
    out.attribute(IFLA_NUM_RX_QUEUES, std::uint32_t {1});
    out.attribute(IFLA_CARRIER, std::uint8_t {1});
    out.text(IFLA_QDISC, "noqueue");
    out.attribute(IFLA_ADDRESS, std::array<std::uint8_t, 6> {});
    out.attribute(IFLA_BROADCAST, std::array<std::uint8_t, 6> {});
    out.attribute(IFLA_STATS64, rtnl_link_stats64 {});
    out.attribute(IFLA_STATS, rtnl_link_stats {});
    out.end();
}

void put_address(Messages& out, int family)
{
    constexpr std::uint32_t forever = 0xffffffff;
    out.begin(RTM_NEWADDR, NLM_F_MULTI);
    ifaddrmsg info {};
    info.ifa_family = static_cast<std::uint8_t>(family);
    info.ifa_prefixlen = family == AF_INET ? 8 : 128;
    info.ifa_flags = IFA_F_PERMANENT;
    info.ifa_scope = RT_SCOPE_HOST;
    info.ifa_index = loopback_index;
    out.put(info);
    ifa_cacheinfo times {forever, forever, 0, 0};
    if (family == AF_INET) {
        std::uint32_t address = htonl(INADDR_LOOPBACK);
        out.attribute(IFA_ADDRESS, address);
        out.attribute(IFA_LOCAL, address);
        out.text(IFA_LABEL, "lo");
    } else {
        out.attribute(IFA_ADDRESS, in6addr_loopback);
    }
    out.attribute(IFA_FLAGS, std::uint32_t {IFA_F_PERMANENT});
    out.attribute(IFA_CACHEINFO, times);
    out.end();
}

void put_done(Messages& out)
{
    out.begin(NLMSG_DONE, NLM_F_MULTI);
    out.put(int {0});
    out.end();
}

void put_error(Messages& out, const nlmsghdr& request, std::span<const std::byte> whole, int error)
{
    out.begin(NLMSG_ERROR, 0);
    out.put(int {-error});
    if (error != 0) // with the request
        out.put_bytes(whole.first(whole.size() / NLMSG_ALIGNTO * NLMSG_ALIGNTO));
    else
        out.put(request);
    out.end();
}

/// Looks for the interface that RTM_GETLINK names: by index, or by IFLA_IFNAME.
bool names_loopback(std::span<const std::byte> body)
{
    ifinfomsg info {};
    if (body.size() < sizeof info)
        return false;
    std::memcpy(&info, body.data(), sizeof info);
    if (info.ifi_index != 0)
        return info.ifi_index == loopback_index;
    for (std::size_t at = sizeof info; at + sizeof(rtattr) <= body.size();) {
        rtattr attribute {};
        std::memcpy(&attribute, body.data() + at, sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > body.size() - at)
            return false;
        std::string_view value(reinterpret_cast<const char*>(body.data() + at + sizeof attribute), attribute.rta_len - sizeof attribute);
        if (attribute.rta_type == IFLA_IFNAME)
            return value.substr(0, value.find('\0')) == "lo";
        at += RTA_ALIGN(attribute.rta_len);
    }
    return false;
}

/// One request; what it is answered with is added to `out`. An error number where it is refused.
int answer_request(const nlmsghdr& request, std::span<const std::byte> body, Messages& out)
{
    bool dump = (request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    int family = body.empty() ? AF_UNSPEC : static_cast<int>(body[0]);
    switch (request.nlmsg_type) {
    case RTM_GETLINK:
        if (dump) {
            put_link(out, NLM_F_MULTI);
            break;
        }
        if (!names_loopback(body))
            return ENODEV;
        put_link(out, 0);
        return 0;
    case RTM_GETADDR:
        if (!dump)
            return EOPNOTSUPP;
        for (int each : {AF_INET, AF_INET6})
            if (family == AF_UNSPEC || family == each)
                put_address(out, each);
        break;
    case RTM_GETROUTE:
        if (!dump)
            return ENETUNREACH;
        break;
    case RTM_GETNEIGH:
    case RTM_GETRULE:
    case RTM_GETQDISC:
    case RTM_GETNEIGHTBL:
        if (!dump)
            return EOPNOTSUPP;
        break;
    default:
        // Message types go by four: NEW, DEL, GET, SET. Who may not change anything is told so first (rtnetlink_rcv_msg).
        return request.nlmsg_type < RTM_BASE || request.nlmsg_type > RTM_MAX || (request.nlmsg_type & 3) == 2 ? EOPNOTSUPP : EPERM;
    }
    put_done(out);
    return 0;
}

}

std::vector<std::vector<std::byte>> answer_route_requests(std::span<const std::byte> requests, std::uint32_t port_id)
{
    std::vector<std::vector<std::byte>> answers;
    while (requests.size() >= sizeof(nlmsghdr)) { // netlink_rcv_skb
        nlmsghdr request {};
        std::memcpy(&request, requests.data(), sizeof request);
        if (request.nlmsg_len < sizeof request || request.nlmsg_len > requests.size())
            break;
        auto whole = requests.first(request.nlmsg_len);
        requests = requests.subspan(std::min<std::size_t>(NLMSG_ALIGN(request.nlmsg_len), requests.size()));
        Messages out(request, port_id);
        int error = 0;
        bool asks = (request.nlmsg_flags & NLM_F_REQUEST) && request.nlmsg_type >= NLMSG_MIN_TYPE;
        if (asks)
            error = answer_request(request, whole.subspan(sizeof request), out);
        auto datagram = out.take();
        if (!datagram.empty())
            answers.push_back(std::move(datagram));
        else if (error != 0 || (request.nlmsg_flags & NLM_F_ACK)) {
            put_error(out, request, whole, error);
            answers.push_back(out.take());
        }
    }
    return answers;
}

}
