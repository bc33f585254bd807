// The parts of procfs: directories of processes, facts of the system.
#pragma once

#include "engine/fs/proc/node.h"
#include "engine/fs/vfs.h"

namespace ringside::kernel {
class ThreadGroup;
}

namespace ringside::fs {

/// The number that `name` is in decimal without leading zeros, -1 for anything else.
int parse_pid(const std::string& name);
/// /proc/PID.
Ref<Inode> make_process_directory(PseudoFs& fs, kernel::ThreadGroup& group);
/// The process whose /proc/PID is open in `file`; null where it is something else.
Ref<kernel::ThreadGroup> process_of_directory(const File& file);
/// /proc/PID/fd and fdinfo.
Ref<Inode> make_descriptor_directory(PseudoFs& fs, int pid, bool info, uid_t uid, gid_t gid);
/// /proc/meminfo, cpuinfo, stat, sys/…
void add_system_files(PseudoDirectory& root, Vfs& vfs);
void add_sys_files(PseudoDirectory& root);
/// /proc/PID/net, /proc/sys/net, /sys/class/net.
Ref<Inode> make_net_directory(PseudoFs& fs);
void add_net_settings(PseudoDirectory& settings);
void add_net_class(PseudoDirectory& classes);
/// /proc/PID/mounts and mountinfo, as seen from the task's root.
std::string mounts_text(Task& task, const Vfs& vfs);
std::string mountinfo_text(Task& task, const Vfs& vfs);
/// /proc/PID/maps.
Result<std::string> maps_text(Task& target);

}
