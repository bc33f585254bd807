// The machine of the call fuzzer: random arguments, valid and wrong, and one line of output for each system call.
// A step's random numbers depend on the seed and on the step alone, so any subset of the steps can be run again.
// Nothing here allocates: steps move the break and change the memory map.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <type_traits>

namespace fuzz {

constexpr long page = 4096;
constexpr long arena = 0x20000000; // four pages to read and write, then one to read only, then nothing
constexpr long arena_size = 4 * page;
constexpr long edge = 0x20010000; // one page, nothing before and after it
constexpr long window = 0x30000000; // what the memory calls map, unmap and protect
constexpr long window_pages = 32;
constexpr int out_fd = 900; // where lines go: no step can name it
constexpr int probe_fd = 901;
constexpr int private_fds = 40; // inotify and signalfd live here: what they read holds numbers that differ

class Random {
public:
    Random(std::uint64_t seed, std::uint64_t step) : state_(seed * 0x9e3779b97f4a7c15u + step * 0xd1b54a32d192ed03u + 1) {}
    std::uint64_t operator()();
    long below(long bound) { return static_cast<long>((*this)() % static_cast<std::uint64_t>(bound)); }
    bool one_in(long n) { return below(n) == 0; }
    long pick(std::initializer_list<long> values) { return values.begin()[below(static_cast<long>(values.size()))]; }
    /// Some of these bits, and one time in twelve any bit.
    long flags(std::initializer_list<long> values);

private:
    std::uint64_t state_;
};

/// An argument as it is passed and as it is printed.
struct Arg {
    template <class T>
        requires(std::integral<T> || std::is_enum_v<T>)
    Arg(T number) : value(static_cast<long>(number))
    {
    }
    Arg(long number, const char* shown) : value(number), text(shown) {}
    long value;
    const char* text = nullptr;
};

/// A number that differs from run to run: pids, addresses, identifiers.
inline Arg hidden(long number) { return {number, "*"}; }

enum class Shown { number, sign };

/// One step: makes arguments, calls, and prints.
class Call {
public:
    Call(std::uint64_t seed, long step) : random(seed, static_cast<std::uint64_t>(step)), step_(step) {}
    ~Call() { end_line(); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    Random random;

    int fd();
    Arg dirfd();
    /// A name in the scratch directory, or something that is no name.
    Arg path();
    /// As path, and names outside, for calls that change nothing.
    Arg path_to_look_at();
    long size();
    long offset();
    long odd_number();
    long mode();
    /// Where the kernel may write `bytes`: good memory, a page's edge, or a wrong pointer.
    long out(long bytes);
    /// The same with `bytes` of data there for the kernel to read.
    long in(const void* data, long bytes);
    template <class T> long in(const T& value) { return in(&value, sizeof value); }
    template <class T> long in_array(std::span<const T> values) { return in(values.data(), static_cast<long>(values.size_bytes())); }
    /// Always good memory.
    long good(long bytes);

    /// Makes the call and prints it. Errors are negative, as the kernel gives them.
    template <class... Args> long go(const char* name, long number, Args... args)
    {
        Arg all[] = {Arg(args)..., Arg(0)};
        return call(name, number, std::span<const Arg>(all, sizeof...(args)), Shown::number);
    }
    /// As go, for results that differ from run to run: only the sign is printed.
    template <class... Args> long go_hidden(const char* name, long number, Args... args)
    {
        Arg all[] = {Arg(args)..., Arg(0)};
        return call(name, number, std::span<const Arg>(all, sizeof...(args)), Shown::sign);
    }
    [[gnu::format(printf, 2, 3)]] void note(const char* format, ...);
    /// Makes bytes of the arena the same in all runs, before they are hashed. Addresses elsewhere are left alone.
    void scrub(long address, long offset, long bytes);
    void end_line();
    long step() const { return step_; }

private:
    long call(const char* name, long number, std::span<const Arg> args, Shown shown);
    long place(long bytes, bool& writable);

    long step_;
    long cursor_ = arena + 64;
    std::uint32_t before_ = 0;
    bool pending_ = false;
    bool failed_halfway_ = false;
};

long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
bool readable(long address, long bytes);
std::uint32_t hash(const void* data, long bytes);
void set_up_memory();
/// Called by signal handlers: the line of the call says which signals came.
void signal_came(int number, int code);
/// Runs one random step of the groups that are chosen.
void run_step(std::uint64_t seed, long step, int depth);

using Operation = void (*)(Call&);
struct Entry {
    const char* group;
    int weight;
    Operation run;
};
std::span<const Entry> file_steps();
std::span<const Entry> name_steps();
std::span<const Entry> descriptor_steps();
std::span<const Entry> memory_steps();
std::span<const Entry> signal_steps();
std::span<const Entry> process_steps();
std::span<const Entry> network_steps();
std::span<const Entry> waiting_steps();
std::span<const Entry> ipc_steps();

/// What outlives the process that runs a seed: System V objects, to be removed after it.
struct Leftovers {
    int ids[3][16];
    int counts[3];
};
extern Leftovers* leftovers;
extern std::uint64_t current_seed;

}
