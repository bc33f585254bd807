// The page cache as read, write and fallocate see it.
#include "tests/unit/engine_fake_platform.h"
#include "tests/unit/engine_test_task.h"

#include "engine/mm/page_cache.h"

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <unistd.h>

using namespace ringside;

namespace {

struct Fixture {
    Fixture() : memory(mm::MemoryFile::create(0).value()), holder(platform, *memory) { }
    kernel::Task& task() { return holder.task(); }
    std::string read(mm::PageCache& file, std::uint64_t offset, std::uint64_t wanted)
    {
        std::string all;
        while (wanted > 0) {
            auto part = file.read(task(), offset, wanted).value();
            if (part.empty())
                break;
            all.append(reinterpret_cast<const char*>(part.data()), part.size());
            offset += part.size();
            wanted -= part.size();
        }
        return all;
    }
    void write(mm::PageCache& file, std::uint64_t offset, std::string_view text)
    {
        REQUIRE(file.write(task(), offset, std::as_bytes(std::span(text))).ok());
    }
    test::FakePlatform platform;
    std::unique_ptr<mm::MemoryFile> memory;
    test::TaskFixture holder;
};

struct Source final : mm::PageSource {
    explicit Source(std::string_view text) : fd(memfd_create("source", 0))
    {
        if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error("write");
    }
    ~Source() override { close(fd); }
    Result<int> descriptor(kernel::Task&) override
    {
        ++asked;
        return fail ? Result<int>(Errno(EIO)) : Result<int>(fd);
    }
    bool in_memory() const override { return true; }
    int fd;
    int asked = 0;
    bool fail = false;
};

}

TEST_CASE("a file without a source is what was written, and zeros between")
{
    Fixture f;
    {
        mm::PageCache file(*f.memory, nullptr, 0);
        CHECK(f.read(file, 0, 10).empty());
        f.write(file, 3, "abc");
        CHECK(file.size() == 6);
        CHECK(f.read(file, 0, 100) == std::string("\0\0\0abc", 6));
        f.write(file, 100 * page_size, "end");
        CHECK(file.size() == 100 * page_size + 3);
        CHECK(file.resident() == 2 * page_size);
        CHECK(f.memory->bytes_used() == 2 * page_size);
        CHECK(f.read(file, 50 * page_size, 5) == std::string(5, '\0'));
        CHECK(f.memory->bytes_used() == 2 * page_size); // reading a hole costs nothing
        CHECK(file.next_data(0, false).value() == page_size);
        CHECK(file.next_data(page_size, true).value() == 100 * page_size);
        CHECK(file.next_data(5, true).value() == 5);
        CHECK(file.next_data(100 * page_size, false).value() == file.size());
        CHECK(file.next_data(file.size(), true).error() == ENXIO);
        REQUIRE(file.punch(f.task(), 1, 100 * page_size).ok());
        CHECK(f.read(file, 0, 6) == std::string(6, '\0'));
        CHECK(f.read(file, 100 * page_size, 3) == std::string("\0nd", 3));
        REQUIRE(file.resize(f.task(), 2).ok());
        REQUIRE(file.resize(f.task(), 10).ok());
        CHECK(f.read(file, 0, 100) == std::string(10, '\0'));
        CHECK(file.write(f.task(), ~std::uint64_t {0}, std::as_bytes(std::span("xy"))).error() == EFBIG);
    }
    CHECK(f.memory->bytes_reserved() == 0);
}

TEST_CASE("a file that grows keeps its content whatever windows it gets")
{
    Fixture f;
    mm::PageCache file(*f.memory, nullptr, 0);
    std::string all;
    for (int i = 0; i < 400; ++i) {
        std::string part(static_cast<std::size_t>(1 + i * 37 % 5000), static_cast<char>('a' + i % 26));
        f.write(file, all.size(), part);
        all += part;
    }
    CHECK(f.read(file, 0, all.size()) == all);
}

TEST_CASE("a file with a source is read on demand, once")
{
    Fixture f;
    std::string text;
    for (int i = 0; i < 200'000; ++i)
        text += static_cast<char>(i * 7);
    Source source(text);
    mm::PageCache file(*f.memory, &source, text.size());
    CHECK(file.resident() == 0);
    CHECK(f.read(file, 100'000, 20) == text.substr(100'000, 20));
    int asked = source.asked;
    CHECK(f.read(file, 100'001, 20) == text.substr(100'001, 20));
    CHECK(source.asked == asked);
    CHECK(f.read(file, 0, 1'000'000) == text);
    // Written in part: the rest is the source's.
    f.write(file, 4097, "xyz");
    text.replace(4097, 3, "xyz");
    CHECK(f.read(file, 0, 1'000'000) == text);
    file.invalidate();
    CHECK(file.resident() == 0);
    source.fail = true;
    CHECK(file.read(f.task(), 0, 1).error() == EIO);
    source.fail = false;
    // The host's file has become shorter behind our back: zeros, not garbage and not an endless wait.
    REQUIRE(ftruncate(source.fd, 50'000) == 0);
    CHECK(f.read(file, 49'999, 3) == std::string(1, static_cast<char>(49'999 * 7)) + std::string(2, '\0'));
    CHECK(f.read(file, 150'000, 2) == std::string(2, '\0'));
}

TEST_CASE("bytes behind the end of a file never come to light")
{
    Fixture f;
    Source source(std::string(3 * page_size, 'q'));
    mm::PageCache file(*f.memory, &source, page_size + 10); // the host's file has grown since it was looked at
    auto piece = file.fetch(f.task(), page_size, page_size, false).value();
    CHECK(f.memory->view(piece.at, 11)[9] == std::byte {'q'});
    CHECK(f.memory->view(piece.at, 11)[10] == std::byte {0});
    REQUIRE(file.resize(f.task(), page_size + 5).ok());
    REQUIRE(file.resize(f.task(), 2 * page_size).ok());
    CHECK(f.read(file, page_size, 12) == std::string(5, 'q') + std::string(7, '\0'));
    CHECK(file.fetch(f.task(), 2 * page_size, page_size, false).error() == ENXIO);
}
