// Owners of host files, as they are outside of the Sentry's user namespace.

#include "engine/session/owner_service.h"

#include "engine/boundary/descriptor_message.h"
#include "engine/boundary/protocol.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <vector>

namespace ringside::session {

namespace {

/// Collects entries and sends them by the datagram.
class Answer {
public:
    explicit Answer(int socket) : socket_(socket) { buffer_.reserve(control::owner_datagram); }
    bool add(std::string_view name, const struct stat& status)
    {
        return put({status.st_uid, status.st_gid, static_cast<std::uint16_t>(name.size()), 0}, name);
    }
    bool end(int error) { return put({static_cast<std::uint32_t>(error), 0, 0, 0}, {}) && flush(); }

private:
    bool put(const control::OwnerEntry& entry, std::string_view name)
    {
        if (buffer_.size() + sizeof(entry) + name.size() > control::owner_datagram && !flush())
            return false;
        std::array<char, sizeof(entry)> head;
        std::memcpy(head.data(), &entry, sizeof(entry));
        buffer_.insert(buffer_.end(), head.begin(), head.end());
        buffer_.insert(buffer_.end(), name.begin(), name.end());
        return true;
    }
    bool flush()
    {
        bool ok = buffer_.empty() || send(socket_, buffer_.data(), buffer_.size(), MSG_NOSIGNAL) >= 0;
        buffer_.clear();
        return ok;
    }
    int socket_;
    std::vector<char> buffer_;
};

/// One request. -1: none, the socket is closed. The descriptor may be missing (hostile): then it is not valid.
int receive_request(int socket, UniqueFd& directory)
{
    boundary::DescriptorMessage message;
    ssize_t got;
    while ((got = recvmsg(socket, message.header(), MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) { }
    if (got <= 0)
        return -1;
    if (auto fd = message.take())
        directory = UniqueFd(*fd);
    return 0;
}

int list(const UniqueFd& directory, Answer& answer)
{
    struct stat status {};
    if (!directory.valid() || fstat(directory.get(), &status) != 0)
        return EBADF;
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
        return ENOTDIR;
    if (!answer.add(".", status))
        return EIO;
    if (!S_ISDIR(status.st_mode))
        return 0;
    int opened = openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = opened < 0 ? nullptr : fdopendir(opened);
    if (!stream)
        return errno;
    int result = 0;
    while (dirent* entry = readdir(stream)) {
        std::string_view name = entry->d_name;
        if (name == "." || name == ".." || fstatat(directory.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
            continue;
        if (!answer.add(name, status)) {
            result = EIO;
            break;
        }
    }
    closedir(stream);
    return result;
}

}

void serve_owners(UniqueFd socket)
{
    while (true) {
        UniqueFd directory;
        if (receive_request(socket.get(), directory) < 0)
            return;
        Answer answer(socket.get());
        if (!answer.end(list(directory, answer)))
            return;
    }
}

}
