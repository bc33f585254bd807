// The template: a stub without a guest, from which all stubs are forked.

#include "engine/platform/template_process.h"

#include "engine/base/guest_addr.h"
#include "engine/platform/filters.h"
#include "engine/platform/host_clocks.h"
#include "engine/platform/order_queue.h"
#include "engine/platform/stub/image.h"
#include "engine/platform/xstate.h"

#include <algorithm>
#include <asm/prctl.h>
#include <bit>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::platform {

using namespace stub;

namespace {

constexpr std::array handled_signals {SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, kick_signal};

/// The program in a sealed memfd, above the numbers that the stub's own descriptors get.
Result<host::Fd> image_file()
{
    constexpr unsigned exec_flag = 0x10; // MFD_EXEC, Linux 6.3
    Result<long> fd = host::call(SYS_memfd_create, "ringside-stub", MFD_CLOEXEC | MFD_ALLOW_SEALING | exec_flag);
    if (!fd.ok() && fd.error() == EINVAL)
        fd = host::call(SYS_memfd_create, "ringside-stub", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    host::Fd file(static_cast<int>(TRY(std::move(fd))));
    std::span<const std::byte> bytes = image();
    if (TRY(host::call(SYS_write, file.get(), bytes.data(), bytes.size())) != static_cast<long>(bytes.size()))
        return Errno(EIO);
    TRY(host::call(SYS_fcntl, file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
    return file;
}

Result<host::Fd> high_copy(int fd)
{
    return host::Fd(static_cast<int>(TRY(host::call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 64))));
}

struct Descriptors {
    int memory, control, ack, program;
};

/// In the child of vfork: descriptors, then the program. Only host calls; the parent's memory is in use.
[[noreturn]] void become_stub(const Descriptors& from)
{
    const char* const empty[] = {nullptr};
    bool done = host::call(SYS_dup3, from.memory, memory_fd, 0).ok() && host::call(SYS_dup3, from.control, control_fd, 0).ok()
        && host::call(SYS_dup3, from.ack, ack_fd, 0).ok() && host::call(SYS_close_range, 0, memory_fd - 1, 0).ok()
        && host::call(SYS_close_range, ack_fd + 1, ~0U, CLOSE_RANGE_CLOEXEC).ok();
    if (done)
        static_cast<void>(host::call(SYS_execveat, from.program, "", static_cast<const void*>(empty), static_cast<const void*>(empty), AT_EMPTY_PATH).ok());
    _exit(125);
}

void fill_program(CommonPage::Program& program, std::uint64_t* room, std::size_t capacity, std::uint64_t address, std::span<const sock_filter> filter)
{
    if (filter.size() > capacity)
        std::abort(); // a program longer than its room is a mistake of the build
    std::memcpy(room, filter.data(), filter.size_bytes());
    program = {filter.size(), address};
}

void fill_common_page(CommonPage& page, const StubOptions& options)
{
    page.ack = 1;
    page.first_wait[0] = 10;
    page.all_signals = ~0ULL;
    std::memcpy(page.name, "ringside-stub", sizeof "ringside-stub");
    // A stub that a guest kills leaves no core file behind. 1 byte: with 0 the host would still start a crash handler (core(5)).
    rlimit core {};
    getrlimit(RLIMIT_CORE, &core);
    page.core_limit[0] = page.core_limit[1] = std::min<std::uint64_t>(core.rlim_max, 1);
    if (options.cpu >= 0 && options.cpu < 1024)
        page.cpu_mask[static_cast<std::size_t>(options.cpu) / 64] = 1ULL << (options.cpu % 64);
    constexpr std::uint64_t restorer_flag = 0x4000000; // SA_RESTORER: the host insists on one, the handler never returns to it
    page.handled = {handler_entry, SA_SIGINFO | SA_ONSTACK | restorer_flag, handler_entry, ~0ULL};
    page.ignored = {1 /* SIG_IGN */, restorer_flag, handler_entry, 0};
    page.saved_features = xstate_layout().features;
    const StubFilters& filters = stub_filters();
    fill_program(page.guest_program, page.guest_filter, std::size(page.guest_filter), common_page + offsetof(CommonPage, guest_filter), filters.guest);
    fill_program(page.order_program, page.order_filter, std::size(page.order_filter), common_page + offsetof(CommonPage, order_filter), filters.order);
}

}

Result<TemplateProcess> start_template(const StubOptions& options, const ControlFile& control, int ack)
{
    host::Fd program = TRY(image_file());
    host::Fd high_program = TRY(high_copy(program.get()));
    host::Fd memory = TRY(high_copy(options.memory_file));
    host::Fd control_copy = TRY(high_copy(control.descriptor()));
    host::Fd ack_copy = TRY(high_copy(ack));
    Descriptors from {memory.get(), control_copy.get(), ack_copy.get(), high_program.get()};
    pid_t pid = vfork();
    if (pid == 0)
        become_stub(from);
    if (pid < 0)
        return Errno(errno);
    host::Fd pidfd(static_cast<int>(TRY(host::call(SYS_pidfd_open, pid, 0))));
    return TemplateProcess {pid, std::move(pidfd)};
}

Result<void> set_up_template(OrderQueue& orders, ControlFile& control, const StubOptions& options)
{
    fill_common_page(control.common(), options);
    auto in_page = [](std::size_t offset) { return common_page + offset; };
    orders.push_checked(SYS_prctl, {PR_SET_PDEATHSIG, SIGKILL});
    orders.push_checked(SYS_rt_sigprocmask, {SIG_SETMASK, in_page(offsetof(CommonPage, all_signals)), 0, sizeof(std::uint64_t)});
    // Its own first context carries the ids of the stubs that it forks.
    orders.push_checked(SYS_mprotect, {contexts_start, context_size, PROT_READ | PROT_WRITE});
    if (options.host_clocks) {
        TRY(orders.flush()); // it has said where its vDSO is
        queue_moving(orders, *options.host_clocks, control.template_vdso());
    }
    // Stack, vDSO, vvar: all that is not the stub region.
    orders.push_checked(SYS_munmap, {0, stub_region_start});
    orders.push_checked(SYS_munmap, {stub_region_end, guest_address_end - stub_region_end});
    for (int signal = 1; signal <= 64; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP)
            continue;
        // What a terminal or a user sends is the Sentry's to answer, not the stubs'.
        bool handled = std::find(handled_signals.begin(), handled_signals.end(), signal) != handled_signals.end();
        std::size_t action = handled ? offsetof(CommonPage, handled) : offsetof(CommonPage, ignored);
        orders.push_checked(SYS_rt_sigaction, {static_cast<std::uint64_t>(signal), in_page(action), 0, sizeof(std::uint64_t)});
    }
    orders.push(SYS_setsid, {}, order_any, 0);
    orders.push_checked(SYS_prctl, {PR_SET_NAME, in_page(offsetof(CommonPage, name))});
    orders.push_checked(SYS_setrlimit, {RLIMIT_CORE, in_page(offsetof(CommonPage, core_limit))});
    if (options.cpu >= 0)
        orders.push(SYS_sched_setaffinity, {0, sizeof(CommonPage::cpu_mask), in_page(offsetof(CommonPage, cpu_mask))}, order_any, 0);
    if (options.trap_tsc)
        orders.push_checked(SYS_prctl, {PR_SET_TSC, PR_TSC_SIGSEGV});
    if (options.trap_cpuid && cpuid_traps())
        orders.push_checked(SYS_arch_prctl, {ARCH_SET_CPUID, 0});
    orders.push_checked(SYS_prctl, {PR_SET_NO_NEW_PRIVS, 1});
    orders.push_checked(SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, in_page(offsetof(CommonPage, order_program))});
    TRY(orders.flush());
    if (options.host_clocks)
        control.common().fast_clocks = options.host_clocks->functions;
    return {};
}

}
