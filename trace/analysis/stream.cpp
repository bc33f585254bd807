// What a socket carried: the buffers of its reads and writes. See network.h.
#include "trace/analysis/network.h"
#include "trace/decode/guest_data.h"
#include "trace/syscall_table.h"

#include <sys/socket.h>

namespace ringside::trace::analysis {

namespace {

std::string payload(const GuestData& data, const Event& event, Direction direction)
{
    auto length = static_cast<std::size_t>(event.ret);
    switch (event.nr) {
    case call_nr("readv"):
    case call_nr("writev"): return data.read_vector(event.args[1], event.args[2], length, direction);
    case call_nr("sendmsg"):
    case call_nr("recvmsg"): {
        auto head = data.read_as<msghdr>(event.args[1], Direction::in);
        return head ? data.read_vector(reinterpret_cast<std::uint64_t>(head->msg_iov), head->msg_iovlen, length, direction) : std::string();
    }
    default: return data.read(event.args[1], length, direction);
    }
}

}

std::optional<StreamPiece> carried_by(TraceFile& trace, const Event& event)
{
    int nr = event.nr;
    bool sent = nr == call_nr("write") || nr == call_nr("writev") || nr == call_nr("sendto") || nr == call_nr("sendmsg");
    bool received = nr == call_nr("read") || nr == call_nr("readv") || nr == call_nr("recvfrom") || nr == call_nr("recvmsg");
    if (event.kind != EventKind::syscall || event.ret <= 0 || !(sent || received))
        return std::nullopt;
    std::string bytes = payload(GuestData(trace.data(event)), event, sent ? Direction::in : Direction::out);
    return StreamPiece {event.id, event.ts, sent, std::move(bytes), static_cast<std::uint64_t>(event.ret)};
}

std::vector<StreamPiece> stream(const Input& input, ObjectId socket, std::size_t limit)
{
    std::vector<StreamPiece> pieces;
    std::size_t total = 0;
    input.each([&](std::size_t row) {
        const HotColumns& columns = input.columns;
        if (columns.object[row] != socket || !columns.is_call(row) || columns.ret[row] <= 0 || total >= limit)
            return;
        auto event = input.trace.event(row + 1);
        auto piece = event ? carried_by(input.trace, *event) : std::nullopt;
        if (!piece)
            return;
        total += piece->bytes.size();
        pieces.push_back(std::move(*piece));
    });
    return pieces;
}

}
