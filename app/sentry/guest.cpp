// Putting the guest's world together.

#include "app/sentry/guest.h"

#include "app/sentry/replay.h"
#include "engine/boundary/owners.h"
#include "engine/fs/setup.h"
#include "engine/kernel/cpuid_policy.h"
#include "trace/ring.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace ringside::sentry {

namespace {

using boundary::because;
using boundary::Failure;

/// The VFS asks here for true owners; the question goes to the supervisor, from an I/O helper.
class AskSupervisor final : public fs::OwnerLookup {
public:
    Result<std::map<std::string, fs::Owner>> owners(kernel::Task& task, int directory) override
    {
        std::map<std::string, boundary::Owner> found;
        TRY(kernel::offload(task, [this, directory, &found]() -> Result<long> {
            found = TRY(client_.list(directory));
            return 0;
        }));
        std::map<std::string, fs::Owner> result;
        for (const auto& [name, owner] : found)
            result.emplace(name, fs::Owner {owner.uid, owner.gid});
        return result;
    }

private:
    boundary::OwnerClient client_ {control::owner_fd};
};

int processors()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

/// Vendor and signature, as CPUID tells them.
std::string processor_model()
{
    return kernel::cpu_vendor(kernel::native_cpuid(0, 0)) + " " + std::to_string(kernel::native_cpuid(1, 0).eax);
}

/// The processor that the recording was made on, where this process may run there; else `otherwise`.
int recorded_processor(const replay::Log& log, int otherwise)
{
    int wanted = std::atoi(log.meta("processor").c_str());
    cpu_set_t set;
    CPU_ZERO(&set);
    bool may = sched_getaffinity(0, sizeof set, &set) == 0 && wanted >= 0 && wanted < CPU_SETSIZE && CPU_ISSET(static_cast<std::size_t>(wanted), &set);
    return may ? wanted : otherwise;
}

Result<std::span<std::byte>> map_ring()
{
    struct stat status {};
    if (fstat(control::ring_fd, &status) != 0)
        return Errno(errno);
    auto size = static_cast<std::size_t>(status.st_size);
    void* address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, control::ring_fd, 0);
    if (address == MAP_FAILED)
        return Errno(errno);
    close(control::ring_fd);
    return std::span(static_cast<std::byte*>(address), size);
}

}

Caller Caller::current()
{
    Caller caller {getuid(), getgid(), {}, ::umask(0), {}};
    caller.groups.resize(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
    if (getgroups(static_cast<int>(caller.groups.size()), caller.groups.data()) < 0)
        caller.groups.clear();
    for (int resource = 0; resource < kernel::Limits::count; ++resource) {
        rlimit limit {};
        if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0)
            static_cast<void>(caller.limits.set(resource, {limit.rlim_cur, limit.rlim_max}, true).ok());
    }
    return caller;
}

Guest::Guest(const control::SentryConfig& config, Caller caller, boundary::Channel& channel)
    : config_(config)
    , caller_(std::move(caller))
    , channel_(channel)
    , cpu_(config.cpu >= 0 ? config.cpu : sched_getcpu())
{
    if (config.mode == "run" || config.mode == "boundary")
        host_clocks_ = platform::find_host_clocks();
}

Guest::~Guest() = default;

Failure Guest::make_memory()
{
    auto memory = mm::MemoryFile::create(config_.memory);
    if (!memory.ok())
        return because("cannot make the guest's memory", memory.error().value());
    memory_ = std::move(memory).value();
    return {};
}

