// What the three kinds of System V objects share: identifiers, keys and permissions (ipc/util.c). man 7 sysvipc.
#pragma once

#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/kernel/task.h"

#include <map>
#include <sys/ipc.h>

namespace ringside::ipc {

using kernel::Task;

struct Object : RefCounted {
    int id = 0;
    ipc_perm perm {}; ///< __seq: how often its place had been used
    std::int64_t changed = 0; ///< ctime, seconds
    bool removed = false;
};

/// The present in seconds, as the *_ds structures have it.
std::int64_t seconds_now();
/// May the task? `mode`: S_IRUGO, S_IWUGO bits. EACCES (ipcperms).
Result<void> check_access(Task& task, const Object& object, unsigned mode);
/// IPC_SET and IPC_RMID: the owner, the creator, or CAP_SYS_ADMIN. EPERM.
Result<void> check_owner(Task& task, const Object& object);
/// IPC_SET's part that all kinds have.
void set_permissions(Object& object, const ipc_perm& wanted);
/// A new object's owner, key and mode.
void own(Task& task, Object& object, key_t key, int flags);

/// Objects by identifier: the lowest free place, and a sequence number that moves on when places are used again.
template<typename T>
class Table {
public:
    static constexpr int places = 1 << 15; // IPCMNI
    /// The object with this identifier. EINVAL.
    Result<Ref<T>> find(int id) const
    {
        auto it = objects_.find(id % places);
        if (id < 0 || it == objects_.end() || it->second->id != id)
            return Errno(EINVAL);
        return it->second;
    }
    /// By place, as the *_STAT commands ask. EINVAL.
    Result<Ref<T>> at(int place) const
    {
        auto it = objects_.find(place % places);
        if (place < 0 || it == objects_.end())
            return Errno(EINVAL);
        return it->second;
    }
    Ref<T> by_key(key_t key) const
    {
        for (const auto& [place, object] : objects_)
            if (object->perm.__key == key)
                return object;
        return {};
    }
    /// ENOSPC.
    Result<int> add(Ref<T> object, std::size_t limit)
    {
        if (objects_.size() >= limit)
            return Errno(ENOSPC);
        int place = 0;
        while (objects_.contains(place))
            ++place;
        if (place <= last_place_)
            sequence_ = (sequence_ + 1) % (INT32_MAX / places);
        last_place_ = place;
        object->perm.__seq = static_cast<unsigned short>(sequence_);
        object->id = sequence_ * places + place;
        objects_[place] = object;
        return object->id;
    }
    void remove(T& object)
    {
        object.removed = true;
        objects_.erase(object.id % places);
    }
    /// The highest used place, 0 where there is none.
    int highest() const { return objects_.empty() ? 0 : objects_.rbegin()->first; }
    const std::map<int, Ref<T>>& objects() const { return objects_; }

private:
    std::map<int, Ref<T>> objects_;
    int last_place_ = -1;
    int sequence_ = 0;
};

/// ipcget: finds by key, or makes one by `create`. `check` looks at one that is there.
template<typename T, typename Create, typename Check>
Result<long> get(Task& task, Table<T>& table, key_t key, int flags, Create&& create, Check&& check)
{
    Ref<T> known;
    if (key != IPC_PRIVATE) {
        known = table.by_key(key);
        if (!known && !(flags & IPC_CREAT))
            return Errno(ENOENT);
        if (known && (flags & IPC_CREAT) && (flags & IPC_EXCL))
            return Errno(EEXIST);
    }
    if (!known)
        return TRY(create());
    TRY(check(*known));
    TRY(check_access(task, *known, static_cast<unsigned>(flags)));
    return known->id;
}

/// The object of a command that only its owner may give. EINVAL, EPERM.
template<typename T>
Result<Ref<T>> find_own(Task& task, const Table<T>& table, int id)
{
    Ref<T> object = TRY(table.find(id));
    TRY(check_owner(task, *object));
    return object;
}

/// What the *_STAT commands look at: IPC_STAT by identifier, the others by place; `unchecked` (*_STAT_ANY) whoever asks. EINVAL, EACCES.
template<typename T>
Result<Ref<T>> find_for_stat(Task& task, const Table<T>& table, int id, int command, bool unchecked)
{
    Ref<T> object = TRY(command == IPC_STAT ? table.find(id) : table.at(id));
    if (!unchecked)
        TRY(check_access(task, *object, 0444));
    return object;
}

}
