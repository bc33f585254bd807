// The Sentry's side of one host thread that runs guest code.

#include "engine/platform/guest_context.h"

#include "engine/platform/template_process.h"
#include "engine/platform/xstate.h"

#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <cstring>
#include <linux/audit.h>

namespace ringside::platform {

using namespace stub;

namespace {

/// struct ucontext as the host kernel lays it out in a frame (arch/x86/include/uapi/asm/sigcontext.h); libc's has a larger mask.
struct FrameContext {
    std::uint64_t flags;
    std::uint64_t link;
    std::uint64_t stack_start;
    std::uint32_t stack_flags;
    std::uint32_t unused;
    std::uint64_t stack_size;
    sigcontext_64 machine;
    std::uint64_t mask;
};
static_assert(sizeof(FrameContext) == 304 && offsetof(FrameContext, machine) == 40);

/// The first words of a siginfo, for the signals that are handled.
struct FrameInfo {
    std::int32_t signo, error, code, unused;
    std::uint64_t address;
    std::int32_t syscall;
    std::uint32_t arch;
};

struct Frame {
    FrameContext context;
    FrameInfo info;
};
static_assert(offsetof(Frame, info) == 304);

// Registers begin like sigcontext: r8 … rip, flags.
constexpr std::size_t shared_registers = offsetof(Registers, fs_base);
static_assert(shared_registers == offsetof(sigcontext_64, cs) && offsetof(Registers, rip) == offsetof(sigcontext_64, ip));

constexpr std::uint16_t user_code_segment = 0x33;
constexpr std::uint16_t user_stack_segment = 0x2b;
constexpr std::uint64_t frame_flags = 1 | 2 | 4; // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS

/// wrfsbase with another value would fault.
std::uint64_t canonical(std::uint64_t base)
{
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(base << 16) >> 16) == base ? base : 0;
}

}

GuestContext::GuestContext(StubProcess& process, std::uint32_t index, std::span<std::byte> area, bool patching)
    : process_(process), index_(index), area_(area), patching_(patching)
{
}

std::optional<std::span<std::byte>> GuestContext::at(std::uint64_t where, std::uint64_t length, std::uint64_t alignment) const
{
    std::uint64_t offset = where - address();
    if (where % alignment != 0 || offset < written_frame || offset > context_size || length > context_size - offset)
        return {};
    return area_.subspan(offset, length);
}

void GuestContext::reset()
{
    registers_ = {};
    frame_ = 0;
    xstate_.clear();
    xstate_loaded_ = true;
    patched_ = false;
    wanted = false;
    steps_out = 0;
}

std::optional<Report> GuestContext::read_event()
{
    std::uint64_t where = std::atomic_ref(context().frame).load(std::memory_order_relaxed);
    if (where == frame_patched_call)
        return read_patched_call();
    if (where == frame_kicked) // it has run nothing since it was let go: all is as it was then
        return Report {.signo = kick_signal, .code = 0, .address = 0, .arch = 0, .error = 0, .trapno = 0, .cr2 = 0};
    auto bytes = at(where, sizeof(Frame), alignof(Frame));
    if (!bytes)
        return {};
    Frame frame;
    std::memcpy(&frame, bytes->data(), sizeof frame);
    std::memcpy(&registers_, &frame.context.machine, shared_registers);
    registers_.fs_base = std::atomic_ref(context().fs_base).load(std::memory_order_relaxed);
    registers_.gs_base = std::atomic_ref(context().gs_base).load(std::memory_order_relaxed);
    if (patching_ && registers_.gs_base == address())
        registers_.gs_base = 0;
    patched_ = false;
    frame_ = where;
    frame_xstate_ = frame.context.machine.fpstate;
    xstate_.clear();
    xstate_loaded_ = false;
    return Report {frame.info.signo, frame.info.code, frame.info.address, frame.info.arch, frame.context.machine.err, frame.context.machine.trapno,
        frame.context.machine.cr2};
}

Report GuestContext::read_patched_call()
{
    // The bases are those that it was let go with: its trampoline looked.
    std::memcpy(&registers_, context().registers, shared_registers);
    registers_.gs_base = 0;
    patched_fs_base_ = registers_.fs_base;
    patched_ = true;
    frame_ = 0;
    xstate_.clear();
    xstate_loaded_ = false;
    xstate_replaced_ = false;
    constexpr int sigsys = 31, sys_seccomp = 1; // this file's headers and <csignal> exclude each other
    return Report {.signo = sigsys, .code = sys_seccomp, .address = registers_.rip, .arch = AUDIT_ARCH_X86_64, .error = 0, .trapno = 0, .cr2 = 0};
}

