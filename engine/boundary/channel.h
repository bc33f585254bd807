// The Sentry's end of the control socket.
#pragma once

#include "engine/boundary/protocol.h"
#include "engine/base/result.h"

#include <string_view>

namespace ringside::boundary {

class Channel {
public:
    explicit Channel(int socket) : socket_(socket) { }
    int descriptor() const { return socket_; }
    /// Sends one message; text longer than control::max_text is cut.
    Result<void> send(control::Kind kind, int value = 0, std::string_view text = {}) const;
    /// A long text, in pieces.
    Result<void> send_report(std::string_view text) const;
    /// Waits for the next message. ENOTCONN when the supervisor is gone, EBADMSG for one that is not as it should be.
    Result<control::Message> receive() const;

private:
    int socket_;
};

}
