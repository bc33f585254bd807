// The loader: script lines, stacks, real programs of this system, and ELF files that are broken in every field.
#include "tests/unit/engine_fake_platform.h"
#include "tests/unit/engine_test_task.h"

#include "engine/kernel/limits.h"
#include "engine/loader/loader.h"
#include "engine/loader/script.h"
#include "engine/loader/vdso.h"
#include "engine/mm/page_cache.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <random>
#include <sys/resource.h>

using namespace ringside;

namespace {

using Content = std::vector<std::byte>;

/// A file whose bytes the test holds.
class MemoryBackedFile final : public fs::File {
public:
    MemoryBackedFile(mm::MemoryFile& memory, Content content, std::string name)
        : File(O_RDONLY), content_(std::move(content)), name_(std::move(name)), cache_(make_ref<mm::PageCache>(memory, nullptr, 0))
    {
    }
    Result<std::size_t> read(kernel::Task&, kernel::IoBuffer& to, std::optional<std::uint64_t> offset) override
    {
        std::uint64_t at = offset.value_or(0);
        if (at >= content_.size())
            return std::size_t {0};
        return to.put(std::span(content_).subspan(at));
    }
    Result<Ref<mm::Mappable>> mappable(kernel::Task& task) override
    {
        TRY(cache_->write(task, 0, content_));
        return Ref<mm::Mappable>(cache_);
    }
    Result<struct stat> stat(kernel::Task&) override { return Errno(ENOSYS); }
    std::string name(kernel::Task&) override { return name_; }

private:
    Content content_;
    std::string name_;
    Ref<mm::PageCache> cache_;
};

Content bytes_of(const std::string& text)
{
    auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

Content host_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    return bytes_of(std::string(std::istreambuf_iterator<char>(in), {}));
}

struct Fixture {
    Fixture() : memory(mm::MemoryFile::create(0).value()), holder(platform, *memory) { }
    kernel::Task& task() { return holder.task(); }
    Result<loader::Image> load(const std::string& path, std::vector<std::string> argv = {"program", "one"}, bool* fatal = nullptr)
    {
        loader::Request request;
        auto file = open(path);
        if (!file.ok())
            return file.error();
        request.file = file.value();
        request.path = path;
        request.argv = std::move(argv);
        request.envp = {"A=1", "B=2"};
        request.open = [&](const std::string& name) { return open(name); };
        request.seed = seed;
        request.random.fill(std::byte {7});
        return loader::load(task(), std::move(request), fatal);
    }
    Result<Ref<fs::File>> open(const std::string& path)
    {
        auto it = files.find(path);
        if (it == files.end())
            return Errno(ENOENT);
        return Ref<fs::File>(make_ref<MemoryBackedFile>(*memory, it->second, path));
    }
    template<typename T>
    T peek(mm::AddressSpace& space, std::uint64_t address)
    {
        T value {};
        REQUIRE(space.copy_in(task(), GuestAddr(address), std::as_writable_bytes(std::span(&value, 1))).ok());
        return value;
    }
    std::string peek_string(mm::AddressSpace& space, std::uint64_t address)
    {
        std::string text;
        while (char c = peek<char>(space, address++))
            text += c;
        return text;
    }
    test::FakePlatform platform;
    std::unique_ptr<mm::MemoryFile> memory;
    test::TaskFixture holder;
    std::map<std::string, Content> files;
    std::uint64_t seed = 1234;
};

/// A small program: code, then data with a bss.
struct SmallElf {
    Elf64_Ehdr header {};
    std::array<Elf64_Phdr, 4> segments {};
    std::string interpreter = "/ld";

