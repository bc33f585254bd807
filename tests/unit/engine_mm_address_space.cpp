// Address spaces: where things are put, errors, growth, sharing, and what the host is told.
#include "tests/unit/engine_fake_platform.h"
#include "tests/unit/engine_test_task.h"

#include "engine/kernel/limits.h"
#include "engine/mm/page_cache.h"

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace ringside;
using mm::AddressSpace;
using test::Touched;

namespace {

constexpr int rw = PROT_READ | PROT_WRITE;
constexpr int priv = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr std::uint64_t here = 0x7000'0000'0000;
constexpr std::uint64_t mega = 1 << 20;

struct HostFile final : mm::PageSource {
    explicit HostFile(std::size_t size) : fd(memfd_create("host", 0))
    {
        std::vector<char> bytes(size);
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<char>(i / 256);
        if (write(fd, bytes.data(), size) != static_cast<ssize_t>(size))
            throw std::runtime_error("write");
    }
    ~HostFile() override { close(fd); }
    Result<int> descriptor(kernel::Task&) override { return fd; }
    int writable_descriptor() override { return writable ? fd : -1; }
    bool in_memory() const override { return true; }
    int fd;
    bool writable = false;
};

struct Fixture {
    explicit Fixture(std::uint64_t limit = 0) : memory(mm::MemoryFile::create(limit).value()), holder(platform, *memory)
    {
        space = AddressSpace::create(platform, *memory, 42).value();
        holder.set_mm(space);
    }
    ~Fixture()
    {
        space = {};
        holder.set_mm({});
    }
    kernel::Task& task() { return holder.task(); }
    Result<GuestAddr> map(std::uint64_t address, std::uint64_t length, int prot = rw, int flags = priv, Ref<mm::Mappable> object = {}, std::uint64_t offset = 0, int max_prot = 7)
    {
        return space->map(task(), {GuestAddr(address), length, prot, flags, object, offset, object ? "/file" : "", 0, 0, 0, max_prot});
    }
    Touched touch(AddressSpace& in, std::uint64_t address, bool write, int value = 1)
    {
        auto byte = static_cast<std::byte>(value);
        return test::touch(task(), *memory, in, address, write, byte);
    }
    int read(AddressSpace& in, std::uint64_t address)
    {
        std::byte byte {};
        REQUIRE(test::touch(task(), *memory, in, address, false, byte) == Touched::resolved);
        return std::to_integer<int>(byte);
    }
    test::FakePlatform platform;
    std::unique_ptr<mm::MemoryFile> memory;
    test::TaskFixture holder;
    Ref<AddressSpace> space;
};

}

TEST_CASE("mmap refuses what Linux refuses")
{
    Fixture f;
    CHECK(f.map(0, 0).error() == EINVAL);
    CHECK(f.map(0, ~std::uint64_t {0}).error() == ENOMEM);
    CHECK(f.map(0, guest_address_end).error() == ENOMEM);
    CHECK(f.map(here + 1, page_size, rw, priv | MAP_FIXED).error() == EINVAL);
    CHECK(f.map(0, page_size, rw, priv | MAP_FIXED).error() == EPERM);
    CHECK(f.map(guest_address_end, page_size, rw, priv | MAP_FIXED).error() == ENOMEM);
    CHECK(f.map(stub_region_start, page_size, rw, priv | MAP_FIXED).error() == ENOMEM);
    CHECK(f.map(stub_region_start - page_size, 2 * page_size, rw, priv | MAP_FIXED).error() == ENOMEM);
    CHECK(f.map(stub_region_end - page_size, 2 * page_size, rw, priv | MAP_FIXED_NOREPLACE).error() == ENOMEM);
    REQUIRE(f.map(here, page_size, rw, priv | MAP_FIXED).ok());
    CHECK(f.map(here, page_size, rw, priv | MAP_FIXED_NOREPLACE).error() == EEXIST);
    auto file = make_ref<mm::PageCache>(*f.memory, nullptr, page_size);
    CHECK(f.map(0, 2 * page_size, rw, MAP_PRIVATE, file, ~page_mask).error() == EOVERFLOW);
}

