// Sending to and receiving from message queues.
#include "engine/ipc/messages.h"

#include "engine/kernel/thread_group.h"

#include <algorithm>

namespace ringside::ipc {

Result<void> MessageQueue::send(Task& task, Message message, int flags)
{
    Ref<MessageQueue> keep(this);
    for (;;) {
        TRY(check_access(task, *this, 0222));
        if (removed)
            return Errno(EIDRM);
        // Empty messages are bounded too (msg_fits_inqueue).
        if (bytes + message.text.size() <= max_bytes && messages_.size() + 1 <= max_bytes)
            break;
        if (flags & IPC_NOWAIT)
            return Errno(EAGAIN);
        if (auto slept = senders_.wait(task); !slept.ok())
            return Errno(removed ? EIDRM : ERESTARTNOHAND);
        if (removed)
            return Errno(EIDRM);
    }
    bytes += message.text.size();
    messages_.push_back(std::move(message));
    last_sender = task.group().tgid();
    sent = seconds_now();
    receivers_.wake_all();
    return {};
}

std::deque<Message>::iterator MessageQueue::choose(long type, int flags)
{
    if (flags & MSG_COPY)
        return type >= 0 && static_cast<std::size_t>(type) < messages_.size() ? messages_.begin() + type : messages_.end();
    if (type == 0)
        return messages_.begin();
    if (type > 0)
        return std::find_if(messages_.begin(), messages_.end(), [&](const Message& message) { return (message.type == type) != ((flags & MSG_EXCEPT) != 0); });
    auto lowest = std::min_element(messages_.begin(), messages_.end(), [](const Message& a, const Message& b) { return a.type < b.type; });
    long bound = type == LONG_MIN ? LONG_MAX : -type;
    return lowest != messages_.end() && lowest->type <= bound ? lowest : messages_.end();
}

Result<Message> MessageQueue::receive(Task& task, long type, std::size_t size, int flags)
{
    Ref<MessageQueue> keep(this);
    for (;;) {
        TRY(check_access(task, *this, 0444));
        if (removed)
            return Errno(EIDRM);
        auto chosen = choose(type, flags);
        if (chosen != messages_.end()) {
            if (chosen->text.size() > size && !(flags & MSG_NOERROR))
                return Errno(E2BIG);
            if (flags & MSG_COPY)
                return *chosen;
            Message message = std::move(*chosen);
            messages_.erase(chosen);
            bytes -= message.text.size();
            last_receiver = task.group().tgid();
            received = seconds_now();
            senders_.wake_all();
            return message;
        }
        if (flags & IPC_NOWAIT)
            return Errno(ENOMSG);
        if (auto slept = receivers_.wait(task); !slept.ok())
            return Errno(removed ? EIDRM : ERESTARTNOHAND);
        if (removed)
            return Errno(EIDRM);
    }
}

void MessageQueue::destroy()
{
    senders_.wake_all();
    receivers_.wake_all();
}

}