    explicit SmallElf(Elf64_Half type = ET_DYN, bool with_interpreter = false)
    {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = type;
        header.e_machine = EM_X86_64;
        header.e_version = EV_CURRENT;
        std::uint64_t base = type == ET_EXEC ? 0x400000 : 0;
        header.e_entry = base + 0x1000;
        header.e_phoff = sizeof(header);
        header.e_ehsize = sizeof(header);
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = static_cast<Elf64_Half>(segments.size());
        segments[0] = {PT_LOAD, PF_R | PF_X, 0, base, base, 0x1800, 0x1800, 0x1000};
        segments[1] = {PT_LOAD, PF_R | PF_W, 0x1800, base + 0x2800, base + 0x2800, 0x100, 0x3000, 0x1000};
        segments[2] = {static_cast<Elf64_Word>(with_interpreter ? PT_INTERP : PT_NULL), PF_R, 0x800, base + 0x800, base + 0x800, interpreter.size() + 1, interpreter.size() + 1, 1};
        segments[3] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16};
    }
    Content content() const
    {
        Content file(0x1900, std::byte {0xcc});
        std::memcpy(file.data(), &header, sizeof(header));
        std::memcpy(file.data() + sizeof(header), segments.data(), sizeof(segments));
        std::memcpy(file.data() + 0x800, interpreter.c_str(), interpreter.size() + 1);
        return file;
    }
};

loader::Head head_of(const std::string& text)
{
    loader::Head head {};
    std::copy_n(text.begin(), std::min(text.size(), head.size()), head.begin());
    return head;
}

}

TEST_CASE("the script line is read as Linux reads it")
{
    auto parse = [](const std::string& text) { return loader::parse_script(head_of(text)); };
    auto is = [&](const std::string& text, const std::string& interpreter, std::optional<std::string> argument) {
        INFO(text);
        auto line = parse(text);
        REQUIRE(line.ok());
        CHECK(line.value().interpreter == interpreter);
        CHECK(line.value().argument == argument);
    };
    is("#!/bin/sh\necho", "/bin/sh", {});
    is("#! \t /bin/sh \t \n", "/bin/sh", {});
    is("#!/bin/sh -e -x  \nmore", "/bin/sh", "-e -x");
    is("#!/usr/bin/env\tpython3 -u\n", "/usr/bin/env", "python3 -u");
    is("#!/bin/sh", "/bin/sh", {});       // no newline, but a NUL behind it: a short file
    is("#!/bin/sh -x", "/bin/sh", "-x");
    is("#!sh\n", "sh", {});
    is("#!/bin/sh " + std::string(400, 'a') + "\n", "/bin/sh", std::string(256 - 1 - 10, 'a')); // the argument is cut off
    CHECK(parse("#!\n").error() == ENOEXEC);
    CHECK(parse("#!   \t\n/bin/sh").error() == ENOEXEC);
    CHECK(parse("#!" + std::string(300, ' ')).error() == ENOEXEC);
    CHECK(parse("#!/" + std::string(300, 'x')).error() == ENOEXEC); // the name may be cut off
    CHECK(parse("#!/" + std::string(300, 'x') + "\n").error() == ENOEXEC);
    is("#!/" + std::string(251, 'x') + "\n", "/" + std::string(251, 'x'), {});
    CHECK(parse("#/bin/sh\n").error() == ENOEXEC);
    CHECK(parse("").error() == ENOEXEC);
}

TEST_CASE("scripts lead to their interpreter, with arguments rewritten, five deep")
{
    Fixture f;
    f.files["/elf"] = SmallElf().content();
    f.files["/s1"] = bytes_of("#!/elf -x y\n");
    f.files["/s2"] = bytes_of("#!/s1\n");
    auto image = f.load("/s2", {"zero", "first"});
    REQUIRE(image.ok());
    CHECK(image.value().argv == std::vector<std::string> {"/elf", "-x y", "/s1", "/s2", "first"});
    CHECK(image.value().file->name(f.task()) == "/elf");
    f.files["/d1"] = f.files["/s1"];
    for (int i = 2; i <= 6; ++i)
        f.files["/d" + std::to_string(i)] = bytes_of("#!/d" + std::to_string(i - 1) + "\n");
    CHECK(f.load("/d5").ok());
    CHECK(f.load("/d6").error() == ELOOP);
    f.files["/gone"] = bytes_of("#!/nowhere\n");
    CHECK(f.load("/gone").error() == ENOENT);
    f.files["/text"] = bytes_of("echo hello\n");
    CHECK(f.load("/text").error() == ENOEXEC);
    f.files["/empty"] = {};
    CHECK(f.load("/empty").error() == ENOEXEC);
    f.files["/loop"] = bytes_of("#!/loop\n");
    CHECK(f.load("/loop").error() == ELOOP);
}

