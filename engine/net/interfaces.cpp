// Questions about interfaces by ioctl(2) (net/core/dev_ioctl.c, net/ipv4/devinet.c).
#include "engine/net/interfaces.h"

#include <arpa/inet.h>
#include <cstring>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>

namespace ringside::net {

using kernel::Task;

namespace {

sockaddr inet_address(std::uint32_t address)
{
    sockaddr_in in {};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(address);
    sockaddr result {};
    std::memcpy(&result, &in, sizeof result);
    return result;
}

/// SIOCGIFCONF: interfaces with an IPv4 address.
Result<long> list_interfaces(Task& task, GuestAddr argument)
{
    GuestPtr<ifconf> place(argument);
    ifconf list = TRY(task.copy_in(place));
    if (list.ifc_len < 0)
        return Errno(EINVAL);
    int length = sizeof(ifreq);
    if (list.ifc_buf) {
        length = list.ifc_len >= static_cast<int>(sizeof(ifreq)) ? length : 0;
        ifreq entry {};
        std::strcpy(entry.ifr_name, "lo");
        entry.ifr_addr = inet_address(INADDR_LOOPBACK);
        if (length > 0)
            TRY(task.copy_out(GuestPtr<ifreq>(reinterpret_cast<std::uintptr_t>(list.ifc_buf)), entry));
    }
    list.ifc_len = length;
    TRY(task.copy_out(place, list));
    return 0;
}

/// What a request asks of lo, put into `answer`. False: it is none of these questions.
bool describe_loopback(std::uint32_t request, ifreq& answer)
{
    switch (request) {
    case SIOCGIFINDEX:
        answer.ifr_ifindex = loopback_index;
        return true;
    case SIOCGIFFLAGS:
        answer.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
        return true;
    case SIOCGIFMTU:
        answer.ifr_mtu = loopback_mtu;
        return true;
    case SIOCGIFHWADDR:
        answer.ifr_hwaddr.sa_family = ARPHRD_LOOPBACK;
        return true;
    case SIOCGIFTXQLEN:
        answer.ifr_qlen = 1000;
        return true;
    case SIOCGIFADDR:
    case SIOCGIFDSTADDR:
        answer.ifr_addr = inet_address(INADDR_LOOPBACK);
        return true;
    case SIOCGIFNETMASK:
        answer.ifr_addr = inet_address(0xff000000);
        return true;
    case SIOCGIFBRDADDR:
        answer.ifr_addr = inet_address(0);
        return true;
    case SIOCGIFMETRIC:
    case SIOCGIFMAP: // zeroes
        return true;
    default:
        return false;
    }
}

}

Result<long> interface_ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    if (request == SIOCGIFCONF)
        return list_interfaces(task, argument);
    if (request < SIOCADDRT || (request > SIOCSIFTXQLEN && request != SIOCETHTOOL && request != SIOCGIFVLAN))
        return Errno(ENOTTY);
    GuestPtr<ifreq> place(argument);
    ifreq data = TRY(task.copy_in(place));
    data.ifr_name[IFNAMSIZ - 1] = 0;
    if (request == SIOCGIFNAME) {
        if (data.ifr_ifindex != loopback_index)
            return Errno(ENODEV);
        std::strcpy(data.ifr_name, "lo");
        TRY(task.copy_out(place, data));
        return 0;
    }
    bool exists = std::strcmp(data.ifr_name, "lo") == 0;
    switch (request) {
    case SIOCETHTOOL:
        return Errno(exists ? EOPNOTSUPP : ENODEV);
    case SIOCSIFFLAGS:
    case SIOCSIFADDR:
    case SIOCSIFNETMASK:
    case SIOCSIFBRDADDR:
    case SIOCSIFDSTADDR:
    case SIOCSIFMTU:
    case SIOCSIFMETRIC:
    case SIOCSIFHWADDR:
    case SIOCSIFNAME:
    case SIOCSIFTXQLEN:
    case SIOCADDRT:
    case SIOCDELRT:
        return Errno(EPERM);
    default:
        break;
    }
    std::memset(&data.ifr_ifru, 0, sizeof data.ifr_ifru);
    if (!describe_loopback(request, data))
        return Errno(ENOTTY);
    if (!exists)
        return Errno(ENODEV);
    TRY(task.copy_out(place, data));
    return 0;
}

}
