// poll(2), ppoll(2), select(2), pselect6(2).
#include "engine/fs/file_table.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/signal_mask.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

namespace ringside::syscalls {

using kernel::Nanoseconds;
using kernel::PollMask;

namespace {

struct Watched {
    Ref<fs::File> file;
    PollMask wanted;
    PollMask ready = 0;
};

/// Sleeps until something is ready or time is up. How many are ready; ERESTARTSYS.
Result<long> wait_for_any(Task& task, std::vector<Watched>& files, long invalid, std::optional<Nanoseconds> deadline)
{
    kernel::Sleeper sleeper(task);
    bool standing = false;
    for (bool late = false;;) {
        long count = invalid;
        for (Watched& watched : files) {
            watched.ready = watched.file->poll() & watched.wanted;
            count += watched.ready != 0;
        }
        if (count > 0 || late || (deadline && *deadline == 0))
            return count;
        if (!standing) {
            for (Watched& watched : files)
                if (kernel::WaitQueue* queue = watched.file->poll_queue())
                    sleeper.stand_in(*queue, watched.wanted);
            standing = true;
            continue; // what came between the look and the queue
        }
        auto slept = sleeper.sleep(deadline);
        if (!slept.ok() && slept.error() == ETIMEDOUT)
            late = true;
        else
            TRY(std::move(slept));
    }
}

/// A deadline of 0 means "look once".
std::optional<Nanoseconds> deadline_after(Nanoseconds time)
{
    return time == 0 ? 0 : kernel::monotonic_now() + time;
}

Result<long> do_poll(Task& task, GuestPtr<pollfd> fds, unsigned count, std::optional<Nanoseconds> deadline)
{
    if (count > task.limits().soft(RLIMIT_NOFILE))
        return Errno(EINVAL);
    auto entries = TRY(task.copy_in_array(fds, count));
    std::vector<Watched> files;
    std::vector<std::size_t> owners; // which entry a watched file belongs to
    long invalid = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].revents = 0;
        if (entries[i].fd < 0)
            continue;
        auto file = task.files().get_for_io(entries[i].fd);
        if (!file.ok()) {
            entries[i].revents = POLLNVAL;
            ++invalid;
            continue;
        }
        files.push_back({std::move(file).value(), static_cast<PollMask>(static_cast<unsigned short>(entries[i].events)) | EPOLLERR | EPOLLHUP});
        owners.push_back(i);
    }
    long ready = TRY(wait_for_any(task, files, invalid, deadline));
    for (std::size_t i = 0; i < files.size(); ++i)
        entries[owners[i]].revents = static_cast<short>(files[i].ready);
    TRY(task.copy_out(fds.addr(), std::as_bytes(std::span(entries))));
    return ready;
}

Result<long> restartable_poll(Task& task, GuestPtr<pollfd> fds, unsigned count, std::optional<Nanoseconds> deadline)
{
    auto result = do_poll(task, fds, count, deadline);
    if (!result.ok() && result.error() == ERESTARTSYS) {
        // Restarted with what is left of the time (do_restart_poll).
        task.set_restart([fds, count, deadline](Task& again) { return restartable_poll(again, fds, count, deadline); });
        return Errno(ERESTART_RESTARTBLOCK);
    }
    return result;
}

}

Result<long> poll(Task& task, GuestPtr<pollfd> fds, unsigned count, int timeout)
{
    std::optional<Nanoseconds> deadline;
    if (timeout >= 0)
        deadline = deadline_after(static_cast<Nanoseconds>(timeout) * 1'000'000);
    return restartable_poll(task, fds, count, deadline);
}

namespace {

Result<std::optional<Nanoseconds>> read_timeout(Task& task, GuestPtr<timespec> timeout)
{
    if (timeout.is_null())
        return std::optional<Nanoseconds>();
    return deadline_after(TRY(kernel::from_timespec(TRY(task.copy_in(timeout)))));
}

/// Linux tells how much time is left, unless the personality asks for none; a bad pointer does not matter.
void write_left(Task& task, GuestPtr<timespec> timeout, std::optional<Nanoseconds> deadline)
{
    if (timeout.is_null() || !deadline)
        return;
    Nanoseconds now = kernel::monotonic_now();
    static_cast<void>(task.copy_out(timeout, kernel::to_timespec(*deadline > now ? *deadline - now : 0)).ok());
}

}

Result<long> ppoll(Task& task, GuestPtr<pollfd> fds, unsigned count, GuestPtr<timespec> timeout, GuestPtr<std::uint64_t> mask, std::uint64_t mask_size)
{
    auto deadline = TRY(read_timeout(task, timeout));
    TRY(set_temporary_mask(task, mask, mask_size));
    auto result = do_poll(task, fds, count, deadline);
    write_left(task, timeout, deadline);
    return finish_with_mask(task, std::move(result), ERESTARTNOHAND);
}

