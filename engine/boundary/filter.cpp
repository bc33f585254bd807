// Building and installing the Sentry's filter with libseccomp, and what happens when it refuses a call.

#include "engine/boundary/filter.h"

#include "engine/boundary/host_call.h"
#include "engine/boundary/protocol.h"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

namespace ringside::boundary {

namespace {

std::atomic<unsigned> refused {0};
int report_to = -1; ///< written once, before the filter is in force

scmp_arg_cmp comparison(const Condition& condition)
{
    scmp_arg_cmp compare {};
    compare.arg = condition.argument;
    switch (condition.test) {
    case Condition::Test::equal:
        compare.op = SCMP_CMP_EQ;
        compare.datum_a = condition.value;
        break;
    case Condition::Test::at_least:
        compare.op = SCMP_CMP_GE;
        compare.datum_a = condition.value;
        break;
    case Condition::Test::without_bits:
        compare.op = SCMP_CMP_MASKED_EQ;
        compare.datum_a = condition.value;
        compare.datum_b = 0;
        break;
    }
    return compare;
}

int add_rules(scmp_filter_ctx filter, const HostCall& call)
{
    if (call.rules.empty())
        return seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, call.nr, 0);
    for (const auto& rule : call.rules) {
        std::vector<scmp_arg_cmp> comparisons;
        for (const Condition& condition : rule)
            comparisons.push_back(comparison(condition));
        int result = seccomp_rule_add_exact_array(filter, SCMP_ACT_ALLOW, call.nr, static_cast<unsigned>(comparisons.size()), comparisons.data());
        if (result != 0)
            return result;
    }
    return 0;
}

/// Builds with a sanitizer: what its runtime needs beside the list, and what it must only be told no to so that it can still say what it found.
int add_sanitizer_rules([[maybe_unused]] scmp_filter_ctx filter, [[maybe_unused]] bool only_count)
{
    int result = 0;
#ifdef RINGSIDE_ASAN
    // sigaltstack: before a call that does not return. pipe2: the check of an object's type asks through a pipe whether memory can be read.
    for (int nr : {SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(pipe2)})
        result |= seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, nr, 0);
    for (int nr : {SCMP_SYS(open), SCMP_SYS(readlink)})
        if (!only_count)
            result |= seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);
#endif
    return result;
}

/// The refused call has not happened. Says which one it was, then ends: a Sentry that asks for more than its list is broken or taken over.
void on_refused(int, siginfo_t* info, void*)
{
    control::Message message {};
    message.kind = control::Kind::failure;
    const char text[] = "the Sentry asked the host for a call outside its list: number ";
    std::size_t length = 0;
    for (const char* c = text; *c; ++c)
        message.text[length++] = *c;
    char digits[12];
    std::size_t count = 0;
    for (unsigned nr = static_cast<unsigned>(info->si_syscall); count == 0 || nr != 0; nr /= 10)
        digits[count++] = static_cast<char>('0' + nr % 10);
    while (count > 0)
        message.text[length++] = digits[--count];
    message.length = static_cast<std::uint32_t>(length);
    static_cast<void>(host::call(SYS_write, report_to, &message, control::message_head + length).ok());
    static_cast<void>(host::call(SYS_exit_group, 125).ok());
}

void count_refused(int, siginfo_t*, void* context)
{
    ++refused;
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] = -EPERM;
}

Failure handle_refusals(const FilterOptions& options)
{
    report_to = options.report_fd;
    struct sigaction action {};
    action.sa_sigaction = options.only_count ? count_refused : on_refused;
    action.sa_flags = SA_SIGINFO;
    if (sigaction(SIGSYS, &action, nullptr) != 0)
        return because("cannot handle SIGSYS", errno);
    return {};
}

/// The program as it goes to the kernel, for `ringside boundary`.
std::vector<std::uint64_t> exported(scmp_filter_ctx filter)
{
    host::Fd file(memfd_create("filter", MFD_CLOEXEC));
    if (!file.valid() || seccomp_export_bpf(filter, file.get()) != 0)
        return {};
    off_t size = lseek(file.get(), 0, SEEK_END);
    std::vector<std::uint64_t> program(static_cast<std::size_t>(size) / sizeof(std::uint64_t));
    if (pread(file.get(), program.data(), program.size() * sizeof(std::uint64_t), 0) != size)
        return {};
    return program;
}

}

Failure install_filter(const FilterOptions& options, std::vector<std::uint64_t>* program)
{
    if (Failure failure = handle_refusals(options))
        return failure;
    // Not KILL: the answer of the handler names the call. A refused call has no effect either way.
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    if (!filter)
        return because("cannot make a seccomp filter", ENOMEM);
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    static_cast<void>(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2));
    static_cast<void>(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP)); // i386 and x32 numbers
    for (const HostCall& call : host_calls(options.writable_binds)) {
        if (result == 0)
            result = add_rules(filter, call);
    }
    if (result == 0)
        result = add_sanitizer_rules(filter, options.only_count);
    if (program)
        *program = exported(filter);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result != 0)
        return because("cannot install the Sentry's seccomp filter", -result, "the kernel needs CONFIG_SECCOMP_FILTER");
    return {};
}

unsigned refused_calls()
{
    return refused;
}

}
