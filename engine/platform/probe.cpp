// What the host can do, tried out.

#include "engine/platform/platform.h"

#include <asm/prctl.h>
#include <atomic>
#include <csignal>
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ringside::platform {

namespace {

std::atomic<bool> cpuid_trapped {false};

/// CPUID has trapped: from here on it does not, and is executed again.
void allow_cpuid(int)
{
    cpuid_trapped = true;
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
}

}

bool cpuid_traps()
{
    // In this thread, for a moment: a process of its own would cost more than all else at the start.
    static const bool traps = [] {
        struct sigaction action {}, before {};
        action.sa_handler = allow_cpuid;
        if (sigaction(SIGSEGV, &action, &before) != 0)
            return false;
        if (syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) == 0) {
            unsigned a = 0;
            unsigned b = 0;
            unsigned c = 0;
            unsigned d = 0;
            __cpuid(0, a, b, c, d);
            syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
        }
        sigaction(SIGSEGV, &before, nullptr);
        return cpuid_trapped.load();
    }();
    return traps;
}

}
