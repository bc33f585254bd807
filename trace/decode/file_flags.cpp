// Flag sets of files and descriptors, in the order in which strace prints them. Values: the kernel's uapi headers.
#include "trace/decode/flags.h"

namespace ringside::trace {

namespace {

constexpr FlagName open_flags[] = {
    {0x0, "O_RDONLY", 3}, {0x1, "O_WRONLY", 3}, {0x2, "O_RDWR", 3}, {0x3, "O_ACCMODE", 3}, {0x40, "O_CREAT"},
    {0x80, "O_EXCL"}, {0x100, "O_NOCTTY"}, {0x200, "O_TRUNC"}, {0x400, "O_APPEND"}, {0x800, "O_NONBLOCK"},
    {0x101000, "O_SYNC"}, {0x2000, "O_ASYNC"}, {0x1000, "O_DSYNC"}, {0x4000, "O_DIRECT"}, {0x8000, "O_LARGEFILE"},
    {0x20000, "O_NOFOLLOW"}, {0x40000, "O_NOATIME"}, {0x80000, "O_CLOEXEC"}, {0x200000, "O_PATH"},
    {0x410000, "O_TMPFILE"}, {0x400000, "__O_TMPFILE"}, {0x10000, "O_DIRECTORY"},
};

constexpr FlagName pipe_flags[] = {
    {0x800, "O_NONBLOCK"}, {0x4000, "O_DIRECT"}, {0x80000, "O_CLOEXEC"}, {0x80, "O_NOTIFICATION_PIPE"},
};

constexpr FlagName file_status_flags[] = {
    {0x40, "O_CREAT"}, {0x80, "O_EXCL"}, {0x100, "O_NOCTTY"}, {0x200, "O_TRUNC"}, {0x400, "O_APPEND"},
    {0x800, "O_NONBLOCK"}, {0x101000, "O_SYNC"}, {0x2000, "O_ASYNC"}, {0x1000, "O_DSYNC"}, {0x4000, "O_DIRECT"},
    {0x8000, "O_LARGEFILE"}, {0x20000, "O_NOFOLLOW"}, {0x40000, "O_NOATIME"}, {0x80000, "O_CLOEXEC"},
    {0x200000, "O_PATH"}, {0x410000, "O_TMPFILE"}, {0x400000, "__O_TMPFILE"}, {0x10000, "O_DIRECTORY"},
};

constexpr FlagName access_modes[] = {
    {0x0, "F_OK"}, {0x4, "R_OK"}, {0x2, "W_OK"}, {0x1, "X_OK"},
};

constexpr FlagName whence[] = {
    {0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"},
};

constexpr FlagName at_flags[] = {
    {0x100, "AT_SYMLINK_NOFOLLOW"}, {0x200, "AT_REMOVEDIR"}, {0x400, "AT_SYMLINK_FOLLOW"}, {0x800, "AT_NO_AUTOMOUNT"},
    {0x1000, "AT_EMPTY_PATH"}, {0x8000, "AT_RECURSIVE"},
};

constexpr FlagName unlinkat_flags[] = {
    {0x200, "AT_REMOVEDIR"},
};

constexpr FlagName faccessat_flags[] = {
    {0x100, "AT_SYMLINK_NOFOLLOW"}, {0x200, "AT_EACCESS"}, {0x400, "AT_SYMLINK_FOLLOW"}, {0x800, "AT_NO_AUTOMOUNT"},
    {0x1000, "AT_EMPTY_PATH"},
};

constexpr FlagName statx_flags[] = {
    {0x0, "AT_STATX_SYNC_AS_STAT", 0x6000}, {0x2000, "AT_STATX_FORCE_SYNC", 0x6000},
    {0x4000, "AT_STATX_DONT_SYNC", 0x6000}, {0x100, "AT_SYMLINK_NOFOLLOW"}, {0x200, "AT_REMOVEDIR"},
    {0x400, "AT_SYMLINK_FOLLOW"}, {0x800, "AT_NO_AUTOMOUNT"}, {0x1000, "AT_EMPTY_PATH"},
};

constexpr FlagName statx_masks[] = {
    {0xfff, "STATX_ALL"}, {0x7ff, "STATX_BASIC_STATS"}, {0x1, "STATX_TYPE"}, {0x2, "STATX_MODE"}, {0x4, "STATX_NLINK"},
    {0x8, "STATX_UID"}, {0x10, "STATX_GID"}, {0x20, "STATX_ATIME"}, {0x40, "STATX_MTIME"}, {0x80, "STATX_CTIME"},
    {0x100, "STATX_INO"}, {0x200, "STATX_SIZE"}, {0x400, "STATX_BLOCKS"}, {0x800, "STATX_BTIME"},
    {0x1000, "STATX_MNT_ID"}, {0x2000, "STATX_DIOALIGN"},
};

constexpr FlagName statx_attributes[] = {
    {0x4, "STATX_ATTR_COMPRESSED"}, {0x10, "STATX_ATTR_IMMUTABLE"}, {0x20, "STATX_ATTR_APPEND"},
    {0x40, "STATX_ATTR_NODUMP"}, {0x800, "STATX_ATTR_ENCRYPTED"}, {0x1000, "STATX_ATTR_AUTOMOUNT"},
    {0x2000, "STATX_ATTR_MOUNT_ROOT"}, {0x100000, "STATX_ATTR_VERITY"}, {0x200000, "STATX_ATTR_DAX"},
};

constexpr FlagName file_types[] = {
    {0x8000, "S_IFREG", 0170000}, {0xc000, "S_IFSOCK", 0170000}, {0x1000, "S_IFIFO", 0170000},
    {0xa000, "S_IFLNK", 0170000}, {0x6000, "S_IFBLK", 0170000}, {0x4000, "S_IFDIR", 0170000},
    {0x2000, "S_IFCHR", 0170000},
};

constexpr FlagName fcntl_commands[] = {
    {0, "F_DUPFD"}, {1, "F_GETFD"}, {2, "F_SETFD"}, {3, "F_GETFL"}, {4, "F_SETFL"}, {5, "F_GETLK"}, {6, "F_SETLK"},
    {7, "F_SETLKW"}, {8, "F_SETOWN"}, {9, "F_GETOWN"}, {10, "F_SETSIG"}, {11, "F_GETSIG"}, {15, "F_SETOWN_EX"},
    {16, "F_GETOWN_EX"}, {17, "F_GETOWNER_UIDS"}, {36, "F_OFD_GETLK"}, {37, "F_OFD_SETLK"}, {38, "F_OFD_SETLKW"},
    {1024, "F_SETLEASE"}, {1025, "F_GETLEASE"}, {1026, "F_NOTIFY"}, {1029, "F_CANCELLK"}, {1030, "F_DUPFD_CLOEXEC"},
    {1031, "F_SETPIPE_SZ"}, {1032, "F_GETPIPE_SZ"}, {1033, "F_ADD_SEALS"}, {1034, "F_GET_SEALS"},
    {1035, "F_GET_RW_HINT"}, {1036, "F_SET_RW_HINT"}, {1037, "F_GET_FILE_RW_HINT"}, {1038, "F_SET_FILE_RW_HINT"},
};

constexpr FlagName fd_flags[] = {
    {0x1, "FD_CLOEXEC"},
};

constexpr FlagName lock_types[] = {
    {0, "F_RDLCK"}, {1, "F_WRLCK"}, {2, "F_UNLCK"},
};

constexpr FlagName seals[] = {
    {0x1, "F_SEAL_SEAL"}, {0x2, "F_SEAL_SHRINK"}, {0x4, "F_SEAL_GROW"}, {0x8, "F_SEAL_WRITE"},
    {0x10, "F_SEAL_FUTURE_WRITE"},
};

constexpr FlagName notify_flags[] = {
    {0x1, "DN_ACCESS"}, {0x2, "DN_MODIFY"}, {0x4, "DN_CREATE"}, {0x8, "DN_DELETE"}, {0x10, "DN_RENAME"},
    {0x20, "DN_ATTRIB"}, {0x80000000, "DN_MULTISHOT"},
};

constexpr FlagName flock_operations[] = {
    {0x20, "LOCK_MAND"}, {0x1, "LOCK_SH"}, {0x2, "LOCK_EX"}, {0x8, "LOCK_UN"}, {0x4, "LOCK_NB"},
};

constexpr FlagName poll_events[] = {
    {0x1, "POLLIN"}, {0x2, "POLLPRI"}, {0x4, "POLLOUT"}, {0x40, "POLLRDNORM"}, {0x100, "POLLWRNORM"},
    {0x80, "POLLRDBAND"}, {0x200, "POLLWRBAND"}, {0x8, "POLLERR"}, {0x10, "POLLHUP"}, {0x20, "POLLNVAL"},
    {0x400, "POLLMSG"}, {0x1000, "POLLREMOVE"}, {0x2000, "POLLRDHUP"},
};

constexpr FlagName epoll_events[] = {
    {0x1, "EPOLLIN"}, {0x2, "EPOLLPRI"}, {0x4, "EPOLLOUT"}, {0x8, "EPOLLERR"}, {0x10, "EPOLLHUP"},
    {0x40, "EPOLLRDNORM"}, {0x80, "EPOLLRDBAND"}, {0x100, "EPOLLWRNORM"}, {0x200, "EPOLLWRBAND"}, {0x400, "EPOLLMSG"},
    {0x2000, "EPOLLRDHUP"}, {0x10000000, "EPOLLEXCLUSIVE"}, {0x20000000, "EPOLLWAKEUP"}, {0x40000000, "EPOLLONESHOT"},
    {0x80000000, "EPOLLET"},
};

constexpr FlagName epoll_operations[] = {
    {1, "EPOLL_CTL_ADD"}, {2, "EPOLL_CTL_DEL"}, {3, "EPOLL_CTL_MOD"},
};

constexpr FlagName epoll_create_flags[] = {
    {0x80000, "EPOLL_CLOEXEC"}, {0x800, "EPOLL_NONBLOCK"},
};

constexpr FlagName eventfd_flags[] = {
    {0x1, "EFD_SEMAPHORE"}, {0x80000, "EFD_CLOEXEC"}, {0x800, "EFD_NONBLOCK"},
};

constexpr FlagName timerfd_flags[] = {
    {0x80000, "TFD_CLOEXEC"}, {0x800, "TFD_NONBLOCK"},
};

constexpr FlagName timerfd_settime_flags[] = {
    {0x1, "TFD_TIMER_ABSTIME"}, {0x2, "TFD_TIMER_CANCEL_ON_SET"},
};

constexpr FlagName signalfd_flags[] = {
    {0x80000, "SFD_CLOEXEC"}, {0x800, "SFD_NONBLOCK"},
};

constexpr FlagName inotify_init_flags[] = {
    {0x800, "IN_NONBLOCK"}, {0x80000, "IN_CLOEXEC"},
};

constexpr FlagName inotify_flags[] = {
    {0x1, "IN_ACCESS"}, {0x2, "IN_MODIFY"}, {0x4, "IN_ATTRIB"}, {0x8, "IN_CLOSE_WRITE"}, {0x10, "IN_CLOSE_NOWRITE"},
    {0x20, "IN_OPEN"}, {0x40, "IN_MOVED_FROM"}, {0x80, "IN_MOVED_TO"}, {0x100, "IN_CREATE"}, {0x200, "IN_DELETE"},
    {0x400, "IN_DELETE_SELF"}, {0x800, "IN_MOVE_SELF"}, {0x2000, "IN_UNMOUNT"}, {0x4000, "IN_Q_OVERFLOW"},
    {0x8000, "IN_IGNORED"}, {0x1000000, "IN_ONLYDIR"}, {0x2000000, "IN_DONT_FOLLOW"}, {0x4000000, "IN_EXCL_UNLINK"},
    {0x10000000, "IN_MASK_CREATE"}, {0x20000000, "IN_MASK_ADD"}, {0x40000000, "IN_ISDIR"}, {0x80000000, "IN_ONESHOT"},
};

constexpr FlagName splice_flags[] = {
    {0x1, "SPLICE_F_MOVE"}, {0x2, "SPLICE_F_NONBLOCK"}, {0x4, "SPLICE_F_MORE"}, {0x8, "SPLICE_F_GIFT"},
};

constexpr FlagName fallocate_flags[] = {
    {0x1, "FALLOC_FL_KEEP_SIZE"}, {0x2, "FALLOC_FL_PUNCH_HOLE"}, {0x4, "FALLOC_FL_NO_HIDE_STALE"},
    {0x8, "FALLOC_FL_COLLAPSE_RANGE"}, {0x10, "FALLOC_FL_ZERO_RANGE"}, {0x20, "FALLOC_FL_INSERT_RANGE"},
    {0x40, "FALLOC_FL_UNSHARE_RANGE"},
};

constexpr FlagName sync_file_range_flags[] = {
    {0x1, "SYNC_FILE_RANGE_WAIT_BEFORE"}, {0x2, "SYNC_FILE_RANGE_WRITE"}, {0x4, "SYNC_FILE_RANGE_WAIT_AFTER"},
};

constexpr FlagName fadvise_advice[] = {
    {0, "POSIX_FADV_NORMAL"}, {1, "POSIX_FADV_RANDOM"}, {2, "POSIX_FADV_SEQUENTIAL"}, {3, "POSIX_FADV_WILLNEED"},
    {4, "POSIX_FADV_DONTNEED"}, {5, "POSIX_FADV_NOREUSE"},
};

constexpr FlagName rwf_flags[] = {
    {0x1, "RWF_HIPRI"}, {0x2, "RWF_DSYNC"}, {0x4, "RWF_SYNC"}, {0x8, "RWF_NOWAIT"}, {0x10, "RWF_APPEND"},
};

constexpr FlagName rename_flags[] = {
    {0x1, "RENAME_NOREPLACE"}, {0x2, "RENAME_EXCHANGE"}, {0x4, "RENAME_WHITEOUT"},
};

constexpr FlagName xattr_flags[] = {
    {0x1, "XATTR_CREATE"}, {0x2, "XATTR_REPLACE"},
};

constexpr FlagName memfd_flags[] = {
    {0x1, "MFD_CLOEXEC"}, {0x2, "MFD_ALLOW_SEALING"}, {0x4, "MFD_HUGETLB"}, {0x8, "MFD_NOEXEC_SEAL"},
    {0x10, "MFD_EXEC"},
};

constexpr FlagName memfd_secret_flags[] = {
    {0x80000, "O_CLOEXEC"},
};

constexpr FlagName close_range_flags[] = {
    {0x2, "CLOSE_RANGE_UNSHARE"}, {0x4, "CLOSE_RANGE_CLOEXEC"},
};

constexpr FlagName resolve_flags[] = {
    {0x1, "RESOLVE_NO_XDEV"}, {0x2, "RESOLVE_NO_MAGICLINKS"}, {0x4, "RESOLVE_NO_SYMLINKS"}, {0x8, "RESOLVE_BENEATH"},
    {0x10, "RESOLVE_IN_ROOT"}, {0x20, "RESOLVE_CACHED"},
};

constexpr FlagName dirent_types[] = {
    {0, "DT_UNKNOWN"}, {1, "DT_FIFO"}, {2, "DT_CHR"}, {4, "DT_DIR"}, {6, "DT_BLK"}, {8, "DT_REG"}, {10, "DT_LNK"},
    {12, "DT_SOCK"}, {14, "DT_WHT"},
};

constexpr FlagName statfs_types[] = {
    {0xadf5, "ADFS_SUPER_MAGIC"}, {0x5346414f, "AFS_SUPER_MAGIC"}, {391, "AUTOFS_SUPER_MAGIC"},
    {0x42494e4d, "BINFMTFS_MAGIC"}, {0xcafe4a11, "BPF_FS_MAGIC"}, {0x9123683e, "BTRFS_SUPER_MAGIC"},
    {0x27e0eb, "CGROUP_SUPER_MAGIC"}, {0x63677270, "CGROUP2_SUPER_MAGIC"}, {0x28cd3d45, "CRAMFS_MAGIC"},
    {0x64626720, "DEBUGFS_MAGIC"}, {0x1cd1, "DEVPTS_SUPER_MAGIC"}, {0xef53, "EXT2_SUPER_MAGIC"},
    {0x65735546, "FUSE_SUPER_MAGIC"}, {0x958458f6, "HUGETLBFS_MAGIC"}, {0x9660, "ISOFS_SUPER_MAGIC"},
    {0x137f, "MINIX_SUPER_MAGIC"}, {0x4d44, "MSDOS_SUPER_MAGIC"}, {0x6969, "NFS_SUPER_MAGIC"},
    {0x6e736673, "NSFS_MAGIC"}, {0x794c7630, "OVERLAYFS_SUPER_MAGIC"}, {0x50495045, "PIPEFS_MAGIC"},
    {0x9fa0, "PROC_SUPER_MAGIC"}, {0x6165676c, "PSTOREFS_MAGIC"}, {0x858458f6, "RAMFS_MAGIC"},
    {0x73636673, "SECURITYFS_MAGIC"}, {0xf97cff8c, "SELINUX_MAGIC"}, {0x517b, "SMB_SUPER_MAGIC"},
    {0x534f434b, "SOCKFS_MAGIC"}, {0x73717368, "SQUASHFS_MAGIC"}, {0x62656572, "SYSFS_MAGIC"},
    {0x1021994, "TMPFS_MAGIC"}, {0x74726163, "TRACEFS_MAGIC"}, {0x1021997, "V9FS_MAGIC"},
    {0x58465342, "XFS_SUPER_MAGIC"}, {0xabba1974, "XENFS_SUPER_MAGIC"},
};

constexpr FlagName statfs_flags[] = {
    {0x20, "ST_VALID"}, {0x1, "ST_RDONLY"}, {0x2, "ST_NOSUID"}, {0x4, "ST_NODEV"}, {0x8, "ST_NOEXEC"},
    {0x10, "ST_SYNCHRONOUS"}, {0x40, "ST_MANDLOCK"}, {0x400, "ST_NOATIME"}, {0x800, "ST_NODIRATIME"},
    {0x1000, "ST_RELATIME"}, {0x2000, "ST_NOSYMFOLLOW"},
};

constexpr FlagSet sets[] = {
    {"open_flags", open_flags, "O_???", false},
    {"pipe_flags", pipe_flags, "O_???", false},
    {"file_status_flags", file_status_flags, "O_???", false},
    {"access_modes", access_modes, "?_OK", false},
    {"whence", whence, "SEEK_???", true},
    {"at_flags", at_flags, "AT_???", false},
    {"unlinkat_flags", unlinkat_flags, "AT_???", false},
    {"faccessat_flags", faccessat_flags, "AT_???", false},
    {"statx_flags", statx_flags, "AT_???", false},
    {"statx_masks", statx_masks, "STATX_???", false},
    {"statx_attributes", statx_attributes, "STATX_ATTR_???", false},
    {"file_types", file_types, "S_IF??", false},
    {"fcntl_commands", fcntl_commands, "F_???", true},
    {"fd_flags", fd_flags, "FD_???", false},
    {"lock_types", lock_types, "F_???", true},
    {"seals", seals, "F_SEAL_???", false},
    {"notify_flags", notify_flags, "DN_???", false},
    {"flock_operations", flock_operations, "LOCK_???", false},
    {"poll_events", poll_events, "POLL???", false},
    {"epoll_events", epoll_events, "EPOLL???", false},
    {"epoll_operations", epoll_operations, "EPOLL_CTL_???", true},
    {"epoll_create_flags", epoll_create_flags, "EPOLL_???", false},
    {"eventfd_flags", eventfd_flags, "EFD_???", false},
    {"timerfd_flags", timerfd_flags, "TFD_???", false},
    {"timerfd_settime_flags", timerfd_settime_flags, "TFD_???", false},
    {"signalfd_flags", signalfd_flags, "SFD_???", false},
    {"inotify_init_flags", inotify_init_flags, "IN_???", false},
    {"inotify_flags", inotify_flags, "IN_???", false},
    {"splice_flags", splice_flags, "SPLICE_F_???", false},
    {"fallocate_flags", fallocate_flags, "FALLOC_FL_???", false},
    {"sync_file_range_flags", sync_file_range_flags, "SYNC_FILE_RANGE_???", false},
    {"fadvise_advice", fadvise_advice, "POSIX_FADV_???", true},
    {"rwf_flags", rwf_flags, "RWF_???", false},
    {"rename_flags", rename_flags, "RENAME_???", false},
    {"xattr_flags", xattr_flags, "XATTR_???", false},
    {"memfd_flags", memfd_flags, "MFD_???", false},
    {"memfd_secret_flags", memfd_secret_flags, "FD_???", false},
    {"close_range_flags", close_range_flags, "CLOSE_RANGE_???", false},
    {"resolve_flags", resolve_flags, "RESOLVE_???", false},
    {"dirent_types", dirent_types, "DT_???", true},
    {"statfs_types", statfs_types, "", true},
    {"statfs_flags", statfs_flags, "ST_???", false},
};

}

std::span<const FlagSet> file_flags()
{
    return sets;
}

}
