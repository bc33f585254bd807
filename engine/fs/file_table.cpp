// The table of descriptors (fs/file.c).
#include "engine/fs/file_table.h"

#include "engine/kernel/limits.h"
#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"

#include <algorithm>
#include <climits>
#include <sys/resource.h>

namespace ringside::fs {

FileTable::~FileTable() = default;

Ref<FileTable> FileTable::copy() const
{
    auto other = make_ref<FileTable>();
    other->slots_ = slots_;
    for (Slot& slot : other->slots_)
        slot.reserved = false; // another thread's open in progress is not the child's
    return other;
}

Result<Ref<File>> FileTable::get(int fd) const
{
    if (fd < 0 || static_cast<std::size_t>(fd) >= slots_.size() || !slots_[static_cast<std::size_t>(fd)].file)
        return Errno(EBADF);
    return slots_[static_cast<std::size_t>(fd)].file;
}

Result<Ref<File>> FileTable::get_for_io(int fd) const
{
    auto file = TRY(get(fd));
    if (file->is_path_only())
        return Errno(EBADF);
    return file;
}

Result<bool> FileTable::close_on_exec(int fd) const
{
    TRY(get(fd));
    return slots_[static_cast<std::size_t>(fd)].close_on_exec;
}

Result<void> FileTable::set_close_on_exec(int fd, bool value)
{
    TRY(get(fd));
    slots_[static_cast<std::size_t>(fd)].close_on_exec = value;
    return {};
}

Result<int> FileTable::take(Task& task, int lowest)
{
    std::uint64_t limit = std::min<std::uint64_t>(task.limits().soft(RLIMIT_NOFILE), INT_MAX);
    if (lowest < 0 || static_cast<std::uint64_t>(lowest) >= limit)
        return Errno(lowest > 0 || lowest < 0 ? EINVAL : EMFILE);
    auto number = static_cast<std::size_t>(std::max(lowest, lowest_free_));
    while (number < slots_.size() && !slots_[number].free())
        ++number;
    if (number >= limit)
        return Errno(EMFILE);
    if (number >= slots_.size())
        slots_.resize(number + 1);
    slots_[number].reserved = true;
    if (lowest <= lowest_free_)
        lowest_free_ = static_cast<int>(number) + 1;
    return static_cast<int>(number);
}

void FileTable::give_back(int fd)
{
    slots_[static_cast<std::size_t>(fd)].reserved = false;
    lowest_free_ = std::min(lowest_free_, fd);
}

void FileTable::record(Task& task, int fd, File& file)
{
    record::TaskRecorder& recorder = task.recorder();
    if (!recorder.enabled())
        return;
    if (file.trace_object == 0)
        file.trace_object = recorder.object(file.trace_kind(), file.name(task));
    recorder.fd_opened(task, fd, file.trace_object);
}

void FileTable::fill(Task& task, int fd, Ref<File> file, bool close_on_exec)
{
    record(task, fd, *file);
    slots_[static_cast<std::size_t>(fd)] = {std::move(file), close_on_exec, false};
}

Result<int> FileTable::install(Task& task, Ref<File> file, bool close_on_exec, int lowest)
{
    int fd = TRY(take(task, lowest));
    fill(task, fd, std::move(file), close_on_exec);
    return fd;
}

Result<int> FileTable::install_at(Task& task, Ref<File> file, int fd, bool close_on_exec)
{
    if (fd < 0 || static_cast<std::uint64_t>(fd) >= std::min<std::uint64_t>(task.limits().soft(RLIMIT_NOFILE), INT_MAX))
        return Errno(EBADF);
    auto number = static_cast<std::size_t>(fd);
    if (number >= slots_.size())
        slots_.resize(number + 1);
    if (slots_[number].reserved)
        return Errno(EBUSY);
    Ref<File> old = std::move(slots_[number].file);
    fill(task, fd, std::move(file), close_on_exec);
    if (old)
        old->descriptor_closed(task);
    return fd;
}

void FileTable::closed(Task& task, int fd, Ref<File> file)
{
    slots_[static_cast<std::size_t>(fd)] = {};
    lowest_free_ = std::min(lowest_free_, fd);
    task.recorder().fd_closed(task, fd);
    file->descriptor_closed(task);
}

Result<void> FileTable::close(Task& task, int fd)
{
    Ref<File> file = TRY(get(fd));
    closed(task, fd, std::move(file));
    return {};
}

void FileTable::close_range(Task& task, unsigned first, unsigned last, bool only_mark)
{
    for (std::size_t number = first; number < slots_.size() && number <= last; ++number) {
        if (!slots_[number].file)
            continue;
        if (only_mark)
            slots_[number].close_on_exec = true;
        else
            closed(task, static_cast<int>(number), slots_[number].file);
    }
}

void FileTable::close_marked(Task& task)
{
    for (std::size_t number = 0; number < slots_.size(); ++number)
        if (slots_[number].file && slots_[number].close_on_exec)
            closed(task, static_cast<int>(number), slots_[number].file);
}

void FileTable::close_all(Task& task)
{
    close_range(task, 0, UINT_MAX, false);
}

void FileTable::announce(Task& task)
{
    for (std::size_t number = 0; number < slots_.size(); ++number)
        if (slots_[number].file)
            record(task, static_cast<int>(number), *slots_[number].file);
}

void FileTable::put(int fd, Ref<File> file)
{
    auto number = static_cast<std::size_t>(fd);
    if (number >= slots_.size())
        slots_.resize(number + 1);
    slots_[number] = {std::move(file), false, false};
}

std::vector<int> FileTable::numbers() const
{
    std::vector<int> result;
    for (std::size_t number = 0; number < slots_.size(); ++number)
        if (slots_[number].file)
            result.push_back(static_cast<int>(number));
    return result;
}

}
