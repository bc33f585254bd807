// What the system says of itself: uname, random numbers, limits, memory, processors, names. (each call's man page)
#include "guest_test.h"

#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

GUEST_TEST("uname's fields are there")
{
    utsname names{};
    expect_ok(uname(&names));
    expect_eq("Linux", std::string(names.sysname));
    expect_eq("x86_64", std::string(names.machine));
    expect(names.release[0] >= '4' && names.release[0] <= '9', "a release");
    expect(names.version[0] == '#', "a version");
    expect(names.nodename[0] != 0, "a node name");
    char host[65] = {};
    expect_ok(gethostname(host, sizeof host));
    expect_eq(std::string(names.nodename), std::string(host));
}

GUEST_TEST("random numbers are random")
{
    unsigned char first[64] = {}, second[64] = {};
    expect_eq(64, getrandom(first, 64, 0));
    expect_eq(64, getrandom(second, 64, GRND_NONBLOCK));
    expect(memcmp(first, second, 64) != 0, "two answers differ");
    expect_eq(0, getrandom(first, 0, 0));
    expect_errno(EINVAL, getrandom(first, 8, 0x100));
    int fd = expect_ok(open("/dev/urandom", O_RDONLY));
    expect_eq(64, read(fd, first, 64));
    expect(memcmp(first, second, 64) != 0, "so does the device");
}

GUEST_TEST("/dev/null, /dev/zero, /dev/full")
{
    char buffer[16];
    memset(buffer, 7, sizeof buffer);
    int null = expect_ok(open("/dev/null", O_RDWR));
    expect_eq(0, read(null, buffer, 16));
    expect_eq(16, write(null, buffer, 16));
    int zero = expect_ok(open("/dev/zero", O_RDWR));
    expect_eq(16, read(zero, buffer, 16));
    expect_eq(0, buffer[0] | buffer[15]);
    int full = expect_ok(open("/dev/full", O_RDWR));
    expect_errno(ENOSPC, write(full, buffer, 1));
    struct stat st{};
    expect_ok(stat("/dev/null", &st));
    expect(S_ISCHR(st.st_mode), "a character device");
    expect_eq(0x103, st.st_rdev);
}

GUEST_TEST("limits: get, lower, and not raise without rights")
{
    rlimit limit{};
    for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
        expect_ok(getrlimit(static_cast<__rlimit_resource>(resource), &limit));
        expect(limit.rlim_cur <= limit.rlim_max, "soft below hard");
    }
    expect_errno(EINVAL, syscall(SYS_getrlimit, 16, &limit));
    limit = {10, 20};
    expect_ok(setrlimit(RLIMIT_NOFILE, &limit));
    limit = {};
    expect_ok(getrlimit(RLIMIT_NOFILE, &limit));
    expect_eq(10, limit.rlim_cur);
    expect_eq(20, limit.rlim_max);
    limit = {21, 20};
    expect_errno(EINVAL, setrlimit(RLIMIT_NOFILE, &limit));
    limit = {20, 30};
    if (geteuid() != 0)
        expect_errno(EPERM, setrlimit(RLIMIT_NOFILE, &limit));
    guest::note(guest::fate_of([] {
        rlimit child{};
        getrlimit(RLIMIT_NOFILE, &child);
        return static_cast<int>(child.rlim_cur);
    }));
}

GUEST_TEST("sysinfo and statfs make sense")
{
    struct sysinfo info{};
    expect_ok(sysinfo(&info));
    expect(info.totalram > 0 && info.freeram <= info.totalram && info.mem_unit > 0 && info.procs > 0, "memory and processes");
    struct statfs fs{};
    expect_ok(statfs("/", &fs));
    expect(fs.f_bsize > 0 && fs.f_namelen == 255, "a block size, names of 255 bytes");
    expect_errno(ENOENT, statfs("/no/such", &fs));
}