TEST_CASE("the stack holds what the program expects")
{
    Fixture f;
    f.files["/ld"] = SmallElf().content();
    f.files["/elf"] = SmallElf(ET_DYN, true).content();
    auto loaded = f.load("/elf", {"zero", "first", ""});
    REQUIRE(loaded.ok());
    auto& space = *loaded.value().space;
    std::uint64_t sp = loaded.value().registers.rsp;
    CHECK(sp % 16 == 0);
    auto word = [&](std::uint64_t index) { return f.peek<std::uint64_t>(space, sp + index * 8); };
    CHECK(word(0) == 3);
    CHECK(f.peek_string(space, word(1)) == "zero");
    CHECK(f.peek_string(space, word(2)) == "first");
    CHECK(f.peek_string(space, word(3)).empty());
    CHECK(word(4) == 0);
    CHECK(f.peek_string(space, word(5)) == "A=1");
    CHECK(f.peek_string(space, word(6)) == "B=2");
    CHECK(word(7) == 0);
    std::map<std::uint64_t, std::uint64_t> auxv;
    std::uint64_t index = 8;
    for (; word(index) != AT_NULL; index += 2)
        auxv[word(index)] = word(index + 1);
    CHECK(auxv[AT_PAGESZ] == 4096);
    CHECK(auxv[AT_PHNUM] == 4);
    CHECK(auxv[AT_PHENT] == 56);
    CHECK(f.peek_string(space, auxv[AT_EXECFN]) == "/elf");
    CHECK(f.peek_string(space, auxv[AT_PLATFORM]) == "x86_64");
    CHECK(f.peek<std::uint64_t>(space, auxv[AT_RANDOM]) == 0x0707070707070707);
    CHECK(f.peek<Elf64_Phdr>(space, auxv[AT_PHDR]).p_filesz == 0x1800);
    CHECK(f.peek<std::uint32_t>(space, auxv[AT_SYSINFO_EHDR]) == 0x464c457f);
    CHECK(f.peek<std::uint32_t>(space, auxv[AT_BASE]) == 0x464c457f);
    CHECK(auxv[AT_BASE] != auxv[AT_ENTRY] - 0x1000);
    CHECK(loaded.value().registers.rip == auxv[AT_BASE] + 0x1000);
    const auto& layout = space.layout();
    CHECK(layout.auxv.size() == index - 8 + 2);
    CHECK(f.peek_string(space, layout.arg_start.value()) == "zero");
    CHECK(layout.arg_end.value() - layout.arg_start.value() == std::string("zero first  ").size());
    CHECK(layout.env_start == layout.arg_end);
    CHECK(layout.env_end.value() - layout.env_start.value() == 8);
    CHECK(layout.brk == layout.start_brk);
    // The bss is empty, also in the page that the file's data ends in.
    std::uint64_t data = auxv[AT_ENTRY] - 0x1000 + 0x2800;
    CHECK(f.peek<std::uint8_t>(space, data + 0xff) == 0xcc);
    CHECK(f.peek<std::uint8_t>(space, data + 0x100) == 0);
    CHECK(f.peek<std::uint8_t>(space, data + 0x2fff) == 0);
    // As /proc/PID/maps names them; no stack may be executed.
    bool vdso = false, stack = false;
    for (const auto& vma : space.vmas()) {
        vdso = vdso || (vma.name == "[vdso]" && vma.prot == 5);
        stack = stack || (vma.name == "[stack]" && vma.prot == 3);
    }
    CHECK(vdso);
    CHECK(stack);
}

TEST_CASE("the same seed gives the same image, another one other places")
{
    Fixture f;
    f.files["/elf"] = SmallElf().content();
    auto places = [&] {
        auto image = f.load("/elf");
        auto& r = image.value().registers;
        return std::array {r.rip, r.rsp, image.value().space->layout().start_brk.value()};
    };
    auto first = places();
    CHECK(places() == first);
    f.seed = 99;
    CHECK(places() != first);
}

