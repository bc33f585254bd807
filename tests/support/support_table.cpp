// What the Sentry has of each system call, as its handlers registered it: a line a call, "NR<TAB>NAME<TAB>SUPPORT<TAB>MISSING".
#include "engine/syscalls/handler.h"

#include <fmt/core.h>

int main()
{
    using namespace ringside;
    for (const trace::SyscallInfo& info : trace::syscalls) {
        const syscalls::Entry& entry = syscalls::handlers()[static_cast<std::size_t>(info.nr)];
        fmt::print("{}\t{}\t{}\t{}\n", info.nr, info.name, syscalls::support_name(entry), entry.missing);
    }
}
