// A message of one byte that carries one descriptor (SCM_RIGHTS, man 7 unix): how the Sentry names a directory to its supervisor.
#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <sys/socket.h>
#include <sys/uio.h>

namespace ringside::boundary {

/// For sendmsg and recvmsg; stays where it is while they run.
class DescriptorMessage {
public:
    DescriptorMessage()
    {
        message_.msg_iov = &data_;
        message_.msg_iovlen = 1;
        message_.msg_control = room_.data();
        message_.msg_controllen = room_.size(); // one descriptor: the kernel closes what does not fit
    }
    DescriptorMessage(const DescriptorMessage&) = delete;
    DescriptorMessage& operator=(const DescriptorMessage&) = delete;

    msghdr* header() { return &message_; }

    void put(int fd)
    {
        cmsghdr* control = CMSG_FIRSTHDR(&message_);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof(fd));
        std::memcpy(CMSG_DATA(control), &fd, sizeof(fd));
    }
    /// What came, now the caller's to close. The sender may be hostile and have sent none.
    std::optional<int> take()
    {
        std::optional<int> fd;
        for (cmsghdr* control = CMSG_FIRSTHDR(&message_); control; control = CMSG_NXTHDR(&message_, control)) {
            if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS && control->cmsg_len == CMSG_LEN(sizeof(int)))
                std::memcpy(&fd.emplace(), CMSG_DATA(control), sizeof(int));
        }
        return fd;
    }

private:
    char byte_ = 0;
    iovec data_ {&byte_, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room_ {};
    msghdr message_ {};
};

}