Failure Guest::make_platform()
{
    if (log_ && log_->meta("cpuid") == "native") {
        if (log_->meta("processor_model") != processor_model())
            return "this trace was recorded on another model of processor without CPUID trapped: replay it on a machine like the one it was recorded on";
        cpu_ = recorded_processor(*log_, cpu_);
    }
    platform::StubOptions options {};
    options.memory_file = memory_->descriptor();
    options.cpu = cpu_;
    options.hand_over = platform::hand_over_choice(config_.hand_over).value_or(platform::HandOverChoice::automatic);
    options.patch_after = config_.patch_after;
    options.trap_tsc = config_.mode == "record";
    options.may_spread = config_.mode == "run";
    options.host_clocks = host_clocks_ ? &*host_clocks_ : nullptr;
    bool can_trap = !config_.native_cpuid && platform::cpuid_traps();
    options.trap_cpuid = config_.mode == "record" && can_trap;
    if (log_) {
        options.trap_tsc = true;
        options.trap_cpuid = log_->meta("cpuid") == "trapped";
        if (options.trap_cpuid && !can_trap)
            return "this trace was recorded with CPUID trapped, which this processor cannot do: replay it on a machine like the one it was recorded on";
    }
    trap_cpuid_ = options.trap_cpuid;
    auto made = platform::make_stub_platform(options);
    if (!made.ok())
        return because("cannot start the processes that hold the guest", made.error().value(), "the host needs Linux 5.15 or newer on x86-64 with FSGSBASE");
    platform_ = std::move(made).value();
    platform_->start();
    return {};
}

kernel::Options Guest::kernel_options()
{
    kernel::Options options;
    options.mode = config_.mode == "record" ? kernel::Mode::record : kernel::Mode::run;
    options.argv = config_.argv;
    options.environment = config_.env;
    options.uid = caller_.uid;
    options.gid = caller_.gid;
    options.groups = caller_.groups;
    options.limits = caller_.limits;
    utsname names {};
    if (uname(&names) == 0)
        options.hostname = names.nodename;
    if (config_.pids != 0)
        options.pid_limit = config_.pids;
    options.memory_limit = config_.memory;
    options.processors = config_.mode == "record" ? 1 : processors();
    options.trap_instructions = config_.mode == "record";
    if (getrandom(options.seed.data(), options.seed.size(), 0) != static_cast<ssize_t>(options.seed.size()))
        std::abort(); // cannot be (getrandom(2): up to 256 bytes are never interrupted); a guest with a known seed would be worse
    options.first_process_stopped = [this](int signo) { static_cast<void>(channel_.send(control::Kind::stopped, signo).ok()); };
    return options;
}

Failure Guest::make_kernel(boundary::HostView& view)
{
    if (config_.mode == "record") {
        auto ring = map_ring();
        if (!ring.ok())
            return because("cannot map the event ring", ring.error().value());
        recorder_ = std::make_unique<record::Recorder>(ring.value(), record::RecorderOptions {.input_cap = config_.data_cap});
        recorder_->meta("cpuid", trap_cpuid_ ? "trapped" : "native");
        if (!trap_cpuid_) { // the guest saw this one's features and numbers (APIC id, RDPID): a replay goes there too
            recorder_->meta("processor", std::to_string(cpu_));
            recorder_->meta("processor_model", processor_model());
        }
    } else {
        recorder_ = std::make_unique<record::Recorder>();
    }
    auto made = kernel::Kernel::create(kernel_options(), *platform_, *memory_, *recorder_);
    if (!made.ok())
        return because("cannot start the guest's kernel", made.error().value());
    kernel_ = std::move(made).value();

    fs::RootConfig root;
    root.root = std::move(view.root);
    for (std::size_t i = 0; i < view.binds.size(); ++i)
        root.binds.push_back({std::move(view.binds[i]), config_.binds[i].target, config_.binds[i].read_only, config_.binds[i].source});
    root.working_directory = config_.cwd;
    root.memory_limit = config_.memory;
    root.processors = kernel_->options().processors;
    if (view.one_id)
        owners_ = std::make_unique<AskSupervisor>();
    root.owners = owners_.get();
    auto context = fs::make_file_system(*kernel_, std::move(root));
    if (!context.ok())
        return because("cannot set up the guest's file system (working directory " + config_.cwd + ")", context.error().value());
    context.value()->umask = caller_.umask;
    auto files = fs::make_standard_files(*kernel_, *context.value()->vfs);
    if (!files.ok())
        return because("cannot hand in the descriptors 0-2", files.error().value());
    context_ = std::move(context).value();
    files_ = std::move(files).value();
    return {};
}

