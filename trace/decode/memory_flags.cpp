// Flag sets of memory, processes, signals and time. Values: the kernel's uapi headers.
#include "trace/decode/flags.h"

namespace ringside::trace {

namespace {

constexpr FlagName mmap_prot[] = {
    {0x0, "PROT_NONE"}, {0x1, "PROT_READ"}, {0x2, "PROT_WRITE"}, {0x4, "PROT_EXEC"}, {0x8, "PROT_SEM"},
    {0x1000000, "PROT_GROWSDOWN"}, {0x2000000, "PROT_GROWSUP"},
};

constexpr FlagName mmap_flags[] = {
    {0x0, "MAP_FILE", 15}, {0x1, "MAP_SHARED", 15}, {0x2, "MAP_PRIVATE", 15}, {0x3, "MAP_SHARED_VALIDATE", 15},
    {0x10, "MAP_FIXED"}, {0x20, "MAP_ANONYMOUS"}, {0x40, "MAP_32BIT"}, {0x100, "MAP_GROWSDOWN"},
    {0x800, "MAP_DENYWRITE"}, {0x1000, "MAP_EXECUTABLE"}, {0x2000, "MAP_LOCKED"}, {0x4000, "MAP_NORESERVE"},
    {0x8000, "MAP_POPULATE"}, {0x10000, "MAP_NONBLOCK"}, {0x20000, "MAP_STACK"}, {0x40000, "MAP_HUGETLB"},
    {0x80000, "MAP_SYNC"}, {0x100000, "MAP_FIXED_NOREPLACE"},
};

constexpr FlagName mremap_flags[] = {
    {0x1, "MREMAP_MAYMOVE"}, {0x2, "MREMAP_FIXED"}, {0x4, "MREMAP_DONTUNMAP"},
};

constexpr FlagName msync_flags[] = {
    {0x1, "MS_ASYNC"}, {0x2, "MS_INVALIDATE"}, {0x4, "MS_SYNC"},
};

constexpr FlagName mlock_flags[] = {
    {0x1, "MLOCK_ONFAULT"},
};

constexpr FlagName mlockall_flags[] = {
    {0x1, "MCL_CURRENT"}, {0x2, "MCL_FUTURE"}, {0x4, "MCL_ONFAULT"},
};

constexpr FlagName madvise_advice[] = {
    {0, "MADV_NORMAL"}, {1, "MADV_RANDOM"}, {2, "MADV_SEQUENTIAL"}, {3, "MADV_WILLNEED"}, {4, "MADV_DONTNEED"},
    {8, "MADV_FREE"}, {9, "MADV_REMOVE"}, {10, "MADV_DONTFORK"}, {11, "MADV_DOFORK"}, {12, "MADV_MERGEABLE"},
    {13, "MADV_UNMERGEABLE"}, {14, "MADV_HUGEPAGE"}, {15, "MADV_NOHUGEPAGE"}, {16, "MADV_DONTDUMP"},
    {17, "MADV_DODUMP"}, {18, "MADV_WIPEONFORK"}, {19, "MADV_KEEPONFORK"}, {20, "MADV_COLD"}, {21, "MADV_PAGEOUT"},
    {22, "MADV_POPULATE_READ"}, {23, "MADV_POPULATE_WRITE"}, {24, "MADV_DONTNEED_LOCKED"}, {25, "MADV_COLLAPSE"},
    {100, "MADV_HWPOISON"}, {101, "MADV_SOFT_OFFLINE"},
};

constexpr FlagName mempolicy_modes[] = {
    {0x0, "MPOL_DEFAULT", 0x1fff}, {0x1, "MPOL_PREFERRED", 0x1fff}, {0x2, "MPOL_BIND", 0x1fff},
    {0x3, "MPOL_INTERLEAVE", 0x1fff}, {0x4, "MPOL_LOCAL", 0x1fff}, {0x5, "MPOL_PREFERRED_MANY", 0x1fff},
    {0x8000, "MPOL_F_STATIC_NODES"}, {0x4000, "MPOL_F_RELATIVE_NODES"}, {0x2000, "MPOL_F_NUMA_BALANCING"},
};

constexpr FlagName mbind_flags[] = {
    {0x1, "MPOL_MF_STRICT"}, {0x2, "MPOL_MF_MOVE"}, {0x4, "MPOL_MF_MOVE_ALL"},
};

constexpr FlagName get_mempolicy_flags[] = {
    {0x1, "MPOL_F_NODE"}, {0x2, "MPOL_F_ADDR"}, {0x4, "MPOL_F_MEMS_ALLOWED"},
};

constexpr FlagName move_pages_flags[] = {
    {0x2, "MPOL_MF_MOVE"}, {0x4, "MPOL_MF_MOVE_ALL"},
};

constexpr FlagName pkey_access[] = {
    {0x1, "PKEY_DISABLE_ACCESS"}, {0x2, "PKEY_DISABLE_WRITE"},
};

constexpr FlagName clone_flags[] = {
    {0x100, "CLONE_VM"}, {0x200, "CLONE_FS"}, {0x400, "CLONE_FILES"}, {0x800, "CLONE_SIGHAND"}, {0x1000, "CLONE_PIDFD"},
    {0x2000, "CLONE_PTRACE"}, {0x4000, "CLONE_VFORK"}, {0x8000, "CLONE_PARENT"}, {0x10000, "CLONE_THREAD"},
    {0x20000, "CLONE_NEWNS"}, {0x40000, "CLONE_SYSVSEM"}, {0x80000, "CLONE_SETTLS"}, {0x100000, "CLONE_PARENT_SETTID"},
    {0x200000, "CLONE_CHILD_CLEARTID"}, {0x400000, "CLONE_DETACHED"}, {0x800000, "CLONE_UNTRACED"},
    {0x1000000, "CLONE_CHILD_SETTID"}, {0x2000000, "CLONE_NEWCGROUP"}, {0x4000000, "CLONE_NEWUTS"},
    {0x8000000, "CLONE_NEWIPC"}, {0x10000000, "CLONE_NEWUSER"}, {0x20000000, "CLONE_NEWPID"},
    {0x40000000, "CLONE_NEWNET"}, {0x80000000, "CLONE_IO"}, {0x100000000, "CLONE_CLEAR_SIGHAND"},
    {0x200000000, "CLONE_INTO_CGROUP"}, {0x80, "CLONE_NEWTIME"},
};

constexpr FlagName wait_options[] = {
    {0x1, "WNOHANG"}, {0x2, "WSTOPPED"}, {0x4, "WEXITED"}, {0x8, "WCONTINUED"}, {0x1000000, "WNOWAIT"},
    {0x20000000, "__WNOTHREAD"}, {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"},
};

constexpr FlagName waitid_types[] = {
    {0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"},
};

constexpr FlagName sigaction_flags[] = {
    {0x4000000, "SA_RESTORER"}, {0x8000000, "SA_ONSTACK"}, {0x10000000, "SA_RESTART"}, {0x20000000, "SA_INTERRUPT"},
    {0x40000000, "SA_NODEFER"}, {0x80000000, "SA_RESETHAND"}, {0x4, "SA_SIGINFO"}, {0x1, "SA_NOCLDSTOP"},
    {0x2, "SA_NOCLDWAIT"}, {0x800, "SA_EXPOSE_TAGBITS"},
};

constexpr FlagName sigaltstack_flags[] = {
    {0x1, "SS_ONSTACK"}, {0x2, "SS_DISABLE"}, {0x80000000, "SS_AUTODISARM"},
};

constexpr FlagName sigprocmask_how[] = {
    {0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"},
};

constexpr FlagName sigev_notify[] = {
    {0, "SIGEV_SIGNAL"}, {1, "SIGEV_NONE"}, {2, "SIGEV_THREAD"}, {4, "SIGEV_THREAD_ID"},
};

constexpr FlagName itimers[] = {
    {0, "ITIMER_REAL"}, {1, "ITIMER_VIRTUAL"}, {2, "ITIMER_PROF"},
};

constexpr FlagName timer_flags[] = {
    {0x1, "TIMER_ABSTIME"},
};

constexpr FlagName clocks[] = {
    {0, "CLOCK_REALTIME"}, {1, "CLOCK_MONOTONIC"}, {2, "CLOCK_PROCESS_CPUTIME_ID"}, {3, "CLOCK_THREAD_CPUTIME_ID"},
    {4, "CLOCK_MONOTONIC_RAW"}, {5, "CLOCK_REALTIME_COARSE"}, {6, "CLOCK_MONOTONIC_COARSE"}, {7, "CLOCK_BOOTTIME"},
    {8, "CLOCK_REALTIME_ALARM"}, {9, "CLOCK_BOOTTIME_ALARM"}, {10, "CLOCK_SGI_CYCLE"}, {11, "CLOCK_TAI"},
};

constexpr FlagName rlimits[] = {
    {0, "RLIMIT_CPU"}, {1, "RLIMIT_FSIZE"}, {2, "RLIMIT_DATA"}, {3, "RLIMIT_STACK"}, {4, "RLIMIT_CORE"},
    {5, "RLIMIT_RSS"}, {6, "RLIMIT_NPROC"}, {7, "RLIMIT_NOFILE"}, {8, "RLIMIT_MEMLOCK"}, {9, "RLIMIT_AS"},
    {10, "RLIMIT_LOCKS"}, {11, "RLIMIT_SIGPENDING"}, {12, "RLIMIT_MSGQUEUE"}, {13, "RLIMIT_NICE"},
    {14, "RLIMIT_RTPRIO"}, {15, "RLIMIT_RTTIME"},
};

constexpr FlagName rusage_who[] = {
    {0, "RUSAGE_SELF"}, {0xffffffffu, "RUSAGE_CHILDREN"}, {1, "RUSAGE_THREAD"},
};

constexpr FlagName priority_which[] = {
    {0, "PRIO_PROCESS"}, {1, "PRIO_PGRP"}, {2, "PRIO_USER"},
};

constexpr FlagName sched_policies[] = {
    {0x0, "SCHED_OTHER", 0xff}, {0x1, "SCHED_FIFO", 0xff}, {0x2, "SCHED_RR", 0xff}, {0x3, "SCHED_BATCH", 0xff},
    {0x5, "SCHED_IDLE", 0xff}, {0x6, "SCHED_DEADLINE", 0xff}, {0x40000000, "SCHED_RESET_ON_FORK"},
};

constexpr FlagName sched_flags[] = {
    {0x1, "SCHED_FLAG_RESET_ON_FORK"}, {0x2, "SCHED_FLAG_RECLAIM"}, {0x4, "SCHED_FLAG_DL_OVERRUN"},
    {0x8, "SCHED_FLAG_KEEP_POLICY"}, {0x10, "SCHED_FLAG_KEEP_PARAMS"}, {0x20, "SCHED_FLAG_UTIL_CLAMP_MIN"},
    {0x40, "SCHED_FLAG_UTIL_CLAMP_MAX"},
};

constexpr FlagName futex_operations[] = {
    {0x0, "FUTEX_WAIT", 0xff}, {0x1, "FUTEX_WAKE", 0xff}, {0x2, "FUTEX_FD", 0xff}, {0x3, "FUTEX_REQUEUE", 0xff},
    {0x4, "FUTEX_CMP_REQUEUE", 0xff}, {0x5, "FUTEX_WAKE_OP", 0xff}, {0x6, "FUTEX_LOCK_PI", 0xff},
    {0x7, "FUTEX_UNLOCK_PI", 0xff}, {0x8, "FUTEX_TRYLOCK_PI", 0xff}, {0x9, "FUTEX_WAIT_BITSET", 0xff},
    {0xa, "FUTEX_WAKE_BITSET", 0xff}, {0xb, "FUTEX_WAIT_REQUEUE_PI", 0xff}, {0xc, "FUTEX_CMP_REQUEUE_PI", 0xff},
    {0xd, "FUTEX_LOCK_PI2", 0xff}, {0x80, "FUTEX_WAIT_PRIVATE", 0xff}, {0x81, "FUTEX_WAKE_PRIVATE", 0xff},
    {0x82, "FUTEX_FD_PRIVATE", 0xff}, {0x83, "FUTEX_REQUEUE_PRIVATE", 0xff}, {0x84, "FUTEX_CMP_REQUEUE_PRIVATE", 0xff},
    {0x85, "FUTEX_WAKE_OP_PRIVATE", 0xff}, {0x86, "FUTEX_LOCK_PI_PRIVATE", 0xff},
    {0x87, "FUTEX_UNLOCK_PI_PRIVATE", 0xff}, {0x88, "FUTEX_TRYLOCK_PI_PRIVATE", 0xff},
    {0x89, "FUTEX_WAIT_BITSET_PRIVATE", 0xff}, {0x8a, "FUTEX_WAKE_BITSET_PRIVATE", 0xff},
    {0x8b, "FUTEX_WAIT_REQUEUE_PI_PRIVATE", 0xff}, {0x8c, "FUTEX_CMP_REQUEUE_PI_PRIVATE", 0xff},
    {0x8d, "FUTEX_LOCK_PI2_PRIVATE", 0xff}, {0x100, "FUTEX_CLOCK_REALTIME"},
};

constexpr FlagName futex_word_flags[] = {
    {0x80000000, "FUTEX_WAITERS"}, {0x40000000, "FUTEX_OWNER_DIED"},
};

constexpr FlagName membarrier_commands[] = {
    {0, "MEMBARRIER_CMD_QUERY"}, {1, "MEMBARRIER_CMD_GLOBAL"}, {2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"},
    {4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"}, {8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"},
    {16, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"}, {32, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE"},
    {64, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE"}, {128, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ"},
    {256, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ"},
};

constexpr FlagName membarrier_flags[] = {
    {0x1, "MEMBARRIER_CMD_FLAG_CPU"},
};

constexpr FlagName rseq_flags[] = {
    {0x1, "RSEQ_FLAG_UNREGISTER"},
};

constexpr FlagName arch_prctl_codes[] = {
    {0x1001, "ARCH_SET_GS"}, {0x1002, "ARCH_SET_FS"}, {0x1003, "ARCH_GET_FS"}, {0x1004, "ARCH_GET_GS"},
    {0x1011, "ARCH_GET_CPUID"}, {0x1012, "ARCH_SET_CPUID"}, {0x1021, "ARCH_GET_XCOMP_SUPP"},
    {0x1022, "ARCH_GET_XCOMP_PERM"}, {0x1023, "ARCH_REQ_XCOMP_PERM"}, {0x2001, "ARCH_MAP_VDSO_X32"},
    {0x2002, "ARCH_MAP_VDSO_32"}, {0x2003, "ARCH_MAP_VDSO_64"},
};

constexpr FlagName prctl_options[] = {
    {1, "PR_SET_PDEATHSIG"}, {2, "PR_GET_PDEATHSIG"}, {3, "PR_GET_DUMPABLE"}, {4, "PR_SET_DUMPABLE"},
    {5, "PR_GET_UNALIGN"}, {6, "PR_SET_UNALIGN"}, {7, "PR_GET_KEEPCAPS"}, {8, "PR_SET_KEEPCAPS"}, {9, "PR_GET_FPEMU"},
    {10, "PR_SET_FPEMU"}, {11, "PR_GET_FPEXC"}, {12, "PR_SET_FPEXC"}, {13, "PR_GET_TIMING"}, {14, "PR_SET_TIMING"},
    {15, "PR_SET_NAME"}, {16, "PR_GET_NAME"}, {19, "PR_GET_ENDIAN"}, {20, "PR_SET_ENDIAN"}, {21, "PR_GET_SECCOMP"},
    {22, "PR_SET_SECCOMP"}, {23, "PR_CAPBSET_READ"}, {24, "PR_CAPBSET_DROP"}, {25, "PR_GET_TSC"}, {26, "PR_SET_TSC"},
    {27, "PR_GET_SECUREBITS"}, {28, "PR_SET_SECUREBITS"}, {29, "PR_SET_TIMERSLACK"}, {30, "PR_GET_TIMERSLACK"},
    {31, "PR_TASK_PERF_EVENTS_DISABLE"}, {32, "PR_TASK_PERF_EVENTS_ENABLE"}, {33, "PR_MCE_KILL"},
    {34, "PR_MCE_KILL_GET"}, {35, "PR_SET_MM"}, {36, "PR_SET_CHILD_SUBREAPER"}, {37, "PR_GET_CHILD_SUBREAPER"},
    {38, "PR_SET_NO_NEW_PRIVS"}, {39, "PR_GET_NO_NEW_PRIVS"}, {40, "PR_GET_TID_ADDRESS"}, {41, "PR_SET_THP_DISABLE"},
    {42, "PR_GET_THP_DISABLE"}, {43, "PR_MPX_ENABLE_MANAGEMENT"}, {44, "PR_MPX_DISABLE_MANAGEMENT"},
    {45, "PR_SET_FP_MODE"}, {46, "PR_GET_FP_MODE"}, {47, "PR_CAP_AMBIENT"}, {50, "PR_SVE_SET_VL"},
    {51, "PR_SVE_GET_VL"}, {52, "PR_GET_SPECULATION_CTRL"}, {53, "PR_SET_SPECULATION_CTRL"}, {54, "PR_PAC_RESET_KEYS"},
    {55, "PR_SET_TAGGED_ADDR_CTRL"}, {56, "PR_GET_TAGGED_ADDR_CTRL"}, {57, "PR_SET_IO_FLUSHER"},
    {58, "PR_GET_IO_FLUSHER"}, {59, "PR_SET_SYSCALL_USER_DISPATCH"}, {60, "PR_PAC_SET_ENABLED_KEYS"},
    {61, "PR_PAC_GET_ENABLED_KEYS"}, {62, "PR_SCHED_CORE"}, {0x59616d61, "PR_SET_PTRACER"}, {0x53564d41, "PR_SET_VMA"},
};

constexpr FlagName ptrace_requests[] = {
    {0, "PTRACE_TRACEME"}, {1, "PTRACE_PEEKTEXT"}, {2, "PTRACE_PEEKDATA"}, {3, "PTRACE_PEEKUSER"},
    {4, "PTRACE_POKETEXT"}, {5, "PTRACE_POKEDATA"}, {6, "PTRACE_POKEUSER"}, {7, "PTRACE_CONT"}, {8, "PTRACE_KILL"},
    {9, "PTRACE_SINGLESTEP"}, {12, "PTRACE_GETREGS"}, {13, "PTRACE_SETREGS"}, {14, "PTRACE_GETFPREGS"},
    {15, "PTRACE_SETFPREGS"}, {16, "PTRACE_ATTACH"}, {17, "PTRACE_DETACH"}, {24, "PTRACE_SYSCALL"},
    {31, "PTRACE_SYSEMU"}, {32, "PTRACE_SYSEMU_SINGLESTEP"}, {33, "PTRACE_SINGLEBLOCK"}, {25, "PTRACE_GET_THREAD_AREA"},
    {26, "PTRACE_SET_THREAD_AREA"}, {30, "PTRACE_ARCH_PRCTL"}, {0x4200, "PTRACE_SETOPTIONS"},
    {0x4201, "PTRACE_GETEVENTMSG"}, {0x4202, "PTRACE_GETSIGINFO"}, {0x4203, "PTRACE_SETSIGINFO"},
    {0x4204, "PTRACE_GETREGSET"}, {0x4205, "PTRACE_SETREGSET"}, {0x4206, "PTRACE_SEIZE"}, {0x4207, "PTRACE_INTERRUPT"},
    {0x4208, "PTRACE_LISTEN"}, {0x4209, "PTRACE_PEEKSIGINFO"}, {0x420a, "PTRACE_GETSIGMASK"},
    {0x420b, "PTRACE_SETSIGMASK"}, {0x420c, "PTRACE_SECCOMP_GET_FILTER"}, {0x420d, "PTRACE_SECCOMP_GET_METADATA"},
    {0x420e, "PTRACE_GET_SYSCALL_INFO"}, {0x420f, "PTRACE_GET_RSEQ_CONFIGURATION"},
};

constexpr FlagName capabilities[] = {
    {0, "CAP_CHOWN"}, {1, "CAP_DAC_OVERRIDE"}, {2, "CAP_DAC_READ_SEARCH"}, {3, "CAP_FOWNER"}, {4, "CAP_FSETID"},
    {5, "CAP_KILL"}, {6, "CAP_SETGID"}, {7, "CAP_SETUID"}, {8, "CAP_SETPCAP"}, {9, "CAP_LINUX_IMMUTABLE"},
    {10, "CAP_NET_BIND_SERVICE"}, {11, "CAP_NET_BROADCAST"}, {12, "CAP_NET_ADMIN"}, {13, "CAP_NET_RAW"},
    {14, "CAP_IPC_LOCK"}, {15, "CAP_IPC_OWNER"}, {16, "CAP_SYS_MODULE"}, {17, "CAP_SYS_RAWIO"}, {18, "CAP_SYS_CHROOT"},
    {19, "CAP_SYS_PTRACE"}, {20, "CAP_SYS_PACCT"}, {21, "CAP_SYS_ADMIN"}, {22, "CAP_SYS_BOOT"}, {23, "CAP_SYS_NICE"},
    {24, "CAP_SYS_RESOURCE"}, {25, "CAP_SYS_TIME"}, {26, "CAP_SYS_TTY_CONFIG"}, {27, "CAP_MKNOD"}, {28, "CAP_LEASE"},
    {29, "CAP_AUDIT_WRITE"}, {30, "CAP_AUDIT_CONTROL"}, {31, "CAP_SETFCAP"}, {32, "CAP_MAC_OVERRIDE"},
    {33, "CAP_MAC_ADMIN"}, {34, "CAP_SYSLOG"}, {35, "CAP_WAKE_ALARM"}, {36, "CAP_BLOCK_SUSPEND"},
    {37, "CAP_AUDIT_READ"}, {38, "CAP_PERFMON"}, {39, "CAP_BPF"}, {40, "CAP_CHECKPOINT_RESTORE"},
};

constexpr FlagName capability_versions[] = {
    {0x19980330, "_LINUX_CAPABILITY_VERSION_1"}, {0x20071026, "_LINUX_CAPABILITY_VERSION_2"},
    {0x20080522, "_LINUX_CAPABILITY_VERSION_3"},
};

constexpr FlagName ambient_operations[] = {
    {1, "PR_CAP_AMBIENT_IS_SET"}, {2, "PR_CAP_AMBIENT_RAISE"}, {3, "PR_CAP_AMBIENT_LOWER"},
    {4, "PR_CAP_AMBIENT_CLEAR_ALL"},
};

constexpr FlagName mm_options[] = {
    {1, "PR_SET_MM_START_CODE"}, {2, "PR_SET_MM_END_CODE"}, {3, "PR_SET_MM_START_DATA"}, {4, "PR_SET_MM_END_DATA"},
    {5, "PR_SET_MM_START_STACK"}, {6, "PR_SET_MM_START_BRK"}, {7, "PR_SET_MM_BRK"}, {8, "PR_SET_MM_ARG_START"},
    {9, "PR_SET_MM_ARG_END"}, {10, "PR_SET_MM_ENV_START"}, {11, "PR_SET_MM_ENV_END"}, {12, "PR_SET_MM_AUXV"},
    {13, "PR_SET_MM_EXE_FILE"}, {14, "PR_SET_MM_MAP"}, {15, "PR_SET_MM_MAP_SIZE"},
};

constexpr FlagName kcmp_types[] = {
    {0, "KCMP_FILE"}, {1, "KCMP_VM"}, {2, "KCMP_FILES"}, {3, "KCMP_FS"}, {4, "KCMP_SIGHAND"}, {5, "KCMP_IO"},
    {6, "KCMP_SYSVSEM"}, {7, "KCMP_EPOLL_TFD"},
};

constexpr FlagName pidfd_open_flags[] = {
    {0x800, "PIDFD_NONBLOCK"},
};

constexpr FlagName getrandom_flags[] = {
    {0x1, "GRND_NONBLOCK"}, {0x2, "GRND_RANDOM"}, {0x4, "GRND_INSECURE"},
};

constexpr FlagSet sets[] = {
    {"mmap_prot", mmap_prot, "PROT_???", false},
    {"mmap_flags", mmap_flags, "MAP_???", false},
    {"mremap_flags", mremap_flags, "MREMAP_???", false},
    {"msync_flags", msync_flags, "MS_???", false},
    {"mlock_flags", mlock_flags, "MLOCK_???", false},
    {"mlockall_flags", mlockall_flags, "MCL_???", false},
    {"madvise_advice", madvise_advice, "MADV_???", true},
    {"mempolicy_modes", mempolicy_modes, "MPOL_???", false},
    {"mbind_flags", mbind_flags, "MPOL_MF_???", false},
    {"get_mempolicy_flags", get_mempolicy_flags, "MPOL_F_???", false},
    {"move_pages_flags", move_pages_flags, "MPOL_MF_???", false},
    {"pkey_access", pkey_access, "PKEY_???", false},
    {"clone_flags", clone_flags, "CLONE_???", false},
    {"wait_options", wait_options, "W???", false},
    {"waitid_types", waitid_types, "P_???", true},
    {"sigaction_flags", sigaction_flags, "SA_???", false},
    {"sigaltstack_flags", sigaltstack_flags, "SS_???", false},
    {"sigprocmask_how", sigprocmask_how, "SIG_???", true},
    {"sigev_notify", sigev_notify, "SIGEV_???", true},
    {"itimers", itimers, "ITIMER_???", true},
    {"timer_flags", timer_flags, "TIMER_???", false},
    {"clocks", clocks, "CLOCK_???", true},
    {"rlimits", rlimits, "RLIMIT_???", true},
    {"rusage_who", rusage_who, "RUSAGE_???", true},
    {"priority_which", priority_which, "PRIO_???", true},
    {"sched_policies", sched_policies, "SCHED_???", false},
    {"sched_flags", sched_flags, "SCHED_FLAG_???", false},
    {"futex_operations", futex_operations, "FUTEX_???", false},
    {"futex_word_flags", futex_word_flags, "", false},
    {"membarrier_commands", membarrier_commands, "MEMBARRIER_CMD_???", true},
    {"membarrier_flags", membarrier_flags, "MEMBARRIER_CMD_FLAG_???", false},
    {"rseq_flags", rseq_flags, "RSEQ_FLAG_???", false},
    {"arch_prctl_codes", arch_prctl_codes, "ARCH_???", true},
    {"prctl_options", prctl_options, "PR_???", true},
    {"ptrace_requests", ptrace_requests, "PTRACE_???", true},
    {"capabilities", capabilities, "CAP_???", true},
    {"capability_versions", capability_versions, "_LINUX_CAPABILITY_VERSION_?", true},
    {"ambient_operations", ambient_operations, "PR_CAP_AMBIENT_???", true},
    {"mm_options", mm_options, "PR_SET_MM_???", true},
    {"kcmp_types", kcmp_types, "KCMP_???", true},
    {"pidfd_open_flags", pidfd_open_flags, "PIDFD_???", false},
    {"getrandom_flags", getrandom_flags, "GRND_???", false},
};

}

std::span<const FlagSet> memory_flags()
{
    return sets;
}

}
