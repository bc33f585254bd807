// The host's clocks in a guest: read without a call, and nobody seen there.

#include "engine_platform_support.h"

#include "engine/platform/host_clocks.h"

using namespace ringside;
using namespace ringside::platform;
using namespace ringside::platform::testing;
using namespace std::string_view_literals;

namespace {

/// What a guest finds at `address`: a page of the stub region that it may read.
std::uint64_t word_at(Machine& m, std::uint64_t address)
{
    // mov (%rdi),%rdi; syscall
    auto thread = m.start(bytes("\x48\x8b\x3f\x0f\x05"sv));
    thread->registers().rdi = address;
    REQUIRE(m.run(*thread).kind == EventKind::syscall);
    return thread->registers().rdi;
}

constexpr std::uint64_t fast_clock_gettime = 0x6ff0'0001'0040; // engine/platform/stub/layout.h

// mov $1,%edi; mov $0x500000,%esi; call *%rbx; syscall; and the same without end: 1: mov $1,%edi; mov $0x500000,%esi; call *%rbx; jmp 1b
constexpr auto read_clock = "\xbf\1\0\0\0\xbe\0\0\x50\0\xff\xd3\x0f\x05"sv;
constexpr auto read_clock_for_ever = "\xbf\1\0\0\0\xbe\0\0\x50\0\xff\xd3\xeb\xf2"sv;

}

TEST_CASE("the host's clock is read without a call where that is allowed", "[platform]")
{
    Machine without;
    CHECK(word_at(without, fast_clock_gettime) == 0);

    auto clocks = find_host_clocks();
    REQUIRE(clocks);
    Machine m(false, false, 0, &*clocks);
    std::uint64_t function = word_at(m, fast_clock_gettime);
    REQUIRE(function != 0);
    auto thread = m.start(bytes(read_clock));
    thread->registers().rbx = function;
    thread->registers().rsp = data_at.value() + 0x8000;
    std::uint64_t before = clock_ns();
    Event event = m.run(*thread);
    std::uint64_t after = clock_ns();
    CHECK(event.kind == EventKind::syscall);
    if (thread->registers().rip != code_at.value() + read_clock.size()) {
        WARN("this host's vDSO makes system calls: nothing to see");
        CHECK(word_at(m, fast_clock_gettime) == 0);
        return;
    }
    auto& time = m.memory.at<timespec>(data_offset);
    std::uint64_t told = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
    CHECK(before <= told);
    CHECK(told <= after);
}

TEST_CASE("nobody is seen in the host's clock: not when interrupted, not when stepping", "[platform]")
{
    auto clocks = find_host_clocks();
    REQUIRE(clocks);
    Machine m(false, false, 0, &*clocks);
    std::uint64_t function = word_at(m, fast_clock_gettime);
    REQUIRE(function != 0);
    auto in_code = [](const Registers& r) { return r.rip >= code_at.value() && r.rip < code_at.value() + 0x1000; };
    auto thread = m.start(bytes(read_clock_for_ever));
    thread->registers().rbx = function;
    thread->registers().rsp = data_at.value() + 0x8000;
    for (int i = 0; i < 50; ++i) {
        thread->resume();
        thread->interrupt();
        Event event = m.next();
        if (event.kind == EventKind::syscall)
            return; // a host whose vDSO calls
        REQUIRE(event.kind == EventKind::interrupted);
        REQUIRE(in_code(thread->registers()));
    }
    for (int i = 0; i < 12; ++i) {
        thread->registers().eflags |= 0x100;
        Event event = m.run(*thread);
        REQUIRE(event.kind == EventKind::fault);
        REQUIRE(event.fault.signo == SIGTRAP);
        REQUIRE(in_code(thread->registers()));
    }
}
