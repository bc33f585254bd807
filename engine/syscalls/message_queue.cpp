// System V message queues: msgget(2), msgsnd(2), msgrcv(2), msgctl(2).
#include "engine/ipc/state.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/syscalls/handler.h"

#include <climits>
#include <linux/capability.h>

namespace ringside::syscalls {

namespace {

using ipc::MessageQueue;

ipc::Table<MessageQueue>& table(Task& task)
{
    return ipc::state(task.kernel()).messages;
}

Result<long> msgget(Task& task, key_t key, int flags)
{
    auto create = [&]() -> Result<long> {
        auto queue = make_ref<MessageQueue>();
        ipc::own(task, *queue, key, flags);
        return TRY(table(task).add(queue, ipc::message_queues_max));
    };
    return ipc::get(task, table(task), key, flags, create, [](const MessageQueue&) { return Result<void>(); });
}

Result<long> msgsnd(Task& task, int id, GuestAddr message, std::uint64_t size, int flags)
{
    long type = TRY(task.copy_in(GuestPtr<long>(message)));
    if (size > ipc::message_max || id < 0 || type < 1)
        return Errno(EINVAL);
    auto text = TRY(task.copy_in_array(GuestPtr<std::byte>(message.value() + sizeof type), size));
    TRY(TRY(table(task).find(id))->send(task, {type, std::move(text)}, flags));
    return 0;
}

Result<long> msgrcv(Task& task, int id, GuestAddr to, std::uint64_t size, long type, int flags)
{
    if (id < 0 || size > static_cast<std::uint64_t>(LONG_MAX))
        return Errno(EINVAL);
    if ((flags & MSG_COPY) && ((flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT)))
        return Errno(EINVAL);
    Ref<MessageQueue> queue = TRY(table(task).find(id));
    ipc::Message message = TRY(queue->receive(task, type, size, flags));
    message.text.resize(std::min<std::size_t>(message.text.size(), size));
    // The message is lost where it cannot be put, as in Linux.
    TRY(task.copy_out(GuestPtr<long>(to), message.type));
    if (!message.text.empty())
        TRY(task.copy_out(GuestAddr(to.value() + sizeof(long)), message.text));
    return static_cast<long>(message.text.size());
}

Result<long> info(Task& task, int command, GuestAddr to)
{
    msginfo limits {};
    limits.msgmax = static_cast<int>(ipc::message_max);
    limits.msgmnb = static_cast<int>(ipc::message_queue_bytes);
    limits.msgmni = static_cast<int>(ipc::message_queues_max);
    limits.msgssz = 16;
    limits.msgseg = 0xffff;
    if (command == MSG_INFO) {
        limits.msgpool = static_cast<int>(table(task).objects().size());
        for (const auto& [place, queue] : table(task).objects()) {
            limits.msgmap += static_cast<int>(queue->count());
            limits.msgtql += static_cast<int>(queue->bytes);
        }
    } else {
        limits.msgpool = limits.msgmni * limits.msgmnb / 1024;
        limits.msgmap = limits.msgmnb;
        limits.msgtql = limits.msgmnb;
    }
    TRY(task.copy_out(GuestPtr<msginfo>(to), limits));
    return table(task).highest();
}

Result<long> stat(Task& task, int id, int command, GuestAddr to)
{
    Ref<MessageQueue> queue = TRY(ipc::find_for_stat(task, table(task), id, command, command == MSG_STAT_ANY));
    msqid_ds result {};
    result.msg_perm = queue->perm;
    result.msg_stime = queue->sent;
    result.msg_rtime = queue->received;
    result.msg_ctime = queue->changed;
    result.__msg_cbytes = queue->bytes;
    result.msg_qnum = queue->count();
    result.msg_qbytes = queue->max_bytes;
    result.msg_lspid = queue->last_sender;
    result.msg_lrpid = queue->last_receiver;
    TRY(task.copy_out(GuestPtr<msqid_ds>(to), result));
    return command == IPC_STAT ? 0 : queue->id;
}

Result<long> msgctl(Task& task, int id, int command, GuestAddr at)
{
    if (id < 0 || command < 0)
        return Errno(EINVAL);
    switch (command) {
    case IPC_INFO:
    case MSG_INFO:
        return info(task, command, at);
    case IPC_STAT:
    case MSG_STAT:
    case MSG_STAT_ANY:
        return stat(task, id, command, at);
    case IPC_SET: {
        auto wanted = TRY(task.copy_in(GuestPtr<msqid_ds>(at)));
        Ref<MessageQueue> queue = TRY(ipc::find_own(task, table(task), id));
        if (wanted.msg_qbytes > ipc::message_queue_bytes && !task.credentials().capable(CAP_SYS_RESOURCE))
            return Errno(EPERM);
        ipc::set_permissions(*queue, wanted.msg_perm);
        queue->max_bytes = wanted.msg_qbytes;
        queue->wake_senders();
        return 0;
    }
    case IPC_RMID: {
        Ref<MessageQueue> queue = TRY(ipc::find_own(task, table(task), id));
        table(task).remove(*queue);
        queue->destroy();
        return 0;
    }
    default:
        return Errno(EINVAL);
    }
}

const Register<SYS_msgget, msgget> r_msgget;
const Register<SYS_msgsnd, msgsnd> r_msgsnd;
const Register<SYS_msgrcv, msgrcv> r_msgrcv;
const Register<SYS_msgctl, msgctl> r_msgctl;

}

}
