// Steps 6 to 8 of becoming confined: Landlock, capabilities, the parent's death.

#include "engine/boundary/confine.h"
#include "engine/boundary/linux_extra.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::boundary {

namespace {

constexpr std::uint64_t all_of_abi_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
/// What a writable bind gives: everything but to execute, and to make devices and sockets.
constexpr std::uint64_t writing = all_of_abi_1 & ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK);
/// Rights that a rule on a file, not a directory, may hold.
constexpr std::uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | landlock::truncate;

landlock::RulesetAttributes handled(int abi)
{
    landlock::RulesetAttributes attributes {};
    attributes.handled_access_fs = all_of_abi_1;
    if (abi >= 2)
        attributes.handled_access_fs |= landlock::refer;
    if (abi >= 3)
        attributes.handled_access_fs |= landlock::truncate;
    if (abi >= 4)
        attributes.handled_access_net = landlock::bind_tcp | landlock::connect_tcp;
    if (abi >= 5)
        attributes.handled_access_fs |= landlock::ioctl_device;
    if (abi >= 6)
        attributes.scoped = landlock::scope_abstract_unix;
    return attributes;
}

bool allow_beneath(int ruleset, int fd, std::uint64_t access)
{
    struct stat status {};
    if (fstat(fd, &status) != 0)
        return false;
    landlock_path_beneath_attr rule {};
    rule.allowed_access = S_ISDIR(status.st_mode) ? access : access & of_files;
    rule.parent_fd = fd;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

}

Failure restrict_files(const Plan& plan, const HostView& view, bool required, int* abi)
{
    long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *abi = version > 0 ? static_cast<int>(version) : 0;
    if (*abi == 0) {
        if (!required)
            return {};
        return because("this kernel has no Landlock, which --confinement=reduced needs", errno, "boot with lsm=landlock,… or use --confinement=full");
    }
    landlock::RulesetAttributes attributes = handled(*abi);
    host::Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, *abi >= 6 ? sizeof(attributes) : *abi >= 4 ? 16 : 8, 0)));
    if (!ruleset.valid())
        return because("cannot make a Landlock ruleset", errno);
    if (!allow_beneath(ruleset.get(), view.root.get(), reading))
        return because("cannot add a Landlock rule for " + plan.root, errno);
    for (std::size_t i = 0; i < view.binds.size(); ++i) {
        std::uint64_t access = plan.binds[i].read_only ? reading : (writing | landlock::refer | landlock::truncate) & attributes.handled_access_fs;
        if (!allow_beneath(ruleset.get(), view.binds[i].get(), access))
            return because("cannot add a Landlock rule for " + plan.binds[i].source, errno);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        return because("cannot apply Landlock", errno);
    return {};
}

std::uint64_t kept_capabilities(const HostView& view)
{
    __user_cap_header_struct header {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct have[2] {};
    // Where the namespace maps one id, the capability would reach the user's own files only, which natively he may have closed to himself.
    if (geteuid() != 0 || view.one_id || syscall(SYS_capget, &header, have) != 0)
        return 0;
    return have[0].effective & std::uint64_t {1} << CAP_DAC_READ_SEARCH;
}

Failure drop_privileges(std::uint64_t keep)
{
    // An ordinary user at the reduced level has no right to shrink these sets; no_new_privs then makes them meaningless.
    for (int capability = 0; capability < 64 && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return because("cannot set no_new_privs", errno);
    __user_cap_header_struct header {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct kept[2] {};
    for (std::size_t i = 0; i < 2; ++i)
        kept[i].permitted = kept[i].effective = static_cast<std::uint32_t>(keep >> (32 * i));
    if (syscall(SYS_capset, &header, kept) != 0)
        return because("cannot drop capabilities", errno);
    __user_cap_data_struct left[2] {};
    bool as_wanted = syscall(SYS_capget, &header, left) == 0;
    for (std::size_t i = 0; i < 2; ++i)
        as_wanted = as_wanted && left[i].permitted == kept[i].permitted && left[i].effective == kept[i].effective && left[i].inheritable == 0;
    if (!as_wanted)
        return because("capabilities are left after dropping them", 0);
    return {};
}

Failure watch_parent()
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return because("cannot ask for a signal at the parent's death", errno);
    return {};
}

}
