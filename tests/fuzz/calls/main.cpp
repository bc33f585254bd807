// Random programs of system calls, for comparison between two kernels: each seed is a program of its own process,
// in a scratch directory of its own, and prints a line for each call. Static: nothing but its own calls is seen.
//   call-fuzz FIRST LAST STEPS GROUPS [STEP,STEP…]
// GROUPS is "all" or names with commas; the last argument keeps these steps only.
#include "machine.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <cerrno>
#include <utility>
#include <unistd.h>

namespace fuzz {
namespace {

Entry chosen[256];
int chosen_count;
long total_weight;

bool named(const char* list, const char* group)
{
    if (strcmp(list, "all") == 0)
        return true;
    size_t bytes = strlen(group);
    for (const char* at = list; (at = strstr(at, group)); ++at)
        if ((at == list || at[-1] == ',') && (at[bytes] == ',' || at[bytes] == 0))
            return true;
    return false;
}

void choose(const char* groups)
{
    for (std::span<const Entry> some : {file_steps(), name_steps(), descriptor_steps(), memory_steps(), signal_steps(), process_steps(), network_steps(), waiting_steps(), ipc_steps()})
        for (const Entry& entry : some)
            if (named(groups, entry.group)) {
                chosen[chosen_count++] = entry;
                total_weight += entry.weight;
            }
    if (chosen_count == 0) {
        fprintf(stderr, "call-fuzz: no such group: %s\n", groups);
        exit(2);
    }
}

void make_file(const char* name, int bytes)
{
    char data[9000];
    for (int i = 0; i < bytes; ++i)
        data[i] = static_cast<char>(i * 7 + i / 256 + name[0]);
    int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (fd < 0 || write(fd, data, static_cast<size_t>(bytes)) != bytes)
        _exit(97);
    close(fd);
}

// Six directories deep: no name that a step makes leads above the scratch directory.
void enter_scratch(unsigned long seed)
{
    char name[64];
    snprintf(name, sizeof name, "call-fuzz-%lu", seed);
    for (const char* level : {static_cast<const char*>(name), "1", "2", "3", "4", "5"})
        if ((mkdir(level, 0755) < 0 && errno != EEXIST) || chdir(level) < 0)
            _exit(96);
    make_file("a", 5000);
    make_file("b", 100);
    make_file("c", 0);
    make_file("f", 8192);
    if (mkdir("d", 0755) || mkdir("d/e", 0755) || symlink("a", "l") || symlink("d", "dl") || symlink("loop", "loop") || mkfifo("p", 0644))
        _exit(95);
    make_file("d/a", 300);
    make_file("d/e/a", 10);
}

void set_up(unsigned long seed)
{
    setsid();
    umask(022);
    if (dup2(STDOUT_FILENO, out_fd) < 0)
        _exit(94);
    enter_scratch(seed);
    int probe = memfd_create("probe", 0);
    dup2(probe, probe_fd);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; ++i)
        dup2(null, i);
    close_range(3, out_fd - 1, 0);
    for (auto [resource, limit] : {std::pair{RLIMIT_CORE, 0L}, {RLIMIT_NOFILE, 1024L}, {RLIMIT_FSIZE, 1L << 32}, {RLIMIT_MEMLOCK, 1L << 16}, {RLIMIT_NICE, 0L}, {RLIMIT_RTPRIO, 0L},
             {RLIMIT_SIGPENDING, 1000L}, {RLIMIT_MSGQUEUE, 100000L}}) {
        rlimit both{static_cast<rlim_t>(limit), static_cast<rlim_t>(limit)};
        setrlimit(resource, &both);
    }
    // Not every host gives root this one.
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct capabilities[2];
    if (syscall(SYS_capget, &header, capabilities) == 0) {
        for (auto* word : {&capabilities[0].effective, &capabilities[0].permitted, &capabilities[0].inheritable})
            *word &= ~(1u << CAP_SYS_RESOURCE);
        syscall(SYS_capset, &header, capabilities);
    }
    setpriority(PRIO_PROCESS, 0, 19);
    for (int number = 1; number <= 64; ++number)
        signal(number, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    set_up_memory();
}

bool kept(const char* list, long step)
{
    if (!list)
        return true;
    for (const char* at = list; *at;) {
        char* end;
        if (strtol(at, &end, 10) == step)
            return true;
        if (end == at)
            return false;
        at = *end == ',' ? end + 1 : end;
    }
    return false;
}

void remove_leftovers()
{
    for (int i = 0; i < leftovers->counts[0]; ++i)
        shmctl(leftovers->ids[0][i], IPC_RMID, nullptr);
    for (int i = 0; i < leftovers->counts[1]; ++i)
        semctl(leftovers->ids[1][i], 0, IPC_RMID);
    for (int i = 0; i < leftovers->counts[2]; ++i)
        msgctl(leftovers->ids[2][i], IPC_RMID, nullptr);
    *leftovers = {};
}

void run_seed(unsigned long seed, long steps, const char* only)
{
    dprintf(STDOUT_FILENO, "seed %lu\n", seed);
    pid_t child = fork();
    if (child < 0)
        exit(3);
    if (child == 0) {
        set_up(seed);
        current_seed = seed;
        for (long step = 0; step < steps; ++step)
            if (kept(only, step))
                run_step(seed, step, 0);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        ;
    dprintf(STDOUT_FILENO, "end %lu status %x\n", seed, static_cast<unsigned>(status));
    remove_leftovers();
}

}

void run_step(std::uint64_t seed, long step, int depth)
{
    memset(reinterpret_cast<void*>(arena), 0xa5, arena_size);
    memset(reinterpret_cast<void*>(edge), 0xa5, page);
    Call call(seed, step);
    long at = call.random.below(total_weight);
    for (int i = 0; i < chosen_count; ++i)
        if ((at -= chosen[i].weight) < 0) {
            bool forks = strcmp(chosen[i].group, "fork") == 0;
            if (!forks || depth < 2)
                chosen[i].run(call);
            return;
        }
}

}

int main(int count, char** arguments)
{
    if (count < 5) {
        fprintf(stderr, "usage: call-fuzz FIRST LAST STEPS GROUPS [STEP,STEP...]\n");
        return 2;
    }
    void* shared = mmap(nullptr, fuzz::page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 3;
    fuzz::leftovers = static_cast<fuzz::Leftovers*>(shared);
    fuzz::choose(arguments[4]);
    unsigned long last = strtoul(arguments[2], nullptr, 10);
    for (unsigned long seed = strtoul(arguments[1], nullptr, 10); seed <= last; ++seed)
        fuzz::run_seed(seed, strtol(arguments[3], nullptr, 10), count > 5 ? arguments[5] : nullptr);
    return 0;
}
