// Random mapping operations, in several forked processes, against a model that keeps every page as an array of bytes.
#include "tests/unit/engine_fake_platform.h"
#include "tests/unit/engine_test_task.h"

#include "engine/mm/page_cache.h"

#include <catch2/catch.hpp>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace ringside;
using mm::AddressSpace;

namespace {

using Bytes = std::array<std::uint8_t, page_size>;

struct MemfdSource final : mm::PageSource {
    explicit MemfdSource(std::span<const std::uint8_t> content) : fd(memfd_create("source", 0))
    {
        if (write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
            throw std::runtime_error("write");
    }
    ~MemfdSource() override { close(fd); }
    Result<int> descriptor(kernel::Task&) override { return fd; }
    int writable_descriptor() override { return fd; }
    bool in_memory() const override { return true; }
    int fd;
};

/// A file, or shared anonymous memory: what it holds, page by page.
struct Object {
    Ref<mm::PageCache> cache;
    std::shared_ptr<MemfdSource> source;
    std::vector<std::uint8_t> content; ///< of the file's size
};

struct ModelPage {
    int prot = 0;
    bool shared = false;
    std::shared_ptr<Bytes> own;      ///< private content
    std::shared_ptr<Object> object;  ///< what it maps
    std::uint64_t offset = 0;
};

struct Process {
    Ref<AddressSpace> space;
    std::map<std::uint64_t, ModelPage> pages;
};

class Model {
public:
    explicit Model(unsigned seed) : random_(seed), memory_(mm::MemoryFile::create(0).value()), fixture_(platform_, *memory_)
    {
        processes_.push_back({AddressSpace::create(platform_, *memory_, seed).value(), {}});
        for (bool sourced : {false, true})
            files_.push_back(make_file(sourced));
    }
    ~Model()
    {
        fixture_.set_mm({});
        processes_.clear();
        files_.clear();
        anonymous_.clear();
        // Everything was given back.
        CHECK(memory_->bytes_reserved() == 0);
        CHECK(memory_->bytes_used() == 0);
        CHECK(platform_.all.empty());
    }
    void step();
    void check_everything();

private:
    static constexpr std::uint64_t base = 0x7000'0000'0000;
    static constexpr unsigned window = 96; ///< pages that are used

    unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
    std::uint64_t page(unsigned index) { return base + index * page_size; }
    kernel::Task& task() { return fixture_.task(); }
    std::shared_ptr<Object> make_file(bool sourced)
    {
        auto file = std::make_shared<Object>();
        file->content.resize(5 * page_size + 100 + pick(20 * page_size));
        if (sourced) {
            for (auto& byte : file->content)
                byte = static_cast<std::uint8_t>(random_());
            file->source = std::make_shared<MemfdSource>(file->content);
        }
        file->cache = make_ref<mm::PageCache>(*memory_, file->source.get(), file->content.size());
        return file;
    }
    void map(Process& p);
    void unmap(Process& p);
    void protect(Process& p);
    void remap(Process& p);
    void advise(Process& p);
    void guest_access(Process& p);
    void kernel_copy(Process& p);
    void fork(std::size_t index);
    void change_file();
    /// Where the model finds a byte; null: the access is a SIGBUS.
    const std::uint8_t* readable(const ModelPage& page, std::uint64_t inside);
    std::uint8_t* writable(ModelPage& page, std::uint64_t inside);

