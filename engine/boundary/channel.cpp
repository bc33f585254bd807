// The Sentry's end of the control socket.

#include "engine/boundary/channel.h"

#include "engine/boundary/host_call.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace ringside::boundary {

Result<void> Channel::send(control::Kind kind, int value, std::string_view text) const
{
    auto message = std::make_unique<control::Message>();
    std::size_t length = std::min(text.size(), control::max_text);
    message->kind = kind;
    message->value = value;
    message->length = static_cast<std::uint32_t>(length);
    std::copy_n(text.data(), length, message->text);
    while (true) {
        auto sent = host::call(SYS_write, socket_, message.get(), control::message_head + length);
        if (sent.ok())
            return {};
        if (sent.error() != EINTR)
            return sent.error();
    }
}

Result<void> Channel::send_report(std::string_view text) const
{
    while (!text.empty()) {
        std::size_t piece = std::min(text.size(), control::max_text);
        TRY(send(control::Kind::report, 0, text.substr(0, piece)));
        text.remove_prefix(piece);
    }
    return send(control::Kind::report);
}

Result<control::Message> Channel::receive() const
{
    control::Message message {};
    while (true) {
        auto got = host::call(SYS_read, socket_, &message, sizeof(message));
        if (!got.ok() && got.error() == EINTR)
            continue;
        if (!got.ok())
            return got.error();
        auto size = static_cast<std::size_t>(got.value());
        if (size == 0)
            return Errno(ENOTCONN);
        if (size < control::message_head || message.length != size - control::message_head)
            return Errno(EBADMSG);
        return message;
    }
}

}
