// The syscall table against the C library's numbers.
#include "trace/decode/context.h"
#include "trace/decode/flags.h"
#include "trace/names.h"
#include "trace/syscall_table.h"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

using namespace ringside::trace;

static_assert(find_syscall(257)->name == "openat");
static_assert(find_syscall("openat")->arity == 4);
static_assert(find_syscall("openat")->shape(1) == Shape::pointer && find_syscall("openat")->shape(2) == Shape::integer);
static_assert(find_syscall("read")->in_group(group::desc) && !find_syscall("read")->in_group(group::file));
static_assert(find_syscall(-1) == nullptr && find_syscall(335) == nullptr && find_syscall(100000) == nullptr);

namespace {

std::map<int, std::string> numbers_of(const char* header)
{
    std::map<int, std::string> numbers;
    std::ifstream file(header);
    std::regex line(R"(#define __NR_(\w+) (\d+))");
    for (std::string text; std::getline(file, text);)
        if (std::smatch match; std::regex_search(text, match, line))
            numbers[std::stoi(match[2])] = match[1];
    return numbers;
}

}

TEST_CASE("every number of <asm/unistd_64.h> has its name")
{
    auto numbers = numbers_of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h");
    REQUIRE(numbers.size() > 350);
    for (auto& [nr, name] : numbers) {
        INFO(nr << " " << name);
        const SyscallInfo* info = find_syscall(nr);
        REQUIRE(info != nullptr);
        CHECK(info->name == name);
        CHECK(find_syscall(name) == info);
    }
}

TEST_CASE("the i386 names are those of <asm/unistd_32.h>")
{
    auto numbers = numbers_of("/usr/include/x86_64-linux-gnu/asm/unistd_32.h");
    REQUIRE(numbers.size() > 400);
    for (auto& [nr, name] : numbers)
        CHECK(i386_name(nr) == name);
    CHECK(i386_name(-1).empty());
    CHECK(i386_name(5000).empty());
}

TEST_CASE("what the table names exists: counts, flag sets, structs")
{
    // Shown as addresses: rare, or large; the list keeps the table honest about all others.
    const std::set<std::string_view> plain {"mincore_vec", "shmid_ds", "msqid_ds", "msgbuf", "sembuf", "ustat", "sysctl_args", "io_event", "iocb",
        "mq_attr", "perf_event_attr", "file_handle", "bpf_attr", "rseq", "io_uring_params", "mount_attr", "landlock_ruleset_attr", "landlock_rule_attr",
        "futex_waitv", "cachestat_range", "cachestat", "mnt_id_req", "futex_word", "sigset_argpack"};
    int previous = -1;
    for (const SyscallInfo& info : syscalls) {
        INFO(info.name);
        CHECK(info.nr > previous);
        previous = info.nr;
        for (const Arg& arg : info.args()) {
            INFO(arg.name);
            if (!arg.count.empty())
                CHECK(info.index_of(arg.count) >= 0);
            if (arg.kind == ArgKind::flags || arg.kind == ArgKind::enumeration)
                CHECK(flag_set(arg.detail) != nullptr);
            if ((arg.kind == ArgKind::structure || arg.kind == ArgKind::array) && !plain.contains(arg.detail) && arg.detail != "iovec")
                CHECK(find_struct(arg.detail) != nullptr);
        }
    }
}

TEST_CASE("flag values are those of the headers")
{
    auto value = [](std::string_view set, std::string_view name) {
        for (const FlagName& flag : flag_set(set)->names)
            if (flag.name == name)
                return static_cast<long>(flag.value);
        return -1L;
    };
    CHECK(value("open_flags", "O_CLOEXEC") == O_CLOEXEC);
    CHECK(value("open_flags", "O_TMPFILE") == O_TMPFILE);
    CHECK(value("mmap_flags", "MAP_ANONYMOUS") == MAP_ANONYMOUS);
    CHECK(value("mmap_prot", "PROT_EXEC") == PROT_EXEC);
    CHECK(to_text(flags_node("open_flags", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)) == "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC");
    CHECK(to_text(flags_node("open_flags", 0x40000000)) == "O_RDONLY|0x40000000");
    CHECK(to_text(flags_node("splice_flags", 0x100)) == "0x100 /* SPLICE_F_??? */");
    CHECK(to_text(flags_node("mmap_prot", 0)) == "PROT_NONE");
}

TEST_CASE("signal names are those of libc")
{
    for (int number = 1; number < 32; ++number)
        CHECK(signal_name(number) == std::string("SIG") + (number == SIGIO ? "IO" : sigabbrev_np(number)));
    CHECK(signal_name(34) == "SIGRT_2");
    for (int number = 1; number <= 64; ++number)
        CHECK(signal_number(signal_name(number)) == number);
    CHECK(signal_number("SEGV") == SIGSEGV);
    CHECK(signal_number("SIGNOPE") == 0);
    CHECK(signal_code_name(SIGSEGV, SEGV_MAPERR) == "SEGV_MAPERR");
    CHECK(signal_code_name(SIGTERM, SI_TKILL) == "SI_TKILL");
}
