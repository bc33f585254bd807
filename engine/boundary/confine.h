// Becoming confined: the steps of the Sentry's start-up, in their order. Every step says in one line why it failed and what to do.
//
//   enter_namespaces -> build_root -> (memory file) -> restrict_files -> drop_privileges -> watch_parent -> (template of stubs, helper
//   threads) -> install_filter (filter.h)
//
// The template comes after the rights are gone, so that every stub is born without them.
#pragma once

#include "engine/boundary/channel.h"
#include "engine/boundary/failure.h"
#include "engine/boundary/host_call.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::boundary {

enum class Level { full, reduced };

struct BindPlan {
    std::string source; ///< on the host
    bool read_only = false;
};

struct Plan {
    Level level = Level::full;
    std::string root = "/";
    std::vector<BindPlan> binds;
};

/// What the guest's world is made of, opened before the way there was closed. All O_PATH.
struct HostView {
    host::Fd root;
    std::vector<host::Fd> binds;   ///< in the order of the plan
    bool one_id = false;           ///< the user namespace maps one id only: ask for owners
};

/// Steps 2 and 3: new user, mount, net, ipc, uts and pid namespaces. Returns in the child, which is process 1 of the new pid namespace;
/// the caller's process stays behind as its guard (guard.h) and never returns from here. Single-threaded.
Failure enter_namespaces(Channel& channel, HostView& view);

/// Step 4: the mounts. Afterwards the process sees the plan's root (read-only), the binds, and nothing else of the host.
Failure build_root(const Plan& plan, HostView& view);

/// The same without namespaces, for the reduced level: a guard all the same, and the descriptors.
Failure enter_reduced(Channel& channel);
Failure open_view(const Plan& plan, HostView& view);

/// Step 6: Landlock. `required`: fail where the kernel has none; otherwise *abi becomes 0.
Failure restrict_files(const Plan& plan, const HostView& view, bool required, int* abi);

/// Bits of capabilities(7) that the Sentry keeps. Started by root: CAP_DAC_READ_SEARCH, so that it can read what root may read; whether
/// the guest may is then the emulated kernel's answer alone. It opens no way to write, and none around Landlock, the mounts or the filter.
/// Started by anybody else: none.
std::uint64_t kept_capabilities(const HostView& view);

/// Step 7: every capability but `keep`, the bounding set, securebits, no_new_privs: nothing that is executed later has any. Per thread: call
/// it before threads are made.
Failure drop_privileges(std::uint64_t keep);

/// Step 8: die with the parent process. Last of the credential changes, which clear it.
Failure watch_parent();

}
