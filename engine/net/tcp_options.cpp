// Options of IPPROTO_TCP (net/ipv4/tcp.c, do_tcp_setsockopt). Those that tune packets are remembered only.
#include "engine/net/interfaces.h"
#include "engine/net/tcp_sock.h"
#include "engine/record/task_recorder.h"

#include <algorithm>
#include <climits>
#include <linux/tcp.h>

namespace ringside::net {

namespace {

constexpr int segment_v4 = loopback_mtu - 53, segment_v6 = loopback_mtu - 73; // of lo, without headers and timestamps
constexpr int idle_segment = 536;

struct TcpOption {
    int option;
    int initial;
    int least, most; ///< EINVAL outside
    bool boolean = false;
};

constexpr TcpOption tcp_numbers[] = {
    {TCP_NODELAY, 0, INT_MIN, INT_MAX, true}, {TCP_CORK, 0, INT_MIN, INT_MAX, true}, {TCP_KEEPIDLE, 7200, 1, 32767}, {TCP_KEEPINTVL, 75, 1, 32767},
    {TCP_KEEPCNT, 9, 1, 127}, {TCP_SYNCNT, 6, 1, 127}, {TCP_LINGER2, 60, INT_MIN, INT_MAX}, {TCP_DEFER_ACCEPT, 0, INT_MIN, INT_MAX},
    {TCP_WINDOW_CLAMP, 0, 0, INT_MAX}, {TCP_QUICKACK, 1, INT_MIN, INT_MAX, true}, {TCP_THIN_LINEAR_TIMEOUTS, 0, 0, 1}, {TCP_THIN_DUPACK, 0, 0, 1},
    {TCP_USER_TIMEOUT, 0, 0, INT_MAX}, {TCP_FASTOPEN, 0, 0, INT_MAX}, {TCP_FASTOPEN_CONNECT, 0, 0, 1}, {TCP_FASTOPEN_NO_COOKIE, 0, 0, 1},
    {TCP_SAVE_SYN, 0, 0, 2}, {TCP_NOTSENT_LOWAT, 0, INT_MIN, INT_MAX}, {TCP_INQ, 0, 0, 1}, {TCP_TX_DELAY, 0, INT_MIN, INT_MAX}, {TCP_MAXSEG, 0, 0, 32767},
};

const TcpOption* find(int option)
{
    auto found = std::ranges::find(tcp_numbers, option, &TcpOption::option);
    return found == std::end(tcp_numbers) ? nullptr : &*found;
}

}

Result<void> TcpSock::set_option(int level, int option, const OptionValue& value)
{
    if (level != IPPROTO_TCP)
        return InetSock::set_option(level, option, value);
    if (option == TCP_CONGESTION || option == TCP_ULP) {
        if (value.length < 1)
            return Errno(EINVAL);
        std::string wanted = TRY(value.name());
        if (option == TCP_ULP || (wanted != "cubic" && wanted != "reno"))
            return Errno(ENOENT);
        congestion_ = wanted;
        return {};
    }
    if (option == TCP_MD5SIG || option == TCP_REPAIR || option == TCP_REPAIR_QUEUE || option == TCP_QUEUE_SEQ || option == TCP_TIMESTAMP)
        return Errno(EPERM);
    int number = TRY(value.as<int>());
    const TcpOption* known = find(option);
    if (!known)
        return Errno(ENOPROTOOPT);
    if (number < known->least || number > known->most)
        return Errno(EINVAL);
    switch (option) {
    case TCP_MAXSEG:
        if (number != 0 && number < 88) // TCP_MIN_MSS
            return Errno(EINVAL);
        break;
    case TCP_LINGER2:
        number = number < 0 ? -1 : std::min(number, 120);
        break;
    case TCP_DEFER_ACCEPT: { // kept as a number of repetitions, told in seconds
        int seconds = 0, step = 1;
        while (seconds < number && seconds < 255) {
            seconds += step;
            step = std::min(step * 2, 120);
        }
        number = seconds;
        break;
    }
    case TCP_FASTOPEN:
        if (state != State::closed && state != State::listening)
            return Errno(EINVAL);
        break;
    case TCP_FASTOPEN_CONNECT:
        if (number) {
            value.task.recorder().unsupported();
            return Errno(EOPNOTSUPP); // as where net.ipv4.tcp_fastopen is off
        }
        break;
    default:
        break;
    }
    tcp_options_.set(option, known->boolean ? number != 0 : number);
    return {};
}

Result<OptionBytes> TcpSock::get_option(int level, int option, std::size_t room)
{
    if (level != IPPROTO_TCP)
        return InetSock::get_option(level, option, room);
    switch (option) {
    case TCP_CONGESTION: {
        std::array<char, 16> name {};
        congestion_.copy(name.data(), name.size());
        return option_bytes(name);
    }
    case TCP_ULP:
        return OptionBytes {};
    case TCP_INFO: {
        tcp_info info {};
        info.tcpi_state = static_cast<std::uint8_t>(state);
        info.tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
        info.tcpi_snd_wscale = info.tcpi_rcv_wscale = 7;
        info.tcpi_rto = 1'000'000;
        info.tcpi_snd_mss = static_cast<std::uint32_t>(state == State::closed || state == State::listening ? idle_segment : remote.address.is_v4() ? segment_v4 : segment_v6);
        info.tcpi_rcv_mss = idle_segment;
        if (state == State::listening) {
            info.tcpi_unacked = static_cast<std::uint32_t>(accept_queue_.size());
            info.tcpi_sacked = static_cast<std::uint32_t>(backlog_);
        }
        info.tcpi_pmtu = loopback_mtu;
        info.tcpi_rcv_ssthresh = info.tcpi_rcv_space = 65495;
        info.tcpi_snd_ssthresh = 0x7fffffff;
        info.tcpi_snd_cwnd = 10;
        info.tcpi_advmss = 65483;
        info.tcpi_reordering = 3;
        info.tcpi_bytes_acked = info.tcpi_bytes_sent = bytes_sent_;
        info.tcpi_bytes_received = received_.taken() + received_.size();
        info.tcpi_notsent_bytes = static_cast<std::uint32_t>(backlogged());
        return option_bytes(info);
    }
    case TCP_MAXSEG: {
        int wanted = tcp_options_.get(option);
        if (state == State::closed || state == State::listening)
            return option_bytes(wanted ? wanted : idle_segment);
        int segment = remote.address.is_v4() ? segment_v4 : segment_v6;
        return option_bytes(wanted ? std::min(wanted, segment) : segment);
    }
    default:
        break;
    }
    const TcpOption* known = find(option);
    if (!known)
        return Errno(ENOPROTOOPT);
    return option_bytes(tcp_options_.get(option, known->initial));
}

}