GUEST_TEST("processors: at least one, and affinity can be set to it")
{
    cpu_set_t set;
    CPU_ZERO(&set);
    expect_ok(sched_getaffinity(0, sizeof set, &set));
    expect(CPU_COUNT(&set) >= 1, "one or more");
    expect(sched_getcpu() >= 0, "one of them runs this");
    expect_ok(sched_setaffinity(0, sizeof set, &set));
    CPU_ZERO(&set);
    expect_errno(EINVAL, sched_setaffinity(0, sizeof set, &set));
    expect_eq(0, sched_yield());
    expect_eq(SCHED_OTHER, sched_getscheduler(0));
    expect_eq(0, sched_get_priority_max(SCHED_OTHER));
    expect_eq(99, sched_get_priority_max(SCHED_FIFO));
}

GUEST_TEST("affinity is kept, inherited and told")
{
    cpu_set_t before, one, after;
    expect_ok(sched_getaffinity(0, sizeof before, &before));
    int last = 0;
    for (int i = 0; i < CPU_SETSIZE; ++i)
        if (CPU_ISSET(i, &before))
            last = i;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    expect_ok(sched_setaffinity(0, sizeof one, &one));
    expect_ok(sched_getaffinity(0, sizeof after, &after));
    expect(CPU_EQUAL(&one, &after), "what was set");
    expect_eq(last, sched_getcpu());
    expect_eq(0, guest::wait_for(guest::in_child([&] {
        cpu_set_t inherited;
        return sched_getaffinity(0, sizeof inherited, &inherited) == 0 && CPU_EQUAL(&one, &inherited) ? 0 : 1;
    })));
    expect_ok(sched_setaffinity(0, sizeof before, &before));
    expect_errno(ESRCH, sched_getaffinity(-1, sizeof after, &after));
    expect_errno(ESRCH, sched_setaffinity(-1, sizeof before, &before));
    expect_errno(EINVAL, syscall(SYS_sched_getaffinity, 0, 1, &after));
}

GUEST_TEST("scheduling policies without priorities are kept")
{
    sched_param none{}, some{};
    some.sched_priority = 1;
    expect_ok(sched_setscheduler(0, SCHED_BATCH, &none));
    expect_eq(SCHED_BATCH, sched_getscheduler(0));
    expect_ok(sched_setparam(0, &none));
    expect_errno(EINVAL, sched_setparam(0, &some));
    expect_eq(0, guest::wait_for(guest::in_child([] { return sched_getscheduler(0) == SCHED_BATCH ? 0 : 1; })));
    expect_ok(sched_setscheduler(0, SCHED_OTHER, &none));
    expect_errno(EINVAL, sched_setscheduler(0, SCHED_OTHER, &some));
    expect_errno(EINVAL, sched_setscheduler(0, 4, &none));
    expect_errno(EINVAL, sched_setscheduler(-1, SCHED_OTHER, &none));
    expect_errno(EINVAL, sched_getscheduler(-1));
    expect_eq(0, guest::wait_for(guest::in_child([&] {
        if (sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none) != 0)
            return 1;
        if (sched_getscheduler(0) != (SCHED_BATCH | SCHED_RESET_ON_FORK))
            return 2;
        return guest::wait_for(guest::in_child([] { return sched_getscheduler(0) == SCHED_BATCH ? 0 : 1; })) == 0 ? 0 : 3;
    })));
    expect_eq(0, guest::wait_for(guest::in_child([&] {
        return sched_setscheduler(0, SCHED_IDLE, &none) == 0 && sched_getscheduler(0) == SCHED_IDLE ? 0 : 1;
    })));
}

GUEST_TEST("nice values")
{
    // The tests themselves may run with a nice value; lowering it further takes no right.
    expect(getpriority(PRIO_PROCESS, 0) >= -20, "a nice value");
    expect_ok(setpriority(PRIO_PROCESS, 0, 19));
    expect_eq(19, getpriority(PRIO_PROCESS, 0));
    guest::note(guest::fate_of([] { return getpriority(PRIO_PROCESS, 0); }));
    expect_errno(EINVAL, getpriority(static_cast<__priority_which>(9), 0));
    expect_errno(ESRCH, getpriority(PRIO_PROCESS, 1 << 22));
}