TEST_CASE("a hint is taken where there is room, else the place is searched from the top")
{
    Fixture f;
    CHECK(f.map(here + 5, page_size).value() == GuestAddr(here + page_size));
    auto first = f.map(here, 3 * page_size).value();
    CHECK(first > GuestAddr(here + mega)); // the hint was taken in part
    auto second = f.map(0, page_size).value();
    CHECK(second + page_size == first);
    CHECK(f.map(1, page_size).value() == GuestAddr(guest_address_start));
    REQUIRE(f.space->unmap(f.task(), second, page_size).ok());
    CHECK(f.map(0, page_size).value() == second);
    // Nothing ever reaches the stub region, hinted or searched, though more than lies above it is asked for.
    CHECK(f.map(stub_region_start, page_size, PROT_NONE).value() != GuestAddr(stub_region_start));
    auto large = f.map(0, std::uint64_t {40} << 40, PROT_NONE);
    REQUIRE(large.ok());
    CHECK(large.value().value() + (std::uint64_t {40} << 40) <= stub_region_start);
}

TEST_CASE("the same seed gives the same places")
{
    Fixture a, b;
    CHECK(a.map(0, mega).value() == b.map(0, mega).value());
    auto other = AddressSpace::create(a.platform, *a.memory, 43).value();
    a.holder.set_mm(other);
    CHECK(other->map(a.task(), {GuestAddr(), mega, rw, priv, {}, 0, {}, 0, 0, 0, 7}).value() != b.map(0, mega).value());
}

TEST_CASE("neighbours in the guest are one mapping of the host")
{
    Fixture f;
    for (int i = 0; i < 100; ++i)
        REQUIRE(f.map(0, 5 * page_size).ok());
    CHECK(test::fake(*f.space).host_mappings() <= 3);
    // An arena that grows: reserved first, made accessible piece by piece.
    REQUIRE(f.map(here, 64 * mega, PROT_NONE, priv | MAP_FIXED).ok());
    std::size_t before = test::fake(*f.space).host_mappings();
    for (std::uint64_t i = 0; i < 64; ++i)
        REQUIRE(f.space->protect(f.task(), GuestAddr(here + i * mega), mega, rw).ok());
    CHECK(test::fake(*f.space).host_mappings() == before + 1);
    CHECK(f.space->vmas().size() <= 3);
}

TEST_CASE("fork of much memory costs a few orders, and its copies join again")
{
    Fixture f;
    constexpr std::uint64_t size = std::uint64_t {4} << 30;
    REQUIRE(f.map(here, size, rw, priv | MAP_FIXED).ok());
    for (std::uint64_t i = 0; i < 64; ++i)
        REQUIRE(f.touch(*f.space, here + i * page_size, true, static_cast<int>(i)) == Touched::resolved);
    auto& host = test::fake(*f.space);
    std::size_t before = host.orders;
    auto child = f.space->fork(f.task()).value();
    CHECK(host.orders - before == 1);
    CHECK(host.flushes == 1);
    CHECK(test::fake(*child).orders <= 32);
    for (std::uint64_t i = 0; i < 64; ++i) {
        REQUIRE(f.touch(*child, here + i * page_size, true, 200) == Touched::resolved);
        CHECK(f.read(*f.space, here + i * page_size) == static_cast<int>(i));
        CHECK(f.read(*child, here + i * page_size) == 200);
    }
    CHECK(test::fake(*child).host_mappings() <= 34); // 16 windows of 256 MiB, the copies in the first
    SECTION("the last holder writes in place")
    {
        child = {};
        std::uint64_t used = f.memory->bytes_used();
        before = host.orders;
        for (std::uint64_t i = 0; i < 64; ++i)
            REQUIRE(f.touch(*f.space, here + i * page_size, true, 3) == Touched::resolved);
        CHECK(f.memory->bytes_used() == used);
        CHECK(host.orders - before == 1);
    }
    SECTION("near the host's limit the gaps between copies are filled")
    {
        test::fake(*child).claimed_mappings = 60'000;
        REQUIRE(f.touch(*child, here + 512 * mega, true) == Touched::resolved);
        REQUIRE(f.touch(*child, here + 512 * mega + 511 * page_size, true) == Touched::resolved);
        auto& pages = test::fake(*child).pages;
        CHECK(platform::has(pages.at(here + 512 * mega + 100 * page_size).prot, platform::Prot::write));
    }
}

