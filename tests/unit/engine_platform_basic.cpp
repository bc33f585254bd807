// The stub platform: calls, registers, extended state, faults, mappings, threads, interruption.

#include "engine_platform_support.h"

using namespace ringside;
using namespace ringside::platform;
using namespace ringside::platform::testing;
using namespace std::string_view_literals;

TEST_CASE("a guest's system calls become events, and their results reach it", "[platform]")
{
    Machine m;
    // mov $39,%eax; syscall; mov %eax,%edi; mov $60,%eax; syscall
    auto thread = m.start(bytes("\xb8\x27\0\0\0\x0f\x05\x89\xc7\xb8\x3c\0\0\0\x0f\x05"sv));
    Event event = m.run(*thread);
    CHECK(event.kind == EventKind::syscall);
    Registers& r = thread->registers();
    CHECK(r.rax == 39);
    CHECK(r.rip == code_at.value() + 7);
    CHECK(r.rcx == r.rip);
    CHECK((r.r11 & 0x202) == 0x202);
    r.rax = 4711;
    event = m.run(*thread);
    CHECK(event.kind == EventKind::syscall);
    CHECK(thread->registers().rax == 60);
    CHECK(thread->registers().rdi == 4711);
}
