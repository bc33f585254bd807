// The kernel's start and its main loop.

#include "engine/kernel/kernel.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/vfs.h"
#include "engine/kernel/first_program.h"
#include "engine/kernel/futex.h"
#include "engine/kernel/random.h"
#include "engine/kernel/signal_delivery.h"
#include "engine/kernel/task_loop.h"
#include "engine/mm/address_space.h"
#include "engine/net/net_state.h"
#include "engine/record/recorder.h"
#include "engine/record/task_recorder.h"

#include <cstring>
#include <sys/sysinfo.h>

namespace ringside::kernel {

Result<std::unique_ptr<Kernel>> Kernel::create(Options options, platform::Platform& platform, mm::MemoryFile& memory, record::Recorder& recorder)
{
    std::unique_ptr<Kernel> kernel(new Kernel(std::move(options), platform, memory, recorder));
    kernel->io_ = TRY(IoHelpers::start(platform));
    kernel->host_poller_ = std::make_unique<HostPoller>(*kernel->io_);
    return kernel;
}

Kernel::Kernel(Options options, platform::Platform& platform, mm::MemoryFile& memory, record::Recorder& recorder)
    : hostname(options.hostname)
    , boot_time(monotonic_now())
    , options_(std::move(options))
    , platform_(platform)
    , memory_(memory)
    , recorder_(recorder)
    , futexes_(std::make_unique<FutexTable>())
    , random_(std::make_unique<Random>(options_.seed))
    , workers_(platform)
{
    processes_.set_limit(options_.pid_limit);
    first_session_ = processes_.make_session(*this, reaper_pid);
    host::set_current_account(idle());
    total_memory_ = options_.memory_limit;
    struct sysinfo host {};
    if (total_memory_ == 0 && ::sysinfo(&host) == 0)
        total_memory_ = std::uint64_t {host.totalram} * host.mem_unit;
}

Kernel::~Kernel()
{
    host::set_current_account(nullptr); // it is a member
    if (net)
        net->kernel = nullptr; // a socket may outlive it
}

void Kernel::random(std::span<std::byte> to)
{
    random_->fill(to);
}

Result<std::optional<StartFailure>> Kernel::start(Ref<fs::FsContext> fs_context, Ref<fs::FileTable> files)
{
    TRY(make_first(std::move(fs_context), std::move(files)));
    while (!started_)
        turn();
    return start_failure_;
}

Result<void> Kernel::make_first(Ref<fs::FsContext> fs_context, Ref<fs::FileTable> files)
{
    Pid tid = TRY(processes_.allocate());
    Ref<Task> task(new Task(*this, tid));
    std::uint64_t seed = 0;
    random(std::as_writable_bytes(std::span(&seed, 1)));
    task->mm_ = TRY(mm::AddressSpace::create(platform_, memory_, seed));
    task->credentials_ = Credentials::make(options_.uid, options_.gid, options_.groups);
    task->fs_context_ = std::move(fs_context);
    task->files_ = std::move(files);
    task->share_group_ = make_ref<ShareGroup>(recording());
    Task* raw = task.get();
    task->fiber_ = TRY(Fiber::create(stacks_, [raw](Fiber& fiber) {
        run_task(*raw);
        fiber.finish();
    }));
    task->group_ = make_ref<ThreadGroup>(*this, tid);
    task->group_->limits = options_.limits;
    task->group_->leader_ = raw;
    task->group_->tasks_.push_back(raw);
    orphans_.push_back(task->group_);
    processes_.join(*task->group_, processes_.make_process_group(first_session_, tid));
    first_session_->foreground = tid;
    processes_.add(*task);
    task->self_ = task;
    task->recorder().process_begin(*task, nullptr);
    task->recorder().thread_begin(*task, nullptr);
    task->first_ = [this](Task& self) {
        start_failure_ = execute_first_program(self, options_);
        started_ = true;
        if (start_failure_)
            self.exit(127 << 8);
    };
    scheduler_.make_ready(*task);
    return {};
}

int Kernel::run()
{
    workers_.serve([this] { return processes_.groups().empty() || recorder_.closed(); }, [this] { turn(); });
    graveyard_.clear();
    recorder_.unattributed(idle_account);
    return first_status_.value_or(SIGKILL);
}

void Kernel::start_second_worker(int processor)
{
    if (processor >= 0)
        workers_.start_second(processor, idle());
}

void Kernel::turn()
{
    if (timers_.next())
        timers_.expire(monotonic_now());
    io_->poll();
    host_poller_->poll();
    // A bounded number, so that ready fibers that make each other ready do not starve guests and timers.
    for (int i = 0; i < 64 && scheduler_.run_one(); ++i) { }
    graveyard_.clear();
    if (recorder_.enabled() && idle_account.total() > 0) {
        Nanoseconds now = monotonic_now();
        if (now - last_flush_ > second) {
            recorder_.unattributed(idle_account);
            last_flush_ = now;
        }
    }
    if ((replay_done_ ? replay_done_() : processes_.groups().empty()) || start_failure_)
        return;
    scheduler_.forget_time();
    std::optional<Nanoseconds> deadline = scheduler_.idle() ? timers_.next() : std::optional<Nanoseconds>(0);
    if (auto event = platform_.wait(deadline))
        take_event(*event);
}

void Kernel::take_event(const platform::Event& event)
{
    auto* task = static_cast<Task*>(event.thread->owner());
    if (!task || task->state_ != Task::State::in_guest)
        return; // a late interruption of a thread that had stopped for another reason
    Nanoseconds now = event.time != 0 ? event.time : monotonic_now();
    scheduler_.set_time(now);
    task->usage_->user += now - task->last_switch_;
    task->event_ = event;
    scheduler_.make_ready(*task);
}

void Kernel::terminal_signal(int signo)
{
    // The command has ended, only what it left behind runs: whoever asks for the end now means all of it.
    if (first_status_ && (signo == SIGINT || signo == SIGQUIT || signo == SIGTERM || signo == SIGHUP)) {
        kill_all();
        return;
    }
    asked_to_end_.add(signo);
    ProcessGroup* foreground = processes_.process_group(first_session_->foreground);
    if (!foreground && signo == SIGHUP) // nobody in front: the session as a whole hears that the terminal is gone
        foreground = processes_.process_group(first_pid);
    if (foreground)
        send_signal(*foreground, make_siginfo(signo, SI_KERNEL));
}

void Kernel::kill_all()
{
    std::vector<Ref<ThreadGroup>> all;
    for (const auto& [pid, group] : processes_.groups())
        all.emplace_back(group);
    for (const auto& group : all)
        if (!group->zombie())
            group->begin_exit(SIGKILL);
}

}
