// The stub platform: calls, registers, extended state, faults, mappings, threads, interruption.

#include "engine_platform_support.h"

#include <array>

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

namespace {

/// Loads every register that a guest has from the data page, then makes a call; the test compares what arrives.
constexpr auto load_all = "\x48\xbc\0\0\x50\0\0\0\0\0" // movabs $0x500000,%rsp
    "\x58\x5b\x5f\x5e\x5d"                              // pop rax rbx rdi rsi rbp
    "\x41\x58\x41\x59\x41\x5a\x41\x5c\x41\x5d\x41\x5e\x41\x5f" // pop r8 r9 r10 r12 r13 r14 r15
    "\x5a"                                              // pop rdx
    "\x9d"                                              // popf
    "\x0f\x05\x0f\x05"sv;                               // syscall; syscall

bool same_but_ip(Registers a, Registers b)
{
    a.rip = b.rip = a.rcx = b.rcx = 0;
    return a == b;
}

}

TEST_CASE("all registers arrive, and are as they were after the call", "[platform]")
{
    Machine m;
    for (unsigned i = 0; i < 13; ++i)
        m.memory.at<std::uint64_t>(data_offset + 8 * i) = 0x1122334455660000 + i;
    m.memory.at<std::uint64_t>(data_offset + 8 * 13) = 0x202 | 0x8d5 | 0x400; // CF PF AF ZF SF DF OF
    auto thread = m.start(bytes(load_all));
    thread->registers().fs_base = 0x7000'1234'5678;
    thread->registers().gs_base = 0x1234'5000;
    CHECK(m.run(*thread).kind == EventKind::syscall);
    Registers first = thread->registers();
    CHECK(first.rax == 0x1122334455660000);
    CHECK(first.rbx == 0x1122334455660001);
    CHECK(first.rdi == 0x1122334455660002);
    CHECK(first.rsi == 0x1122334455660003);
    CHECK(first.rbp == 0x1122334455660004);
    CHECK(first.r8 == 0x1122334455660005);
    CHECK(first.r9 == 0x1122334455660006);
    CHECK(first.r10 == 0x1122334455660007);
    CHECK(first.r12 == 0x1122334455660008);
    CHECK(first.r13 == 0x1122334455660009);
    CHECK(first.r14 == 0x112233445566000a);
    CHECK(first.r15 == 0x112233445566000b);
    CHECK(first.rdx == 0x112233445566000c);
    CHECK(first.rsp == data_at.value() + 8 * 14);
    CHECK(first.rcx == first.rip);
    CHECK(first.r11 == first.eflags);
    CHECK((first.eflags & 0xcd5) == 0xcd5);
    CHECK(first.fs_base == 0x7000'1234'5678);
    CHECK(first.gs_base == 0x1234'5000);
    CHECK(m.run(*thread).kind == EventKind::syscall);
    CHECK(same_but_ip(first, thread->registers()));
    CHECK(thread->registers().rip == first.rip + 2);
}

TEST_CASE("the kernel changes registers and the guest sees it", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x0f\x05\x0f\x05\x0f\x05"sv));
    m.run(*thread);
    Registers& r = thread->registers();
    for (std::uint64_t Registers::* field : {&Registers::r8, &Registers::r9, &Registers::r10, &Registers::r12, &Registers::r13, &Registers::r14,
             &Registers::r15, &Registers::rdi, &Registers::rsi, &Registers::rbp, &Registers::rbx, &Registers::rdx, &Registers::rsp, &Registers::rax})
        r.*field = 0xfeed'0000'0000'0000 + static_cast<std::uint64_t>(r.rip);
    r.fs_base = 0xffff'8000'0000'0000;
    r.gs_base = 0x7fff'ffff'ffff;
    Registers set = r;
    m.run(*thread);
    set.r11 = thread->registers().r11;
    CHECK(same_but_ip(set, thread->registers()));
    // Values that the processor refuses do not end the guest.
    thread->registers().fs_base = 0x1234'5678'9abc'def0;
    thread->registers().eflags = ~0ULL & ~0x100ULL;
    CHECK(m.run(*thread).kind == EventKind::syscall);
    CHECK(thread->registers().fs_base == 0);
    CHECK((thread->registers().eflags & ~0x250fd7ULL) == 0);
}

TEST_CASE("vector and x87 state lives through calls, is read, and can be replaced", "[platform]")
{
    Machine m;
    // fld1; movq %rax,%xmm5; syscall; movq %xmm5,%rbx; syscall
    constexpr auto code = "\xd9\xe8\x66\x48\x0f\x6e\xe8\x0f\x05\x66\x48\x0f\x7e\xeb\x0f\x05\xeb\xf7"sv;
    auto thread = m.start(bytes(code));
    thread->registers().rax = 0xabcdef;
    CHECK(thread->xstate().empty());
    m.run(*thread);
    std::vector<std::byte> saved;
    SECTION("untouched") { }
    SECTION("read")
    {
        auto state = thread->xstate();
        REQUIRE(state.size() >= 576);
        saved.assign(state.begin(), state.end());
        std::uint64_t xmm5;
        std::memcpy(&xmm5, saved.data() + 160 + 5 * 16, 8);
        CHECK(xmm5 == 0xabcdef);
    }
    m.run(*thread);
    CHECK(thread->registers().rbx == 0xabcdef);
    auto state = thread->xstate();
    saved.assign(state.begin(), state.end());

    SECTION("changed in place, then replaced, then refused")
    {
        std::uint64_t value = 0x5555;
        std::memcpy(state.data() + 160 + 5 * 16, &value, 8);
        m.run(*thread);
        CHECK(thread->registers().rbx == 0x5555);
        REQUIRE(thread->set_xstate(saved).ok());
        m.run(*thread);
        CHECK(thread->registers().rbx == 0xabcdef);
        REQUIRE(thread->set_xstate({}).ok());
        m.run(*thread);
        CHECK(thread->registers().rbx == 0);
        std::vector<std::byte> bad = saved;
        bad[512 + 7] = std::byte {0x80}; // a component that nobody has
        CHECK(thread->set_xstate(bad).error() == EINVAL);
        bad = saved;
        bad[27] = std::byte {0xff}; // reserved bits of MXCSR
        CHECK(thread->set_xstate(bad).error() == EINVAL);
        bad = saved;
        bad[520] = std::byte {1}; // compacted form
        CHECK(thread->set_xstate(bad).error() == EINVAL);
        CHECK(thread->set_xstate(std::span(saved).first(575)).error() == EINVAL);
    }
    SECTION("copied to another thread, as fork does")
    {
        auto other = m.thread_at(*m.space, code_at + 9);
        REQUIRE(other->set_xstate(saved).ok());
        m.run(*other);
        CHECK(other->registers().rbx == 0xabcdef);
    }
}

TEST_CASE("faults tell signal, address and error", "[platform]")
{
    Machine m;
    auto fault = [&](std::string_view code) {
        auto thread = m.start(bytes(code));
        thread->registers().rax = 0x1234'5678;
        Event event = m.run(*thread);
        REQUIRE(event.kind == EventKind::fault);
        CHECK(thread->registers().rax == 0x1234'5678);
        return event.fault;
    };
    Fault read = fault("\x8b\x08"sv); // mov (%rax),%ecx
    CHECK(read.signo == SIGSEGV);
    CHECK(read.address == GuestAddr(0x1234'5678));
    CHECK(read.trapno == 14);
    CHECK((read.error & 2) == 0);
    Fault write = fault("\x89\x08"sv);
    CHECK((write.error & 2) != 0);
    Fault text = fault("\xc6\x05\xf9\xff\xff\xff\0"sv); // movb $0,(rip): to its own code
    CHECK(text.signo == SIGSEGV);
    CHECK(text.address == code_at);
    Fault jump = fault("\xff\xe0"sv); // jmp *%rax
    CHECK(jump.address == GuestAddr(0x1234'5678));
    CHECK((jump.error & 16) != 0);
    Fault divide = fault("\x31\xc9\xf7\xf1"sv);
    CHECK(divide.signo == SIGFPE);
    CHECK(divide.trapno == 0);
    Fault invalid = fault("\x0f\x0b"sv);
    CHECK(invalid.signo == SIGILL);
    CHECK(invalid.address == code_at);
    Fault breakpoint = fault("\xcc"sv);
    CHECK(breakpoint.signo == SIGTRAP);
    CHECK(breakpoint.trapno == 3);
    Fault general = fault("\x48\xb9\0\0\0\0\0\0\0\x80\x8b\x09"sv); // a non-canonical address
    CHECK(general.signo == SIGSEGV);
    CHECK(general.trapno == 13);
    Fault privileged = fault("\xf4"sv); // hlt
    CHECK(privileged.trapno == 13);
}

TEST_CASE("a page past the end of the memory file gives SIGBUS", "[platform]")
{
    Machine m;
    m.space->map(GuestAddr(0x60'0000), page_size, read_write, memory_size);
    auto thread = m.start(bytes("\x8b\x08"sv));
    thread->registers().rax = 0x60'0010;
    Event event = m.run(*thread);
    CHECK(event.kind == EventKind::fault);
    CHECK(event.fault.signo == SIGBUS);
    CHECK(event.fault.address == GuestAddr(0x60'0010));
}

TEST_CASE("a trap flag steps", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x90\x90\x0f\x05\x90"sv));
    thread->registers().eflags = 0x302;
    Event event = m.run(*thread);
    CHECK(event.kind == EventKind::fault);
    CHECK(event.fault.signo == SIGTRAP);
    CHECK(thread->registers().rip == code_at.value() + 1);
    m.run(*thread);
    CHECK(thread->registers().rip == code_at.value() + 2);
    thread->registers().eflags &= ~0x100ULL;
    CHECK(m.run(*thread).kind == EventKind::syscall);
}

TEST_CASE("pages come, go and change what they allow", "[platform]")
{
    Machine m;
    // mov (%rax),%rbx; mov %rbx,(%rcx)... here: a load then a call, again and again
    auto thread = m.start(bytes("\x48\x8b\x18\x0f\x05\xeb\xf9"sv));
    constexpr GuestAddr page {0x7000'0000'0000};
    m.memory.at<std::uint64_t>(0x10'0000) = 111;
    m.memory.at<std::uint64_t>(0x20'0000) = 222;
    auto load = [&] {
        thread->registers().rax = page.value();
        return m.run(*thread).kind;
    };
    CHECK(load() == EventKind::fault);
    m.space->map(page, page_size, Prot::read, 0x10'0000);
    CHECK(load() == EventKind::syscall);
    CHECK(thread->registers().rbx == 111);
    m.space->map(page, page_size, Prot::read, 0x20'0000, true);
    CHECK(load() == EventKind::syscall);
    CHECK(thread->registers().rbx == 222);
    m.space->protect(page, page_size, Prot::none);
    REQUIRE(m.space->flush().ok());
    CHECK(load() == EventKind::fault);
    m.space->protect(page, page_size, read_write);
    CHECK(load() == EventKind::syscall);
    m.space->unmap(page, page_size);
    CHECK(load() == EventKind::fault);
    CHECK(m.space->flush().ok());
}

TEST_CASE("many orders at once: more than the ring holds", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x48\x8b\x18\x0f\x05\xeb\xf9"sv));
    std::size_t before = m.space->mapping_count();
    for (std::uint64_t i = 0; i < 2000; ++i) {
        m.memory.at<std::uint64_t>(0x10'0000 + i * page_size) = i;
        m.space->map(GuestAddr(0x7000'0000'0000 + i * 2 * page_size), page_size, Prot::read, 0x10'0000 + i * page_size);
    }
    CHECK(m.space->mapping_count() == before + 2000);
    for (std::uint64_t i : {0, 999, 1999}) {
        thread->registers().rip = code_at.value();
        thread->registers().rax = 0x7000'0000'0000 + i * 2 * page_size;
        CHECK(m.run(*thread).kind == EventKind::syscall);
        CHECK(thread->registers().rbx == i);
    }
    m.space->unmap(GuestAddr(0x7000'0000'0000), 4000 * page_size);
    CHECK(m.space->mapping_count() == before);
    thread->registers().rip = code_at.value();
    thread->registers().rax = 0x7000'0000'0000;
    CHECK(m.run(*thread).kind == EventKind::fault);
}

TEST_CASE("neighbouring orders become one, others stay apart", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x48\x8b\x18\x0f\x05\xeb\xf9"sv));
    constexpr std::uint64_t at = 0x7000'0000'0000;
    for (std::uint64_t i = 0; i < 40; ++i)
        m.memory.at<std::uint64_t>(0x10'0000 + i * page_size) = 100 + i;
    std::size_t before = m.space->mapping_count();
    // Pages 0-9 in a row; 10 with a gap in the file; 11 writable; 12 and 13 the same page of the file.
    for (std::uint64_t i = 0; i < 10; ++i)
        m.space->map(GuestAddr(at + i * page_size), page_size, Prot::read, 0x10'0000 + i * page_size);
    m.space->map(GuestAddr(at + 10 * page_size), page_size, Prot::read, 0x10'0000 + 20 * page_size);
    m.space->map(GuestAddr(at + 11 * page_size), page_size, read_write, 0x10'0000 + 21 * page_size);
    m.space->map(GuestAddr(at + 12 * page_size), page_size, Prot::read, 0x10'0000 + 30 * page_size);
    m.space->map(GuestAddr(at + 13 * page_size), page_size, Prot::read, 0x10'0000 + 30 * page_size);
    m.space->protect(GuestAddr(at), page_size, Prot::none);
    m.space->protect(GuestAddr(at + page_size), page_size, Prot::none);
    m.space->unmap(GuestAddr(at + 2 * page_size), page_size);
    m.space->unmap(GuestAddr(at + 3 * page_size), page_size);
    CHECK(m.space->mapping_count() == before + 6);
    auto load = [&](std::uint64_t page) {
        thread->registers().rip = code_at.value();
        thread->registers().rax = at + page * page_size;
        return m.run(*thread).kind == EventKind::syscall ? thread->registers().rbx : 0;
    };
    constexpr std::array<std::uint64_t, 15> expected {0, 0, 0, 0, 104, 105, 106, 107, 108, 109, 120, 121, 130, 130, 0};
    for (std::uint64_t i = 0; i < expected.size(); ++i)
        CHECK(load(i) == expected[i]);
}

TEST_CASE("mappings may touch the stub region from both sides, never enter it", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x48\x8b\x18\x0f\x05\xeb\xf9"sv));
    constexpr std::uint64_t big = 0x1'0000'0000;
    m.space->map(GuestAddr(stub_region_start - 0x3000), 0x3000, Prot::read, 0x10'0000);
    m.space->protect(GuestAddr(stub_region_start - 0x3000), 0x3000, read_write);
    m.space->unmap(GuestAddr(stub_region_start - 0x2000), 0x2000);
    m.space->unmap(GuestAddr(stub_region_start - big), big);
    m.space->unmap(GuestAddr(stub_region_end), 5 * big);
    m.space->map(GuestAddr(stub_region_end), 0x1000, Prot::read, 0x10'0000);
    m.space->unmap(GuestAddr(guest_address_start), code_at.value() - guest_address_start);
    m.space->unmap(GuestAddr(data_at.value() + 0x1'0000), stub_region_start - data_at.value() - 0x1'0000);
    CHECK(m.space->flush().ok());
    thread->registers().rax = stub_region_end;
    CHECK(m.run(*thread).kind == EventKind::syscall);
    SECTION("start") { m.space->unmap(GuestAddr(stub_region_start - 0x1000), 0x2000); }
    SECTION("end") { m.space->unmap(GuestAddr(stub_region_end - 0x1000), 0x1000); }
    SECTION("around") { m.space->unmap(GuestAddr(0x1000), guest_address_end - 0x1000); }
    SECTION("map") { m.space->map(GuestAddr(stub_region_start), 0x1000, read_write, 0); }
    SECTION("unaligned") { m.space->map(GuestAddr(0x1001), 0x1000, read_write, 0); }
    SECTION("wrapping") { m.space->protect(GuestAddr(0x1000), ~0xfffULL, read_write); }
    Event event = m.next();
    CHECK(event.kind == EventKind::died);
    CHECK(event.thread == thread.get());
}

TEST_CASE("threads of one address space share memory and have registers of their own", "[platform]")
{
    Machine m;
    // lock incl (%rdi); syscall; jmp back
    m.memory.put(code_offset, bytes("\xf0\xff\x07\x0f\x05\xeb\xf9"sv));
    std::vector<std::unique_ptr<Thread>> threads;
    for (std::uint64_t i = 0; i < 8; ++i) {
        threads.push_back(m.thread_at(*m.space, code_at));
        threads.back()->registers().rdi = data_at.value();
        threads.back()->registers().rbx = i;
        threads.back()->set_owner(threads.back().get());
        threads.back()->resume();
    }
    for (int i = 0; i < 8; ++i)
        REQUIRE(m.next().kind == EventKind::syscall);
    for (auto& thread : threads)
        thread->resume();
    std::vector<int> served(8);
    for (int i = 0; i < 800; ++i) {
        Event event = m.next();
        REQUIRE(event.kind == EventKind::syscall);
        ++served[event.thread->registers().rbx];
        event.thread->resume();
    }
    // Who runs is the host's choice, but none that asks is left aside.
    for (int count : served)
        CHECK(count >= 20);
    CHECK(m.memory.at<std::uint32_t>(data_offset) >= 800);
}

TEST_CASE("a spinning loop is interrupted and goes on", "[platform]")
{
    Machine m;
    // incq (%rdi); jmp back
    auto thread = m.start(bytes("\x48\xff\x07\xeb\xfb"sv));
    thread->registers().rdi = data_at.value();
    for (int i = 0; i < 20; ++i) {
        thread->resume();
        CHECK_FALSE(m.platform->wait(clock_ns() + 1'000'000));
        thread->interrupt();
        thread->interrupt();
        Event event = m.next();
        CHECK(event.kind == EventKind::interrupted);
        CHECK(thread->registers().rip - code_at.value() < 5);
    }
    CHECK(m.memory.at<std::uint64_t>(data_offset) > 1000);
}

TEST_CASE("an interruption that another event answers does not come later", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x0f\x05\xeb\xfc"sv));
    int interrupted = 0;
    for (int i = 0; i < 200; ++i) {
        thread->resume();
        thread->interrupt();
        Event event = m.next();
        interrupted += event.kind == EventKind::interrupted;
        thread->registers().rip = code_at.value();
        // Without another request nothing but calls arrives.
        CHECK(m.run(*thread).kind == EventKind::syscall);
        CHECK(m.run(*thread).kind == EventKind::syscall);
    }
    thread->interrupt(); // stopped: no matter
    CHECK(m.run(*thread).kind == EventKind::syscall);
    INFO(interrupted);
}

TEST_CASE("a thread that was made and at once interrupted stops", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\xeb\xfe"sv));
    thread->resume();
    thread->interrupt();
    CHECK(m.next().kind == EventKind::interrupted);
}

TEST_CASE("a second address space, with the registers of the first, as after fork", "[platform]")
{
    Machine m;
    // mov (%rsi),%rbx; syscall; jmp back
    auto parent = m.start(bytes("\x48\x8b\x1e\x0f\x05\xeb\xf9"sv));
    parent->registers().rsi = data_at.value();
    m.memory.at<std::uint64_t>(data_offset) = 1;
    m.memory.at<std::uint64_t>(0x30'0000) = 2;
    m.run(*parent);
    auto space = m.platform->create_address_space();
    REQUIRE(space.ok());
    space.value()->map(code_at, 0x1'0000, read_exec, code_offset);
    space.value()->map(data_at, 0x1'0000, read_write, 0x30'0000);
    auto child = m.thread_at(*space.value(), code_at);
    child->registers() = parent->registers();
    m.run(*child);
    CHECK(child->registers().rbx == 2);
    m.run(*parent);
    CHECK(parent->registers().rbx == 1);
    m.run(*child);
    // The parent's end does not touch the child.
    parent.reset();
    m.space.reset();
    m.run(*child);
    CHECK(child->registers().rbx == 2);
}

TEST_CASE("address spaces come and go", "[platform]")
{
    Machine m;
    m.memory.put(code_offset, bytes("\x0f\x05"sv));
    for (int i = 0; i < 100; ++i) {
        auto space = m.new_space();
        auto thread = m.thread_at(*space, code_at);
        CHECK(m.run(*thread).kind == EventKind::syscall);
        if (i % 2 == 0)
            thread->resume(); // ended while it runs
        thread.reset();
    }
}

TEST_CASE("threads come and go; their host threads are used again", "[platform]")
{
    Machine m;
    m.memory.put(code_offset, bytes("\x48\x89\xc3\xf3\x0f\x7e\x08\xb8\x07\0\0\0\x0f\x05\xeb\xfe"sv));
    for (int i = 0; i < 50; ++i) {
        auto thread = m.thread_at(*m.space, code_at);
        Registers zero {};
        zero.rip = code_at.value();
        CHECK(thread->registers() == zero);
        thread->registers().rax = data_at.value();
        CHECK(m.run(*thread).kind == EventKind::syscall);
        CHECK(thread->registers().rbx == data_at.value());
        if (i % 2 == 0)
            thread->resume(); // into the endless loop
    }
    CHECK_FALSE(m.platform->wait(clock_ns() + 50'000'000));
}

TEST_CASE("ring() from another thread ends the wait", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\xeb\xfe"sv));
    thread->resume();
    std::thread other([&] {
        usleep(20'000);
        m.platform->ring();
    });
    std::uint64_t start = clock_ns();
    CHECK_FALSE(m.platform->wait(start + 10'000'000'000));
    CHECK(clock_ns() - start < 5'000'000'000);
    other.join();
    CHECK_FALSE(m.platform->wait(clock_ns()));
}

TEST_CASE("int $0x80 is told as such", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\xcd\x80\x0f\x05"sv));
    thread->registers().rax = 20;
    thread->registers().rcx = 77;
    CHECK(m.run(*thread).kind == EventKind::int80);
    CHECK(thread->registers().rax == 20);
    CHECK(thread->registers().rcx == 77);
    CHECK(thread->registers().rip == code_at.value() + 2);
    CHECK(m.run(*thread).kind == EventKind::syscall);
}

TEST_CASE("numbers that no table has arrive too", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x0f\x05\xeb\xfc"sv));
    for (std::uint64_t nr : {0ULL, 0x4000'0000ULL + 39, ~0ULL, 0xffff'ffffULL, 0x7fff'ffffULL, 0x1'0000'0027ULL, 100'000ULL}) {
        thread->registers().rax = nr;
        CHECK(m.run(*thread).kind == EventKind::syscall);
        CHECK(thread->registers().rax == nr);
    }
}

TEST_CASE("a call of the vsyscall page", "[platform]")
{
    Machine m;
    // push of a return address by call *%rax; then syscall
    auto thread = m.start(bytes("\xff\xd0\x0f\x05"sv));
    thread->registers().rax = 0xffff'ffff'ff60'0400; // time
    thread->registers().rsp = data_at.value() + 0x1000;
    Event event = m.run(*thread);
    if (event.kind == EventKind::fault) {
        // The host has no vsyscall page (vsyscall=none).
        CHECK(event.fault.address == GuestAddr(0xffff'ffff'ff60'0400));
        return;
    }
    CHECK(event.kind == EventKind::vsyscall);
    CHECK(thread->registers().rax == 201);
    CHECK(thread->registers().rip == code_at.value() + 2);
    CHECK(thread->registers().rsp == data_at.value() + 0x1000);
    CHECK(m.run(*thread).kind == EventKind::syscall);
}

TEST_CASE("rdtsc and cpuid trap where asked", "[platform]")
{
    Machine m(true, true);
    auto thread = m.start(bytes("\x0f\x31"sv));
    Event event = m.run(*thread);
    CHECK(event.kind == EventKind::fault);
    CHECK(event.fault.signo == SIGSEGV);
    CHECK(event.fault.trapno == 13);
    auto other = m.start(bytes("\x0f\xa2\x0f\x05"sv));
    event = m.run(*other);
    CHECK(event.kind == (cpuid_traps() ? EventKind::fault : EventKind::syscall));
}

TEST_CASE("rdtsc and cpuid run freely where not asked", "[platform]")
{
    Machine m;
    auto thread = m.start(bytes("\x0f\x31\x0f\xa2\x0f\x05"sv));
    CHECK(m.run(*thread).kind == EventKind::syscall);
}

TEST_CASE("without pinning it works as well", "[platform]")
{
    Machine m(false, false, -1);
    auto thread = m.start(bytes("\x0f\x05\xeb\xfc"sv));
    for (int i = 0; i < 50; ++i)
        CHECK(m.run(*thread).kind == EventKind::syscall);
    thread->resume();
    thread.reset();
    m.space.reset();
}
