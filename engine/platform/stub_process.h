// One stub: the host process that holds one guest address space, as the platform sees it. It outlives the kernel's handles until it is
// dead and reaped.
#pragma once

#include "engine/boundary/host_call.h"
#include "engine/platform/code_patcher.h"
#include "engine/platform/control_file.h"
#include "engine/platform/guest_context.h"
#include "engine/platform/mapping_table.h"
#include "engine/platform/order_queue.h"

#include <memory>
#include <vector>

namespace ringside::platform {

class StubProcess {
public:
    /// `patch_after`: see StubOptions.
    StubProcess(const ControlFile& control, std::uint32_t slot, int pid, host::Fd pidfd, int ack, unsigned patch_after);

    std::uint32_t slot() const { return slot_; }
    int pid() const { return pid_; }
    int pidfd() const { return pidfd_.get(); }
    OrderQueue& orders() { return orders_; }
    MappingTable& mappings() { return mappings_; }
    CodePatcher& patcher() { return patcher_; }
    bool patching() const { return patching_; }

    // Orders that are remembered as mappings. Checked by the caller.
    void queue_map(std::uint64_t start, std::uint64_t length, Prot prot, std::uint64_t file_offset, bool populate);
    void queue_unmap(std::uint64_t start, std::uint64_t length);
    void queue_protect(std::uint64_t start, std::uint64_t length, Prot prot);
    const std::vector<std::unique_ptr<GuestContext>>& contexts() const { return contexts_; }

    /// A stopped context, a parked one where there is one; else its thread is ordered, which waits for the order thread. EAGAIN when there
    /// are too many, here or in the host's eyes.
    Result<GuestContext*> take_context();
    void park(GuestContext& context);
    /// Hands the context over as soon as all orders so far are carried out, at once when they are.
    void hand_over(GuestContext& context);
    /// As by SIGKILL; cheap, it may take a moment to die.
    void kill();
    /// Waits for its end.
    void await_death() const;
    /// Asks the host whether it has ended, reaped or not.
    bool has_ended() const;
    /// Takes its exit status from the host.
    void reap();
    bool dead() const { return dead_; }

    bool has_space = true;   ///< the kernel holds its AddressSpace
    std::size_t threads = 0; ///< handles of threads that the kernel holds

private:
    void open_context(std::uint32_t index);
    Result<void> order_thread_for(GuestContext& context);
    bool orders_under_way() const { return fence_ && fence_->waits_for_orders(); }

    const ControlFile& control_;
    std::uint32_t slot_;
    int pid_;
    host::Fd pidfd_;
    OrderQueue orders_;
    MappingTable mappings_;
    CodePatcher patcher_;
    bool patching_;
    std::vector<std::unique_ptr<GuestContext>> contexts_;
    std::vector<GuestContext*> parked_;
    std::vector<GuestContext*> unborn_; ///< their threads could not be made
    std::uint32_t opened_ = 0;          ///< contexts that the guest's threads can reach
    const GuestContext* fence_ = nullptr; ///< handed over by the last order of that kind
    bool dead_ = false;
};

}
