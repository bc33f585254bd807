// The frame of guest tests: small programs, one behaviour each, that run by the host's kernel and by ours and must
// print the same. What they print holds no pid, address, time or path that changes between two runs.
// A test runs in a process of its own, so signal handlers, descriptors and limits that it changes end with it.
// Run without arguments: all tests. --list: their names. --only N: test N alone, without a fork before it.
#pragma once

#include <cerrno>
#include <functional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/types.h>
#include <type_traits>

namespace guest {

using Where = std::source_location;

/// Registers one test; GUEST_TEST makes these.
struct Registration {
    Registration(const char* name, void (*body)());
};

/// Prints one line of the test's output. It must be the same in every run.
void note(std::string_view line);

/// Ends the test as not possible here; the reason is part of the output and must hold inside as well.
[[noreturn]] void skip(std::string_view reason);

/// Prints what went wrong and where, and ends the process with status 99.
[[noreturn]] void fail(std::string_view what, Where where = Where::current());

std::string errno_name(int number);
std::string signal_name(int number);
/// "exited 3", "killed by SIGSEGV", "killed by SIGSEGV, core", "stopped by SIGSTOP", "continued".
std::string describe(int wait_status);

template <class T> std::string show(const T& value)
{
    if constexpr (std::is_same_v<T, bool>)
        return value ? "true" : "false";
    else if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<long long>(value));
    else if constexpr (std::is_arithmetic_v<T>)
        return std::to_string(value);
    else if constexpr (std::is_pointer_v<T> && !std::is_convertible_v<T, std::string_view>)
        return value ? "a pointer" : "null";
    else
        return '"' + std::string(std::string_view(value)) + '"';
}

inline void expect(bool holds, std::string_view what, Where where = Where::current())
{
    if (!holds)
        fail(what, where);
}

template <class Wanted, class Got> void expect_eq(const Wanted& wanted, const Got& got, Where where = Where::current())
{
    bool equal = false;
    if constexpr (std::is_integral_v<Wanted> && std::is_integral_v<Got>)
        equal = static_cast<long long>(wanted) == static_cast<long long>(got);
    else
        equal = wanted == got;
    if (!equal)
        fail("wanted " + show(wanted) + ", got " + show(got), where);
}

/// The call failed with this errno. Pass the call itself as the second argument.
inline void expect_errno(int wanted, long result, Where where = Where::current())
{
    int got = errno;
    if (result != -1)
        fail("wanted " + errno_name(wanted) + ", got the result " + std::to_string(result), where);
    if (got != wanted)
        fail("wanted " + errno_name(wanted) + ", got " + errno_name(got), where);
}

/// The call succeeded; hands its result on.
template <class Result> Result expect_ok(Result result, Where where = Where::current())
{
    int got = errno;
    if (result < 0)
        fail("wanted success, got " + errno_name(got), where);
    return result;
}

/// The same for calls that return a pointer, with MAP_FAILED (or null) for an error.
template <class T> T* expect_mapped(T* result, Where where = Where::current())
{
    int got = errno;
    if (result == nullptr || reinterpret_cast<long>(result) == -1)
        fail("wanted a mapping, got " + errno_name(got), where);
    return result;
}

/// Forks; the child runs `body` and exits with its result.
pid_t in_child(const std::function<int()>& body, Where where = Where::current());
/// waitpid for one child, repeated when a signal interrupts it; the wait status.
int wait_for(pid_t child, Where where = Where::current());
/// in_child, wait_for and describe in one.
std::string fate_of(const std::function<int()>& body, Where where = Where::current());

/// Makes an empty directory under $TMPDIR and enters it; the frame removes it after the test.
void enter_scratch();
/// Creates or replaces a file in one go.
void write_file(const char* path, std::string_view content, mode_t mode = 0644);
std::string read_file(const char* path);

struct Pipe {
    int reader;
    int writer;
};
Pipe make_pipe(int flags = 0);

/// A one-way "go on" between processes: made before the fork; one side opens it, the other waits.
class Gate {
public:
    Gate() : pipe_(make_pipe()) {}
    void open();
    void wait();

private:
    Pipe pipe_;
};

void sleep_ms(long milliseconds);
long page_size();
/// Monotonic time in milliseconds.
long now_ms();

/// Two pages of which the second may not be touched: the last bytes before the edge are what tests point at.
class PageEdge {
public:
    PageEdge();
    ~PageEdge();
    PageEdge(const PageEdge&) = delete;
    PageEdge& operator=(const PageEdge&) = delete;
    /// The last `length` bytes that can be touched.
    char* last(long length) const { return edge_ - length; }
    /// The first byte that cannot be touched.
    char* edge() const { return edge_; }

private:
    char* start_;
    char* edge_;
};

/// Runs the registered tests as the arguments say; what main returns.
int run_tests(std::span<char*> arguments);

/// A page of zeros that children share.
template<class T>
T* shared_page()
{
    return static_cast<T*>(expect_mapped(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)));
}

/// A program that executes itself handles its own modes here, before any test: return a status, or -1 to go on.
using SelfMode = int (*)(std::span<char*> arguments);
struct SelfModeRegistration {
    explicit SelfModeRegistration(SelfMode mode);
};

} // namespace guest

using guest::expect;
using guest::expect_eq;
using guest::expect_errno;
using guest::expect_mapped;
using guest::expect_ok;

#define GUEST_JOIN_(a, b) a##b
#define GUEST_JOIN(a, b) GUEST_JOIN_(a, b)
#define GUEST_TEST_AS(name, function)                                                                                  \
    static void function();                                                                                            \
    static const guest::Registration GUEST_JOIN(function, _registration){name, function};                              \
    static void function()
#define GUEST_TEST(name) GUEST_TEST_AS(name, GUEST_JOIN(guest_test_, __LINE__))
