// The Sentry's start-up: the order in which it becomes confined (boundary.md) is the order of this file.

#include "app/sentry/start.h"

#include "app/sentry/guest.h"
#include "app/sentry/report.h"
#include "app/sentry/sanitizer.h"
#include "app/sentry/self_test.h"
#include "engine/base/raise_limit.h"
#include "engine/boundary/config.h"
#include "engine/boundary/confine.h"
#include "engine/boundary/filter.h"
#include "engine/boundary/open_how.h"

#include <csignal>
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::sentry {

namespace {

using boundary::because;
using boundary::Failure;

/// Ends the process with its threads, and with it all stubs: taking the world apart piece by piece would need more host calls.
[[noreturn]] void leave()
{
    while (true)
        static_cast<void>(host::call(SYS_exit_group, 0).ok());
}

/// The terminal's keys go to every process of its foreground group, ours included: they reach the guest by way of the supervisor only.
void ignore_signals()
{
    for (int signo : {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGHUP, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH})
        std::signal(signo, SIG_IGN);
}

/// Numbers of the guest's that are closed must not be given to a file of ours. A descriptor of this kind can't be read or written, and
/// leads nowhere; what hands 0-2 to the guest takes O_PATH for "closed".
void hold_closed_numbers()
{
    for (int fd : {0, 1, 2}) {
        if (fcntl(fd, F_GETFD) < 0)
            static_cast<void>(open("/dev/null", O_PATH | O_CLOEXEC));
    }
}

Failure read_config(control::SentryConfig& config)
{
    struct stat status {};
    if (fstat(control::config_fd, &status) != 0)
        return because("cannot read the configuration", errno);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
    if (pread(control::config_fd, bytes.data(), bytes.size(), 0) != status.st_size)
        return because("cannot read the configuration", errno);
    close(control::config_fd);
    try {
        config = nlohmann::json::from_cbor(bytes).get<control::SentryConfig>();
    } catch (const nlohmann::json::exception&) {
        return "the configuration is not from this version of Ringside: is the installation complete?";
    }
    return {};
}

boundary::Plan plan_of(const control::SentryConfig& config)
{
    boundary::Plan plan;
    plan.level = config.reduced ? boundary::Level::reduced : boundary::Level::full;
    plan.root = config.root;
    for (const control::ConfigBind& bind : config.binds)
        plan.binds.push_back({bind.source, bind.read_only});
    return plan;
}

bool any_writable(const boundary::Plan& plan)
{
    for (const boundary::BindPlan& bind : plan.binds) {
        if (!bind.read_only)
            return true;
    }
    return false;
}

/// Steps 2 to 4.
Failure enter(const boundary::Plan& plan, boundary::Channel& channel, boundary::HostView& view)
{
    if (plan.level == boundary::Level::reduced) {
        if (Failure failure = boundary::enter_reduced(channel))
            return failure;
        return boundary::open_view(plan, view);
    }
    if (Failure failure = boundary::enter_namespaces(channel, view))
        return failure;
    return boundary::build_root(plan, view);
}

/// Steps 6 to 8.
Failure shed_rights(const boundary::Plan& plan, const boundary::HostView& view, int* landlock)
{
    if (Failure failure = boundary::restrict_files(plan, view, plan.level == boundary::Level::reduced, landlock))
        return failure;
    if (Failure failure = boundary::drop_privileges(boundary::kept_capabilities(view)))
        return failure;
    return boundary::watch_parent();
}

/// `ringside boundary`: confined as for a guest, it tells what is in force and waits to be looked at.
Failure show_boundary(const boundary::Plan& plan, Guest& guest, boundary::Channel& channel, int landlock)
{
    if (Failure failure = guest.make_example())
        return failure;
    Report report {plan.level == boundary::Level::full, any_writable(plan), landlock, {}};
    if (Failure failure = boundary::install_filter({.writable_binds = report.writable_binds, .report_fd = channel.descriptor()}, &report.filter))
        return failure;
    if (auto sent = channel.send_report(report.text()); !sent.ok())
        return because("control socket", sent.error().value());
    while (true) {
        auto message = channel.receive();
        if (!message.ok() || message.value().kind == control::Kind::finish)
            leave();
    }
}

Failure self_test(const boundary::Plan& plan, const boundary::HostView& view, boundary::Channel& channel)
{
    test_effects(view, plan.level == boundary::Level::full);
    if (Failure failure = boundary::install_filter({.writable_binds = any_writable(plan), .report_fd = channel.descriptor(), .only_count = true}, nullptr))
        return failure;
    test_filter();
    std::string report;
    bool well = self_test_results(report);
    static_cast<void>(channel.send_report(report).ok());
    static_cast<void>(channel.send(control::Kind::ended, well ? 0 : 1 << 8).ok());
    return {};
}

}

Failure run(boundary::Channel& channel)
{
    hold_closed_numbers();
    open_sanitizer_log();
    mallopt(M_MMAP_MAX, 0); // large blocks come from the heap, so that realloc needs no mremap
    mallopt(M_ARENA_MAX, 1); // a second arena asks /proc/sys/vm/overcommit_memory when it shrinks, which the filter refuses
    ignore_signals();
    Caller caller = Caller::current(); // before its limits are changed
    rlimit no_core {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (int resource : {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA})
        raise_limit(resource); // the caller's are the guest's, and kept for it by the kernel in here
    control::SentryConfig config;
    if (Failure failure = read_config(config))
        return failure;
    if (config.hard_files != 0)
        static_cast<void>(caller.limits.set(RLIMIT_NOFILE, {config.soft_files, config.hard_files}, true).ok());
    if (auto prepared = boundary::prepare_open_how(); !prepared.ok())
        return because("cannot map the open_how page", prepared.error().value());
    boundary::Plan plan = plan_of(config);
    Guest guest(config, std::move(caller), channel);
    boundary::HostView view;
    if (Failure failure = enter(plan, channel, view))
        return failure;
    report_to_log();
    if (!config.self_test.empty()) {
        int landlock = 0;
        if (Failure failure = shed_rights(plan, view, &landlock))
            return failure;
        return self_test(plan, view, channel);
    }
    if (Failure failure = guest.make_memory())
        return failure;
    int landlock = 0;
    if (Failure failure = shed_rights(plan, view, &landlock))
        return failure;
    bool replaying = config.mode == "replay";
    if (replaying) {
        if (Failure failure = guest.read_recording())
            return failure;
    }
    if (Failure failure = guest.make_platform())
        return failure;
    if (config.mode == "boundary")
        return show_boundary(plan, guest, channel, landlock);
    if (Failure failure = replaying ? guest.make_replay_kernel() : guest.make_kernel(view))
        return failure;
    if (Failure failure = guest.prepare_run())
        return failure;
    if (Failure failure = boundary::install_filter({.writable_binds = any_writable(plan), .report_fd = channel.descriptor()}, nullptr))
        return failure;
    commit_test_fault();
    if (Failure failure = replaying ? guest.replay() : guest.run())
        return failure;
    leave();
}

}