GUEST_TEST("prctl: names, dumpable, no new privileges, odd options")
{
    char name[17] = {};
    expect_ok(prctl(PR_SET_NAME, "a name of more than fifteen"));
    expect_ok(prctl(PR_GET_NAME, name));
    expect_eq("a name of more ", std::string(name));
    expect_eq(1, prctl(PR_GET_DUMPABLE));
    expect_ok(prctl(PR_SET_DUMPABLE, 0));
    expect_eq(0, prctl(PR_GET_DUMPABLE));
    expect_errno(EINVAL, prctl(PR_SET_DUMPABLE, 7));
    expect_ok(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    expect_eq(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    expect_errno(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    expect_errno(EINVAL, prctl(123456, 0, 0, 0, 0));
    expect_errno(EINVAL, prctl(PR_SET_PDEATHSIG, 999));
}

GUEST_TEST("personality, and getcpu")
{
    expect_eq(0, personality(0xffffffff));
    unsigned cpu = 999999, node = 999999;
    expect_ok(syscall(SYS_getcpu, &cpu, &node, nullptr));
    expect(cpu < 4096 && node < 4096, "small numbers");
}

GUEST_TEST("resource usage grows")
{
    rusage before{}, after{};
    expect_ok(getrusage(RUSAGE_SELF, &before));
    for (volatile long i = 0; i < 30000000; i = i + 1) {
    }
    expect_ok(getrusage(RUSAGE_SELF, &after));
    long spent = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 + after.ru_utime.tv_usec - before.ru_utime.tv_usec;
    expect(spent > 0, "user time was spent");
    expect(after.ru_maxrss > 0, "memory is used");
    expect_errno(EINVAL, getrusage(static_cast<__rusage_who>(77), &after));
}

GUEST_TEST("priorities of input and output are kept, inherited and checked")
{
    auto get = [](int which, int who) { return syscall(SYS_ioprio_get, which, who); };
    auto set = [](int which, int who, int value) { return syscall(SYS_ioprio_set, which, who, value); };
    constexpr int process = 1, group = 2;
    expect_eq(0, set(process, 0, 2 << 13 | 6));
    expect_eq(2 << 13 | 6, get(process, 0));
    expect_eq(2 << 13 | 6, get(process, getpid()));
    guest::note(guest::describe(guest::wait_for(guest::in_child([=] { return get(process, 0) == (2 << 13 | 6) ? 0 : 1; }))));
    expect_eq(0, set(process, 0, 3 << 13));
    expect_eq(3 << 13, get(process, 0));
    expect_eq(0, set(process, 0, 2 << 13 | 8)); // a hint
    expect_errno(EINVAL, set(process, 0, 1));
    expect_errno(EINVAL, set(process, 0, 5 << 13));
    expect_errno(EINVAL, set(9, 0, 2 << 13));
    expect_errno(EINVAL, get(9, 0));
    expect_errno(ESRCH, get(process, 0x3ffffff0));
    expect_errno(ESRCH, set(group, 0x3ffffff0, 2 << 13));
}

GUEST_TEST("what two processes share")
{
    auto same = [](pid_t first, pid_t second, int type, unsigned long one = 0, unsigned long other = 0) {
        long result = syscall(SYS_kcmp, first, second, type, one, other);
        return result == 0 ? "the same" : result > 0 ? "different" : errno == EBADF ? "EBADF" : errno == ESRCH ? "ESRCH" : errno == EINVAL ? "EINVAL" : "another error";
    };
    constexpr int file = 0, memory = 1, files = 2, context = 3;
    int ends[2];
    expect_eq(0, pipe(ends));
    int copy = dup(ends[0]);
    auto number = [](int fd) { return static_cast<unsigned long>(fd); };
    guest::note(same(getpid(), getpid(), file, number(ends[0]), number(copy)));
    guest::note(same(getpid(), getpid(), file, number(ends[0]), number(ends[1])));
    guest::note(same(getpid(), getpid(), file, number(ends[0]), 999));
    guest::note(same(getpid(), 0x3ffffff0, memory));
    guest::note(same(getpid(), getpid(), 99));
    pid_t parent = getpid();
    guest::wait_for(guest::in_child([=] {
        guest::note(same(parent, getpid(), file, number(ends[0]), number(ends[0])));
        for (int type : {memory, files, context})
            guest::note(same(parent, getpid(), type));
        return 0;
    }));
}