Failure Guest::read_recording()
{
    auto log = sentry::read_recording();
    if (!log.ok())
        return because("cannot read the recording", log.error().value(), "is the trace damaged?");
    log_ = std::move(log).value();
    return {};
}

Failure Guest::make_replay_kernel()
{
    recorder_ = std::make_unique<record::Recorder>();
    kernel::Options options = kernel_options();
    options.memory_limit = 0;
    auto made = kernel::Kernel::create(std::move(options), *platform_, *memory_, *recorder_);
    if (!made.ok())
        return because("cannot start the guest's kernel", made.error().value());
    kernel_ = std::move(made).value();
    return {};
}

Failure Guest::replay()
{
    auto result = sentry::play(*kernel_, *log_);
    if (!result.ok())
        return because("cannot replay", result.error().value());
    static_cast<void>(channel_.send_report(result.value().text + "\n").ok());
    if (auto sent = channel_.send(control::Kind::ended, result.value().identical ? 0 : 1 << 8); !sent.ok())
        return because("control socket", sent.error().value());
    return {};
}

Failure Guest::make_example()
{
    auto space = platform_->create_address_space();
    if (!space.ok())
        return because("cannot make a stub", space.error().value());
    example_ = std::move(space).value();
    auto thread = example_->create_thread();
    if (!thread.ok())
        return because("cannot make a guest thread", thread.error().value());
    example_thread_ = std::move(thread).value();
    return {};
}

void Guest::take_message()
{
    auto message = channel_.receive();
    if (!message.ok()) {
        kernel_->kill_all(); // the supervisor is gone; the guard kills us as well
        return;
    }
    switch (message.value().kind) {
    case control::Kind::signal:
        kernel_->terminal_signal(message.value().value);
        break;
    case control::Kind::resume:
        kernel_->terminal_signal(SIGCONT);
        break;
    default:
        break;
    }
}

Failure Guest::prepare_run()
{
    int second = log_ ? -1 : kernel::second_processor(cpu_);
    if (cpu_ >= 0) {
        // The first worker only: helpers, made before, may run anywhere.
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(cpu_), &set);
        sched_setaffinity(0, sizeof(set), &set);
    }
    if (trap_cpuid_) {
        if (auto given_up = kernel::give_up_cpuid(); !given_up.ok())
            return because("cannot make CPUID trap in the worker", given_up.error().value());
    }
    kernel_->start_second_worker(second);
    return {};
}

/// The trace is made while we become confined: no guest runs before it is there.
Failure Guest::wait_for_recorder()
{
    if (config_.mode != "record")
        return {};
    auto message = channel_.receive();
    if (!message.ok())
        return because("control socket", message.error().value());
    if (message.value().kind != control::Kind::go)
        return "the supervisor did not say that the recording has begun";
    return {};
}

Failure Guest::run()
{
    if (Failure failure = wait_for_recorder())
        return failure;
    kernel_->host_poller().watch(channel_.descriptor(), EPOLLIN, [this](kernel::PollMask) { take_message(); });
    auto started = kernel_->start(std::move(context_), std::move(files_));
    if (!started.ok())
        return because("cannot make the guest's first process", started.error().value());
    if (auto failure = std::move(started).value()) {
        recorder_->end(127 << 8);
        recorder_->publish(true);
        static_cast<void>(channel_.send(control::Kind::not_executed, failure->error.value(), failure->reason).ok());
        return {};
    }
    static_cast<void>(channel_.send(control::Kind::started).ok());
    int status = kernel_->run();
    platform::CallCounts calls = platform_->call_counts();
    recorder_->meta("calls_patched", std::to_string(calls.patched));
    recorder_->meta("calls_trapped", std::to_string(calls.trapped));
    recorder_->end(status);
    recorder_->publish(true);
    if (auto sent = channel_.send(control::Kind::ended, status); !sent.ok())
        return because("control socket", sent.error().value());
    return {};
}

}
