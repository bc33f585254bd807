// What the host can do, tried out.

#include "engine/platform/platform.h"

#include <asm/prctl.h>
#include <csignal>
#include <cpuid.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::platform {

bool cpuid_traps()
{
    static const bool traps = [] {
        pid_t child = fork();
        if (child == 0) {
            rlimit none {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            signal(SIGSEGV, SIG_DFL);
            if (syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) != 0)
                _exit(1);
            unsigned a = 0;
            unsigned b = 0;
            unsigned c = 0;
            unsigned d = 0;
            __cpuid(0, a, b, c, d);
            _exit(1);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child)
            return false;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    }();
    return traps;
}

}