    std::mt19937 random_;
    test::FakePlatform platform_;
    std::unique_ptr<mm::MemoryFile> memory_;
    test::TaskFixture fixture_;
    std::vector<Process> processes_;
    std::vector<std::shared_ptr<Object>> files_;
    std::vector<std::weak_ptr<Object>> anonymous_;
    /// Bytes of a file's last page behind its end, which mappings may write: kept apart by their page.
    std::map<const Object*, Bytes> tails_;
};

const std::uint8_t* Model::readable(const ModelPage& page, std::uint64_t inside)
{
    if (page.own)
        return &(*page.own)[inside];
    std::uint64_t at = page.offset + inside;
    if (page.offset >= page_up(page.object->content.size()))
        return nullptr;
    if (at >= page.object->content.size())
        return &tails_[page.object.get()][inside];
    return &page.object->content[at];
}

std::uint8_t* Model::writable(ModelPage& page, std::uint64_t inside)
{
    if (!page.own && !page.shared) {
        if (!readable(page, inside))
            return nullptr;
        auto copy = std::make_shared<Bytes>();
        for (std::uint64_t i = 0; i < page_size; ++i)
            (*copy)[i] = *readable(page, i);
        page.own = copy;
    }
    return const_cast<std::uint8_t*>(readable(page, inside));
}

void Model::map(Process& p)
{
    unsigned first = pick(window), count = 1 + pick(window - first);
    int prot = std::array {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE}[pick(5)];
    bool shared = pick(3) == 0;
    std::shared_ptr<Object> object = pick(2) ? files_[pick(2)] : nullptr;
    std::uint64_t offset = object ? pick(8) * page_size : 0;
    mm::MapRequest request {GuestAddr(page(first)), count * page_size, prot, MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE) | (object ? 0 : MAP_ANONYMOUS),
        object ? object->cache : nullptr, offset, object ? "/file" : "", 1, 1, 0, 7};
    auto result = p.space->map(task(), request);
    REQUIRE(result.ok());
    if (!object && shared) {
        object = std::make_shared<Object>();
        object->content.resize(count * page_size);
    }
    for (unsigned i = 0; i < count; ++i) {
        ModelPage entry {prot, shared, {}, object, offset + i * page_size};
        if (!object)
            entry.own = std::make_shared<Bytes>();
        p.pages[page(first + i)] = entry;
    }
}

void Model::unmap(Process& p)
{
    unsigned first = pick(window), count = 1 + pick(window - first);
    REQUIRE(p.space->unmap(task(), GuestAddr(page(first)), count * page_size).ok());
    p.pages.erase(p.pages.lower_bound(page(first)), p.pages.lower_bound(page(first + count)));
}

void Model::protect(Process& p)
{
    unsigned first = pick(window), count = 1 + pick(std::min(12u, window - first));
    int prot = std::array {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE}[pick(3)];
    auto result = p.space->protect(task(), GuestAddr(page(first)), count * page_size, prot);
    bool whole = true;
    for (unsigned i = 0; i < count && whole; ++i) {
        auto it = p.pages.find(page(first + i));
        whole = it != p.pages.end();
        if (whole)
            it->second.prot = prot;
    }
    CHECK(result.ok() == whole);
    if (!whole)
        CHECK(result.error() == ENOMEM);
}

void Model::remap(Process& p)
{
    // Moves a range that is one kind of mapping to a place that does not overlap.
    unsigned first = pick(window / 2), count = 1 + pick(6), to = window / 2 + pick(window / 2 - 6);
    if (first + count > window / 2)
        return;
    auto result = p.space->remap(task(), GuestAddr(page(first)), count * page_size, count * page_size, MREMAP_MAYMOVE | MREMAP_FIXED, GuestAddr(page(to)));
    if (!result.ok()) {
        CHECK(result.error() == EFAULT); // more than one VMA, or none
        // The target is gone by then, as in Linux, unless nothing was at the old place at all.
        if (p.space->anything_mapped(GuestAddr(page(to)), count * page_size))
            return;
        p.pages.erase(p.pages.lower_bound(page(to)), p.pages.lower_bound(page(to + count)));
        return;
    }
    for (unsigned i = 0; i < count; ++i) {
        REQUIRE(p.pages.contains(page(first + i)));
        p.pages[page(to + i)] = p.pages[page(first + i)];
        p.pages.erase(page(first + i));
    }
}

void Model::advise(Process& p)
{
    unsigned first = pick(window), count = 1 + pick(std::min(12u, window - first));
    auto result = p.space->advise(task(), GuestAddr(page(first)), count * page_size, MADV_DONTNEED);
    bool whole = true;
    for (unsigned i = 0; i < count; ++i) {
        auto it = p.pages.find(page(first + i));
        if (it == p.pages.end()) {
            whole = false;
            continue;
        }
        if (it->second.shared)
            continue;
        if (it->second.object)
            it->second.own = nullptr;
        else
            it->second.own = std::make_shared<Bytes>();
    }
    CHECK(result.ok() == whole);
}

void Model::guest_access(Process& p)
{
    for (int i = 0; i < 8; ++i) {
        std::uint64_t address = page(pick(window)) + pick(page_size);
        bool write = pick(2);
        auto value = static_cast<std::byte>(pick(256));
        auto expected = test::Touched::resolved;
        auto it = p.pages.find(page_down(address));
        if (it == p.pages.end())
            expected = test::Touched::sigsegv_maperr;
        else if (it->second.prot == 0 || (write && !(it->second.prot & PROT_WRITE)))
            expected = test::Touched::sigsegv_accerr;
        else if (!readable(it->second, address & page_mask))
            expected = test::Touched::sigbus_adrerr;
        auto got = test::touch(task(), *memory_, *p.space, address, write, value);
        REQUIRE(got == expected);
        if (got != test::Touched::resolved)
            continue;
        if (write)
            *writable(it->second, address & page_mask) = std::to_integer<std::uint8_t>(value);
        else
            REQUIRE(std::to_integer<std::uint8_t>(value) == *readable(it->second, address & page_mask));
    }
}

void Model::kernel_copy(Process& p)
{
    std::uint64_t start = page(pick(window)) + pick(page_size);
    std::vector<std::byte> bytes(1 + pick(3 * page_size));
    bool write = pick(2);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random_());
    // How far it must come.
    std::uint64_t reach = 0;
    for (; reach < bytes.size(); ++reach) {
        auto it = p.pages.find(page_down(start + reach));
        if (it == p.pages.end() || it->second.prot == 0 || (write && !(it->second.prot & PROT_WRITE)) || !readable(it->second, 0))
            break;
    }
    CHECK(p.space->accessible(task(), GuestAddr(start), bytes.size(), write) == reach);
    auto result = write ? p.space->copy_out(task(), GuestAddr(start), bytes) : p.space->copy_in(task(), GuestAddr(start), bytes);
    REQUIRE(result.ok() == (reach == bytes.size()));
    if (!result.ok())
        REQUIRE(result.error() == EFAULT);
    for (std::uint64_t i = 0; i < reach; ++i) {
        ModelPage& entry = p.pages[page_down(start + i)];
        std::uint64_t inside = (start + i) & page_mask;
        if (write)
            *writable(entry, inside) = std::to_integer<std::uint8_t>(bytes[i]);
        else
            REQUIRE(std::to_integer<std::uint8_t>(bytes[i]) == *readable(entry, inside));
    }
}

