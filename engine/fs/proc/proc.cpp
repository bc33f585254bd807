// The root of /proc: the processes, self, and facts of the whole sandbox; and /sys as far as programs count processors.
#include "engine/fs/proc/proc.h"

#include "engine/fs/proc/process.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/mount.h>

namespace ringside::fs {

namespace {

class ProcRoot final : public PseudoDirectory {
public:
    explicit ProcRoot(PseudoFs& fs) : PseudoDirectory(fs) { }

    Result<Attributes> attributes(Task& task, Age age) override
    {
        Attributes result = TRY(PseudoDirectory::attributes(task, age));
        result.links += fs_->kernel.processes().groups().size();
        return result;
    }

protected:
    Result<Ref<Inode>> find(Task&, const std::string& name) override
    {
        int pid = parse_pid(name);
        kernel::ProcessTable& table = fs_->kernel.processes();
        if (kernel::ThreadGroup* group = table.group(pid))
            return make_process_directory(*fs_, *group);
        if (kernel::Task* task = table.task(pid)) // /proc/TID is there, though not listed
            return make_process_directory(*fs_, task->group());
        return Errno(ENOENT);
    }
    Result<std::vector<DirectoryEntry>> more(Task&) override
    {
        std::vector<DirectoryEntry> result;
        for (const auto& [pid, group] : fs_->kernel.processes().groups())
            result.push_back({std::to_string(pid), static_cast<ino_t>(pid) + 0x10000, DT_DIR});
        return result;
    }
};

}

int parse_pid(const std::string& name)
{
    if (name.empty() || name.size() > 9 || name[0] == '0' || name.find_first_not_of("0123456789") != std::string::npos)
        return -1;
    int value = 0;
    for (char digit : name)
        value = value * 10 + (digit - '0');
    return value;
}

Result<void> mount_proc(kernel::Kernel& kernel, Vfs& vfs, const MountAt& mount)
{
    auto proc = make_ref<PseudoFs>(kernel, "proc", vfs.next_device(), static_cast<long>(PROC_SUPER_MAGIC));
    auto root = make_ref<ProcRoot>(*proc);
    root->add("self", make_ref<LinkNode>(*proc, [](Task& task) -> Result<std::string> { return std::to_string(task.group().tgid()); }));
    root->add("thread-self", make_ref<LinkNode>(*proc, [](Task& task) -> Result<std::string> {
        return std::to_string(task.group().tgid()) + "/task/" + std::to_string(task.tid());
    }));
    root->add("mounts", make_ref<LinkNode>(*proc, [](Task&) -> Result<std::string> { return std::string("self/mounts"); }));
    root->add("net", make_ref<LinkNode>(*proc, [](Task&) -> Result<std::string> { return std::string("self/net"); }));
    add_system_files(*root, vfs);
    TRY(mount("/proc", proc, root, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""));

    auto sys = make_ref<PseudoFs>(kernel, "sysfs", vfs.next_device(), static_cast<long>(SYSFS_MAGIC));
    auto sys_root = make_ref<PseudoDirectory>(*sys);
    add_sys_files(*sys_root);
    return mount("/sys", sys, sys_root, "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
}

}
