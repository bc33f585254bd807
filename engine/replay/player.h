// The player: feeds a recording to real guest code. Guest threads run in the platform as ever; where the kernel would serve an event,
// the player compares it with the recording, writes what was written, and hands the recorded result back.
//
// Events are taken in the order of their ids, all threads together: a thread that comes early waits for its turn. Memory is real
// (mm), but everything in it is anonymous: files, descriptors, clocks and signals do not exist here.
#pragma once

#include "engine/base/ref.h"
#include "engine/kernel/task.h"
#include "engine/kernel/wait_queue.h"
#include "engine/mm/page_cache.h"
#include "engine/platform/platform.h"
#include "engine/replay/log.h"
#include "engine/replay/mapped_content.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ringside::kernel {
class Kernel;
}

namespace ringside::replay {

/// Where the guest did something else than it did when it was recorded.
struct Divergence {
    trace::EventId event;     ///< that was expected; 0: none was, the recording has no more events of the thread
    trace::ThreadId thread;
    platform::EventKind got;  ///< what came
    platform::Registers registers; ///< with which
    platform::Fault fault;
    std::string text;         ///< one line: what differs
};

class Player {
public:
    Player(kernel::Kernel& kernel, const Log& log);
    ~Player();

    /// Runs the recording to its end, or to the first difference. ENOMEM and the like where the sandbox cannot be built.
    Result<void> play();

    const std::optional<Divergence>& divergence() const { return divergence_; }
    /// Events that were compared or applied.
    trace::EventId events() const { return next_ - 1; }

private:
    /// Memory that stands for a mapped file, and the protection that the guest gave it.
    struct FileRange {
        Range range;
        int prot;
        Ref<mm::PageCache> object {}; ///< of a shared mapping: one for all that map the file
        std::uint64_t offset = 0;     ///< in `object`
    };
    /// An address space and what the player knows of it beside mm.
    struct Space : RefCounted {
        Ref<mm::AddressSpace> memory;
        SpaceId id = 0;
        std::uint64_t brk = 0; ///< 0: not known yet
        std::vector<FileRange> files;  ///< what stands for mapped files
        std::vector<Range> absent; ///< parts of these that never became present
        bool shares = false; ///< others may see its writes, and it theirs: order matters between events, too
    };
    struct Thread {
        trace::ThreadId id = 0;
        Ref<kernel::Task> task;
        Ref<Space> space;
        std::size_t next = 0; ///< in log.of_thread(id)
        kernel::WaitQueue turn;
    };

    Result<void> start_thread(trace::ThreadId id, Ref<Space> space, const platform::Registers* registers, std::span<const std::byte> xstate);
    void run(Thread& thread);
    /// The row that completes the successful execve `call`; 0 for anything else.
    trace::EventId executed(trace::EventId call) const;
    /// After execve (row `id`) a thread goes on under its process' number.
    void become_leader(Thread& thread, trace::EventId id);
    Result<void> serve(Thread& thread, trace::EventId id);
    /// The execve of the first program: called from outside, before any guest code.
    bool is_start(const Thread& thread, const trace::EventRecord& event) const;
    Result<void> wait_turn(Thread& thread, trace::EventId id);
    void advance();
    bool finished() const;

    // What the guest does by itself: it must come as recorded.
    Result<void> expect(Thread& thread, trace::EventId id);
    std::string difference(const trace::EventRecord& expected, const platform::Event& event, const platform::Registers& registers) const;
    Result<void> diverged(Thread& thread, trace::EventId id, const platform::Event& event, std::string text);

    // What the kernel did: it is done again.
    Result<void> apply_call(Thread& thread, trace::EventId call, trace::EventId row);
    Result<void> apply_data(Thread& thread, trace::EventId row);
    Result<void> apply_instruction(Thread& thread, trace::EventId id);
    Result<void> apply_exec(Thread& thread, trace::EventId call, trace::EventId row);
    Result<void> make_child(Thread& parent, trace::EventId call);
    void restart(Thread& thread, const trace::EventRecord& call, std::int64_t ret);

    // memory.cpp: the memory calls.
    Result<void> apply_memory(Thread& thread, const trace::EventRecord& call, std::int64_t ret);
    Result<void> map(Thread& thread, Range range, int prot, int flags, bool file, trace::EventId from, std::uint64_t offset = 0);
    Result<void> attach(Thread& thread, trace::EventId call, std::uint64_t at);
    Result<void> detach(Thread& thread, trace::EventId call);
    Result<void> apply_brk(Thread& thread, std::uint64_t end);
    Result<void> fill(Thread& thread, Range range, trace::EventId from);
    /// The file that stands for the shared mapping made by `from`; null: it is mapped privately, or nobody knows which it is.
    Ref<mm::PageCache> shared_object(trace::EventId from);
    /// What a shared mapping showed first, or anew.
    Result<void> show_shared(Thread& thread, const LogData& data);
    /// Compares memory with what the recording says of it.
    Result<void> check_memory(Thread& thread, trace::EventId row, std::span<const std::byte> digests);
    /// check_memory of all that hangs on the row.
    Result<void> check_memory_of(Thread& thread, trace::EventId row);
    /// The first file that is mapped in `range`; null: none. Until the files of the space change.
    static const FileRange* file_in(const Space& space, Range range);
    /// Files in `range` are no longer mapped there.
    void forget_files(Space& space, Range range);
    /// The file behind a mapping was cut: the page is not there any more.
    Result<void> hide_page(Thread& thread, std::uint64_t address);
    /// Pages that were hidden have come again.
    Result<void> show_again(Thread& thread, const LogData& data);
    void set_protection(Space& space, Range range, int prot);
    /// Present pages of files in `range` get the guest's protection, absent ones none.
    Result<void> protect_files(Thread& thread, Range range);
    Result<void> write(Thread& thread, std::uint64_t address, std::span<const std::byte> bytes);
    /// For pages of files: these may have no access yet. protect_files() is to follow.
    Result<void> write_file(Thread& thread, std::uint64_t address, std::span<const std::byte> bytes);

    kernel::Kernel& kernel_;
    const Log& log_;
    MappedContent content_;
    trace::EventId next_ = 1;
    std::unordered_map<std::uint64_t, Ref<mm::PageCache>> shared_; ///< by their identity in the recording
    std::unordered_map<trace::ThreadId, std::unique_ptr<Thread>> threads_;
    std::optional<Divergence> divergence_;
    bool stopping_ = false;
};

}