void Model::fork(std::size_t index)
{
    if (processes_.size() >= 5)
        return;
    Process child;
    auto result = processes_[index].space->fork(task());
    REQUIRE(result.ok());
    child.space = result.value();
    child.pages = processes_[index].pages;
    for (auto& [address, entry] : child.pages) {
        if (entry.own)
            entry.own = std::make_shared<Bytes>(*entry.own);
    }
    processes_.push_back(std::move(child));
}

void Model::change_file()
{
    Object& file = *files_[pick(2)];
    if (pick(2)) {
        std::vector<std::byte> bytes(1 + pick(2 * page_size));
        for (auto& byte : bytes)
            byte = static_cast<std::byte>(random_());
        std::uint64_t at = pick(static_cast<unsigned>(file.content.size()));
        REQUIRE(file.cache->write(task(), at, bytes).ok());
        if (at + bytes.size() > file.content.size()) {
            // What mappings wrote behind the end comes to light, as with Linux's page cache.
            std::uint64_t old = file.content.size();
            file.content.resize(at + bytes.size());
            for (std::uint64_t i = old; i < std::min<std::uint64_t>(page_up(old), at); ++i)
                file.content[i] = tails_[&file][i & page_mask];
            Bytes tail {};
            if (page_up(old) == page_up(file.content.size()))
                tail = tails_[&file];
            tails_[&file] = tail;
        }
        for (std::size_t i = 0; i < bytes.size(); ++i)
            file.content[at + i] = std::to_integer<std::uint8_t>(bytes[i]);
        return;
    }
    std::uint64_t size = page_size + pick(24 * page_size);
    std::uint64_t old = file.content.size();
    REQUIRE(file.cache->resize(task(), size).ok());
    Bytes tail = tails_[&file];
    file.content.resize(size);
    if (size < old) {
        tail = {};
        // Private copies of pages that are gone go too.
        for (Process& p : processes_) {
            for (auto& [address, entry] : p.pages) {
                if (entry.object.get() == &file && !entry.shared && entry.offset >= page_up(size))
                    entry.own = nullptr;
            }
        }
    } else if (size > old) {
        for (std::uint64_t i = old; i < std::min(page_up(old), size); ++i)
            file.content[i] = tail[i & page_mask];
        if (page_up(old) != page_up(size))
            tail = {};
    }
    tails_[&file] = tail;
}

void Model::step()
{
    std::size_t index = pick(static_cast<unsigned>(processes_.size()));
    Process& p = processes_[index];
    fixture_.set_mm(p.space);
    switch (pick(16)) {
    case 0: case 1: return map(p);
    case 2: return unmap(p);
    case 3: case 4: return protect(p);
    case 5: return remap(p);
    case 6: return advise(p);
    case 7: return fork(index);
    case 8:
        if (processes_.size() > 1 && pick(2)) {
            fixture_.set_mm({});
            processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(index));
        }
        return;
    case 9: return change_file();
    case 10: case 11: case 12: return kernel_copy(p);
    default: return guest_access(p);
    }
}

void Model::check_everything()
{
    for (Process& p : processes_) {
        fixture_.set_mm(p.space);
        for (auto& [address, entry] : p.pages) {
            Bytes bytes {};
            auto read = p.space->peek(task(), GuestAddr(address), std::as_writable_bytes(std::span(bytes)), true);
            REQUIRE(read.ok() == (readable(entry, 0) != nullptr));
            if (!read.ok())
                continue;
            for (std::uint64_t i = 0; i < page_size; ++i) {
                if (bytes[i] != *readable(entry, i)) {
                    INFO("address " << address + i << " shared " << entry.shared << " own " << (entry.own != nullptr) << " offset " << entry.offset);
                    INFO("file of " << (entry.object ? entry.object->content.size() : 0) << " from a source " << (entry.object && entry.object->source));
                    REQUIRE(int {bytes[i]} == int {*readable(entry, i)});
                }
            }
        }
    }
}

}

TEST_CASE("random mappings hold what the model holds")
{
    for (unsigned seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        Model model(seed);
        for (int i = 0; i < 1200; ++i) {
            INFO("step " << i);
            model.step();
            if (i % 100 == 99)
                model.check_everything();
        }
    }
}
