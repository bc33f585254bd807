// Random arguments, the call itself, and its line.
#include "machine.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fuzz {
namespace {

char line[8192];
int length = 0;
volatile int signals_came[64][2];
volatile int signal_count = 0;
char long_name[300];
char long_path[5000];

void append(const char* format, va_list list)
{
    int room = static_cast<int>(sizeof line) - length - 2;
    int written = vsnprintf(line + length, static_cast<size_t>(room), format, list);
    length += written < room ? written : room - 1;
}

[[gnu::format(printf, 1, 2)]] void print(const char* format, ...)
{
    va_list list;
    va_start(list, format);
    append(format, list);
    va_end(list);
}

const char* const names[] = {"a", "b", "c", "f", "d", "d/a", "d/b", "d/e", "d/e/a", "d/e/b", "l", "dl", "dl/a", "loop", "p", "x", "y", "d/x", "d/y", "a/",
    "d/", "x/", "l/", "dl/", ".", "./a", "d/.", "d/../b", "d/..", "", "loop/a", "a/a", "nowhere/a", "d//a", "p/", "x/y", "s", long_name, long_path};
const char* const names_outside[] = {"/", "..", "/dev/null", "/dev/zero", "/dev/full", "/dev", "/proc/self/fd", "/proc/self/exe", "/proc", "//", "/nowhere", "/dev/null/", "/dev/null/a"};

}

Leftovers* leftovers;
std::uint64_t current_seed;

