// Steps 2 and 3 of becoming confined: the namespaces and the fork into the new pid namespace.

#include "engine/boundary/confine.h"
#include "engine/boundary/guard.h"

#include <cerrno>
#include <sched.h>
#include <unistd.h>

namespace ringside::boundary {

namespace {

constexpr const char* no_user_namespace_advice
    = "this host or container forbids user namespaces: allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone; "
      "docker run --security-opt seccomp=unconfined), or use --confinement=reduced";

/// Forks: the parent becomes the guard, the child goes on.
Failure leave_guard(const Channel& channel)
{
    pid_t child = fork();
    if (child < 0)
        return because("cannot fork", errno);
    if (child > 0)
        guard(channel, child);
    return {};
}

}

Failure enter_namespaces(Channel& channel, HostView& view)
{
    if (unshare(CLONE_NEWUSER) != 0)
        return because("cannot make a user namespace", errno, no_user_namespace_advice);
    // The supervisor writes the maps: only it, outside, may map more than one id. It also denies setgroups where it has to.
    if (auto sent = channel.send(control::Kind::want_id_maps); !sent.ok())
        return because("control socket", sent.error().value());
    auto answer = channel.receive();
    if (!answer.ok())
        return because("control socket", answer.error().value());
    if (answer.value().kind != control::Kind::id_maps || answer.value().value < 0)
        return because("cannot map user ids into the namespace", EPERM, no_user_namespace_advice);
    view.one_id = answer.value().value == 0;

    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID) != 0)
        return because("cannot make mount, network, ipc, uts and pid namespaces", errno,
            "a security module restricts user namespaces: install Ringside's AppArmor profile, or use --confinement=reduced");
    return leave_guard(channel);
}

Failure enter_reduced(Channel& channel)
{
    return leave_guard(channel);
}

}
