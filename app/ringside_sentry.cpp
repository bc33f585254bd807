// ringside-sentry: the Sentry's program. Started by a supervisor (engine/session), never by hand: reads its configuration, becomes
// confined, runs the guest's kernel, and says how the guest ended.

#include "app/sentry/start.h"
#include "engine/boundary/channel.h"

#include <cstdio>
#include <sys/socket.h>
#include <sys/stat.h>

int main()
{
    using namespace ringside;
    int type = 0;
    socklen_t length = sizeof(type);
    if (getsockopt(control::control_fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_SEQPACKET) {
        std::fputs("ringside-sentry: this program is started by ringside; see ringside(1)\n", stderr);
        return 125;
    }
    boundary::Channel channel(control::control_fd);
    if (auto failure = sentry::run(channel)) {
        static_cast<void>(channel.send(control::Kind::failure, 0, *failure).ok());
        return 125;
    }
    return 0;
}