TEST_CASE("a stack grows down to its limit and no nearer to a neighbour than the guard gap")
{
    Fixture f;
    REQUIRE(f.task().limits().set(RLIMIT_STACK, {8 * mega, kernel::Limits::infinity}, true).ok());
    std::uint64_t top = here + 64 * mega;
    REQUIRE(f.map(top - 33 * page_size, 33 * page_size, rw, priv | MAP_FIXED | MAP_GROWSDOWN).ok());
    CHECK(f.touch(*f.space, top - mega, true) == Touched::resolved);
    CHECK(f.touch(*f.space, top - 8 * mega, true) == Touched::resolved);
    CHECK(f.touch(*f.space, top - 8 * mega - 1, true) == Touched::sigsegv_maperr);

    std::uint64_t second = here + 128 * mega;
    REQUIRE(f.map(second - page_size, page_size, rw, priv | MAP_FIXED | MAP_GROWSDOWN).ok());
    REQUIRE(f.map(second - 3 * mega, mega, rw, priv | MAP_FIXED).ok());
    CHECK(f.touch(*f.space, second - mega, true) == Touched::resolved);
    CHECK(f.touch(*f.space, second - mega - page_size, true) == Touched::sigsegv_maperr);
    // The kernel's copies grow it as well.
    std::uint64_t third = here + 256 * mega;
    REQUIRE(f.map(third - page_size, page_size, rw, priv | MAP_FIXED | MAP_GROWSDOWN).ok());
    std::array<std::byte, 16> bytes {};
    CHECK(f.space->copy_out(f.task(), GuestAddr(third - mega), bytes).ok());
}

TEST_CASE("brk moves the end of the heap where nothing is in the way")
{
    Fixture f;
    f.space->layout().start_brk = f.space->layout().brk = GuestAddr(here);
    auto brk = [&](std::uint64_t to) { return f.space->brk(f.task(), GuestAddr(to)).value().value(); };
    CHECK(brk(0) == here);
    CHECK(brk(here + 100) == here + 100);
    CHECK(f.touch(*f.space, here + 50, true) == Touched::resolved);
    CHECK(brk(here + 10 * page_size) == here + 10 * page_size);
    CHECK(f.space->vmas().size() == 1);
    CHECK(f.space->vmas()[0].name == "[heap]");
    CHECK(brk(here + page_size) == here + page_size);
    CHECK(f.touch(*f.space, here + page_size, true) == Touched::sigsegv_maperr);
    REQUIRE(f.map(here + 20 * page_size, page_size, rw, priv | MAP_FIXED).ok());
    CHECK(brk(here + 20 * page_size) == here + page_size);
    CHECK(brk(here + 19 * page_size) == here + 19 * page_size);
    REQUIRE(f.task().limits().set(RLIMIT_DATA, {5 * page_size, kernel::Limits::infinity}, true).ok());
    CHECK(brk(here + 18 * page_size) == here + 19 * page_size);
    CHECK(brk(here + page_size) == here + page_size);
    REQUIRE(f.task().limits().set(RLIMIT_DATA, {}, true).ok());
}

TEST_CASE("mprotect: holes, limits of the mapping, and what was changed before an error")
{
    Fixture f;
    auto file = make_ref<mm::PageCache>(*f.memory, nullptr, 4 * page_size);
    REQUIRE(f.map(here, 2 * page_size, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0, PROT_READ | PROT_EXEC).ok());
    CHECK(f.space->protect(f.task(), GuestAddr(here), page_size, rw).error() == EACCES);
    CHECK(f.space->protect(f.task(), GuestAddr(here + 1), page_size, rw).error() == EINVAL);
    CHECK(f.space->protect(f.task(), GuestAddr(here), page_size, 0x40).error() == EINVAL);
    CHECK(f.space->protect(f.task(), GuestAddr(here), ~std::uint64_t {0}, PROT_READ).error() == ENOMEM);
    CHECK(f.space->protect(f.task(), GuestAddr(here), 0, PROT_READ).ok());
    CHECK(f.space->protect(f.task(), GuestAddr(here - page_size), 2 * page_size, PROT_READ).error() == ENOMEM);
    CHECK(f.space->protect(f.task(), GuestAddr(here), 3 * page_size, PROT_NONE).error() == ENOMEM);
    CHECK(f.touch(*f.space, here, false) == Touched::sigsegv_accerr);
    CHECK(f.space->protect(f.task(), GuestAddr(here), page_size, PROT_READ | PROT_GROWSDOWN).error() == EINVAL);
}

