// What TCP and UDP share: addresses, ports, the options of IPPROTO_IP and IPPROTO_IPV6. ip(7), ipv6(7).
//
// There are no packets: what one socket sends stands in the other's queue. The only interface is lo; every other address is unreachable.
#pragma once

#include "engine/net/sock.h"

namespace ringside::net {

class InetSock : public Sock {
public:
    InetSock(Ref<NetState> net, int family, int type, int protocol);
    ~InetSock() override;

    Result<void> bind(Task& task, const SocketAddress& address) override;
    SocketAddress name() override { return to_socket_address(family, local); }
    Result<SocketAddress> peer_name() override;
    SocketAddress accepted_peer_name() override { return to_socket_address(family, remote); }
    Result<void> set_option(int level, int option, const OptionValue& value) override;
    Result<OptionBytes> get_option(int level, int option, std::size_t room) override;

    Endpoint local;           ///< its address is "any" until it is bound or connected
    Endpoint remote;          ///< port 0: not connected
    std::uint16_t port = 0;   ///< held in the port table; 0: none
    bool v6_only = false;
    /// Whether it receives what is sent to `address`: its own, or any.
    bool takes(const IpAddress& address) const;
    /// How well it fits what is sent to `address`: 0 where it does not take that, more for its own family, most for just its address.
    int fitness(const IpAddress& address) const;
    /// inet_rcv_saddr_equal: could both receive the same thing?
    bool overlaps(const InetSock& other) const;

protected:
    PortTable& ports() { return protocol == IPPROTO_TCP ? net().tcp_ports : protocol == IPPROTO_UDP ? net().udp_ports : net().udplite_ports; }
    void release_port();
    IpAddress any() const { return family == AF_INET ? IpAddress::any4() : IpAddress::any6(); }
    /// No longer connected: what bind(2) has not set goes.
    void forget_connection();
    /// Takes an ephemeral port where it has none. EAGAIN (inet_autobind).
    Result<void> autobind();
    /// The address that a connection or datagram goes to. EINVAL, EAFNOSUPPORT.
    Result<Endpoint> destination(const SocketAddress& address) const;
    /// Where `wanted` leads: "any" is this host. ENETUNREACH for everything that is not here.
    Result<Endpoint> route(const Endpoint& wanted) const;
    /// The address that answers to `to` come from, where the socket is not bound to one.
    IpAddress source_for(const IpAddress& to) const;
    bool address_bound_ = false, port_bound_ = false; ///< by bind(2): they stay when a connection ends
    NumberOptions ip_options_, ip6_options_;
    void inherit(const InetSock& listener);
    /// IP_PKTINFO and the like, for the receiver of a datagram.
    void add_control(Incoming& message, const InetMeta& meta) const;

private:
    Result<Endpoint> bind_address(Task& task, const SocketAddress& address) const;
    Result<void> set_ip(int option, const OptionValue& value);
    Result<void> set_ip6(int option, const OptionValue& value);
    Result<OptionBytes> get_ip(int option, std::size_t room) const;
    Result<OptionBytes> get_ip6(int option) const;
};

}
