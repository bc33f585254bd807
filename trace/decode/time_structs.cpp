// Times, timers and what counts them: timespec, timeval, itimers, timex, tms, and the scalar types behind pointers.
#include "trace/decode/context.h"
#include "trace/names.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <utime.h>

namespace ringside::trace {

namespace {

Node timespec_node(const timespec& time, std::uint64_t address)
{
    return Fields(time, address).num("tv_sec", time.tv_sec).num("tv_nsec", time.tv_nsec).take();
}

Node timeval_node(const timeval& time, std::uint64_t address)
{
    return Fields(time, address).num("tv_sec", time.tv_sec).num("tv_usec", time.tv_usec).take();
}

template <class T, class Show>
std::optional<Node> show(Context& context, std::uint64_t address, Direction direction, Show make)
{
    auto value = context.data.read_as<T>(address, direction);
    if (!value)
        return std::nullopt;
    return make(*value);
}

std::optional<Node> decode_timespec(Context& context, std::uint64_t address, Direction direction)
{
    return show<timespec>(context, address, direction, [&](const timespec& time) { return timespec_node(time, address); });
}

std::optional<Node> decode_timeval(Context& context, std::uint64_t address, Direction direction)
{
    return show<timeval>(context, address, direction, [&](const timeval& time) { return timeval_node(time, address); });
}

/// utimensat's two times, with their dates.
std::optional<Node> decode_timespec_pair(Context& context, std::uint64_t address, Direction direction)
{
    return show<std::array<timespec, 2>>(context, address, direction, [&](const auto& pair) {
        Node node = Node::group("[", ", ", "]");
        for (std::size_t i = 0; i < 2; ++i) {
            if (pair[i].tv_nsec == UTIME_NOW || pair[i].tv_nsec == UTIME_OMIT) {
                node.item(Node::leaf(pair[i].tv_nsec == UTIME_NOW ? "UTIME_NOW" : "UTIME_OMIT", Token::flag));
                continue;
            }
            Node time = timespec_node(pair[i], address + i * sizeof(timespec));
            std::string date = date_text(pair[i].tv_sec, pair[i].tv_nsec);
            if (date.empty()) {
                node.item(std::move(time));
                continue;
            }
            Node dated = Node::group("", " ", "");
            dated.item(std::move(time));
            dated.item(comment(date));
            node.item(std::move(dated));
        }
        return node;
    });
}

std::optional<Node> decode_timeval_pair(Context& context, std::uint64_t address, Direction direction)
{
    return show<std::array<timeval, 2>>(context, address, direction, [&](const auto& pair) {
        Node node = Node::group("[", ", ", "]");
        node.item(timeval_node(pair[0], address));
        node.item(timeval_node(pair[1], address + sizeof(timeval)));
        return node;
    });
}

std::optional<Node> decode_itimerval(Context& context, std::uint64_t address, Direction direction)
{
    return show<itimerval>(context, address, direction, [&](const itimerval& timer) {
        return Fields(timer, address)
            .add("it_interval", timer.it_interval, timeval_node(timer.it_interval, address))
            .add("it_value", timer.it_value, timeval_node(timer.it_value, address + sizeof(timeval)))
            .take();
    });
}

std::optional<Node> decode_itimerspec(Context& context, std::uint64_t address, Direction direction)
{
    return show<itimerspec>(context, address, direction, [&](const itimerspec& timer) {
        return Fields(timer, address)
            .add("it_interval", timer.it_interval, timespec_node(timer.it_interval, address))
            .add("it_value", timer.it_value, timespec_node(timer.it_value, address + sizeof(timespec)))
            .take();
    });
}

std::optional<Node> decode_timezone(Context& context, std::uint64_t address, Direction direction)
{
    return show<struct timezone>(context, address, direction, [&](const struct timezone& zone) {
        return Fields(zone, address).num("tz_minuteswest", zone.tz_minuteswest).num("tz_dsttime", zone.tz_dsttime).take();
    });
}

std::optional<Node> decode_tms(Context& context, std::uint64_t address, Direction direction)
{
    return show<tms>(context, address, direction, [&](const tms& times) {
        return Fields(times, address).num("tms_utime", times.tms_utime).num("tms_stime", times.tms_stime)
            .num("tms_cutime", times.tms_cutime).num("tms_cstime", times.tms_cstime).take();
    });
}

std::optional<Node> decode_utimbuf(Context& context, std::uint64_t address, Direction direction)
{
    return show<utimbuf>(context, address, direction, [&](const utimbuf& times) {
        return Fields(times, address)
            .add("actime", times.actime, seconds_with_date(times.actime, 0))
            .add("modtime", times.modtime, seconds_with_date(times.modtime, 0))
            .take();
    });
}

std::optional<Node> decode_timex(Context& context, std::uint64_t address, Direction direction)
{
    return show<timex>(context, address, direction, [&](const timex& tx) {
        Fields fields(tx, address);
        fields.hex("modes", tx.modes).num("offset", tx.offset).num("freq", tx.freq).num("maxerror", tx.maxerror)
            .num("esterror", tx.esterror).hex("status", tx.status).num("constant", tx.constant).num("precision", tx.precision)
            .num("tolerance", tx.tolerance).add("time", tx.time, timeval_node(tx.time, address + 72)).num("tick", tx.tick)
            .num("ppsfreq", tx.ppsfreq).num("jitter", tx.jitter).num("shift", tx.shift).num("stabil", tx.stabil)
            .num("jitcnt", tx.jitcnt).num("calcnt", tx.calcnt).num("errcnt", tx.errcnt).num("stbcnt", tx.stbcnt).num("tai", tx.tai);
        return fields.take();
    });
}

struct KernelSigevent {
    std::uint64_t value;
    std::int32_t signo;
    std::int32_t notify;
    std::uint64_t function; // or a tid in its first half
    std::uint64_t attribute;
};

std::optional<Node> decode_sigevent(Context& context, std::uint64_t address, Direction direction)
{
    return show<KernelSigevent>(context, address, direction, [&](const KernelSigevent& event) {
        Fields fields(event, address);
        if (event.value)
            fields.add("sigev_value", event.value, Node::leaf(fmt::format("{{sival_int={}, sival_ptr={:#x}}}",
                       static_cast<std::int32_t>(event.value), event.value), Token::number, event.value));
        fields.add("sigev_signo", event.signo, signal_node(static_cast<std::uint64_t>(event.signo)));
        fields.flags("sigev_notify", event.notify, "sigev_notify");
        if (event.notify == 4)
            fields.add("sigev_notify_thread_id", event.function, number(static_cast<std::int32_t>(event.function)));
        return fields.take();
    });
}

// What a pointer to a plain number points to is shown in brackets: [5].
template <class T, Node (*Show)(Context&, T)>
std::optional<Node> bracketed(Context& context, std::uint64_t address, Direction direction)
{
    auto value = context.data.read_as<T>(address, direction);
    if (!value)
        return std::nullopt;
    Node node = Node::group("[", ", ", "]");
    node.value = static_cast<std::uint64_t>(*value);
    node.length = sizeof(T);
    node.item(Show(context, *value));
    return node;
}

template <class T>
Node show_number(Context&, T value)
{
    if constexpr (std::is_signed_v<T>)
        return number(value);
    else
        return unsigned_number(value);
}
Node show_pointer(Context&, std::uint64_t value) { return address_node(value); }
Node show_hex(Context&, std::uint64_t value) { return hex_number(value); }
Node show_id(Context&, std::uint32_t value) { return id_node(value); }
Node show_gid_item(Context&, std::uint32_t value) { return id_node(value); }

std::optional<Node> decode_gid(Context& context, std::uint64_t address, Direction direction)
{
    return show<std::uint32_t>(context, address, direction, [&](std::uint32_t id) { return show_gid_item(context, id); });
}

template <class T>
std::optional<Node> decode_item(Context& context, std::uint64_t address, Direction direction)
{
    return show<T>(context, address, direction, [&](T value) { return show_number<T>(context, value); });
}

std::optional<Node> decode_pointer_item(Context& context, std::uint64_t address, Direction direction)
{
    return show<std::uint64_t>(context, address, direction, [&](std::uint64_t value) { return address_node(value); });
}

std::optional<Node> decode_int_pair(Context& context, std::uint64_t address, Direction direction)
{
    return show<std::array<std::int32_t, 2>>(context, address, direction, [&](const auto& pair) {
        Node node = Node::group("[", ", ", "]");
        node.length = 8;
        node.item(new_fd_node(context, pair[0]));
        node.item(new_fd_node(context, pair[1]));
        return node;
    });
}

/// Bits as a list of numbers: [0 1].
Node bit_list(std::string_view bytes)
{
    Node node = Node::group("[", " ", "]");
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit)
        if (static_cast<unsigned char>(bytes[bit / 8]) >> (bit % 8) & 1)
            node.item(unsigned_number(bit));
    return node;
}

std::optional<Node> decode_cpu_set(Context& context, std::uint64_t address, Direction direction)
{
    std::uint64_t size = std::min<std::uint64_t>(context.arg("cpusetsize"), 1024);
    std::string bytes = context.data.read(address, size, direction);
    if (bytes.empty())
        return std::nullopt;
    return bit_list(bytes);
}

std::optional<Node> decode_bitmap(Context& context, std::uint64_t address, Direction direction)
{
    std::uint64_t size = (std::min<std::uint64_t>(context.arg("maxnode"), 8192) + 63) / 64 * 8;
    std::string bytes = context.data.read(address, size, direction);
    if (bytes.size() < size || bytes.empty())
        return std::nullopt;
    Node node = Node::group("[", ", ", "]");
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        node.item(Node::leaf(fmt::format("{:#018x}", word), Token::number, word));
    }
    return node;
}