TEST_CASE("mremap grows in place, moves, duplicates and leaves behind")
{
    Fixture f;
    REQUIRE(f.map(here, 2 * page_size, rw, priv | MAP_FIXED).ok());
    REQUIRE(f.touch(*f.space, here, true, 11) == Touched::resolved);
    CHECK(f.space->remap(f.task(), GuestAddr(here), 2 * page_size, 4 * page_size, 0, {}).value() == GuestAddr(here));
    CHECK(f.space->vmas().size() == 1);
    REQUIRE(f.map(here + 4 * page_size, page_size, PROT_READ, priv | MAP_FIXED).ok());
    CHECK(f.space->remap(f.task(), GuestAddr(here), 4 * page_size, 5 * page_size, 0, {}).error() == ENOMEM);
    CHECK(f.space->remap(f.task(), GuestAddr(here), 5 * page_size, 6 * page_size, MREMAP_MAYMOVE, {}).error() == EFAULT);
    auto moved = f.space->remap(f.task(), GuestAddr(here), 4 * page_size, 8 * page_size, MREMAP_MAYMOVE, {}).value();
    CHECK(f.read(*f.space, moved.value()) == 11);
    CHECK(f.read(*f.space, moved.value() + 7 * page_size) == 0);
    CHECK(f.touch(*f.space, here, false) == Touched::sigsegv_maperr);
    CHECK(f.space->remap(f.task(), moved, 8 * page_size, 3 * page_size, 0, {}).value() == moved);
    CHECK(f.touch(*f.space, moved.value() + 3 * page_size, false) == Touched::sigsegv_maperr);

    CHECK(f.space->remap(f.task(), moved, 0, page_size, MREMAP_MAYMOVE, {}).error() == EINVAL);
    CHECK(f.space->remap(f.task(), GuestAddr(1), page_size, page_size, 0, {}).error() == EINVAL);
    CHECK(f.space->remap(f.task(), moved, page_size, page_size, MREMAP_FIXED, {}).error() == EINVAL);
    CHECK(f.space->remap(f.task(), moved, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED, moved).error() == EINVAL);
    CHECK(f.space->remap(f.task(), GuestAddr(here + 100 * mega), page_size, page_size, 0, {}).error() == EFAULT);
    CHECK(f.space->remap(f.task(), moved, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED, GuestAddr(stub_region_start)).error() == ENOMEM);

    auto kept = f.space->remap(f.task(), moved, page_size, page_size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, {}).value();
    CHECK(f.read(*f.space, kept.value()) == 11);
    CHECK(f.read(*f.space, moved.value()) == 0);

    auto shared = f.map(0, 2 * page_size, rw, MAP_SHARED | MAP_ANONYMOUS).value();
    auto again = f.space->remap(f.task(), shared, 0, 2 * page_size, MREMAP_MAYMOVE, {}).value();
    REQUIRE(f.touch(*f.space, shared.value() + 5000, true, 77) == Touched::resolved);
    CHECK(f.read(*f.space, again.value() + 5000) == 77);
}

TEST_CASE("madvise: pages start anew, and what children get")
{
    Fixture f;
    REQUIRE(f.map(here, 4 * page_size, rw, priv | MAP_FIXED).ok());
    REQUIRE(f.touch(*f.space, here, true, 5) == Touched::resolved);
    REQUIRE(f.touch(*f.space, here + page_size, true, 6) == Touched::resolved);
    REQUIRE(f.touch(*f.space, here + 2 * page_size, true, 7) == Touched::resolved);
    std::uint64_t used = f.memory->bytes_used();
    CHECK(f.space->advise(f.task(), GuestAddr(here), page_size, MADV_DONTNEED).ok());
    CHECK(f.memory->bytes_used() < used);
    CHECK(f.read(*f.space, here) == 0);
    CHECK(f.space->advise(f.task(), GuestAddr(here + page_size), page_size, MADV_WIPEONFORK).ok());
    CHECK(f.space->advise(f.task(), GuestAddr(here + 2 * page_size), page_size, MADV_DONTFORK).ok());
    auto child = f.space->fork(f.task()).value();
    CHECK(f.read(*child, here + page_size) == 0);
    CHECK(f.touch(*child, here + 2 * page_size, false) == Touched::sigsegv_maperr);
    CHECK(f.read(*f.space, here + page_size) == 6);
    // In the child of a fork the parent's page stays what it is.
    REQUIRE(f.touch(*f.space, here + 3 * page_size, true, 9) == Touched::resolved);
    child = f.space->fork(f.task()).value();
    f.holder.set_mm(child);
    CHECK(child->advise(f.task(), GuestAddr(here + 3 * page_size), page_size, MADV_DONTNEED).ok());
    CHECK(f.read(*child, here + 3 * page_size) == 0);
    CHECK(f.read(*f.space, here + 3 * page_size) == 9);
    f.holder.set_mm(f.space);

    CHECK(f.space->advise(f.task(), GuestAddr(here + 1), page_size, MADV_DONTNEED).error() == EINVAL);
    CHECK(f.space->advise(f.task(), GuestAddr(here), page_size, 1234).error() == EINVAL);
    CHECK(f.space->advise(f.task(), GuestAddr(here), 5 * page_size, MADV_NORMAL).error() == ENOMEM);
    CHECK(f.space->advise(f.task(), GuestAddr(here), 0, MADV_NORMAL).ok());
    auto file = make_ref<mm::PageCache>(*f.memory, nullptr, 4 * page_size);
    auto mapped = f.map(0, page_size, rw, MAP_SHARED, file).value();
    CHECK(f.space->advise(f.task(), mapped, page_size, MADV_FREE).error() == EINVAL);
    CHECK(f.space->advise(f.task(), mapped, page_size, MADV_WIPEONFORK).error() == EINVAL);
    REQUIRE(f.touch(*f.space, mapped.value(), true, 4) == Touched::resolved);
    CHECK(f.space->advise(f.task(), mapped, page_size, MADV_REMOVE).ok());
    CHECK(f.read(*f.space, mapped.value()) == 0);
}

