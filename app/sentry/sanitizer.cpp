// How the sanitizers behave in the Sentry. A confined Sentry can start no process: neither the search for leaks nor a symbolizer works
// there (addr2line takes the offsets that a report prints). A report ends it with a status of its own, and with that the run.

#include "app/sentry/sanitizer.h"

#ifdef RINGSIDE_ASAN

#include "engine/kernel/fiber.h"

#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sanitizer/common_interface_defs.h>
#include <cstdint>
#include <memory>
#include <string_view>

extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options()
{
    return "detect_leaks=0:symbolize=0:use_sigaltstack=0:handle_segv=0:handle_sigbus=0:exitcode=99";
}

extern "C" const char* __ubsan_default_options();

extern "C" const char* __ubsan_default_options()
{
    return "symbolize=0:print_stacktrace=1:exitcode=99";
}

namespace ringside::sentry {

namespace {

int log_fd = -1;

void commit(std::string_view fault)
{
    volatile std::size_t past = 16;
    volatile int most = INT_MAX;
    if (fault == "heap") {
        auto block = std::make_unique<char[]>(16);
        block[past] = 1;
    } else if (fault == "stack") {
        std::array<char, 16> block {};
        std::memset(block.data(), 1, past + 1);
    } else if (fault == "undefined") {
        most = most + 1;
    }
}

}

void open_sanitizer_log()
{
    if (const char* path = std::getenv("RINGSIDE_SANITIZER_LOG"))
        log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

void report_to_log()
{
    if (log_fd < 0)
        return;
    // What the interface asks for is a descriptor in a pointer.
    auto file = [](int fd) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)); };
    __sanitizer_set_report_fd(file(log_fd));
    // The other library of the two has a report file of its own behind the same name, and before its first report makes this one close its.
    void* other = dlopen("libubsan.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (auto* set = other ? reinterpret_cast<decltype(&__sanitizer_set_report_fd)>(dlsym(other, "__sanitizer_set_report_fd")) : nullptr)
        set(file(fcntl(log_fd, F_DUPFD_CLOEXEC, 0)));
}

void commit_test_fault()
{
    const char* fault = std::getenv("RINGSIDE_TEST_FAULT");
    if (!fault)
        return;
    kernel::StackPool pool;
    auto fiber = kernel::Fiber::create(pool, [fault](kernel::Fiber& self) {
        commit(fault);
        self.finish();
    });
    if (fiber.ok())
        fiber.value()->enter();
}

}

#else

namespace ringside::sentry {

void open_sanitizer_log() { }
void report_to_log() { }
void commit_test_fault() { }

}

#endif