TEST_CASE("arguments have their limit")
{
    Fixture f;
    f.files["/elf"] = SmallElf().content();
    REQUIRE(f.task().limits().set(RLIMIT_STACK, {8 << 20, kernel::Limits::infinity}, true).ok());
    CHECK(f.load("/elf", {std::string(131071, 'x')}).ok());
    CHECK(f.load("/elf", {std::string(131072, 'x')}).error() == E2BIG);
    CHECK(f.load("/elf", std::vector<std::string>(15, std::string(131071, 'x'))).ok());
    CHECK(f.load("/elf", std::vector<std::string>(16, std::string(131071, 'x'))).error() == E2BIG);
    CHECK(f.load("/elf", std::vector<std::string>(300'000)).error() == E2BIG); // the pointers count
    CHECK(f.load("/elf", {}).value().argv == std::vector<std::string> {""});
}

TEST_CASE("programs of this system load")
{
    Fixture f;
    const std::string interpreter = "/lib64/ld-linux-x86-64.so.2";
    f.files[interpreter] = host_file(interpreter);
    f.files["/bin/true"] = host_file("/bin/true");
    REQUIRE_FALSE(f.files["/bin/true"].empty());
    auto image = f.load("/bin/true");
    REQUIRE(image.ok());
    auto& space = *image.value().space;
    // What stands at the entry is what the file has there.
    Elf64_Ehdr header {};
    std::memcpy(&header, f.files[interpreter].data(), sizeof(header));
    std::uint64_t base = image.value().registers.rip - header.e_entry;
    CHECK(f.peek<std::uint64_t>(space, image.value().registers.rip) == f.peek<std::uint64_t>(space, base + header.e_entry));
    CHECK(f.peek<std::array<char, 4>>(space, base) == std::array<char, 4> {'\x7f', 'E', 'L', 'F'});
    CHECK(space.layout().exe_path == "/bin/true");
    // The interpreter itself as the program.
    CHECK(f.load(interpreter).ok());
}

TEST_CASE("what is wrong with an ELF file is told as Linux tells it")
{
    Fixture f;
    f.files["/ld"] = SmallElf().content();
    auto result = [&](auto change, Elf64_Half type = ET_DYN, bool with_interpreter = false) {
        SmallElf elf(type, with_interpreter);
        change(elf);
        f.files["/elf"] = elf.content();
        auto image = f.load("/elf");
        return image.ok() ? 0 : image.error().value();
    };
    CHECK(result([](SmallElf&) {}) == 0);
    CHECK(result([](SmallElf&) {}, ET_EXEC) == 0);
    CHECK(result([](SmallElf& e) { e.header.e_machine = EM_386; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.header.e_machine = EM_AARCH64; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.header.e_type = ET_REL; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.header.e_phentsize = 32; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.header.e_phnum = 0; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.header.e_phnum = 74; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.header.e_phoff = 1 << 20; }) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.segments[0].p_type = e.segments[1].p_type = PT_NULL; }) == EINVAL);
    CHECK(result([](SmallElf& e) { e.segments[1].p_filesz = e.segments[1].p_memsz + 1; }) == EINVAL);
    CHECK(result([](SmallElf& e) { e.segments[1].p_offset += 1; }) == EINVAL);
    CHECK(result([](SmallElf& e) { e.interpreter = "/no"; }, ET_DYN, true) == ENOENT);
    CHECK(result([](SmallElf& e) { e.segments[2].p_filesz = 1; }, ET_DYN, true) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.segments[2].p_filesz = 5000; }, ET_DYN, true) == ENOEXEC);
    CHECK(result([](SmallElf& e) { e.segments[2].p_filesz = 3; }, ET_DYN, true) == ENOEXEC); // no NUL
    CHECK(result([](SmallElf& e) { e.segments[2].p_offset = 1 << 20; }, ET_DYN, true) == EIO);
    f.files["/ld"] = bytes_of("#!/bin/sh\n" + std::string(100, 'x'));
    CHECK(result([](SmallElf&) {}, ET_DYN, true) == ELIBBAD);
    f.files["/ld"] = bytes_of("short");
    CHECK(result([](SmallElf&) {}, ET_DYN, true) == EIO);
    SmallElf wrong;
    wrong.header.e_machine = EM_386;
    f.files["/ld"] = wrong.content();
    CHECK(result([](SmallElf&) {}, ET_DYN, true) == ELIBBAD);
    // An executable stack is given where it is asked for.
    SmallElf stack;
    stack.segments[3].p_flags = PF_R | PF_W | PF_X;
    f.files["/elf"] = stack.content();
    auto image = f.load("/elf");
    bool executable = false;
    for (const auto& vma : image.value().space->vmas())
        executable = executable || (vma.name == "[stack]" && vma.prot == 7);
    CHECK(executable);
}