void GuestContext::take_state()
{
    auto room = area_.subspan(written_xstate, xstate_layout().size);
    load_state(room);
    xstate_loaded_ = true;
}

void GuestContext::load_state(std::span<const std::byte> whole)
{
    xstate_.assign(whole.begin(), whole.end());
    mark_saved(xstate_);
    if (!check_xstate(xstate_).ok())
        xstate_.clear();
    else
        describe_xstate(xstate_);
}

bool GuestContext::returns_patched() const
{
    constexpr std::uint64_t trap_flag = 0x100;
    return patched_ && !xstate_replaced_ && registers_.fs_base == patched_fs_base_ && registers_.gs_base == 0 && (registers_.eflags & trap_flag) == 0
        && registers_.rip < guest_address_end;
}

void GuestContext::load_xstate()
{
    xstate_loaded_ = true;
    xstate_.clear();
    auto legacy = at(frame_xstate_, xstate_minimum, 64);
    if (!legacy)
        return;
    std::uint32_t size = described_size(*legacy);
    if (size < xstate_minimum || size > xstate_maximum)
        return;
    auto whole = at(frame_xstate_, size, 64);
    if (!whole)
        return;
    xstate_.assign(whole->begin(), whole->end());
    xstate_.resize(std::min<std::size_t>(size, xstate_layout().size));
    // The guest's other threads may have put anything there.
    if (!check_xstate(xstate_).ok())
        xstate_.clear();
    else
        describe_xstate(xstate_);
}

std::span<std::byte> GuestContext::xstate()
{
    if (!xstate_loaded_)
        load_xstate();
    return xstate_;
}

Result<void> GuestContext::set_xstate(std::span<const std::byte> state)
{
    if (!state.empty())
        TRY(check_xstate(state));
    xstate_.assign(state.begin(), state.end());
    if (!xstate_.empty())
        describe_xstate(xstate_);
    xstate_loaded_ = true;
    xstate_replaced_ = true;
    return {};
}

std::uint64_t GuestContext::new_frame()
{
    FrameContext frame {};
    frame.flags = frame_flags;
    frame.stack_start = address() + signal_stack;
    frame.stack_size = signal_stack_size;
    frame.machine.cs = user_code_segment;
    frame.machine.ss = user_stack_segment;
    std::memcpy(area_.subspan(written_frame + 8, sizeof frame).data(), &frame, sizeof frame);
    xstate_loaded_ = true; // a new thread's is initial, a patched call's was asked for
    return address() + written_frame + 8; // behind the return address that rt_sigreturn skips
}

void GuestContext::write_frame()
{
    if (returns_patched()) {
        std::memcpy(context().registers, &registers_, shared_registers);
        std::atomic_ref(context().frame).store(frame_patched_call, std::memory_order_relaxed);
        return;
    }
    if (frame_ == 0)
        frame_ = new_frame();
    std::size_t machine = frame_ - address() + offsetof(FrameContext, machine);
    std::memcpy(area_.subspan(machine, shared_registers).data(), &registers_, shared_registers);
    if (xstate_loaded_) {
        std::uint64_t pointer = 0; // the initial state
        if (!xstate_.empty()) {
            auto room = area_.subspan(written_xstate, signal_stack - written_xstate);
            describe_xstate(xstate_);
            std::memcpy(room.first(xstate_.size()).data(), xstate_.data(), xstate_.size());
            end_xstate(room.subspan(xstate_.size()));
            pointer = address() + written_xstate;
        }
        std::memcpy(area_.subspan(machine + offsetof(sigcontext_64, fpstate), sizeof pointer).data(), &pointer, sizeof pointer);
    }
    std::atomic_ref(context().fs_base).store(canonical(registers_.fs_base), std::memory_order_relaxed);
    std::uint64_t gs_base = patching_ && registers_.gs_base == 0 ? address() : canonical(registers_.gs_base);
    std::atomic_ref(context().gs_base).store(gs_base, std::memory_order_relaxed);
    std::atomic_ref(context().frame).store(frame_, std::memory_order_relaxed);
}

bool GuestContext::set_turn(Turn value)
{
    turn().exchange(value, std::memory_order_seq_cst);
    return std::atomic_ref(context().asleep).load(std::memory_order_relaxed) == 0;
}

}
