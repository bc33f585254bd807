// /proc/PID. A process is looked up by number at each reading: a file that is open may outlive it (ESRCH).
#include "engine/fs/proc/process.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/kernel_state.h"
#include "engine/fs/path_file.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/ptrace_access.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"
#include "engine/mm/address_space.h"

#include <dirent.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

namespace ringside::fs {

namespace {

using kernel::ThreadGroup;

struct Target {
    ThreadGroup* group;
    Task* task; ///< null in a zombie
};

Result<Target> target_of(kernel::Kernel& kernel, int tgid, int tid)
{
    ThreadGroup* group = kernel.processes().group(tgid);
    if (!group)
        return Errno(ESRCH);
    Task* task = tid == tgid ? group->any_task() : kernel.processes().task(tid);
    if (tid == tgid && group->leader() && !group->leader()->exiting())
        task = group->leader();
    return Target {group, task};
}

std::uint64_t ticks(kernel::Nanoseconds time)
{
    return time / 10'000'000; // USER_HZ
}

std::string comm_of(const Target& target)
{
    if (target.task)
        return target.task->comm();
    return target.group->leader() ? target.group->leader()->comm() : std::string("?");
}

int terminal_of(ThreadGroup& group)
{
    if (!group.session().terminal())
        return 0;
    dev_t device = group.session().terminal()->device(); // new_encode_dev
    return static_cast<int>((minor(device) & 0xff) | major(device) << 8 | (minor(device) & ~0xffU) << 12);
}

std::string stat_text(const Target& target, bool whole)
{
    ThreadGroup& group = *target.group;
    char state = target.task ? group.stopped() ? 'T' : target.task->state_letter() : 'Z';
    kernel::Usage usage = group.total_usage();
    mm::AddressSpace* space = target.task ? &target.task->mm() : nullptr;
    mm::AddressSpace::Layout none;
    const auto& layout = space ? space->layout() : none;
    int foreground = group.session().terminal() ? group.session().foreground : -1;
    int nice = target.task ? target.task->nice : 0;
    std::uint64_t blocked = target.task ? target.task->signals().blocked().bits() : 0;
    std::uint64_t pending = target.task ? target.task->signals().queue.pending().bits() : 0;
    std::uint64_t ignored = 0, caught = 0;
    for (int signo = 1; signo <= kernel::signal_count && group.handlers; ++signo) {
        std::uint64_t handler = group.handlers->get(signo).handler;
        if (handler == kernel::handler_ignore)
            ignored |= std::uint64_t {1} << (signo - 1);
        else if (handler != kernel::handler_default)
            caught |= std::uint64_t {1} << (signo - 1);
    }
    int id = whole || !target.task ? group.tgid() : target.task->tid();
    std::string text = fmt::format("{} ({}) {} {} {} {} {} {} {} ", id, comm_of(target), state, group.parent_pid(), group.process_group().pgid,
        group.session().sid, terminal_of(group), foreground, 4194304);
    text += fmt::format("{} {} {} {} {} {} {} {} ", usage.minor_faults, group.children_usage.minor_faults, usage.major_faults,
        group.children_usage.major_faults, ticks(usage.user), ticks(usage.system), ticks(group.children_usage.user), ticks(group.children_usage.system));
    text += fmt::format("{} {} {} 0 {} {} {} {} ", 20 + nice, nice, group.tasks().size(), ticks(group.start_time - group.kernel().boot_time),
        space ? space->total_bytes() : 0, space ? space->resident_bytes() / page_size : 0, group.limits.soft(RLIMIT_RSS));
    text += fmt::format("{} {} {} 0 0 {} {} {} {} 0 0 0 {} 0 0 0 0 0 0 ", layout.start_code.value(), layout.end_code.value(), layout.start_stack.value(),
        pending & 0x7fffffff, blocked & 0x7fffffff, ignored & 0x7fffffff, caught & 0x7fffffff, group.exit_signal);
    text += fmt::format("{} {} {} {} {} {} {} {}\n", layout.start_data.value(), layout.end_data.value(), layout.start_brk.value(), layout.arg_start.value(),
        layout.arg_end.value(), layout.env_start.value(), layout.env_end.value(), group.zombie() ? group.wait_status() : 0);
    return text;
}

/// The processors that a task may use, as a mask and as ranges.
std::string processors_text(const Task& task)
{
    auto count = static_cast<std::size_t>(std::max(1, task.kernel().options().processors));
    auto may_use = [&](std::size_t i) { return i < count && (task.affinity.empty() || (task.affinity[i / 64] >> i % 64 & 1)); };
    std::string mask, list;
    for (std::size_t group = (count + 31) / 32; group-- > 0;) {
        unsigned bits = 0;
        for (std::size_t i = 0; i < 32; ++i)
            bits |= may_use(group * 32 + i) ? 1U << i : 0;
        mask += mask.empty() ? fmt::format("{:x}", bits) : fmt::format(",{:08x}", bits);
    }
    for (std::size_t first = 0; first < count; ++first) {
        if (!may_use(first))
            continue;
        std::size_t last = first;
        while (may_use(last + 1))
            ++last;
        list += fmt::format("{}{}", list.empty() ? "" : ",", first) + (last > first ? fmt::format("-{}", last) : std::string());
        first = last;
    }
    return fmt::format("Cpus_allowed:\t{}\nCpus_allowed_list:\t{}\n", mask, list);
}

std::string status_text(const Target& target)
{
    ThreadGroup& group = *target.group;
    char state = target.task ? group.stopped() ? 'T' : target.task->state_letter() : 'Z';
    const char* word = state == 'R' ? "running" : state == 'S' ? "sleeping" : state == 'D' ? "disk sleep" : state == 'T' ? "stopped" : "zombie";
    int id = target.task ? target.task->tid() : group.tgid();
    std::string text = fmt::format("Name:\t{}\n", comm_of(target));
    if (target.task)
        text += fmt::format("Umask:\t{:04o}\n", target.task->fs_context().umask);
    text += fmt::format("State:\t{} ({})\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n", state, word, group.tgid(), id, group.parent_pid());
    if (target.task) {
        const auto& who = target.task->credentials();
        text += fmt::format("Uid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nFDSize:\t64\nGroups:\t", who.uid, who.euid, who.suid, who.fsuid, who.gid, who.egid, who.sgid, who.fsgid);
        for (auto gid : who.groups)
            text += fmt::format("{} ", gid);
        text += fmt::format("\nNStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\nNSsid:\t{}\n", group.tgid(), id, group.process_group().pgid, group.session().sid);
        mm::AddressSpace& space = target.task->mm();
        text += fmt::format("VmPeak:\t{0:8} kB\nVmSize:\t{0:8} kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\nVmHWM:\t{1:8} kB\nVmRSS:\t{1:8} kB\n", space.total_bytes() / 1024, space.resident_bytes() / 1024);
        const auto& layout = space.layout();
        text += fmt::format("VmData:\t{:8} kB\nVmStk:\t{:8} kB\nVmExe:\t{:8} kB\nVmSwap:\t       0 kB\n", (layout.brk.value() - layout.start_brk.value()) / 1024, 132,
            (layout.end_code.value() - layout.start_code.value()) / 1024);
        std::uint64_t ignored = 0, caught = 0;
        for (int signo = 1; signo <= kernel::signal_count; ++signo) {
            std::uint64_t handler = group.handlers->get(signo).handler;
            if (handler == kernel::handler_ignore)
                ignored |= std::uint64_t {1} << (signo - 1);
            else if (handler != kernel::handler_default)
                caught |= std::uint64_t {1} << (signo - 1);
        }
        text += fmt::format("Threads:\t{}\nSigQ:\t{}/{}\nSigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}\n", group.tasks().size(),
            group.shared_queue.size(), 63000, target.task->signals().queue.pending().bits(), group.shared_queue.pending().bits(),
            target.task->signals().blocked().bits(), ignored, caught);
        text += fmt::format("CapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:016x}\nCapBnd:\t{:016x}\nCapAmb:\t{:016x}\nNoNewPrivs:\t{}\nSeccomp:\t0\n", who.inheritable, who.permitted,
            who.effective, who.bounding, who.ambient, who.no_new_privs ? 1 : 0);
        text += processors_text(*target.task);
    } else {
        text += "Threads:\t0\n";
    }
    text += "voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n";
    return text;
}

/// A range of the process' memory (arguments, environment).
Result<std::string> memory_text(Task& target, GuestAddr start, GuestAddr end)
{
    if (end <= start)
        return std::string();
    std::string text(std::min<std::uint64_t>(end.value() - start.value(), 1 << 20), '\0');
    auto got = target.mm().peek(target, start, std::as_writable_bytes(std::span(text)), true);
    text.resize(got.ok() ? got.value() : 0);
    return text;
}

std::string limits_text(ThreadGroup& group)
{
    struct Line {
        const char* name;
        int resource;
        const char* unit;
    };
    std::string text = fmt::format("{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (const Line& line : {Line {"Max cpu time", RLIMIT_CPU, "seconds"}, {"Max file size", RLIMIT_FSIZE, "bytes"}, {"Max data size", RLIMIT_DATA, "bytes"},
             {"Max stack size", RLIMIT_STACK, "bytes"}, {"Max core file size", RLIMIT_CORE, "bytes"}, {"Max resident set", RLIMIT_RSS, "bytes"},
             {"Max processes", RLIMIT_NPROC, "processes"}, {"Max open files", RLIMIT_NOFILE, "files"}, {"Max locked memory", RLIMIT_MEMLOCK, "bytes"},
             {"Max address space", RLIMIT_AS, "bytes"}, {"Max file locks", RLIMIT_LOCKS, "locks"}, {"Max pending signals", RLIMIT_SIGPENDING, "signals"},
             {"Max msgqueue size", RLIMIT_MSGQUEUE, "bytes"}, {"Max nice priority", RLIMIT_NICE, ""}, {"Max realtime priority", RLIMIT_RTPRIO, ""}, {"Max realtime timeout", RLIMIT_RTTIME, "us"}}) {
        auto show = [](std::uint64_t value) { return value == kernel::Limits::infinity ? std::string("unlimited") : std::to_string(value); };
        const auto& limit = group.limits.get(line.resource);
        text += fmt::format("{:<25} {:<20} {:<20} {:<10}\n", line.name, show(limit.soft), show(limit.hard), line.unit);
    }
    return text;
}

/// /proc/PID, which knows whose it is: an open one serves as a pidfd.
class ProcessDirectory final : public PseudoDirectory {
public:
    ProcessDirectory(PseudoFs& fs, ThreadGroup& group, uid_t uid, gid_t gid) : PseudoDirectory(fs, 0555, uid, gid), group(&group) { }
    const Ref<ThreadGroup> group;
};

class TaskList final : public PseudoDirectory {
public:
    TaskList(PseudoFs& fs, int tgid, uid_t uid, gid_t gid) : PseudoDirectory(fs, 0555, uid, gid), tgid_(tgid) { }

protected:
    Result<Ref<Inode>> find(Task& task, const std::string& name) override;
    Result<std::vector<DirectoryEntry>> more(Task&) override
    {
        ThreadGroup* group = fs_->kernel.processes().group(tgid_);
        if (!group)
            return Errno(ENOENT);
        std::vector<DirectoryEntry> result;
        for (Task* task : group->tasks())
            result.push_back({std::to_string(task->tid()), static_cast<ino_t>(task->tid()) + 0x20000, DT_DIR});
        return result;
    }

private:
    int tgid_;
};

/// Fills the directory of one process, or of one of its threads.
void fill(PseudoDirectory& directory, PseudoFs& fs, ThreadGroup& group, int tid, bool whole, uid_t uid, gid_t gid)
{
    kernel::Kernel& kernel = fs.kernel;
    int tgid = group.tgid();
    using Show = std::function<Result<std::string>(Task&, const Target&)>;
    auto text = [&](const char* name, mode_t mode, Show show) {
        directory.add(name, make_ref<TextNode>(fs, mode, [&kernel, tgid, tid, show](Task& task) -> Result<std::string> {
            return show(task, TRY(target_of(kernel, tgid, tid)));
        }, TextNode::Take(), uid, gid));
    };
    /// Of a living process that the reader may look into; a zombie shows nothing.
    auto inside = [&](const char* name, mode_t mode, std::function<Result<std::string>(Task&)> show) {
        text(name, mode, [show](Task& task, const Target& target) -> Result<std::string> {
            if (!target.task)
                return std::string();
            if (!kernel::may_ptrace(task, *target.task, kernel::PtraceCreds::of_files))
                return Errno(EACCES);
            return show(*target.task);
        });
    };
    auto link = [&](const char* name, std::function<Result<Path>(Task&)> where) {
        auto jump = [&kernel, tgid, tid, where](Task& task) -> Result<Path> {
            Target target = TRY(target_of(kernel, tgid, tid));
            if (!target.task)
                return Errno(ENOENT);
            if (!kernel::may_ptrace(task, *target.task, kernel::PtraceCreds::of_files))
                return Errno(EACCES);
            return where(*target.task);
        };
        directory.add(name, make_ref<LinkNode>(fs, [jump](Task& task) -> Result<std::string> { return path_name(task, TRY(jump(task))); }, jump, 0777, uid, gid));
    };

    text("stat", 0444, [whole](Task&, const Target& target) -> Result<std::string> { return stat_text(target, whole); });
    text("status", 0444, [](Task&, const Target& target) -> Result<std::string> { return status_text(target); });
    text("statm", 0444, [](Task&, const Target& target) -> Result<std::string> {
        if (!target.task)
            return std::string("0 0 0 0 0 0 0\n");
        mm::AddressSpace& space = target.task->mm();
        const auto& layout = space.layout();
        return fmt::format("{} {} 0 {} 0 {} 0\n", space.total_bytes() / page_size, space.resident_bytes() / page_size,
            (layout.end_code.value() - layout.start_code.value() + page_mask) / page_size, (layout.brk.value() - layout.start_brk.value()) / page_size);
    });
    directory.add("comm", make_ref<TextNode>(fs, 0644, [&kernel, tgid, tid](Task&) -> Result<std::string> { return comm_of(TRY(target_of(kernel, tgid, tid))) + "\n"; },
        [&kernel, tgid, tid](Task& task, const std::string& name) -> Result<void> {
            Target target = TRY(target_of(kernel, tgid, tid));
            if (!target.task || &target.task->group() != &task.group())
                return Errno(EINVAL);
            target.task->set_comm(std::string_view(name).substr(0, name.find('\n')));
            return {};
        }, uid, gid));
    text("cmdline", 0444, [](Task&, const Target& target) -> Result<std::string> {
        if (!target.task)
            return std::string();
        const auto& layout = target.task->mm().layout();
        return memory_text(*target.task, layout.arg_start, layout.arg_end);
    });
    inside("environ", 0400, [](Task& target) { return memory_text(target, target.mm().layout().env_start, target.mm().layout().env_end); });
    inside("auxv", 0400, [](Task& target) -> Result<std::string> {
        const auto& auxv = target.mm().layout().auxv;
        return std::string(reinterpret_cast<const char*>(auxv.data()), auxv.size() * sizeof(std::uint64_t));
    });
    inside("maps", 0444, maps_text);
    text("limits", 0444, [](Task&, const Target& target) -> Result<std::string> { return limits_text(*target.group); });
    text("mounts", 0444, [](Task& task, const Target& target) -> Result<std::string> {
        return mounts_text(target.task ? *target.task : task, *task.fs_context().vfs);
    });
    text("mountinfo", 0444, [](Task& task, const Target& target) -> Result<std::string> {
        return mountinfo_text(target.task ? *target.task : task, *task.fs_context().vfs);
    });
    text("cgroup", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("0::/\n"); });
    text("oom_score", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("666\n"); });
    text("oom_score_adj", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("0\n"); });
    text("oom_adj", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("0\n"); });
    text("loginuid", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("4294967295"); });
    text("sessionid", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("4294967295"); });
    text("wchan", 0444, [](Task&, const Target&) -> Result<std::string> { return std::string("0"); });
    text("io", 0400, [](Task&, const Target&) -> Result<std::string> {
        return std::string("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
    });
    link("cwd", [](Task& target) -> Result<Path> { return target.fs_context().working_directory; });
    link("root", [](Task& target) -> Result<Path> { return target.fs_context().root; });
    directory.add("exe", make_ref<LinkNode>(fs,
        [&kernel, tgid, tid](Task&) -> Result<std::string> {
            Target target = TRY(target_of(kernel, tgid, tid));
            if (!target.task || target.task->mm().layout().exe_path.empty())
                return Errno(ENOENT);
            return target.task->mm().layout().exe_path;
        }, LinkNode::Jump(), 0777, uid, gid));
    directory.add("fd", make_descriptor_directory(fs, tid, false, uid, gid));
    directory.add("fdinfo", make_descriptor_directory(fs, tid, true, uid, gid));
    directory.add("net", make_net_directory(fs));
    if (whole)
        directory.add("task", make_ref<TaskList>(fs, tgid, uid, gid));
}

