// What programs ask about interfaces: netlink, getifaddrs, ioctl. Only what holds on every machine: lo. (man 7 netlink, rtnetlink, netdevice)
#include "sockets.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

using namespace guest;

namespace {

struct Request {
    nlmsghdr header;
    rtgenmsg body;
};

Request request(uint16_t type, uint16_t flags)
{
    Request result {};
    result.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtgenmsg));
    result.header.nlmsg_type = type;
    result.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    result.header.nlmsg_seq = 42;
    return result;
}

}

GUEST_TEST("lo is index 1")
{
    expect_eq(1, if_nametoindex("lo"));
    char name[IF_NAMESIZE];
    expect_eq("lo", std::string(if_indextoname(1, name)));
    expect_eq(0, if_nametoindex("nosuch0"));
    expect_eq(ENODEV, errno);
}

GUEST_TEST("getifaddrs tells lo's addresses")
{
    ifaddrs* list = nullptr;
    expect_ok(getifaddrs(&list));
    bool found = false;
    for (ifaddrs* each = list; each; each = each->ifa_next) {
        if (std::string(each->ifa_name) != "lo" || !each->ifa_addr || each->ifa_addr->sa_family != AF_INET)
            continue;
        char text[INET_ADDRSTRLEN];
        auto* address = reinterpret_cast<sockaddr_in*>(each->ifa_addr);
        auto* mask = reinterpret_cast<sockaddr_in*>(each->ifa_netmask);
        note(std::string(inet_ntop(AF_INET, &address->sin_addr, text, sizeof text)) + " up " + show((each->ifa_flags & IFF_UP) != 0) + " loopback " + show((each->ifa_flags & IFF_LOOPBACK) != 0));
        note(inet_ntop(AF_INET, &mask->sin_addr, text, sizeof text));
        found = true;
    }
    expect(found, "lo has an address");
    freeifaddrs(list);
}

GUEST_TEST("a dump of links: answered with the request's number, done at the end")
{
    int fd = expect_ok(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl local {};
    local.nl_family = AF_NETLINK;
    expect_ok(bind_to(fd, local));
    local = name_of<sockaddr_nl>(fd);
    expect(local.nl_pid != 0, "a port was given");
    auto question = request(RTM_GETLINK, NLM_F_DUMP);
    expect_eq(question.header.nlmsg_len, send(fd, &question, question.header.nlmsg_len, 0));
    bool done = false, lo = false;
    while (!done) {
        alignas(nlmsghdr) char buffer[32768];
        sockaddr_nl from {};
        socklen_t size = sizeof from;
        long length = expect_ok(recvfrom(fd, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size));
        expect_eq(0, from.nl_pid);
        for (auto* each = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(each, static_cast<unsigned>(length)); each = NLMSG_NEXT(each, length)) {
            expect_eq(42, each->nlmsg_seq);
            expect_eq(local.nl_pid, each->nlmsg_pid);
            done = done || each->nlmsg_type == NLMSG_DONE;
            if (each->nlmsg_type == RTM_NEWLINK && static_cast<ifinfomsg*>(NLMSG_DATA(each))->ifi_index == 1)
                lo = true;
        }
    }
    expect(lo, "lo was among them");
    char byte;
    expect_errno(EAGAIN, recv(fd, &byte, 1, MSG_DONTWAIT));
    note(state(fd));
}

GUEST_TEST("errors come back as messages")
{
    int fd = expect_ok(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    struct {
        nlmsghdr header;
        ifinfomsg body;
    } question {};
    question.header = {sizeof question, RTM_GETLINK, NLM_F_REQUEST, 7, 0};
    question.body.ifi_index = 9999;
    expect_eq(sizeof question, send(fd, &question, sizeof question, 0));
    struct {
        nlmsghdr header;
        nlmsgerr error;
        char more[512];
    } answer {};
    expect(recv(fd, &answer, sizeof answer, 0) > 0, "answered");
    expect_eq(NLMSG_ERROR, answer.header.nlmsg_type);
    note(errno_name(-answer.error.error));
    expect_eq(7, answer.error.msg.nlmsg_seq);
    note(fate_of([&] {
        if (geteuid() == 0)
            expect_ok(setresuid(1234, 1234, 1234));
        int other = expect_ok(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
        question.header.nlmsg_type = RTM_DELLINK;
        expect_eq(sizeof question, send(other, &question, sizeof question, 0));
        expect(recv(other, &answer, sizeof answer, 0) > 0, "answered");
        note(errno_name(-answer.error.error));
        return 0;
    }));
}

GUEST_TEST("questions by ioctl")
{
    int fd = expect_ok(socket(AF_INET, SOCK_DGRAM, 0));
    ifreq question {};
    std::strcpy(question.ifr_name, "lo");
    expect_ok(ioctl(fd, SIOCGIFFLAGS, &question));
    expect(question.ifr_flags & IFF_LOOPBACK, "loopback");
    expect_ok(ioctl(fd, SIOCGIFMTU, &question));
    expect_eq(65536, question.ifr_mtu);
    expect_ok(ioctl(fd, SIOCGIFADDR, &question));
    auto* address = reinterpret_cast<sockaddr_in*>(&question.ifr_addr);
    expect_eq(INADDR_LOOPBACK, ntohl(address->sin_addr.s_addr));
    std::strcpy(question.ifr_name, "nosuch0");
    expect_errno(ENODEV, ioctl(fd, SIOCGIFFLAGS, &question));
    expect_errno(ENODEV, ioctl(fd, SIOCGIFINDEX, &question));
    char room[4096];
    ifconf list {};
    list.ifc_len = sizeof room;
    list.ifc_buf = room;
    expect_ok(ioctl(fd, SIOCGIFCONF, &list));
    expect_eq("lo", std::string(list.ifc_req->ifr_name));
}

GUEST_TEST("wrong uses")
{
    expect_errno(ESOCKTNOSUPPORT, socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
    expect_errno(EPROTONOSUPPORT, socket(AF_NETLINK, SOCK_RAW, 99));
    int fd = expect_ok(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    expect_errno(EINVAL, bind_to(fd, inet_at(INADDR_LOOPBACK, 0), sizeof(sockaddr_nl)));
    expect_errno(EOPNOTSUPP, listen(fd, 1));
    expect_errno(EOPNOTSUPP, accept(fd, nullptr, nullptr));
}