namespace {

constexpr PollMask read_set = EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR;
constexpr PollMask write_set = EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR;
constexpr PollMask except_set = EPOLLPRI;

/// A set of descriptors as select(2) has them: words of 64 bits.
class BitSet {
public:
    static Result<BitSet> from(Task& task, GuestAddr address, std::size_t bits)
    {
        BitSet set;
        set.words_.resize((bits + 63) / 64);
        if (!address.is_null())
            TRY(task.copy_in(address, std::as_writable_bytes(std::span(set.words_))));
        return set;
    }
    bool has(std::size_t bit) const { return (words_[bit / 64] >> bit % 64 & 1) != 0; }
    void set(std::size_t bit) { words_[bit / 64] |= std::uint64_t {1} << bit % 64; }
    void clear() { std::ranges::fill(words_, 0); }
    Result<void> to(Task& task, GuestAddr address) const
    {
        if (address.is_null())
            return {};
        return task.copy_out(address, std::as_bytes(std::span(words_)));
    }

private:
    std::vector<std::uint64_t> words_;
};

Result<long> do_select(Task& task, int count, GuestAddr reads, GuestAddr writes, GuestAddr excepts, std::optional<Nanoseconds> deadline)
{
    if (count < 0)
        return Errno(EINVAL);
    std::vector<int> open = task.files().numbers();
    // Bits past the highest open number are looked at all the same where they are within the table, which holds 64 at least.
    int table = std::max(64, open.empty() ? 0 : (open.back() / 64 + 1) * 64);
    auto bits = static_cast<std::size_t>(std::min(count, std::max(table, FD_SETSIZE)));
    BitSet readable = TRY(BitSet::from(task, reads, bits));
    BitSet writable = TRY(BitSet::from(task, writes, bits));
    BitSet excepted = TRY(BitSet::from(task, excepts, bits));
    std::array<BitSet, 3> sets {std::move(readable), std::move(writable), std::move(excepted)};
    constexpr std::array<PollMask, 3> masks {read_set, write_set, except_set};
    std::vector<Watched> files;
    std::vector<std::size_t> numbers;
    std::vector<std::array<bool, 3>> asked;
    for (std::size_t fd = 0; fd < bits; ++fd) {
        std::array<bool, 3> wanted {sets[0].has(fd), sets[1].has(fd), sets[2].has(fd)};
        if (!wanted[0] && !wanted[1] && !wanted[2])
            continue;
        PollMask mask = 0;
        for (std::size_t i = 0; i < 3; ++i)
            mask |= wanted[i] ? masks[i] : 0;
        files.push_back({TRY(task.files().get_for_io(static_cast<int>(fd))), mask});
        numbers.push_back(fd);
        asked.push_back(wanted);
    }
    TRY(wait_for_any(task, files, 0, deadline));
    for (BitSet& set : sets)
        set.clear();
    long ready = 0;
    for (std::size_t n = 0; n < files.size(); ++n)
        for (std::size_t i = 0; i < 3; ++i)
            if (asked[n][i] && (files[n].ready & masks[i])) {
                sets[i].set(numbers[n]);
                ++ready;
            }
    TRY(sets[0].to(task, reads));
    TRY(sets[1].to(task, writes));
    TRY(sets[2].to(task, excepts));
    return ready;
}

}

Result<long> select(Task& task, int count, GuestAddr reads, GuestAddr writes, GuestAddr excepts, GuestPtr<timeval> timeout)
{
    std::optional<Nanoseconds> deadline;
    if (!timeout.is_null()) {
        timeval time = TRY(task.copy_in(timeout));
        if (time.tv_sec < 0 || time.tv_usec < 0)
            return Errno(EINVAL);
        timespec whole {time.tv_sec + time.tv_usec / 1'000'000, time.tv_usec % 1'000'000 * 1000};
        deadline = deadline_after(TRY(kernel::from_timespec(whole)));
    }
    auto result = do_select(task, count, reads, writes, excepts, deadline);
    if (deadline) {
        Nanoseconds now = kernel::monotonic_now();
        static_cast<void>(task.copy_out(timeout, kernel::to_timeval(*deadline > now ? *deadline - now : 0)).ok());
    }
    if (!result.ok() && result.error() == ERESTARTSYS)
        return Errno(ERESTARTNOHAND);
    return result;
}

Result<long> pselect6(Task& task, int count, GuestAddr reads, GuestAddr writes, GuestAddr excepts, GuestPtr<timespec> timeout, GuestPtr<std::array<std::uint64_t, 2>> mask)
{
    std::array<std::uint64_t, 2> argument {};
    if (!mask.is_null())
        argument = TRY(task.copy_in(mask));
    auto deadline = TRY(read_timeout(task, timeout));
    TRY(set_temporary_mask(task, GuestPtr<std::uint64_t>(argument[0]), argument[1]));
    auto result = do_select(task, count, reads, writes, excepts, deadline);
    write_left(task, timeout, deadline);
    return finish_with_mask(task, std::move(result), ERESTARTNOHAND);
}

const Register<SYS_poll, poll> r_poll;
const Register<SYS_ppoll, ppoll> r_ppoll;
const Register<SYS_select, select> r_select;
const Register<SYS_pselect6, pselect6> r_pselect6;

}
