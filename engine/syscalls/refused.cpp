// Calls that Linux refuses to everybody who may not administer the machine, before it looks at what they ask for. Nobody in a sandbox may, whatever
// capabilities it was given: as in a container.

#include "engine/syscalls/handler.h"

namespace ringside::syscalls {

namespace {

Result<long> not_permitted(Task&, const std::array<std::uint64_t, 6>&)
{
    return Errno(EPERM);
}

/// perf_event_open, where kernel.perf_event_paranoid leaves it to the administrator (Debian).
Result<long> no_access(Task&, const std::array<std::uint64_t, 6>&)
{
    return Errno(EACCES);
}

constexpr std::array administration {SYS_acct, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_vhangup, SYS_ioperm, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_open_by_handle_at, SYS_lookup_dcookie, SYS_bpf, SYS_userfaultfd, SYS_fanotify_init, SYS_fsopen,
    SYS_fsmount, SYS_fspick, SYS_move_mount};

const bool registered = [] {
    for (int nr : administration)
        handlers()[static_cast<std::size_t>(nr)] = {not_permitted, "all of it: EPERM"};
    handlers()[SYS_perf_event_open] = {no_access, "all of it: EACCES"};
    return true;
}();

}

}