TEST_CASE("what a shared mapping writes reaches the host's file")
{
    Fixture f;
    HostFile host(3 * page_size);
    host.writable = true;
    auto file = make_ref<mm::PageCache>(*f.memory, &host, 3 * page_size);
    auto at = f.map(0, 3 * page_size, rw, MAP_SHARED, file).value().value();
    auto in_file = [&](off_t offset) {
        unsigned char byte = 0;
        REQUIRE(pread(host.fd, &byte, 1, offset) == 1);
        return int {byte};
    };
    REQUIRE(f.touch(*f.space, at + 10, true, 99) == Touched::resolved);
    CHECK(f.space->sync(f.task(), GuestAddr(at), page_size, MS_SYNC).ok());
    CHECK(in_file(10) == 99);
    REQUIRE(f.touch(*f.space, at + 11, true, 98) == Touched::resolved);
    REQUIRE(f.space->unmap(f.task(), GuestAddr(at), page_size).ok());
    CHECK(in_file(11) == 98);
    REQUIRE(f.touch(*f.space, at + page_size, true, 97) == Touched::resolved);
    f.holder.set_mm({});
    f.space = {};
    CHECK(in_file(page_size) == 97);
    // A private mapping's bytes do not.
    f.space = AddressSpace::create(f.platform, *f.memory, 1).value();
    f.holder.set_mm(f.space);
    at = f.map(0, page_size, rw, MAP_PRIVATE, file).value().value();
    CHECK(f.read(*f.space, at + 10) == 99);
    REQUIRE(f.touch(*f.space, at + 10, true, 1) == Touched::resolved);
    CHECK(f.space->sync(f.task(), GuestAddr(at), page_size, MS_SYNC).ok());
    CHECK(in_file(10) == 99);
    CHECK(f.space->sync(f.task(), GuestAddr(at), page_size, MS_SYNC | MS_ASYNC).error() == EINVAL);
    CHECK(f.space->sync(f.task(), GuestAddr(at - mega), page_size, MS_SYNC).error() == ENOMEM);
}

TEST_CASE("a file that becomes shorter takes its pages back")
{
    Fixture f;
    auto file = make_ref<mm::PageCache>(*f.memory, nullptr, 3 * page_size);
    auto at = f.map(0, 4 * page_size, rw, MAP_SHARED, file).value().value();
    auto copy = f.map(0, 4 * page_size, rw, MAP_PRIVATE, file).value().value();
    REQUIRE(f.touch(*f.space, at + 2 * page_size, true, 5) == Touched::resolved);
    REQUIRE(f.touch(*f.space, copy + 2 * page_size, true, 6) == Touched::resolved);
    CHECK(f.touch(*f.space, at + 3 * page_size, true) == Touched::sigbus_adrerr);
    REQUIRE(file->resize(f.task(), page_size + 1).ok());
    CHECK(f.touch(*f.space, at + 2 * page_size, false) == Touched::sigbus_adrerr);
    CHECK(f.touch(*f.space, copy + 2 * page_size, false) == Touched::sigbus_adrerr);
    CHECK(f.touch(*f.space, at + page_size, false) == Touched::resolved);
    REQUIRE(file->resize(f.task(), 3 * page_size).ok());
    CHECK(f.read(*f.space, at + 2 * page_size) == 0);
    CHECK(f.read(*f.space, copy + 2 * page_size) == 0);
}

