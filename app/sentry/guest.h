// The guest of this Sentry: its memory, platform, kernel and files, in the order in which the confinement lets them be made.
#pragma once

#include "engine/boundary/channel.h"
#include "engine/boundary/config.h"
#include "engine/boundary/confine.h"
#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/host/owners.h"
#include "engine/kernel/kernel.h"
#include "engine/mm/memory_file.h"
#include "engine/platform/host_clocks.h"
#include "engine/platform/platform.h"
#include "engine/record/recorder.h"
#include "engine/replay/log.h"

#include <memory>
#include <optional>

namespace ringside::sentry {

/// Who the caller is, looked up before the user namespace hides it.
struct Caller {
    kernel::Uid uid;
    kernel::Gid gid;
    std::vector<kernel::Gid> groups;
    mode_t umask;
    kernel::Limits limits;
    static Caller current();
};

class Guest {
public:
    Guest(const control::SentryConfig& config, Caller caller, boundary::Channel& channel);
    ~Guest();
    /// Before the Sentry sheds its rights: a tmpfs with the memory limit as its size has to be mounted.
    boundary::Failure make_memory();
    /// After that, so that the template of stubs inherits what was shed; before the filter.
    boundary::Failure make_platform();
    /// Before the platform: the recording that is replayed.
    boundary::Failure read_recording();
    /// Before the filter: the kernel alone, for replay.
    boundary::Failure make_replay_kernel();
    /// Before the filter: the helper threads, the ring, the file system.
    boundary::Failure make_kernel(boundary::HostView& view);
    /// One address space and thread, for `ringside boundary` to look at.
    boundary::Failure make_example();
    /// Pins the worker to its processor, and listens to the supervisor.
    boundary::Failure prepare_run();
    /// Under the filter: executes the first program and runs the guest to its end. How that came has been sent.
    boundary::Failure run();
    /// Replays the recording: the result has been sent.
    boundary::Failure replay();

private:
    boundary::Failure wait_for_recorder();
    kernel::Options kernel_options();
    void take_message();

    const control::SentryConfig& config_;
    Caller caller_;
    boundary::Channel& channel_;
    int cpu_;
    std::optional<platform::HostClocks> host_clocks_; ///< found while there is a /proc
    bool trap_cpuid_ = false;
    std::optional<replay::Log> log_;
    std::unique_ptr<mm::MemoryFile> memory_;
    std::unique_ptr<platform::Platform> platform_;
    std::unique_ptr<record::Recorder> recorder_;
    std::unique_ptr<fs::OwnerLookup> owners_;
    std::unique_ptr<kernel::Kernel> kernel_;
    Ref<fs::FsContext> context_; ///< until the first process has them
    Ref<fs::FileTable> files_;
    std::unique_ptr<platform::AddressSpace> example_;
    std::unique_ptr<platform::Thread> example_thread_;
};

}
