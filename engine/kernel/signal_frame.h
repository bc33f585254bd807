// The frame that a signal handler finds on its stack, byte by byte as x86-64 Linux lays it out (arch/x86/include/uapi/asm/sigcontext.h
// and ucontext.h), since programs, unwinders and debuggers look into it.
#pragma once

#include "engine/base/result.h"
#include "engine/kernel/signals.h"
#include "engine/platform/platform.h"

#include <csignal>
#include <cstdint>
#include <span>
#include <vector>

namespace ringside::kernel {

struct SigContext {
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    std::uint16_t cs, gs, fs, ss;
    std::uint64_t error, trapno, old_mask, cr2;
    std::uint64_t fpstate; ///< address of the extended state, 0: none
    std::uint64_t reserved[8];
};

struct SigStack {
    std::uint64_t sp;
    std::int32_t flags;
    std::int32_t padding;
    std::uint64_t size;
};

struct SigUcontext {
    std::uint64_t flags;
    std::uint64_t link;
    SigStack stack;
    SigContext context;
    std::uint64_t mask;
};

struct SignalFrame {
    std::uint64_t return_address;
    SigUcontext ucontext;
    siginfo_t info;
};
static_assert(sizeof(SigContext) == 256 && sizeof(SigUcontext) == 304 && sizeof(SignalFrame) == 440);

namespace uc_flag {
constexpr std::uint64_t fp_xstate = 1, sigcontext_ss = 2, strict_restore_ss = 4;
}

constexpr std::uint64_t red_zone = 128;
/// What a program may change in its flags by sigreturn (FIX_EFLAGS).
constexpr std::uint64_t eflags_changeable = 0x4'0dd5;

/// Where a frame and its extended state stand.
struct FramePlace {
    std::uint64_t frame;
    std::uint64_t xstate;
};
/// `top`: the stack pointer that the frame goes below (the red zone taken off already).
FramePlace place_frame(std::uint64_t top, std::size_t xstate_size);

/// Bytes of the extended state in a frame, with the closing magic word.
std::size_t frame_xstate_size();
/// A copy of `state` (XSAVE layout; empty: the initial state) with the magic words that tell readers how long it is.
std::vector<std::byte> frame_xstate(std::span<const std::byte> state);
/// How many bytes of extended state follow the legacy area that starts with `legacy` (512 bytes) in a frame, the closing word not
/// counted; 512 where the magic words are missing: then only the legacy part counts.
std::size_t frame_xstate_claim(std::span<const std::byte> legacy);
bool has_closing_magic(std::span<const std::byte> word);

SigContext to_context(const platform::Registers& registers);
/// Back, keeping what a frame does not hold and what it may not change.
void from_context(const SigContext& context, platform::Registers& registers);

}