TEST_CASE("futexes in shared memory have the same key in both processes, private ones have not")
{
    Fixture f;
    auto shared = f.map(0, page_size, rw, MAP_SHARED | MAP_ANONYMOUS).value();
    auto own = f.map(0, page_size).value();
    auto child = f.space->fork(f.task()).value();
    auto key = [&](AddressSpace& space, GuestAddr at, bool is_private) { return space.futex_key(f.task(), at, is_private).value(); };
    CHECK(key(*f.space, shared + 8, false) == key(*child, shared + 8, false));
    CHECK(key(*f.space, shared + 8, false) != key(*child, shared + 12, false));
    CHECK(key(*f.space, shared + 8, true) != key(*child, shared + 8, true));
    CHECK(key(*f.space, own, false) != key(*child, own, false));
    CHECK(key(*f.space, own, false) == key(*f.space, own, true));
    CHECK(f.space->futex_key(f.task(), GuestAddr(here), false).error() == EFAULT);
}

TEST_CASE("mlock marks, mincore answers")
{
    Fixture f;
    REQUIRE(f.map(here, 4 * page_size, rw, priv | MAP_FIXED).ok());
    CHECK(f.space->lock(f.task(), GuestAddr(here + 100), page_size, true, false).ok());
    CHECK(f.space->locked_bytes() == 2 * page_size);
    CHECK(f.space->advise(f.task(), GuestAddr(here), page_size, MADV_DONTNEED).error() == EINVAL);
    CHECK(f.space->lock(f.task(), GuestAddr(here + 3 * page_size), 2 * page_size, true, false).error() == ENOMEM);
    CHECK(f.space->lock(f.task(), GuestAddr(here), 4 * page_size, false, false).ok());
    CHECK(f.space->locked_bytes() == 0);
    CHECK(f.space->vmas().size() == 1);
    CHECK(f.space->in_core(GuestAddr(here), 4 * page_size).value().size() == 4);
    CHECK(f.space->in_core(GuestAddr(here), 5 * page_size).error() == ENOMEM);
}

TEST_CASE("the memory limit ends a guest that touches more")
{
    Fixture f(4 * mega);
    auto at = f.map(0, 64 * mega).value().value();
    auto result = Touched::resolved;
    for (std::uint64_t i = 0; i < 64 * mega && result == Touched::resolved; i += page_size) {
        result = f.touch(*f.space, at + i, true);
        if (f.memory->over_limit(true))
            result = f.space->handle_fault(f.task(), GuestAddr(at + i), true, false, true);
    }
    CHECK(result == Touched::out_of_memory);
    CHECK(f.memory->bytes_used() <= 5 * mega);
}

TEST_CASE("pages of a file are read by pieces and come from one cache")
{
    Fixture f;
    HostFile host(300 * page_size);
    auto file = make_ref<mm::PageCache>(*f.memory, &host, 300 * page_size);
    auto at = f.map(0, 300 * page_size, PROT_READ, MAP_PRIVATE, file).value().value();
    auto& fake = test::fake(*f.space);
    CHECK(fake.pages.empty());
    CHECK(f.read(*f.space, at + 256 * 20) == 20);
    CHECK(fake.pages.size() >= 16);
    CHECK(fake.pages.size() <= 64);
    std::size_t orders = fake.orders;
    for (std::uint64_t i = 0; i < 300 * page_size; i += page_size)
        REQUIRE(f.read(*f.space, at + i) == static_cast<int>(i / 256 % 256));
    CHECK(fake.orders - orders < 12); // read-ahead
    CHECK(fake.host_mappings() == 1);
    CHECK(file->resident() == 300 * page_size);
    // read(2) sees the same bytes, and a private copy does not change them.
    REQUIRE(f.space->protect(f.task(), GuestAddr(at), page_size, rw).ok());
    REQUIRE(f.touch(*f.space, at, true, 250) == Touched::resolved);
    CHECK(file->read(f.task(), 0, 1).value()[0] == std::byte {0});
    file->invalidate();
    CHECK(f.read(*f.space, at) == 250);
    CHECK(f.read(*f.space, at + 299 * page_size) == 299 * 16 % 256);
}
