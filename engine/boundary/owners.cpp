// The Sentry's side of the question for owners.

#include "engine/boundary/owners.h"

#include "engine/boundary/host_call.h"
#include "engine/boundary/descriptor_message.h"
#include "engine/boundary/protocol.h"

#include <array>
#include <cstring>
#include <mutex>
#include <sys/socket.h>

namespace ringside::boundary {

namespace {

std::mutex one_at_a_time; // among the I/O helpers: question and answer share one socket

Result<void> ask(int socket, int dirfd)
{
    DescriptorMessage message;
    message.put(dirfd);
    TRY(host::call(SYS_sendmsg, socket, message.header(), MSG_NOSIGNAL));
    return {};
}

}

Result<std::map<std::string, Owner>> OwnerClient::list(int dirfd)
{
    std::lock_guard guard(one_at_a_time);
    TRY(ask(socket_, dirfd));
    std::map<std::string, Owner> owners;
    std::array<char, control::owner_datagram> buffer;
    while (true) {
        auto got = host::call(SYS_read, socket_, buffer.data(), buffer.size());
        if (!got.ok() && got.error() == EINTR)
            continue;
        if (!got.ok() || got.value() == 0)
            return Errno(EIO);
        std::size_t size = static_cast<std::size_t>(got.value());
        for (std::size_t at = 0; at + sizeof(control::OwnerEntry) <= size;) {
            control::OwnerEntry entry;
            std::memcpy(&entry, buffer.data() + at, sizeof(entry));
            at += sizeof(entry);
            if (entry.name_length == 0) {
                if (entry.uid != 0)
                    return Errno(static_cast<int>(entry.uid));
                return owners;
            }
            if (entry.name_length > size - at)
                return Errno(EIO);
            owners.emplace(std::string(buffer.data() + at, entry.name_length), Owner {entry.uid, entry.gid});
            at += entry.name_length;
        }
    }
}

}
