// Two programs that have nothing in common but a file: both map it shared and pass turns in it, by futex or by spinning. (man 2 mmap,
// futex)
#include "guest_test.h"

#include <cstdlib>
#include <fcntl.h>
#include <linux/futex.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Page {
    int turn;     // 0: the first program's, 1: the second's
    int ready;    // programs that have mapped the file
    unsigned long sum;     // what both have worked on
    int taken[2]; // turns
};

constexpr int rounds = 40;

long futex(int* word, int operation, int value)
{
    return syscall(SYS_futex, word, operation, value, nullptr, nullptr, 0);
}

Page* map(const char* path)
{
    int fd = expect_ok(open(path, O_RDWR));
    // Touched before the other one may have come, and behind the page that both work on, too.
    char* bytes = static_cast<char*>(expect_mapped(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)));
    close(fd);
    bytes[8191] = 1;
    return reinterpret_cast<Page*>(bytes);
}

void wait_for_turn(Page& page, int who, bool spin)
{
    for (;;) {
        int turn = __atomic_load_n(&page.turn, __ATOMIC_ACQUIRE);
        if (turn == who)
            return;
        if (!spin)
            futex(&page.turn, FUTEX_WAIT, turn);
    }
}

// Run as "SELF player FILE 0|1 futex|spin ROUNDS".
int play(std::span<char*> arguments)
{
    if (std::string_view(arguments[1]) != "player")
        return -1;
    Page& page = *map(arguments[2]);
    int who = atoi(arguments[3]);
    bool spin = std::string_view(arguments[4]) == "spin";
    int turns = atoi(arguments[5]);
    // What the other one wrote while this one did not look is in what this one reads next.
    __atomic_add_fetch(&page.ready, 1, __ATOMIC_ACQ_REL);
    if (!spin)
        futex(&page.ready, FUTEX_WAKE, 1);
    for (int ready; (ready = __atomic_load_n(&page.ready, __ATOMIC_ACQUIRE)) < 2;) {
        if (!spin)
            futex(&page.ready, FUTEX_WAIT, ready);
    }
    for (int i = 0; i < turns; ++i) {
        wait_for_turn(page, who, spin);
        page.sum = page.sum * 3 + static_cast<unsigned long>(who) + 1;
        ++page.taken[who];
        __atomic_store_n(&page.turn, 1 - who, __ATOMIC_RELEASE);
        if (!spin)
            futex(&page.turn, FUTEX_WAKE, 1);
    }
    return static_cast<int>((page.sum & 0x3f) + 1);
}
const guest::SelfModeRegistration self_mode{play};

std::string self()
{
    char path[4096] = {};
    expect_ok(readlink("/proc/self/exe", path, sizeof path - 1));
    return path;
}

pid_t start(const std::string& program, const std::string& file, int who, const char* how, int turns)
{
    return guest::in_child([&] {
        std::string turns_text = std::to_string(turns), who_text = std::to_string(who);
        execl(program.c_str(), program.c_str(), "player", file.c_str(), who_text.c_str(), how, turns_text.c_str(), nullptr);
        return 98;
    });
}

void two_programs(const std::string& file, const char* how, int turns)
{
    Page empty{};
    std::string content(8192, '\0');
    content.replace(0, sizeof empty, reinterpret_cast<const char*>(&empty), sizeof empty);
    guest::write_file(file.c_str(), content);
    std::string program = self();
    pid_t first = start(program, file, 0, how, turns);
    pid_t second = start(program, file, 1, how, turns);
    int status = guest::wait_for(first);
    expect(WIFEXITED(status) && WEXITSTATUS(status) < 65, "the first program came to its end");
    guest::note(guest::describe(guest::wait_for(second)));
    std::string left = guest::read_file(file.c_str());
    const Page& page = *reinterpret_cast<const Page*>(left.data());
    guest::note("sum " + std::to_string(page.sum) + ", turns " + std::to_string(page.taken[0]) + " and " + std::to_string(page.taken[1]));
}

} // namespace

GUEST_TEST("two programs take turns by futex in a file that both map")
{
    guest::enter_scratch();
    two_programs("turns", "futex", rounds);
}

GUEST_TEST("two programs take turns by spinning in a file that both map")
{
    guest::enter_scratch();
    two_programs("turns", "spin", 4);
}

GUEST_TEST("a file in /dev/shm, as shm_open makes it")
{
    if (access("/dev/shm", W_OK) != 0)
        guest::skip("/dev/shm is not there, or this user may not write to it");
    std::string name = "/dev/shm/ringside-handshake-" + std::to_string(getpid());
    two_programs(name, "futex", rounds);
    unlink(name.c_str());
}

GUEST_TEST("write(2) into a file that another program has mapped is seen there")
{
    guest::enter_scratch();
    guest::write_file("turns", std::string(8192, '\0'));
    Page page{};
    page.ready = 1; // in the second's place
    int fd = expect_ok(open("turns", O_RDWR));
    expect_eq(sizeof page, pwrite(fd, &page, sizeof page, 0));
    pid_t player = start(self(), "turns", 0, "spin", 1);
    while (true) {
        Page now{};
        expect_eq(sizeof now, pread(fd, &now, sizeof now, 0));
        if (now.taken[0] == 1)
            break;
        guest::sleep_ms(2);
    }
    guest::note(guest::describe(guest::wait_for(player)));
}

GUEST_TEST("a reader's mapping follows what another program maps and writes")
{
    guest::enter_scratch();
    guest::write_file("turns", std::string(8192, '\0'));
    int fd = expect_ok(open("turns", O_RDONLY));
    const Page& page = *static_cast<const Page*>(expect_mapped(mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd, 0)));
    guest::note("sum " + std::to_string(page.sum));
    pid_t first = start(self(), "turns", 0, "futex", 3);
    pid_t second = start(self(), "turns", 1, "futex", 3);
    expect(WIFEXITED(guest::wait_for(first)), "the first program came to its end");
    expect(WIFEXITED(guest::wait_for(second)), "the second program came to its end");
    guest::note("sum " + std::to_string(page.sum) + ", turns " + std::to_string(page.taken[0]) + " and " + std::to_string(page.taken[1]));
}