TEST_CASE("whether the old program could go on is told")
{
    Fixture f;
    SmallElf elf;
    elf.segments[1].p_vaddr = guest_address_end - 0x800; // mapped only after the old program is gone
    f.files["/elf"] = elf.content();
    bool fatal = false;
    CHECK_FALSE(f.load("/elf", {"x"}, &fatal).ok());
    CHECK(fatal);
    f.files["/elf"] = bytes_of("no program");
    fatal = false;
    CHECK_FALSE(f.load("/elf", {"x"}, &fatal).ok());
    CHECK_FALSE(fatal);
}

TEST_CASE("an ELF file broken in every field is refused or loaded, and nothing is left behind")
{
    Fixture f;
    f.files["/ld"] = SmallElf().content();
    std::vector<std::uint64_t> values {0, 1, 0x1001, 0x80000000, guest_address_end - 0x1000, stub_region_start, 0x7fffffffffffffff, ~std::uint64_t {0} - 0xfff, ~std::uint64_t {0}};
    auto try_content = [&](Content content) {
        f.files["/elf"] = std::move(content);
        static_cast<void>(f.load("/elf").ok());
    };
    unsigned loaded = 0;
    for (Elf64_Half type : {Elf64_Half {ET_DYN}, Elf64_Half {ET_EXEC}}) {
        for (bool broken_interpreter : {false, true}) {
            Content good = SmallElf(type, true).content();
            // Every field of the headers, and some halves.
            for (std::size_t at = 0; at < sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr); at += at < sizeof(Elf64_Ehdr) ? 2 : 4) {
                for (std::uint64_t value : values) {
                    std::size_t width = at % 8 == 0 ? 8 : at % 4 == 0 ? 4 : 2;
                    Content bad = good;
                    std::memcpy(bad.data() + at, &value, width);
                    if (broken_interpreter) {
                        f.files["/ld"] = std::move(bad);
                        try_content(good);
                        f.files["/ld"] = SmallElf().content();
                    } else {
                        try_content(std::move(bad));
                    }
                    ++loaded;
                }
            }
        }
    }
    // Cut off anywhere.
    Content good = SmallElf(ET_DYN, true).content();
    for (std::size_t size = 0; size < good.size(); size += size < 300 ? 5 : 397)
        try_content({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)});
    // Random bytes in the headers.
    std::mt19937 random(7);
    for (int i = 0; i < 200; ++i) {
        Content bad = good;
        for (int j = 0; j < 1 + i % 8; ++j)
            bad[4 + random() % 284] = static_cast<std::byte>(random());
        try_content(std::move(bad));
    }
    CHECK(loaded > 2000);
    CHECK(f.platform.all.empty());
    CHECK(f.memory->bytes_reserved() == 0);
}

TEST_CASE("the vDSO is a shared object with the names that libc looks for")
{
    auto image = loader::vdso_image();
    REQUIRE(image.size() > sizeof(Elf64_Ehdr));
    Elf64_Ehdr header {};
    std::memcpy(&header, image.data(), sizeof(header));
    CHECK(header.e_type == ET_DYN);
    CHECK(header.e_machine == EM_X86_64);
    std::string text(reinterpret_cast<const char*>(image.data()), image.size());
    for (const char* name : {"__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu", "__vdso_clock_getres", "LINUX_2.6", "linux-vdso.so.1"})
        CHECK(text.find(name) != std::string::npos);
    Elf64_Phdr first {};
    std::memcpy(&first, image.data() + header.e_phoff, sizeof(first));
    CHECK(first.p_type == PT_LOAD);
    CHECK(first.p_flags == (PF_R | PF_X));
    CHECK(first.p_vaddr == 0);
}
