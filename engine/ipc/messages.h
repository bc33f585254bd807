// System V message queues (ipc/msg.c).
#pragma once

#include "engine/ipc/ids.h"

#include <deque>
#include <sys/msg.h>

namespace ringside::ipc {

constexpr std::size_t message_max = 8192;          // MSGMAX
constexpr std::size_t message_queue_bytes = 16384; // MSGMNB
constexpr std::size_t message_queues_max = 32000;  // MSGMNI

struct Message {
    long type;
    std::vector<std::byte> text;
};

class MessageQueue final : public Object {
public:
    /// EACCES, EAGAIN, EIDRM, ERESTARTNOHAND.
    Result<void> send(Task& task, Message message, int flags);
    /// E2BIG, EACCES, EIDRM, ENOMSG, ERESTARTNOHAND. The text may be longer than `size` with MSG_NOERROR.
    Result<Message> receive(Task& task, long type, std::size_t size, int flags);
    void destroy();
    void wake_senders() { senders_.wake_all(); }

    std::size_t bytes = 0;
    std::size_t max_bytes = message_queue_bytes;
    kernel::Pid last_sender = 0, last_receiver = 0;
    std::int64_t sent = 0, received = 0;
    std::size_t count() const { return messages_.size(); }

private:
    std::deque<Message>::iterator choose(long type, int flags);
    std::deque<Message> messages_;
    kernel::WaitQueue senders_, receivers_;
};

}