void owner_of(ThreadGroup& group, uid_t& uid, gid_t& gid)
{
    Task* task = group.any_task();
    uid = task ? task->credentials().euid : 0;
    gid = task ? task->credentials().egid : 0;
}

Result<Ref<Inode>> TaskList::find(Task&, const std::string& name)
{
    int tid = parse_pid(name);
    Task* thread = fs_->kernel.processes().task(tid);
    if (!thread || thread->group().tgid() != tgid_)
        return Errno(ENOENT);
    uid_t uid = 0;
    gid_t gid = 0;
    owner_of(thread->group(), uid, gid);
    auto directory = make_ref<PseudoDirectory>(*fs_, 0555, uid, gid);
    fill(*directory, *fs_, thread->group(), tid, false, uid, gid);
    return Ref<Inode>(directory);
}

}

Ref<Inode> make_process_directory(PseudoFs& fs, ThreadGroup& group)
{
    uid_t uid = 0;
    gid_t gid = 0;
    owner_of(group, uid, gid);
    auto directory = make_ref<ProcessDirectory>(fs, group, uid, gid);
    fill(*directory, fs, group, group.tgid(), true, uid, gid);
    return directory;
}

Ref<ThreadGroup> process_of_directory(const File& file)
{
    const Path* path = dynamic_cast<const PathFile*>(&file) ? nullptr : file.path(); // O_PATH does not serve (tgid_pidfd_to_pid)
    const auto* directory = path && path->dentry ? dynamic_cast<const ProcessDirectory*>(&path->inode()) : nullptr;
    return directory ? Ref<ThreadGroup>(directory->group) : Ref<ThreadGroup>();
}

}
