// Flag sets of mounts, ioctls, namespaces and the rarer subsystems. Values: the kernel's uapi headers.
#include "trace/decode/flags.h"

namespace ringside::trace {

namespace {

constexpr FlagName mount_flags[] = {
    {0x1, "MS_RDONLY"}, {0x2, "MS_NOSUID"}, {0x4, "MS_NODEV"}, {0x8, "MS_NOEXEC"}, {0x10, "MS_SYNCHRONOUS"},
    {0x20, "MS_REMOUNT"}, {0x40, "MS_MANDLOCK"}, {0x80, "MS_DIRSYNC"}, {0x100, "MS_NOSYMFOLLOW"}, {0x400, "MS_NOATIME"},
    {0x800, "MS_NODIRATIME"}, {0x1000, "MS_BIND"}, {0x2000, "MS_MOVE"}, {0x4000, "MS_REC"}, {0x8000, "MS_SILENT"},
    {0x10000, "MS_POSIXACL"}, {0x20000, "MS_UNBINDABLE"}, {0x40000, "MS_PRIVATE"}, {0x80000, "MS_SLAVE"},
    {0x100000, "MS_SHARED"}, {0x200000, "MS_RELATIME"}, {0x400000, "MS_KERNMOUNT"}, {0x800000, "MS_I_VERSION"},
    {0x1000000, "MS_STRICTATIME"}, {0x2000000, "MS_LAZYTIME"},
};

constexpr FlagName umount_flags[] = {
    {0x1, "MNT_FORCE"}, {0x2, "MNT_DETACH"}, {0x4, "MNT_EXPIRE"}, {0x8, "UMOUNT_NOFOLLOW"},
};

constexpr FlagName swap_flags[] = {
    {0x8000, "SWAP_FLAG_PREFER"}, {0x10000, "SWAP_FLAG_DISCARD"},
};

constexpr FlagName open_tree_flags[] = {
    {0x1, "OPEN_TREE_CLONE"}, {0x80000, "OPEN_TREE_CLOEXEC"}, {0x100, "AT_SYMLINK_NOFOLLOW"},
    {0x800, "AT_NO_AUTOMOUNT"}, {0x1000, "AT_EMPTY_PATH"}, {0x8000, "AT_RECURSIVE"},
};

constexpr FlagName move_mount_flags[] = {
    {0x1, "MOVE_MOUNT_F_SYMLINKS"}, {0x2, "MOVE_MOUNT_F_AUTOMOUNTS"}, {0x4, "MOVE_MOUNT_F_EMPTY_PATH"},
    {0x10, "MOVE_MOUNT_T_SYMLINKS"}, {0x20, "MOVE_MOUNT_T_AUTOMOUNTS"}, {0x40, "MOVE_MOUNT_T_EMPTY_PATH"},
    {0x100, "MOVE_MOUNT_SET_GROUP"},
};

constexpr FlagName fsopen_flags[] = {
    {0x1, "FSOPEN_CLOEXEC"},
};

constexpr FlagName fspick_flags[] = {
    {0x1, "FSPICK_CLOEXEC"}, {0x2, "FSPICK_SYMLINK_NOFOLLOW"}, {0x4, "FSPICK_NO_AUTOMOUNT"}, {0x8, "FSPICK_EMPTY_PATH"},
};

constexpr FlagName fsmount_flags[] = {
    {0x1, "FSMOUNT_CLOEXEC"},
};

constexpr FlagName fsconfig_commands[] = {
    {0, "FSCONFIG_SET_FLAG"}, {1, "FSCONFIG_SET_STRING"}, {2, "FSCONFIG_SET_BINARY"}, {3, "FSCONFIG_SET_PATH"},
    {4, "FSCONFIG_SET_PATH_EMPTY"}, {5, "FSCONFIG_SET_FD"}, {6, "FSCONFIG_CMD_CREATE"}, {7, "FSCONFIG_CMD_RECONFIGURE"},
};

constexpr FlagName mount_attr_flags[] = {
    {0x1, "MOUNT_ATTR_RDONLY"}, {0x2, "MOUNT_ATTR_NOSUID"}, {0x4, "MOUNT_ATTR_NODEV"}, {0x8, "MOUNT_ATTR_NOEXEC"},
    {0x10, "MOUNT_ATTR_NOATIME"}, {0x20, "MOUNT_ATTR_STRICTATIME"}, {0x80, "MOUNT_ATTR_NODIRATIME"},
    {0x100000, "MOUNT_ATTR_IDMAP"}, {0x200000, "MOUNT_ATTR_NOSYMFOLLOW"},
};

constexpr FlagName fanotify_init_flags[] = {
    {0x0, "FAN_CLASS_NOTIF", 12}, {0x4, "FAN_CLASS_CONTENT", 12}, {0x8, "FAN_CLASS_PRE_CONTENT", 12},
    {0x1, "FAN_CLOEXEC"}, {0x2, "FAN_NONBLOCK"}, {0x10, "FAN_UNLIMITED_QUEUE"}, {0x20, "FAN_UNLIMITED_MARKS"},
    {0x40, "FAN_ENABLE_AUDIT"}, {0x80, "FAN_REPORT_PIDFD"}, {0x100, "FAN_REPORT_TID"}, {0x200, "FAN_REPORT_FID"},
    {0x400, "FAN_REPORT_DIR_FID"}, {0x800, "FAN_REPORT_NAME"}, {0x1000, "FAN_REPORT_TARGET_FID"},
};

constexpr FlagName fanotify_mark_flags[] = {
    {0x1, "FAN_MARK_ADD"}, {0x2, "FAN_MARK_REMOVE"}, {0x4, "FAN_MARK_DONT_FOLLOW"}, {0x8, "FAN_MARK_ONLYDIR"},
    {0x10, "FAN_MARK_MOUNT"}, {0x20, "FAN_MARK_IGNORED_MASK"}, {0x40, "FAN_MARK_IGNORED_SURV_MODIFY"},
    {0x80, "FAN_MARK_FLUSH"}, {0x100, "FAN_MARK_FILESYSTEM"}, {0x200, "FAN_MARK_EVICTABLE"}, {0x400, "FAN_MARK_IGNORE"},
};

constexpr FlagName ipc_keys[] = {
    {0, "IPC_PRIVATE"},
};

constexpr FlagName ipcget_flags[] = {
    {0x200, "IPC_CREAT"}, {0x400, "IPC_EXCL"}, {0x800, "IPC_NOWAIT"},
};

constexpr FlagName shmget_flags[] = {
    {0x200, "IPC_CREAT"}, {0x400, "IPC_EXCL"}, {0x800, "SHM_HUGETLB"}, {0x1000, "SHM_NORESERVE"},
};

constexpr FlagName shmat_flags[] = {
    {0x1000, "SHM_RDONLY"}, {0x2000, "SHM_RND"}, {0x4000, "SHM_REMAP"}, {0x8000, "SHM_EXEC"},
};

constexpr FlagName shmctl_commands[] = {
    {0, "IPC_RMID"}, {1, "IPC_SET"}, {2, "IPC_STAT"}, {3, "IPC_INFO"}, {11, "SHM_LOCK"}, {12, "SHM_UNLOCK"},
    {13, "SHM_STAT"}, {14, "SHM_INFO"}, {15, "SHM_STAT_ANY"},
};

constexpr FlagName semctl_commands[] = {
    {0, "IPC_RMID"}, {1, "IPC_SET"}, {2, "IPC_STAT"}, {3, "IPC_INFO"}, {11, "GETPID"}, {12, "GETVAL"}, {13, "GETALL"},
    {14, "GETNCNT"}, {15, "GETZCNT"}, {16, "SETVAL"}, {17, "SETALL"}, {18, "SEM_STAT"}, {19, "SEM_INFO"},
    {20, "SEM_STAT_ANY"},
};

constexpr FlagName msgctl_commands[] = {
    {0, "IPC_RMID"}, {1, "IPC_SET"}, {2, "IPC_STAT"}, {3, "IPC_INFO"}, {11, "MSG_STAT"}, {12, "MSG_INFO"},
    {13, "MSG_STAT_ANY"},
};

constexpr FlagName msgsnd_flags[] = {
    {0x800, "IPC_NOWAIT"}, {0x1000, "MSG_NOERROR"}, {0x2000, "MSG_EXCEPT"}, {0x4000, "MSG_COPY"},
};

constexpr FlagName sem_flags[] = {
    {0x1000, "SEM_UNDO"}, {0x800, "IPC_NOWAIT"},
};

constexpr FlagName keyrings[] = {
    {0xffffffffu, "KEY_SPEC_THREAD_KEYRING"}, {0xfffffffeu, "KEY_SPEC_PROCESS_KEYRING"},
    {0xfffffffdu, "KEY_SPEC_SESSION_KEYRING"}, {0xfffffffcu, "KEY_SPEC_USER_KEYRING"},
    {0xfffffffbu, "KEY_SPEC_USER_SESSION_KEYRING"}, {0xfffffffau, "KEY_SPEC_GROUP_KEYRING"},
    {0xfffffff9u, "KEY_SPEC_REQKEY_AUTH_KEY"}, {0xfffffff8u, "KEY_SPEC_REQUESTOR_KEYRING"},
};

constexpr FlagName keyctl_operations[] = {
    {0, "KEYCTL_GET_KEYRING_ID"}, {1, "KEYCTL_JOIN_SESSION_KEYRING"}, {2, "KEYCTL_UPDATE"}, {3, "KEYCTL_REVOKE"},
    {4, "KEYCTL_CHOWN"}, {5, "KEYCTL_SETPERM"}, {6, "KEYCTL_DESCRIBE"}, {7, "KEYCTL_CLEAR"}, {8, "KEYCTL_LINK"},
    {9, "KEYCTL_UNLINK"}, {10, "KEYCTL_SEARCH"}, {11, "KEYCTL_READ"}, {12, "KEYCTL_INSTANTIATE"}, {13, "KEYCTL_NEGATE"},
    {14, "KEYCTL_SET_REQKEY_KEYRING"}, {15, "KEYCTL_SET_TIMEOUT"}, {16, "KEYCTL_ASSUME_AUTHORITY"},
    {17, "KEYCTL_GET_SECURITY"}, {18, "KEYCTL_SESSION_TO_PARENT"}, {19, "KEYCTL_REJECT"},
    {20, "KEYCTL_INSTANTIATE_IOV"}, {21, "KEYCTL_INVALIDATE"}, {22, "KEYCTL_GET_PERSISTENT"}, {23, "KEYCTL_DH_COMPUTE"},
    {24, "KEYCTL_PKEY_QUERY"}, {25, "KEYCTL_PKEY_ENCRYPT"}, {26, "KEYCTL_PKEY_DECRYPT"}, {27, "KEYCTL_PKEY_SIGN"},
    {28, "KEYCTL_PKEY_VERIFY"}, {29, "KEYCTL_RESTRICT_KEYRING"}, {30, "KEYCTL_MOVE"}, {31, "KEYCTL_CAPABILITIES"},
    {32, "KEYCTL_WATCH_KEY"},
};

constexpr FlagName ioprio_which[] = {
    {1, "IOPRIO_WHO_PROCESS"}, {2, "IOPRIO_WHO_PGRP"}, {3, "IOPRIO_WHO_USER"},
};

constexpr FlagName syslog_actions[] = {
    {0, "SYSLOG_ACTION_CLOSE"}, {1, "SYSLOG_ACTION_OPEN"}, {2, "SYSLOG_ACTION_READ"}, {3, "SYSLOG_ACTION_READ_ALL"},
    {4, "SYSLOG_ACTION_READ_CLEAR"}, {5, "SYSLOG_ACTION_CLEAR"}, {6, "SYSLOG_ACTION_CONSOLE_OFF"},
    {7, "SYSLOG_ACTION_CONSOLE_ON"}, {8, "SYSLOG_ACTION_CONSOLE_LEVEL"}, {9, "SYSLOG_ACTION_SIZE_UNREAD"},
    {10, "SYSLOG_ACTION_SIZE_BUFFER"},
};

constexpr FlagName seccomp_operations[] = {
    {0, "SECCOMP_SET_MODE_STRICT"}, {1, "SECCOMP_SET_MODE_FILTER"}, {2, "SECCOMP_GET_ACTION_AVAIL"},
    {3, "SECCOMP_GET_NOTIF_SIZES"},
};

constexpr FlagName seccomp_flags[] = {
    {0x1, "SECCOMP_FILTER_FLAG_TSYNC"}, {0x2, "SECCOMP_FILTER_FLAG_LOG"}, {0x4, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
    {0x8, "SECCOMP_FILTER_FLAG_NEW_LISTENER"}, {0x10, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH"},
    {0x20, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
};

constexpr FlagName bpf_commands[] = {
    {0, "BPF_MAP_CREATE"}, {1, "BPF_MAP_LOOKUP_ELEM"}, {2, "BPF_MAP_UPDATE_ELEM"}, {3, "BPF_MAP_DELETE_ELEM"},
    {4, "BPF_MAP_GET_NEXT_KEY"}, {5, "BPF_PROG_LOAD"}, {6, "BPF_OBJ_PIN"}, {7, "BPF_OBJ_GET"}, {8, "BPF_PROG_ATTACH"},
    {9, "BPF_PROG_DETACH"}, {10, "BPF_PROG_TEST_RUN"}, {11, "BPF_PROG_GET_NEXT_ID"}, {12, "BPF_MAP_GET_NEXT_ID"},
    {13, "BPF_PROG_GET_FD_BY_ID"}, {14, "BPF_MAP_GET_FD_BY_ID"}, {15, "BPF_OBJ_GET_INFO_BY_FD"}, {16, "BPF_PROG_QUERY"},
    {17, "BPF_RAW_TRACEPOINT_OPEN"}, {18, "BPF_BTF_LOAD"}, {19, "BPF_BTF_GET_FD_BY_ID"}, {20, "BPF_TASK_FD_QUERY"},
    {21, "BPF_MAP_LOOKUP_AND_DELETE_ELEM"}, {22, "BPF_MAP_FREEZE"}, {23, "BPF_BTF_GET_NEXT_ID"},
    {24, "BPF_MAP_LOOKUP_BATCH"}, {25, "BPF_MAP_LOOKUP_AND_DELETE_BATCH"}, {26, "BPF_MAP_UPDATE_BATCH"},
    {27, "BPF_MAP_DELETE_BATCH"}, {28, "BPF_LINK_CREATE"}, {29, "BPF_LINK_UPDATE"}, {30, "BPF_LINK_GET_FD_BY_ID"},
    {31, "BPF_LINK_GET_NEXT_ID"}, {32, "BPF_ENABLE_STATS"}, {33, "BPF_ITER_CREATE"}, {34, "BPF_LINK_DETACH"},
    {35, "BPF_PROG_BIND_MAP"},
};

constexpr FlagName io_uring_enter_flags[] = {
    {0x1, "IORING_ENTER_GETEVENTS"}, {0x2, "IORING_ENTER_SQ_WAKEUP"}, {0x4, "IORING_ENTER_SQ_WAIT"},
    {0x8, "IORING_ENTER_EXT_ARG"}, {0x10, "IORING_ENTER_REGISTERED_RING"},
};

constexpr FlagName io_uring_register_opcodes[] = {
    {0, "IORING_REGISTER_BUFFERS"}, {1, "IORING_UNREGISTER_BUFFERS"}, {2, "IORING_REGISTER_FILES"},
    {3, "IORING_UNREGISTER_FILES"}, {4, "IORING_REGISTER_EVENTFD"}, {5, "IORING_UNREGISTER_EVENTFD"},
    {6, "IORING_REGISTER_FILES_UPDATE"}, {7, "IORING_REGISTER_EVENTFD_ASYNC"}, {8, "IORING_REGISTER_PROBE"},
    {9, "IORING_REGISTER_PERSONALITY"}, {10, "IORING_UNREGISTER_PERSONALITY"}, {11, "IORING_REGISTER_RESTRICTIONS"},
    {12, "IORING_REGISTER_ENABLE_RINGS"}, {13, "IORING_REGISTER_FILES2"}, {14, "IORING_REGISTER_FILES_UPDATE2"},
    {15, "IORING_REGISTER_BUFFERS2"}, {16, "IORING_REGISTER_BUFFERS_UPDATE"}, {17, "IORING_REGISTER_IOWQ_AFF"},
    {18, "IORING_UNREGISTER_IOWQ_AFF"}, {19, "IORING_REGISTER_IOWQ_MAX_WORKERS"}, {20, "IORING_REGISTER_RING_FDS"},
    {21, "IORING_UNREGISTER_RING_FDS"}, {22, "IORING_REGISTER_PBUF_RING"}, {23, "IORING_UNREGISTER_PBUF_RING"},
};

constexpr FlagName landlock_create_flags[] = {
    {0x1, "LANDLOCK_CREATE_RULESET_VERSION"},
};

constexpr FlagName landlock_rule_types[] = {
    {1, "LANDLOCK_RULE_PATH_BENEATH"}, {2, "LANDLOCK_RULE_NET_PORT"},
};

constexpr FlagName landlock_access[] = {
    {0x1, "LANDLOCK_ACCESS_FS_EXECUTE"}, {0x2, "LANDLOCK_ACCESS_FS_WRITE_FILE"}, {0x4, "LANDLOCK_ACCESS_FS_READ_FILE"},
    {0x8, "LANDLOCK_ACCESS_FS_READ_DIR"}, {0x10, "LANDLOCK_ACCESS_FS_REMOVE_DIR"},
    {0x20, "LANDLOCK_ACCESS_FS_REMOVE_FILE"}, {0x40, "LANDLOCK_ACCESS_FS_MAKE_CHAR"},
    {0x80, "LANDLOCK_ACCESS_FS_MAKE_DIR"}, {0x100, "LANDLOCK_ACCESS_FS_MAKE_REG"},
    {0x200, "LANDLOCK_ACCESS_FS_MAKE_SOCK"}, {0x400, "LANDLOCK_ACCESS_FS_MAKE_FIFO"},
    {0x800, "LANDLOCK_ACCESS_FS_MAKE_BLOCK"}, {0x1000, "LANDLOCK_ACCESS_FS_MAKE_SYM"},
    {0x2000, "LANDLOCK_ACCESS_FS_REFER"}, {0x4000, "LANDLOCK_ACCESS_FS_TRUNCATE"},
};

constexpr FlagName perf_event_flags[] = {
    {0x1, "PERF_FLAG_FD_NO_GROUP"}, {0x2, "PERF_FLAG_FD_OUTPUT"}, {0x4, "PERF_FLAG_PID_CGROUP"},
    {0x8, "PERF_FLAG_FD_CLOEXEC"},
};

constexpr FlagName userfaultfd_flags[] = {
    {0x800, "O_NONBLOCK"}, {0x80000, "O_CLOEXEC"}, {0x1, "UFFD_USER_MODE_ONLY"},
};

constexpr FlagName ioctl_requests[] = {
    {0x5401, "TCGETS"}, {0x5402, "TCSETS"}, {0x5403, "TCSETSW"}, {0x5404, "TCSETSF"}, {0x5405, "TCGETA"},
    {0x5406, "TCSETA"}, {0x5407, "TCSETAW"}, {0x5408, "TCSETAF"}, {0x5409, "TCSBRK"}, {0x540a, "TCXONC"},
    {0x540b, "TCFLSH"}, {0x540c, "TIOCEXCL"}, {0x540d, "TIOCNXCL"}, {0x540e, "TIOCSCTTY"}, {0x540f, "TIOCGPGRP"},
    {0x5410, "TIOCSPGRP"}, {0x5411, "TIOCOUTQ"}, {0x5412, "TIOCSTI"}, {0x5413, "TIOCGWINSZ"}, {0x5414, "TIOCSWINSZ"},
    {0x5415, "TIOCMGET"}, {0x5416, "TIOCMBIS"}, {0x5417, "TIOCMBIC"}, {0x5418, "TIOCMSET"}, {0x5419, "TIOCGSOFTCAR"},
    {0x541a, "TIOCSSOFTCAR"}, {0x541b, "FIONREAD"}, {0x541c, "TIOCLINUX"}, {0x541d, "TIOCCONS"},
    {0x541e, "TIOCGSERIAL"}, {0x541f, "TIOCSSERIAL"}, {0x5420, "TIOCPKT"}, {0x5421, "FIONBIO"}, {0x5422, "TIOCNOTTY"},
    {0x5423, "TIOCSETD"}, {0x5424, "TIOCGETD"}, {0x5425, "TCSBRKP"}, {0x5427, "TIOCSBRK"}, {0x5428, "TIOCCBRK"},
    {0x5429, "TIOCGSID"}, {0x802c542a, "TCGETS2"}, {0x402c542b, "TCSETS2"}, {0x402c542c, "TCSETSW2"},
    {0x402c542d, "TCSETSF2"}, {0x542e, "TIOCGRS485"}, {0x542f, "TIOCSRS485"}, {0x80045430, "TIOCGPTN"},
    {0x40045431, "TIOCSPTLCK"}, {0x80045432, "TIOCGDEV"}, {0x40045436, "TIOCSIG"}, {0x5437, "TIOCVHANGUP"},
    {0x80045438, "TIOCGPKT"}, {0x80045439, "TIOCGPTLCK"}, {0x80045440, "TIOCGEXCL"}, {0x5441, "TIOCGPTPEER"},
    {0x5450, "FIONCLEX"}, {0x5451, "FIOCLEX"}, {0x5452, "FIOASYNC"}, {0x5460, "FIOQSIZE"}, {0x8910, "SIOCGIFNAME"},
    {0x8912, "SIOCGIFCONF"}, {0x8913, "SIOCGIFFLAGS"}, {0x8914, "SIOCSIFFLAGS"}, {0x8915, "SIOCGIFADDR"},
    {0x8916, "SIOCSIFADDR"}, {0x891b, "SIOCGIFNETMASK"}, {0x8921, "SIOCGIFMTU"}, {0x8927, "SIOCGIFHWADDR"},
    {0x8933, "SIOCGIFINDEX"}, {0x8942, "SIOCGIFTXQLEN"}, {0x8946, "SIOCETHTOOL"}, {0x5411, "SIOCOUTQ"},
    {0x40049409, "FICLONE"}, {0x4020940d, "FICLONERANGE"}, {0xc0189436, "FIDEDUPERANGE"}, {1, "FIBMAP"},
    {2, "FIGETBSZ"}, {0xc0045877, "FIFREEZE"}, {0xc0045878, "FITHAW"}, {0xc0185879, "FITRIM"}, {0x1260, "BLKGETSIZE"},
    {0x80081272, "BLKGETSIZE64"}, {0x1268, "BLKSSZGET"}, {0x127b, "BLKPBSZGET"}, {0x1261, "BLKFLSBUF"},
    {0x1277, "BLKDISCARD"}, {0x125e, "BLKROGET"}, {0x125d, "BLKROSET"}, {0x125f, "BLKRRPART"},
    {0x80086601, "FS_IOC_GETFLAGS"}, {0x40086602, "FS_IOC_SETFLAGS"}, {0x80087601, "FS_IOC_GETVERSION"},
    {0xc020660b, "FS_IOC_FIEMAP"}, {0x801c581f, "FS_IOC_FSGETXATTR"}, {0x401c5820, "FS_IOC_FSSETXATTR"},
    {0xb701, "NS_GET_USERNS"}, {0xb702, "NS_GET_PARENT"}, {0xb703, "NS_GET_NSTYPE"}, {0xb704, "NS_GET_OWNER_UID"},
    {0x80045200, "RNDGETENTCNT"}, {0x40045201, "RNDADDTOENTCNT"},
};

constexpr FlagName termios_iflags[] = {
    {0x1, "IGNBRK"}, {0x2, "BRKINT"}, {0x4, "IGNPAR"}, {0x8, "PARMRK"}, {0x10, "INPCK"}, {0x20, "ISTRIP"},
    {0x40, "INLCR"}, {0x80, "IGNCR"}, {0x100, "ICRNL"}, {0x200, "IUCLC"}, {0x400, "IXON"}, {0x800, "IXANY"},
    {0x1000, "IXOFF"}, {0x2000, "IMAXBEL"}, {0x4000, "IUTF8"},
};

constexpr FlagName termios_oflags[] = {
    {0x0, "NL0", 0x100}, {0x100, "NL1", 0x100}, {0x0, "CR0", 0x600}, {0x200, "CR1", 0x600}, {0x400, "CR2", 0x600},
    {0x600, "CR3", 0x600}, {0x0, "TAB0", 0x1800}, {0x800, "TAB1", 0x1800}, {0x1000, "TAB2", 0x1800},
    {0x1800, "TAB3", 0x1800}, {0x0, "BS0", 0x2000}, {0x2000, "BS1", 0x2000}, {0x0, "VT0", 0x4000},
    {0x4000, "VT1", 0x4000}, {0x0, "FF0", 0x8000}, {0x8000, "FF1", 0x8000}, {0x1, "OPOST"}, {0x2, "OLCUC"},
    {0x4, "ONLCR"}, {0x8, "OCRNL"}, {0x10, "ONOCR"}, {0x20, "ONLRET"}, {0x40, "OFILL"}, {0x80, "OFDEL"},
};

constexpr FlagName termios_cflags[] = {
    {0x0, "B0", 0x100f}, {0x1, "B50", 0x100f}, {0x2, "B75", 0x100f}, {0x3, "B110", 0x100f}, {0x4, "B134", 0x100f},
    {0x5, "B150", 0x100f}, {0x6, "B200", 0x100f}, {0x7, "B300", 0x100f}, {0x8, "B600", 0x100f}, {0x9, "B1200", 0x100f},
    {0xa, "B1800", 0x100f}, {0xb, "B2400", 0x100f}, {0xc, "B4800", 0x100f}, {0xd, "B9600", 0x100f},
    {0xe, "B19200", 0x100f}, {0xf, "B38400", 0x100f}, {0x1001, "B57600", 0x100f}, {0x1002, "B115200", 0x100f},
    {0x1003, "B230400", 0x100f}, {0x1004, "B460800", 0x100f}, {0x1005, "B500000", 0x100f}, {0x1006, "B576000", 0x100f},
    {0x1007, "B921600", 0x100f}, {0x1008, "B1000000", 0x100f}, {0x0, "CS5", 0x30}, {0x10, "CS6", 0x30},
    {0x20, "CS7", 0x30}, {0x30, "CS8", 0x30}, {0x40, "CSTOPB"}, {0x80, "CREAD"}, {0x100, "PARENB"}, {0x200, "PARODD"},
    {0x400, "HUPCL"}, {0x800, "CLOCAL"}, {0x80000000, "CRTSCTS"},
};

constexpr FlagName termios_lflags[] = {
    {0x1, "ISIG"}, {0x2, "ICANON"}, {0x4, "XCASE"}, {0x8, "ECHO"}, {0x10, "ECHOE"}, {0x20, "ECHOK"}, {0x40, "ECHONL"},
    {0x80, "NOFLSH"}, {0x100, "TOSTOP"}, {0x200, "ECHOCTL"}, {0x400, "ECHOPRT"}, {0x800, "ECHOKE"}, {0x1000, "FLUSHO"},
    {0x4000, "PENDIN"}, {0x8000, "IEXTEN"}, {0x10000, "EXTPROC"},
};

constexpr FlagName flush_queues[] = {
    {0, "TCIFLUSH"}, {1, "TCOFLUSH"}, {2, "TCIOFLUSH"},
};

constexpr FlagSet sets[] = {
    {"mount_flags", mount_flags, "MS_???", false},
    {"umount_flags", umount_flags, "MNT_???", false},
    {"swap_flags", swap_flags, "SWAP_FLAG_???", false},
    {"open_tree_flags", open_tree_flags, "OPEN_TREE_???", false},
    {"move_mount_flags", move_mount_flags, "MOVE_MOUNT_???", false},
    {"fsopen_flags", fsopen_flags, "FSOPEN_???", false},
    {"fspick_flags", fspick_flags, "FSPICK_???", false},
    {"fsmount_flags", fsmount_flags, "FSMOUNT_???", false},
    {"fsconfig_commands", fsconfig_commands, "FSCONFIG_???", true},
    {"mount_attr_flags", mount_attr_flags, "MOUNT_ATTR_???", false},
    {"fanotify_init_flags", fanotify_init_flags, "FAN_???", false},
    {"fanotify_mark_flags", fanotify_mark_flags, "FAN_MARK_???", false},
    {"ipc_keys", ipc_keys, "", true},
    {"ipcget_flags", ipcget_flags, "IPC_???", false},
    {"shmget_flags", shmget_flags, "SHM_???", false},
    {"shmat_flags", shmat_flags, "SHM_???", false},
    {"shmctl_commands", shmctl_commands, "SHM_???", true},
    {"semctl_commands", semctl_commands, "SEM_???", true},
    {"msgctl_commands", msgctl_commands, "MSG_???", true},
    {"msgsnd_flags", msgsnd_flags, "MSG_???", false},
    {"sem_flags", sem_flags, "SEM_???", false},
    {"keyrings", keyrings, "KEY_SPEC_???", true},
    {"keyctl_operations", keyctl_operations, "KEYCTL_???", true},
    {"ioprio_which", ioprio_which, "IOPRIO_WHO_???", true},
    {"syslog_actions", syslog_actions, "SYSLOG_ACTION_???", true},
    {"seccomp_operations", seccomp_operations, "SECCOMP_SET_???", true},
    {"seccomp_flags", seccomp_flags, "SECCOMP_FILTER_FLAG_???", false},
    {"bpf_commands", bpf_commands, "BPF_???", true},
    {"io_uring_enter_flags", io_uring_enter_flags, "IORING_ENTER_???", false},
    {"io_uring_register_opcodes", io_uring_register_opcodes, "IORING_REGISTER_???", true},
    {"landlock_create_flags", landlock_create_flags, "LANDLOCK_CREATE_RULESET_???", false},
    {"landlock_rule_types", landlock_rule_types, "LANDLOCK_RULE_???", true},
    {"landlock_access", landlock_access, "LANDLOCK_ACCESS_FS_???", false},
    {"perf_event_flags", perf_event_flags, "PERF_FLAG_???", false},
    {"userfaultfd_flags", userfaultfd_flags, "UFFD_???", false},
    {"ioctl_requests", ioctl_requests, "", true},
    {"termios_iflags", termios_iflags, "", false},
    {"termios_oflags", termios_oflags, "", false},
    {"termios_cflags", termios_cflags, "", false},
    {"termios_lflags", termios_lflags, "", false},
    {"flush_queues", flush_queues, "", true},
};

}

std::span<const FlagSet> system_flags()
{
    return sets;
}

}
