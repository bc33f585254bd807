// The copy routine that survives SIGBUS, and its handler. The routine is a few instructions of assembly, so that the handler can tell
// by the instruction pointer that it was there, and nothing on any stack needs unwinding: it works on fibers as well.

#include "engine/mm/guarded_copy.h"

#include <csignal>
#include <cstdint>
#include <ucontext.h>

extern "C" {
bool ringside_guarded_copy(void* to, const void* from, std::size_t length);
extern const char ringside_guarded_copy_begin[];
extern const char ringside_guarded_copy_end[];
extern const char ringside_guarded_copy_failed[];
}

// rep movsb moves short blocks in a few dozen cycles and long ones at the memory's speed.
asm(R"(
    .text
    .globl ringside_guarded_copy
    .type ringside_guarded_copy, @function
ringside_guarded_copy:
    movq %rdx, %rcx
    .globl ringside_guarded_copy_begin
ringside_guarded_copy_begin:
    rep movsb
    .globl ringside_guarded_copy_end
ringside_guarded_copy_end:
    movl $1, %eax
    ret
    .globl ringside_guarded_copy_failed
ringside_guarded_copy_failed:
    xorl %eax, %eax
    ret
    .size ringside_guarded_copy, .-ringside_guarded_copy
)");

namespace ringside::mm {

namespace {

void on_bus_error(int signal, siginfo_t*, void* context)
{
    auto* state = static_cast<ucontext_t*>(context);
    auto& rip = state->uc_mcontext.gregs[REG_RIP];
    auto at = static_cast<std::uintptr_t>(rip);
    if (at >= reinterpret_cast<std::uintptr_t>(ringside_guarded_copy_begin)
        && at < reinterpret_cast<std::uintptr_t>(ringside_guarded_copy_end)) {
        rip = reinterpret_cast<greg_t>(ringside_guarded_copy_failed);
        return;
    }
    // Not ours: the fault happens again, with the default action.
    std::signal(signal, SIG_DFL);
}

}

void install_copy_guard()
{
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, nullptr);
}

bool guarded_copy(void* to, const void* from, std::size_t length)
{
    return ringside_guarded_copy(to, from, length);
}

}