std::uint64_t Random::operator()()
{
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

long Random::flags(std::initializer_list<long> values)
{
    long all = 0;
    for (long value : values)
        all |= one_in(3) ? value : 0;
    return one_in(12) ? all | 1L << below(32) : all;
}

long raw(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    register long r9 asm("r9") = f;
    asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

// A pipe or file that copies the bytes says whether they are there, without a signal.
bool readable(long address, long bytes)
{
    return raw(SYS_pwrite64, probe_fd, address, bytes, 0) == bytes;
}

std::uint32_t hash(const void* data, long bytes)
{
    std::uint64_t value = 14695981039346656037u;
    const auto* at = static_cast<const unsigned char*>(data);
    for (long i = 0; i < bytes; ++i)
        value = (value ^ at[i]) * 1099511628211u;
    return static_cast<std::uint32_t>(value ^ (value >> 32));
}

void set_up_memory()
{
    auto map = [](long address, long bytes, int protection) {
        if (mmap(reinterpret_cast<void*>(address), static_cast<size_t>(bytes), protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            _exit(98);
    };
    map(arena, arena_size, PROT_READ | PROT_WRITE);
    map(arena + arena_size, page, PROT_READ);
    map(edge, page, PROT_READ | PROT_WRITE);
    memset(long_name, 'n', 256);
    for (int i = 0; i + 2 < 4500; i += 2)
        memcpy(long_path + i, "./", 2);
}

void signal_came(int number, int code)
{
    int at = signal_count;
    if (at < 64) {
        signals_came[at][0] = number;
        signals_came[at][1] = code;
        signal_count = at + 1;
    }
}

int Call::fd()
{
    if (random.one_in(14))
        return static_cast<int>(random.pick({-1, 55, 1 << 20, 0x7fffffff, -100, -2147483647}));
    int number = 0;
    for (int tries = 0; tries < 6; ++tries) {
        number = static_cast<int>(random.below(random.pick({6, 10, 16, 24})));
        if (raw(SYS_fcntl, number, F_GETFD) >= 0)
            break;
    }
    return number;
}

Arg Call::dirfd()
{
    if (random.one_in(5))
        return fd();
    return {AT_FDCWD, "cwd"};
}

Arg Call::path()
{
    if (random.one_in(30))
        return {random.pick({0, 1, -1, edge - 1, window - page, static_cast<long>(0x800000000000)}), "bad"};
    const char* name = names[random.below(std::size(names))];
    if (!random.one_in(4))
        name = names[random.below(19)];
    long bytes = static_cast<long>(strlen(name)) + 1;
    const char* shown = name == long_name ? "LONG_NAME" : name == long_path ? "LONG_PATH" : name;
    if (random.one_in(12) && bytes < page) { // the name ends where the page does
        long at = edge + page - bytes;
        memcpy(reinterpret_cast<void*>(at), name, static_cast<size_t>(bytes));
        return {at, shown};
    }
    long at = good(bytes);
    memcpy(reinterpret_cast<void*>(at), name, static_cast<size_t>(bytes));
    return {at, shown};
}

Arg Call::path_to_look_at()
{
    if (!random.one_in(8))
        return path();
    const char* name = names_outside[random.below(std::size(names_outside))];
    long bytes = static_cast<long>(strlen(name)) + 1;
    long at = good(bytes);
    memcpy(reinterpret_cast<void*>(at), name, static_cast<size_t>(bytes));
    return {at, name};
}

long Call::size()
{
    switch (random.below(8)) {
    case 0: return random.pick({0, 1, 4095, 4096, 4097, 8192, 12288});
    case 1: return random.below(12288);
    case 2: return random.pick({-1, 0x7fffffff, 0x7ffff000, 0x100000000, static_cast<long>(0x8000000000000000)});
    default: return random.below(300);
    }
}

long Call::offset()
{
    return random.one_in(3) ? random.below(10000) : random.pick({0, 0, 1, 100, 4095, 4096, 5000, 65536, 1000000, 1L << 31, -1, -4096, 0x7fffffffffffffff});
}

long Call::odd_number()
{
    return random.one_in(2) ? random.below(16)
                            : random.pick({-1, 0x7fffffff, static_cast<long>(0x80000000), 0x100000000, 4096, 65535, 1 << 20, static_cast<long>(0x8000000000000000)});
}

long Call::mode()
{
    return random.one_in(3) ? random.below(010000) : random.pick({0644, 0755, 0600, 0, 0444, 02755, 01777, 04755, 0200000});
}

long Call::place(long bytes, bool& writable)
{
    writable = false;
    if (random.one_in(20))
        return random.pick({0, 1, -1, window - page, arena + arena_size, static_cast<long>(0x800000000000), static_cast<long>(0x8000000000000000), edge + page});
    writable = true;
    if (random.one_in(12) && bytes <= page)
        return edge + page - (random.one_in(2) ? bytes : random.below(bytes + 1));
    return good(bytes < 0 || bytes > arena_size ? 64 : bytes);
}

long Call::good(long bytes)
{
    long room = (bytes + 15) & ~15L;
    if (cursor_ + room > arena + arena_size)
        return bytes <= arena_size ? arena + arena_size - bytes : arena;
    long at = cursor_;
    cursor_ += room;
    return at;
}

long Call::out(long bytes)
{
    bool ignored;
    return place(bytes, ignored);
}

long Call::in(const void* data, long bytes)
{
    bool writable;
    long at = place(bytes, writable);
    if (writable) {
        long end = at >= edge ? edge + page : arena + arena_size;
        memcpy(reinterpret_cast<void*>(at), data, static_cast<size_t>(at + bytes > end ? end - at : bytes));
    }
    return at;
}

void Call::note(const char* format, ...)
{
    va_list list;
    va_start(list, format);
    append(format, list);
    va_end(list);
}

void Call::scrub(long address, long offset, long bytes)
{
    long at = address + offset;
    bool in_arena = at >= arena && at + bytes <= arena + arena_size;
    bool in_edge = at >= edge && at + bytes <= edge + page;
    if (in_arena || in_edge)
        memset(reinterpret_cast<void*>(at), 0x5a, static_cast<size_t>(bytes));
}

long Call::call(const char* name, long number, std::span<const Arg> args, Shown shown)
{
    end_line();
    pending_ = true;
    print("%ld %s(", step_, name);
    const char* comma = "";
    for (const Arg& arg : args) {
        if (arg.text)
            print("%s%s", comma, arg.text);
        else if (arg.value > -70000 && arg.value < 70000)
            print("%s%ld", comma, arg.value);
        else
            print("%s0x%lx", comma, static_cast<unsigned long>(arg.value));
        comma = ",";
    }
    long a[6] = {};
    for (size_t i = 0; i < args.size(); ++i)
        a[i] = args[i].value;
    before_ = hash(reinterpret_cast<void*>(arena), arena_size) ^ hash(reinterpret_cast<void*>(edge), page);
    long result = raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    failed_halfway_ = result == -EFAULT; // how much was there before is nobody's promise
    if (result < 0 && result > -4096)
        print(") = %s", strerrorname_np(static_cast<int>(-result)) ? strerrorname_np(static_cast<int>(-result)) : "E?");
    else if (shown == Shown::sign)
        print(") = *");
    else
        print(") = %ld", result);
    return result;
}

void Call::end_line()
{
    if (!pending_)
        return;
    pending_ = false;
    std::uint32_t after = hash(reinterpret_cast<void*>(arena), arena_size) ^ hash(reinterpret_cast<void*>(edge), page);
    if (after != before_ && !failed_halfway_)
        print(" #%08x", after);
    for (int i = 0; i < signal_count; ++i)
        print(" [signal %d code %d]", signals_came[i][0], signals_came[i][1]);
    signal_count = 0;
    line[length++] = '\n';
    raw(SYS_write, out_fd, reinterpret_cast<long>(line), length);
    length = 0;
}

}
