// What the system is: uname(2), sysinfo(2), sethostname(2), setdomainname(2), syslog(2).

#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/mm/memory_file.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <cstring>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

namespace ringside::syscalls {

namespace {

/// What the guest's kernel calls itself: the version whose behaviour it follows.
constexpr const char* release = "6.1.0-ringside";
constexpr const char* version = "#1 SMP PREEMPT_DYNAMIC Ringside " RINGSIDE_VERSION;

Result<long> uname(Task& task, GuestPtr<utsname> to)
{
    utsname names {};
    auto set = [](auto& field, std::string_view text) { std::memcpy(field, text.data(), std::min(text.size(), sizeof field - 1)); };
    set(names.sysname, "Linux");
    set(names.nodename, task.kernel().hostname);
    set(names.release, release);
    set(names.version, version);
    set(names.machine, "x86_64");
    set(names.domainname, task.kernel().domainname);
    TRY(task.copy_out(to, names));
    return 0;
}

Result<long> sysinfo(Task& task, GuestPtr<struct sysinfo> to)
{
    struct sysinfo info {};
    info.uptime = static_cast<long>(kernel::boottime_now() / kernel::second);
    std::uint64_t total = task.kernel().total_memory(), used = task.kernel().memory().bytes_used();
    info.totalram = total;
    info.freeram = total > used ? total - used : 0;
    info.procs = static_cast<unsigned short>(std::min<std::size_t>(task.kernel().processes().tasks().size(), 0xffff));
    info.mem_unit = 1;
    TRY(task.copy_out(to, info));
    return 0;
}

/// Names are the sandbox's own, but nobody needs to change them.
Result<long> sethostname(Task&, GuestPtr<char>, int)
{
    return Errno(EPERM);
}

Result<long> setdomainname(Task&, GuestPtr<char>, int)
{
    return Errno(EPERM);
}

/// No kernel log for the guest, as with kernel.dmesg_restrict.
Result<long> syslog(Task&, int, GuestPtr<char>, int)
{
    return Errno(EPERM);
}

const Register<SYS_uname, uname> r_uname;
const Register<SYS_sysinfo, sysinfo> r_sysinfo;
const Register<SYS_sethostname, sethostname> r_sethostname;
const Register<SYS_setdomainname, setdomainname> r_setdomainname;
const Register<SYS_syslog, syslog> r_syslog;

}

}
