// The auxiliary vector and the vDSO: there, and fit to be called. (man 7 vdso, man 3 getauxval)
#include "guest_test.h"

#include <cstring>
#include <elf.h>
#include <string>
#include <string_view>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

namespace {

// A function of the vDSO by name, from its dynamic symbols; null when it has none of that name.
void* vdso_function(std::string_view wanted)
{
    unsigned long base = getauxval(AT_SYSINFO_EHDR);
    auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
    auto* program = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
    const Elf64_Dyn* dynamic = nullptr;
    unsigned long offset = base;
    for (int i = 0; i < header->e_phnum; ++i) {
        if (program[i].p_type == PT_LOAD)
            offset = base + program[i].p_offset - program[i].p_vaddr;
        else if (program[i].p_type == PT_DYNAMIC)
            dynamic = reinterpret_cast<const Elf64_Dyn*>(base + program[i].p_offset);
    }
    const Elf64_Sym* symbols = nullptr;
    const char* strings = nullptr;
    const unsigned* hash = nullptr;
    const unsigned* gnu = nullptr;
    for (; dynamic && dynamic->d_tag != DT_NULL; ++dynamic) {
        unsigned long at = dynamic->d_un.d_ptr + offset;
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = reinterpret_cast<const Elf64_Sym*>(at);
        else if (dynamic->d_tag == DT_STRTAB)
            strings = reinterpret_cast<const char*>(at);
        else if (dynamic->d_tag == DT_HASH)
            hash = reinterpret_cast<const unsigned*>(at);
        else if (dynamic->d_tag == DT_GNU_HASH)
            gnu = reinterpret_cast<const unsigned*>(at);
    }
    if (!symbols || !strings || (!hash && !gnu))
        return nullptr;
    unsigned count = hash ? hash[1] : 0;
    if (!hash) {
        const unsigned* buckets = gnu + 4 + gnu[2] * 2;
        const unsigned* chain = buckets + gnu[0];
        for (unsigned i = 0; i < gnu[0]; ++i)
            for (unsigned at = buckets[i]; at >= gnu[1]; ++at) {
                count = std::max(count, at + 1);
                if (chain[at - gnu[1]] & 1)
                    break;
            }
    }
    for (unsigned i = 0; i < count; ++i)
        if (symbols[i].st_shndx != SHN_UNDEF && wanted == strings + symbols[i].st_name)
            return reinterpret_cast<void*>(offset + symbols[i].st_value);
    return nullptr;
}

} // namespace

GUEST_TEST("the auxiliary vector has what programs look for")
{
    expect_eq(4096, getauxval(AT_PAGESZ));
    expect_eq(100, getauxval(AT_CLKTCK));
    expect(getauxval(AT_PHDR) != 0, "AT_PHDR");
    expect_eq(sizeof(Elf64_Phdr), getauxval(AT_PHENT));
    expect(getauxval(AT_PHNUM) > 1, "AT_PHNUM");
    expect(getauxval(AT_ENTRY) != 0, "AT_ENTRY");
    expect_eq(getuid(), getauxval(AT_UID));
    expect_eq(geteuid(), getauxval(AT_EUID));
    expect_eq(getgid(), getauxval(AT_GID));
    expect_eq(getegid(), getauxval(AT_EGID));
    expect_eq(0, getauxval(AT_SECURE));
    expect_eq("x86_64", std::string(reinterpret_cast<char*>(getauxval(AT_PLATFORM))));
    std::string name = reinterpret_cast<char*>(getauxval(AT_EXECFN));
    expect_eq("vdso", name.substr(name.rfind('/') + 1));
    expect(getauxval(AT_MINSIGSTKSZ) >= 1000, "AT_MINSIGSTKSZ");
}

GUEST_TEST("AT_RANDOM points to sixteen bytes that are not all the same")
{
    auto* bytes = reinterpret_cast<const unsigned char*>(getauxval(AT_RANDOM));
    expect(bytes != nullptr, "AT_RANDOM");
    bool differ = false;
    for (int i = 1; i < 16; ++i)
        differ = differ || bytes[i] != bytes[0];
    expect(differ, "random bytes");
}

GUEST_TEST("the vDSO is an ELF file with the functions that libc wants")
{
    expect(getauxval(AT_SYSINFO_EHDR) != 0, "AT_SYSINFO_EHDR");
    expect_eq(0, memcmp(reinterpret_cast<void*>(getauxval(AT_SYSINFO_EHDR)), ELFMAG, SELFMAG));
    for (const char* name : {"__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time", "__vdso_getcpu", "__vdso_clock_getres"})
        guest::note(std::string(name) + (vdso_function(name) ? ": there" : ": missing"));
}

GUEST_TEST("its functions answer")
{
    auto gettime = reinterpret_cast<int (*)(clockid_t, timespec*)>(vdso_function("__vdso_clock_gettime"));
    auto getcpu = reinterpret_cast<int (*)(unsigned*, unsigned*, void*)>(vdso_function("__vdso_getcpu"));
    auto seconds = reinterpret_cast<time_t (*)(time_t*)>(vdso_function("__vdso_time"));
    timespec now{};
    expect_eq(0, gettime(CLOCK_MONOTONIC, &now));
    expect(now.tv_sec > 0 || now.tv_nsec > 0, "a time");
    expect_eq(-EINVAL, gettime(99, &now));
    expect_eq(0, gettime(CLOCK_PROCESS_CPUTIME_ID, &now));
    unsigned cpu = 12345;
    expect_eq(0, getcpu(&cpu, nullptr, nullptr));
    expect(cpu < 4096, "a processor");
    time_t stored = 0;
    time_t told = seconds(&stored);
    expect(told == stored && told > 1600000000, "the time");
}

GUEST_TEST("the legacy vsyscall page answers, or the program dies as it would natively")
{
    // vsyscall=xonly or emulate: it answers. none: SIGSEGV. Which it is is the host's choice, so it is not printed.
    int status = guest::wait_for(guest::in_child([] {
        auto gettimeofday_at = reinterpret_cast<int (*)(void*, void*)>(0xffffffffff600000UL);
        long buffer[2] = {};
        return gettimeofday_at(buffer, nullptr) == 0 && buffer[0] > 1600000000 ? 0 : 1;
    }));
    std::string fate = guest::describe(status);
    expect(fate == "exited 0" || fate.starts_with("killed by SIGSEGV"), "an answer or SIGSEGV");
}
