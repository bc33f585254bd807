// The memory file: offsets, absent pages, the limit, and copies that survive it.
#include "engine/base/guest_addr.h"
#include "engine/mm/guarded_copy.h"
#include "engine/mm/memory_file.h"

#include <boost/context/fiber.hpp>
#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace ringside;
using mm::MemoryFile;

namespace {

std::vector<std::byte> filled(std::size_t size, int value)
{
    return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

}

TEST_CASE("offsets are given first-fit and join again")
{
    auto memory = MemoryFile::create(0).value();
    auto a = memory->reserve(4 * page_size).value();
    auto b = memory->reserve(page_size).value();
    auto c = memory->reserve(page_size).value();
    CHECK(b == a + 4 * page_size);
    CHECK(c == b + page_size);
    memory->release(a, 2 * page_size);
    memory->release(a + 2 * page_size, 2 * page_size);
    CHECK(memory->reserve(4 * page_size).value() == a);
    CHECK(memory->bytes_reserved() == 6 * page_size);
    CHECK(memory->reserve(std::uint64_t {1} << 60).error() == ENOMEM);
    CHECK(memory->reserve(0).error() == EINVAL);
}

TEST_CASE("pages are absent until they are written, and absent again when discarded")
{
    auto memory = MemoryFile::create(0).value();
    auto at = memory->reserve(std::uint64_t {4} << 30).value();
    CHECK(memory->bytes_used() == 0);
    REQUIRE(memory->write(at + (std::uint64_t {3} << 30), filled(10, 7)).ok());
    CHECK(memory->bytes_used() == page_size);
    std::vector<std::byte> bytes(10);
    REQUIRE(memory->read(at + (std::uint64_t {3} << 30), bytes).ok());
    CHECK(bytes == filled(10, 7));
    memory->discard(at, std::uint64_t {4} << 30);
    CHECK(memory->bytes_used() == 0);
    REQUIRE(memory->read(at + (std::uint64_t {3} << 30), bytes).ok());
    CHECK(bytes == filled(10, 0));
    REQUIRE(memory->write(at, filled(page_size, 9)).ok());
    REQUIRE(memory->copy(at + 8 * page_size, at, page_size).ok());
    CHECK(memory->view(at + 8 * page_size, page_size)[4095] == std::byte {9});
    memory->release(at, std::uint64_t {4} << 30);
    CHECK(memory->bytes_used() == 0);
}

TEST_CASE("the view is read-only")
{
    auto memory = MemoryFile::create(0).value();
    auto at = memory->reserve(page_size).value();
    auto view = memory->view(at, page_size);
    // write(2) into it fails where a store would kill us.
    int zero = memfd_create("zero", 0);
    REQUIRE(ftruncate(zero, 1) == 0);
    CHECK(pread(zero, const_cast<std::byte*>(view.data()), 1, 0) == -1);
    CHECK(errno == EFAULT);
    close(zero);
}

TEST_CASE("a copy from or to a page that the host cannot provide fails, and nothing else happens")
{
    mm::install_copy_guard();
    int file = memfd_create("short", 0);
    REQUIRE(ftruncate(file, static_cast<off_t>(page_size)) == 0);
    auto* address = static_cast<std::byte*>(mmap(nullptr, 2 * page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    REQUIRE(address != MAP_FAILED);
    auto bytes = filled(2 * page_size, 5);
    CHECK_FALSE(mm::guarded_copy(address, bytes.data(), bytes.size()));
    CHECK(address[page_size - 1] == std::byte {5});
    CHECK_FALSE(mm::guarded_copy(bytes.data(), address, bytes.size()));
    CHECK(mm::guarded_copy(bytes.data(), address, page_size));
    // On a fiber's stack as well.
    bool failed = false;
    boost::context::fiber fiber([&](boost::context::fiber&& back) {
        failed = !mm::guarded_copy(address, bytes.data(), bytes.size());
        return std::move(back);
    });
    fiber = std::move(fiber).resume();
    CHECK(failed);
    munmap(address, 2 * page_size);
    close(file);
}

TEST_CASE("more than the limit cannot be had")
{
    constexpr std::uint64_t limit = 1 << 20;
    auto memory = MemoryFile::create(limit).value();
    CHECK(memory->limit() == limit);
    auto at = memory->reserve(8 * limit).value();
    CHECK_FALSE(memory->over_limit(true));
    bool refused = false;
    for (std::uint64_t i = 0; i < 4 * limit && !refused; i += page_size)
        refused = !memory->write(at + i, filled(page_size, 1)).ok() || memory->over_limit(true);
    CHECK(refused);
    CHECK(memory->bytes_used() <= limit);
    memory->discard(at, 8 * limit);
    CHECK_FALSE(memory->over_limit(true));
    CHECK(memory->write(at, filled(page_size, 1)).ok());
}

TEST_CASE("host files are read into it and written from it")
{
    auto memory = MemoryFile::create(0).value();
    auto at = memory->reserve(4 * page_size).value();
    int file = memfd_create("host", 0);
    auto bytes = filled(5000, 3);
    REQUIRE(write(file, bytes.data(), bytes.size()) == 5000);
    CHECK(memory->read_host(at, 4 * page_size, file, 1000, true).value() == 4000);
    CHECK(memory->view(at, 1)[0] == std::byte {3});
    CHECK(memory->read_host(at, page_size, file, 5000, true).value() == 0);
    CHECK(memory->read_host(at, page_size, -1, 0, true).error() == EBADF);
    REQUIRE(memory->write(at, filled(10, 8)).ok());
    CHECK(memory->write_host(at, 10, file, 20).value() == 10);
    std::byte got {};
    REQUIRE(pread(file, &got, 1, 29) == 1);
    CHECK(got == std::byte {8});
    close(file);
}

TEST_CASE("executable mappings of the memory file are possible")
{
    for (std::uint64_t limit : {std::uint64_t {0}, std::uint64_t {1} << 20}) {
        auto memory = MemoryFile::create(limit).value();
        void* address = mmap(nullptr, page_size, PROT_READ | PROT_EXEC, MAP_SHARED, memory->descriptor(), 0);
        CHECK(address != MAP_FAILED);
        munmap(address, page_size);
    }
}
