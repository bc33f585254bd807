// Facts of the whole sandbox: its memory, its processors, its uptime. Numbers are the sandbox's, never the host's.
#include "engine/fs/proc/process.h"

#include "engine/fs/kernel_state.h"
#include "engine/ipc/state.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/cpuid_policy.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"
#include "engine/mm/memory_file.h"

#include <cstring>
#include <fmt/format.h>

namespace ringside::fs {

namespace {

using kernel::Kernel;
constexpr const char* release = "6.1.0-ringside"; // as uname(2) says

std::string meminfo_text(Kernel& kernel)
{
    std::uint64_t total = kernel.total_memory() / 1024;
    std::uint64_t used = std::min(total, kernel.memory().bytes_used() / 1024);
    std::string text;
    auto line = [&text](const char* name, std::uint64_t value) { text += fmt::format("{:<15} {:8} kB\n", std::string(name) + ":", value); };
    line("MemTotal", total);
    line("MemFree", total - used);
    line("MemAvailable", total - used);
    for (const char* name : {"Buffers", "Cached", "SwapCached", "Active", "Inactive", "SwapTotal", "SwapFree", "Dirty", "Writeback"})
        line(name, 0);
    line("AnonPages", used);
    for (const char* name : {"Mapped", "Shmem", "Slab", "SReclaimable", "SUnreclaim", "KernelStack", "PageTables"})
        line(name, 0);
    line("CommitLimit", total);
    line("Committed_AS", used);
    line("VmallocTotal", 34359738367);
    line("VmallocUsed", 0);
    return text;
}

/// The processor's own name, by CPUID.
std::string brand()
{
    if (kernel::host_cpuid(0x80000000, 0).eax < 0x80000004)
        return "unknown";
    std::array<kernel::CpuidAnswer, 3> words {};
    for (unsigned leaf = 0; leaf < 3; ++leaf)
        words[leaf] = kernel::host_cpuid(0x80000002 + leaf, 0);
    std::string text(reinterpret_cast<const char*>(words.data()), sizeof words);
    text.resize(strnlen(text.c_str(), sizeof words));
    std::size_t start = text.find_first_not_of(' ');
    return start == std::string::npos ? text : text.substr(start);
}

std::string cpuinfo_text(int processors)
{
    std::string vendor_id = kernel::cpu_vendor(kernel::host_cpuid(0, 0));
    const auto [a, b, c, d] = kernel::host_cpuid(1, 0);
    unsigned family = (a >> 8 & 15) + ((a >> 8 & 15) == 15 ? a >> 20 & 255 : 0);
    unsigned model = (a >> 4 & 15) | (a >> 12 & 0xf0);
    std::string flags;
    struct Flag {
        const char* name;
        unsigned word, bit;
    };
    for (const Flag& flag : {Flag {"fpu", d, 0}, {"tsc", d, 4}, {"cx8", d, 8}, {"cmov", d, 15}, {"mmx", d, 23}, {"fxsr", d, 24}, {"sse", d, 25}, {"sse2", d, 26}, {"ht", d, 28},
             {"pni", c, 0}, {"pclmulqdq", c, 1}, {"ssse3", c, 9}, {"fma", c, 12}, {"cx16", c, 13}, {"sse4_1", c, 19}, {"sse4_2", c, 20}, {"movbe", c, 22}, {"popcnt", c, 23},
             {"aes", c, 25}, {"xsave", c, 26}, {"avx", c, 28}, {"f16c", c, 29}, {"rdrand", c, 30}})
        if (flag.word >> flag.bit & 1)
            flags += std::string(flags.empty() ? "" : " ") + flag.name;
    flags += " syscall nx lm";
    std::string text;
    for (int i = 0; i < processors; ++i)
        text += fmt::format("processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: {}\nstepping\t: {}\ncpu MHz\t\t: 2000.000\n"
                            "cache size\t: 1024 KB\nphysical id\t: 0\nsiblings\t: {}\ncore id\t\t: {}\ncpu cores\t: {}\napicid\t\t: {}\nfpu\t\t: yes\n"
                            "fpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: {}\nbogomips\t: 4000.00\nclflush size\t: 64\n"
                            "cache_alignment\t: 64\naddress sizes\t: 48 bits physical, 48 bits virtual\npower management:\n\n",
            i, vendor_id, family, model, brand(), a & 15, processors, i, processors, i, flags);
    return text;
}

std::string stat_text(Kernel& kernel)
{
    kernel::Usage usage;
    std::size_t running = 0;
    for (const auto& [pid, group] : kernel.processes().groups()) {
        usage.add(group->total_usage());
        for (Task* task : group->tasks())
            running += task->state_letter() == 'R';
    }
    auto ticks = [](kernel::Nanoseconds time) { return time / 10'000'000; };
    auto up = kernel::monotonic_now() - kernel.boot_time;
    int processors = kernel.options().processors;
    std::uint64_t busy = ticks(usage.user + usage.system), all = ticks(up) * static_cast<std::uint64_t>(processors);
    std::uint64_t idle = all > busy ? all - busy : 0;
    std::string text = fmt::format("cpu  {} 0 {} {} 0 0 0 0 0 0\n", ticks(usage.user), ticks(usage.system), idle);
    for (int i = 0; i < processors; ++i) {
        auto count = static_cast<std::uint64_t>(processors);
        text += fmt::format("cpu{} {} 0 {} {} 0 0 0 0 0 0\n", i, ticks(usage.user) / count, ticks(usage.system) / count, idle / count);
    }
    text += fmt::format("intr 0\nctxt 0\nbtime {}\nprocesses {}\nprocs_running {}\nprocs_blocked 0\n", (kernel::realtime_now() - up) / kernel::second, kernel.forks + 1, running);
    return text;
}

std::string loadavg_text(Kernel& kernel)
{
    std::size_t running = 0, all = 0;
    int last = 0;
    for (const auto& [tid, task] : kernel.processes().tasks()) {
        ++all;
        running += task->state_letter() == 'R';
        last = std::max(last, tid);
    }
    return fmt::format("0.00 0.00 0.00 {}/{} {}\n", running, all, last);
}

/// Version-4 UUID of random bytes.
Result<std::string> uuid(Kernel& kernel)
{
    std::array<unsigned char, 16> bytes {};
    kernel.random(std::as_writable_bytes(std::span(bytes)));
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    return text + "\n";
}

/// A file that tells a number which holds for as long as the kernel runs.
void add_limit(PseudoDirectory& directory, const char* name, std::uint64_t limit)
{
    directory.add_text(name, constant(fmt::format("{}\n", limit)));
}

void add_settings(PseudoDirectory& root, Kernel& kernel)
{
    auto sys = root.add_directory("sys");
    auto settings = sys->add_directory("kernel");
    settings->add_text("hostname", [&kernel](Task&) -> Result<std::string> { return kernel.hostname + "\n"; });
    settings->add_text("domainname", [&kernel](Task&) -> Result<std::string> { return kernel.domainname + "\n"; });
    settings->add_text("ostype", constant("Linux\n"));
    settings->add_text("osrelease", constant(std::string(release) + "\n"));
    settings->add_text("version", constant("#1 SMP PREEMPT_DYNAMIC Ringside\n"));
    settings->add_text("pid_max", constant("4194304\n"));
    settings->add_text("sem", constant(fmt::format("{}\t{}\t{}\t{}\n", ipc::semaphores_max, ipc::semaphores_all, ipc::semaphore_operations_max, ipc::semaphore_sets_max)));
    add_limit(*settings, "msgmax", ipc::message_max);
    add_limit(*settings, "msgmnb", ipc::message_queue_bytes);
    add_limit(*settings, "msgmni", ipc::message_queues_max);
    add_limit(*settings, "shmmax", ipc::segment_bytes_max);
    add_limit(*settings, "shmall", ipc::segment_bytes_max);
    add_limit(*settings, "shmmni", ipc::segments_max);
    settings->add_text("threads-max", constant("32768\n"));
    settings->add_text("cap_last_cap", constant("40\n"));
    settings->add_text("ngroups_max", constant("65536\n"));
    settings->add_text("randomize_va_space", constant("2\n"));
    settings->add_text("core_pattern", constant("core\n"));
    settings->add_text("overflowuid", constant(fmt::format("{}\n", kernel::overflow_id)));
    settings->add_text("overflowgid", constant(fmt::format("{}\n", kernel::overflow_id)));
    auto random = settings->add_directory("random");
    random->add_text("uuid", [&kernel](Task&) { return uuid(kernel); });
    random->add_text("entropy_avail", constant("256\n"));
    random->add_text("poolsize", constant("256\n"));
    auto boot_id = std::make_shared<std::string>();
    random->add_text("boot_id", [&kernel, boot_id](Task&) -> Result<std::string> {
        if (boot_id->empty())
            *boot_id = TRY(uuid(kernel));
        return *boot_id;
    });
    auto memory = sys->add_directory("vm");
    memory->add_text("overcommit_memory", constant("0\n"));
    memory->add_text("overcommit_ratio", constant("50\n"));
    memory->add_text("max_map_count", constant("65530\n"));
    memory->add_text("mmap_min_addr", constant("65536\n"));
    memory->add_text("swappiness", constant("60\n"));
    add_net_settings(*sys);
    auto files = sys->add_directory("fs");
    files->add_text("file-max", constant("9223372036854775807\n"));
    files->add_text("nr_open", constant("1048576\n"));
    files->add_text("pipe-max-size", constant("1048576\n"));
    auto inotify = files->add_directory("inotify");
    add_limit(*inotify, "max_queued_events", Inotify::max_events);
    add_limit(*inotify, "max_user_instances", Inotify::max_instances);
    add_limit(*inotify, "max_user_watches", Inotify::max_watches);
    files->add_text("protected_symlinks", constant("0\n"));
    files->add_text("protected_hardlinks", constant("0\n"));
}

}

void add_system_files(PseudoDirectory& root, Vfs&)
{
    Kernel& kernel = root.pseudo_fs().kernel;
    root.add_text("meminfo", [&kernel](Task&) -> Result<std::string> { return meminfo_text(kernel); });
    root.add_text("cpuinfo", [&kernel](Task&) -> Result<std::string> { return cpuinfo_text(kernel.options().processors); });
    root.add_text("stat", [&kernel](Task&) -> Result<std::string> { return stat_text(kernel); });
    root.add_text("uptime", [&kernel](Task&) -> Result<std::string> {
        double up = static_cast<double>(kernel::monotonic_now() - kernel.boot_time) / 1e9;
        return fmt::format("{:.2f} {:.2f}\n", up, up);
    });
    root.add_text("loadavg", [&kernel](Task&) -> Result<std::string> { return loadavg_text(kernel); });
    root.add_text("version", constant(fmt::format("Linux version {} (ringside) #1 SMP PREEMPT_DYNAMIC Ringside\n", release)));
    root.add_text("filesystems", constant("nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tdevpts\nnodev\toverlay\nnodev\tpipefs\n"));
    root.add_text("cmdline", constant("ringside\n"));
    root.add_text("swaps", constant("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"));
    root.add_text("devices", constant("Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n\nBlock devices:\n"));
    root.add_text("partitions", constant("major minor  #blocks  name\n\n"));
    root.add_text("modules", constant(""));
    root.add_text("vmstat", constant("nr_free_pages 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n"));
    root.add_text("diskstats", constant(""));
    root.add_text("locks", constant(""));
    root.add_directory("tty")->add_text("drivers", constant("/dev/tty             /dev/tty        5       0 system:/dev/tty\npty_slave            /dev/pts      136 0-1048575 pty:slave\n"));
    add_settings(root, kernel);
    auto ipc = root.add_directory("sysvipc");
    ipc->add_text("sem", [&kernel](Task&) -> Result<std::string> { return ipc::semaphores_text(kernel); });
    ipc->add_text("msg", [&kernel](Task&) -> Result<std::string> { return ipc::messages_text(kernel); });
    ipc->add_text("shm", [&kernel](Task&) -> Result<std::string> { return ipc::segments_text(kernel); });
}

void add_sys_files(PseudoDirectory& root)
{
    int processors = root.pseudo_fs().kernel.options().processors;
    std::string all = processors == 1 ? "0\n" : fmt::format("0-{}\n", processors - 1);
    auto cpu = root.add_directory("devices")->add_directory("system")->add_directory("cpu");
    for (const char* name : {"online", "possible", "present"})
        cpu->add_text(name, constant(all));
    cpu->add_text("offline", constant("\n"));
    cpu->add_text("kernel_max", constant(fmt::format("{}\n", processors - 1)));
    for (int i = 0; i < processors; ++i)
        cpu->add_directory(fmt::format("cpu{}", i))->add_text("online", constant("1\n"));
    for (const char* name : {"block", "bus", "dev", "firmware", "fs", "kernel", "module", "power"})
        root.add_directory(name);
    add_net_class(*root.add_directory("class"));
}

}
