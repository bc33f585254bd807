// SOL_SOCKET (net/core/sock.c, sk_setsockopt and sk_getsockopt).
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/net/interfaces.h"
#include "engine/net/sock.h"
#include "engine/record/task_recorder.h"

#include <climits>
#include <linux/capability.h>
#include <sys/time.h>

namespace ringside::net {

namespace {

constexpr int least_receive_buffer = 2304, least_send_buffer = 4608; // SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF
constexpr Nanoseconds tick = 4'000'000;                              // timeouts are kept in jiffies of 250 Hz
constexpr int so_timestamp_new = 63, so_timestampns_new = 64, so_timestamping_new = 65, so_rcvtimeo_new = 66, so_sndtimeo_new = 67;
constexpr int so_prefer_busy_poll = 69, so_netns_cookie = 71, so_buf_lock = 72, so_reserve_mem = 73, so_txrehash = 74, so_rcvmark = 75;

bool network_admin(const Task& task)
{
    return task.credentials().capable(CAP_NET_ADMIN);
}

}

Result<std::string> OptionValue::name() const
{
    std::array<char, 16> name {};
    TRY(task.copy_in(address, std::as_writable_bytes(std::span(name)).first(std::min<std::size_t>(length, name.size() - 1))));
    return std::string(name.data());
}

Result<void> Sock::set_buffer(int option, int value, const Task& task)
{
    bool forced = option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE;
    if (forced && !network_admin(task))
        return Errno(EPERM);
    if (forced)
        value = std::max(value, 0);
    else // a negative number is a large one
        value = static_cast<int>(std::min<unsigned>(static_cast<unsigned>(value), NetState::default_buffer));
    value = std::min(value, INT_MAX / 2) * 2;
    if (option == SO_SNDBUF || option == SO_SNDBUFFORCE) {
        options.send_buffer = std::max(value, least_send_buffer);
        options.send_buffer_set = true;
        send_space();
    } else {
        options.receive_buffer = std::max(value, least_receive_buffer);
        options.receive_buffer_set = true;
    }
    return {};
}

Result<void> Sock::set_timeout(std::optional<Nanoseconds>& timeout, const OptionValue& value)
{
    timeval time = TRY(value.as<timeval>());
    if (time.tv_usec < 0 || time.tv_usec >= 1'000'000)
        return Errno(EDOM);
    if (time.tv_sec < 0) {
        timeout = 0;
        return {};
    }
    timeout.reset();
    if (time.tv_sec == 0 && time.tv_usec == 0)
        return {};
    constexpr auto longest = static_cast<Nanoseconds>(LONG_MAX / kernel::second - 1);
    if (static_cast<Nanoseconds>(time.tv_sec) < longest) {
        Nanoseconds micro = static_cast<Nanoseconds>(time.tv_usec) * 1000;
        timeout = static_cast<Nanoseconds>(time.tv_sec) * kernel::second + (micro + tick - 1) / tick * tick;
    }
    return {};
}

Result<void> Sock::set_option(int level, int option, const OptionValue& value)
{
    if (level != SOL_SOCKET)
        return Errno(EOPNOTSUPP); // sock_no_setsockopt
    return set_socket_option(option, value);
}

Result<void> Sock::set_socket_option(int option, const OptionValue& value)
{
    Task& task = value.task;
    if (option == SO_BINDTODEVICE) {
        std::string device = TRY(value.name());
        if (!device.empty() && device != "lo")
            return Errno(ENODEV);
        options.bound_to_lo = !device.empty();
        return {};
    }
    int number = TRY(value.as<int>());
    bool on = number != 0;
    switch (option) {
    case SO_REUSEADDR:
        options.reuse_address = on;
        return {};
    case SO_REUSEPORT:
        if (on && family != AF_INET && family != AF_INET6)
            return Errno(EOPNOTSUPP);
        options.reuse_port = on;
        return {};
    case SO_BROADCAST:
        options.broadcast = on;
        return {};
    case SO_KEEPALIVE:
        options.keep_alive = on;
        return {};
    case SO_OOBINLINE:
        options.oob_inline = on;
        return {};
    case SO_PASSCRED:
        options.pass_credentials = on;
        return {};
    case SO_SNDBUF:
    case SO_RCVBUF:
    case SO_SNDBUFFORCE:
    case SO_RCVBUFFORCE:
        return set_buffer(option, number, task);
    case SO_LINGER: {
        linger wanted = TRY(value.as<linger>());
        options.linger = wanted.l_onoff != 0;
        if (options.linger)
            options.linger_seconds = wanted.l_linger;
        return {};
    }
    case SO_RCVTIMEO:
    case so_rcvtimeo_new:
        return set_timeout(options.receive_timeout, value);
    case SO_SNDTIMEO:
    case so_sndtimeo_new:
        return set_timeout(options.send_timeout, value);
    case SO_RCVLOWAT:
        options.low_water = number < 0 ? INT_MAX : std::max(number, 1);
        queue.wake_all(readable_events);
        return {};
    case SO_TIMESTAMP:
    case so_timestamp_new:
        options.timestamp = on ? SO_TIMESTAMP : 0;
        return {};
    case SO_TIMESTAMPNS:
    case so_timestampns_new:
        options.timestamp = on ? SO_TIMESTAMPNS : 0;
        return {};
    case SO_PEEK_OFF:
        if (!has_peek_offset())
            return Errno(EOPNOTSUPP);
        options.peek_offset = number;
        return {};
    case SO_BINDTOIFINDEX:
        if (number != 0 && number != loopback_index)
            return Errno(ENODEV);
        options.bound_to_lo = on;
        return {};
    case SO_DEBUG:
        if (on && !network_admin(task))
            return Errno(EACCES);
        break;
    case SO_PRIORITY:
        if ((number < 0 || number > 6) && !network_admin(task) && !task.credentials().capable(CAP_NET_RAW))
            return Errno(EPERM);
        options.plain.set(option, number);
        return {};
    case SO_MARK:
        if (!network_admin(task) && !task.credentials().capable(CAP_NET_RAW))
            return Errno(EPERM);
        options.plain.set(option, number);
        return {};
    case SO_BUSY_POLL:
        if (number < 0)
            return Errno(EINVAL);
        if (number > options.plain.get(option) && !network_admin(task))
            return Errno(EPERM);
        options.plain.set(option, number);
        return {};
    case SO_INCOMING_CPU:
    case SO_MAX_PACING_RATE:
    case SO_TIMESTAMPING:
    case so_timestamping_new:
    case so_txrehash:
        options.plain.set(option, number);
        return {};
    case SO_ZEROCOPY:
        if (family != AF_INET && family != AF_INET6)
            return Errno(EOPNOTSUPP);
        if (number < 0 || number > 1)
            return Errno(EINVAL);
        if (on) { // completions would have to come through the error queue
            task.recorder().unsupported();
            return Errno(EOPNOTSUPP);
        }
        break;
    case so_buf_lock:
        if (number & ~3)
            return Errno(EINVAL);
        options.send_buffer_set = (number & 1) != 0;
        options.receive_buffer_set = (number & 2) != 0;
        return {};
    case so_reserve_mem:
        if (number < 0)
            return Errno(EINVAL);
        options.plain.set(option, number);
        return {};
    case SO_DONTROUTE:
    case SO_NO_CHECK:
    case SO_PASSSEC:
    case SO_RXQ_OVFL:
    case SO_WIFI_STATUS:
    case SO_NOFCS:
    case SO_SELECT_ERR_QUEUE:
    case SO_LOCK_FILTER:
    case so_prefer_busy_poll:
    case so_rcvmark:
        break;
    case SO_BSDCOMPAT:
    case SO_CNX_ADVICE:
        return {};
    case SO_DETACH_FILTER:
    case 68: // SO_DETACH_REUSEPORT_BPF
        return Errno(ENOENT);
    case SO_ATTACH_FILTER:
    case SO_ATTACH_BPF:
    case SO_ATTACH_REUSEPORT_CBPF:
    case SO_ATTACH_REUSEPORT_EBPF:
    case SO_TXTIME:
        task.recorder().unsupported();
        return Errno(EINVAL);
    default:
        return Errno(ENOPROTOOPT);
    }
    options.plain.set(option, on);
    return {};
}

std::optional<int> Sock::integer_option(int option)
{
    switch (option) {
    case SO_REUSEADDR:
        return options.reuse_address;
    case SO_REUSEPORT:
        return options.reuse_port;
    case SO_BROADCAST:
        return options.broadcast;
    case SO_KEEPALIVE:
        return options.keep_alive;
    case SO_OOBINLINE:
        return options.oob_inline;
    case SO_PASSCRED:
        return options.pass_credentials;
    case SO_SNDBUF:
        return options.send_buffer;
    case SO_RCVBUF:
        return options.receive_buffer;
    case SO_TYPE:
        return type;
    case SO_PROTOCOL:
        return protocol;
    case SO_DOMAIN:
        return family;
    case SO_ERROR:
        return take_error();
    case SO_RCVLOWAT:
        return options.low_water;
    case SO_SNDLOWAT:
        return 1;
    case SO_TIMESTAMP:
    case SO_TIMESTAMPNS:
        return options.timestamp == option;
    case so_timestamp_new:
    case so_timestampns_new:
        return 0;
    case SO_ACCEPTCONN:
        return state == State::listening;
    case SO_BINDTOIFINDEX:
        return options.bound_to_lo ? loopback_index : 0;
    case so_buf_lock:
        return (options.send_buffer_set ? 1 : 0) | (options.receive_buffer_set ? 2 : 0);
    case SO_MAX_PACING_RATE:
    case SO_INCOMING_CPU:
        return options.plain.get(option, -1);
    case so_txrehash:
        return options.plain.get(option, 1);
    case SO_DEBUG:
    case SO_DONTROUTE:
    case SO_NO_CHECK:
    case SO_PRIORITY:
    case SO_BSDCOMPAT:
    case SO_PASSSEC:
    case SO_MARK:
    case SO_RXQ_OVFL:
    case SO_WIFI_STATUS:
    case SO_NOFCS:
    case SO_SELECT_ERR_QUEUE:
    case SO_LOCK_FILTER:
    case SO_BUSY_POLL:
    case SO_INCOMING_NAPI_ID:
    case SO_ZEROCOPY:
    case so_prefer_busy_poll:
    case so_reserve_mem:
    case so_rcvmark:
        return options.plain.get(option);
    case SO_BPF_EXTENSIONS:
        return 64; // SKF_AD_MAX
    default:
        return {};
    }
}

Result<OptionBytes> Sock::get_option(int level, int option, std::size_t room)
{
    if (level != SOL_SOCKET)
        return Errno(EOPNOTSUPP);
    return get_socket_option(option, room);
}

Result<OptionBytes> Sock::get_socket_option(int option, std::size_t room)
{
    auto time = [](const std::optional<Nanoseconds>& timeout) { return option_bytes(kernel::to_timeval(timeout.value_or(0))); };
    switch (option) {
    case SO_LINGER:
        return option_bytes(linger {options.linger, options.linger_seconds});
    case SO_RCVTIMEO:
    case so_rcvtimeo_new:
        return time(options.receive_timeout);
    case SO_SNDTIMEO:
    case so_sndtimeo_new:
        return time(options.send_timeout);
    case SO_PEERCRED:
        return option_bytes(peer_credentials().value_or(ucred {0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)}));
    case SO_PEERGROUPS: {
        const auto* groups = peer_groups();
        if (!groups)
            return Errno(ENODATA);
        auto bytes = std::as_bytes(std::span(*groups));
        return OptionBytes(bytes.begin(), bytes.end());
    }
    case SO_PEERNAME: {
        auto name = peer_name();
        if (!name.ok())
            return Errno(ENOTCONN);
        if (name.value().size() < room)
            return Errno(EINVAL);
        auto bytes = name.value().bytes();
        return OptionBytes(bytes.begin(), bytes.end());
    }
    case SO_PEERSEC:
        return Errno(ENOPROTOOPT);
    case SO_PEEK_OFF:
        if (!has_peek_offset())
            return Errno(EOPNOTSUPP);
        return option_bytes(options.peek_offset);
    case SO_BINDTODEVICE:
        return options.bound_to_lo ? option_bytes(std::array<char, 3> {'l', 'o', 0}) : OptionBytes {};
    case SO_COOKIE:
        if (room < sizeof(std::uint64_t))
            return Errno(EINVAL);
        return option_bytes(std::uint64_t {inode});
    case so_netns_cookie:
        if (room != sizeof(std::uint64_t))
            return Errno(EINVAL);
        return option_bytes(std::uint64_t {1});
    case SO_MEMINFO:
        return option_bytes(std::array<std::uint32_t, 9> {0, static_cast<std::uint32_t>(options.receive_buffer), static_cast<std::uint32_t>(charged()),
            static_cast<std::uint32_t>(options.send_buffer), 0, 0, 0, 0, 0});
    case SO_TIMESTAMPING:
    case so_timestamping_new:
        return option_bytes(std::array<int, 2> {options.plain.get(option), 0});
    case SO_GET_FILTER:
        return OptionBytes {};
    case SO_MAX_PACING_RATE:
        if (room >= sizeof(std::uint64_t)) {
            int rate = integer_option(option).value_or(-1);
            return option_bytes(rate == -1 ? ~std::uint64_t {0} : std::uint64_t {static_cast<std::uint32_t>(rate)});
        }
        break;
    default:
        break;
    }
    auto number = integer_option(option);
    if (!number)
        return Errno(ENOPROTOOPT);
    return option_bytes(*number);
}

}
