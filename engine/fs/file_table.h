// Descriptors: numbers that refer to open file descriptions. Shared by CLONE_FILES, copied by fork. Every change is told to the
// recorder here, and only here.
#pragma once

#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/fs/file.h"

#include <array>
#include <vector>

namespace ringside::fs {

class FileTable;

/// Numbers taken but not yet open; gives them back unless committed.
template<std::size_t count>
class Reservation {
public:
    Reservation(Task& task, Ref<FileTable> table, std::array<int, count> numbers) : task_(&task), table_(std::move(table)), numbers_(numbers) { }
    Reservation(Reservation&& other) noexcept : task_(other.task_), table_(std::move(other.table_)), numbers_(other.numbers_) { }
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();
    const std::array<int, count>& numbers() const { return numbers_; }
    void commit(std::array<Ref<File>, count> files, bool close_on_exec);

private:
    Task* task_;
    Ref<FileTable> table_;
    std::array<int, count> numbers_;
};

class FileTable final : public RefCounted {
public:
    FileTable() = default;
    ~FileTable() override;

    /// For fork: the same descriptions under the same numbers.
    Ref<FileTable> copy() const;

    /// EBADF for a number that is not open. Keep the Ref while using it: another thread may close the number meanwhile.
    Result<Ref<File>> get(int fd) const;
    /// The same, but EBADF for O_PATH descriptions too: for all calls that do input or output.
    Result<Ref<File>> get_for_io(int fd) const;
    Result<bool> close_on_exec(int fd) const;
    Result<void> set_close_on_exec(int fd, bool value);

    /// Takes the lowest free numbers. EMFILE at RLIMIT_NOFILE.
    template<std::size_t count>
    Result<Reservation<count>> reserve(Task& task)
    {
        std::array<int, count> numbers {};
        for (std::size_t i = 0; i < count; ++i) {
            auto number = take(task, 0);
            if (!number.ok()) {
                for (std::size_t j = 0; j < i; ++j)
                    give_back(numbers[j]);
                return number.error();
            }
            numbers[i] = number.value();
        }
        return Reservation<count>(task, Ref<FileTable>(this), numbers);
    }
    /// Opens `file` under the lowest free number >= `lowest`. EMFILE; EINVAL where `lowest` is past the limit.
    Result<int> install(Task& task, Ref<File> file, bool close_on_exec, int lowest = 0);
    /// dup2: under exactly this number, closing what was there. EBADF past the limit, EBUSY while it is being opened.
    Result<int> install_at(Task& task, Ref<File> file, int fd, bool close_on_exec);
    /// close(2). The number is free even where an error is returned.
    Result<void> close(Task& task, int fd);
    /// close_range(2); `only_mark` sets close-on-exec instead.
    void close_range(Task& task, unsigned first, unsigned last, bool only_mark);
    /// At exec.
    void close_marked(Task& task);
    /// At exit, by the last user of the table.
    void close_all(Task& task);

    /// Tells the recorder of all that is open (the first process starts).
    void announce(Task& task);
    /// Before there is a task: the standard files.
    void put(int fd, Ref<File> file);
    /// Open numbers, ascending (/proc/PID/fd).
    std::vector<int> numbers() const;
    /// The descriptions by number, for the trace's first records of a process.
    template<typename F>
    void for_each(F&& f) const
    {
        for (std::size_t i = 0; i < slots_.size(); ++i)
            if (slots_[i].file)
                f(static_cast<int>(i), *slots_[i].file);
    }

private:
    template<std::size_t count>
    friend class Reservation;
    struct Slot {
        Ref<File> file;
        bool close_on_exec = false;
        bool reserved = false;
        bool free() const { return !file && !reserved; }
    };
    Result<int> take(Task& task, int lowest);
    void give_back(int fd);
    void fill(Task& task, int fd, Ref<File> file, bool close_on_exec);
    void closed(Task& task, int fd, Ref<File> file);
    void record(Task& task, int fd, File& file);
    std::vector<Slot> slots_;
    int lowest_free_ = 0; ///< nothing below is free
};

template<std::size_t count>
Reservation<count>::~Reservation()
{
    if (table_)
        for (int number : numbers_)
            table_->give_back(number);
}

template<std::size_t count>
void Reservation<count>::commit(std::array<Ref<File>, count> files, bool close_on_exec)
{
    for (std::size_t i = 0; i < count; ++i)
        table_->fill(*task_, numbers_[i], std::move(files[i]), close_on_exec);
    table_ = {};
}

}