constexpr StructEntry times[] = {
    {"timespec", decode_timespec, sizeof(timespec)}, {"timeval", decode_timeval, sizeof(timeval)},
    {"timespec_pair", decode_timespec_pair}, {"timeval_pair", decode_timeval_pair},
    {"itimerval", decode_itimerval}, {"itimerspec", decode_itimerspec}, {"timezone", decode_timezone},
    {"tms", decode_tms}, {"utimbuf", decode_utimbuf}, {"timex", decode_timex}, {"sigevent", decode_sigevent},
};

constexpr StructEntry scalars[] = {
    {"int", bracketed<std::int32_t, show_number<std::int32_t>>}, {"uint", bracketed<std::uint32_t, show_number<std::uint32_t>>},
    {"long", bracketed<std::int64_t, show_number<std::int64_t>>}, {"ulong", bracketed<std::uint64_t, show_number<std::uint64_t>>},
    {"time", bracketed<std::int64_t, show_number<std::int64_t>>}, {"uid", bracketed<std::uint32_t, show_id>},
    {"pointer_value", bracketed<std::uint64_t, show_pointer>}, {"hex_value", bracketed<std::uint64_t, show_hex>},
    {"gid", decode_gid, 4}, {"int_item", decode_item<std::int32_t>, 4}, {"u64", decode_item<std::uint64_t>, 8},
    {"u16_item", decode_item<std::uint16_t>, 2}, {"pointer", decode_pointer_item, 8}, {"int_pair", decode_int_pair},
    {"cpu_set", decode_cpu_set}, {"bitmap", decode_bitmap},
};

}

std::span<const StructEntry> time_structs() { return times; }
std::span<const StructEntry> scalar_structs() { return scalars; }

}
