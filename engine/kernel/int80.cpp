// The table of i386 numbers (arch/x86/entry/syscalls/syscall_32.tbl).

#include "engine/kernel/int80.h"

#include <algorithm>
#include <array>
#include <sys/syscall.h>

namespace ringside::kernel {

namespace {

struct Pair {
    std::uint32_t i386;
    int native;
};

constexpr std::array pairs {
    Pair {1, SYS_exit}, Pair {2, SYS_fork}, Pair {3, SYS_read}, Pair {4, SYS_write}, Pair {5, SYS_open}, Pair {6, SYS_close},
    Pair {8, SYS_creat}, Pair {9, SYS_link}, Pair {10, SYS_unlink}, Pair {12, SYS_chdir}, Pair {14, SYS_mknod}, Pair {15, SYS_chmod},
    Pair {19, SYS_lseek}, Pair {20, SYS_getpid}, Pair {24, SYS_getuid}, Pair {27, SYS_alarm}, Pair {29, SYS_pause}, Pair {33, SYS_access},
    Pair {36, SYS_sync}, Pair {37, SYS_kill}, Pair {38, SYS_rename}, Pair {39, SYS_mkdir}, Pair {40, SYS_rmdir}, Pair {41, SYS_dup},
    Pair {42, SYS_pipe}, Pair {45, SYS_brk}, Pair {47, SYS_getgid}, Pair {49, SYS_geteuid}, Pair {50, SYS_getegid}, Pair {57, SYS_setpgid},
    Pair {60, SYS_umask}, Pair {61, SYS_chroot}, Pair {63, SYS_dup2}, Pair {64, SYS_getppid}, Pair {65, SYS_getpgrp}, Pair {66, SYS_setsid},
    Pair {83, SYS_symlink}, Pair {85, SYS_readlink}, Pair {91, SYS_munmap}, Pair {92, SYS_truncate}, Pair {93, SYS_ftruncate},
    Pair {94, SYS_fchmod}, Pair {96, SYS_getpriority}, Pair {97, SYS_setpriority}, Pair {118, SYS_fsync}, Pair {125, SYS_mprotect},
    Pair {132, SYS_getpgid}, Pair {133, SYS_fchdir}, Pair {143, SYS_flock}, Pair {147, SYS_getsid}, Pair {148, SYS_fdatasync},
    Pair {158, SYS_sched_yield}, Pair {183, SYS_getcwd}, Pair {190, SYS_vfork}, Pair {199, SYS_getuid}, Pair {200, SYS_getgid},
    Pair {201, SYS_geteuid}, Pair {202, SYS_getegid}, Pair {219, SYS_madvise}, Pair {224, SYS_gettid}, Pair {238, SYS_tkill},
    Pair {252, SYS_exit_group}, Pair {258, SYS_set_tid_address}, Pair {270, SYS_tgkill}, Pair {295, SYS_openat}, Pair {328, SYS_eventfd2},
    Pair {330, SYS_dup3}, Pair {331, SYS_pipe2}, Pair {355, SYS_getrandom}, Pair {436, SYS_close_range},
};

}

platform::Registers native_call(const platform::Registers& r)
{
    auto low = [](std::uint64_t value) { return value & 0xffff'ffff; };
    platform::Registers native = r;
    auto found = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& pair) { return pair.i386 == low(r.rax); });
    native.rax = static_cast<std::uint64_t>(static_cast<std::int64_t>(found == pairs.end() ? -1 : found->native));
    native.rdi = low(r.rbx);
    native.rsi = low(r.rcx);
    native.rdx = low(r.rdx);
    native.r10 = low(r.rsi);
    native.r8 = low(r.rdi);
    native.r9 = low(r.rbp);
    // An offset is signed, and 32 bits of it were given.
    if (found != pairs.end() && found->native == SYS_lseek)
        native.rsi = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(r.rcx)));
    return native;
}

}
