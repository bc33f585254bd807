// System V shared memory. (man 7 sysvipc)
#include "sysv.h"

#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

namespace {

void remove_segment(int id) { shmctl(id, IPC_RMID, nullptr); }

} // namespace

GUEST_TEST("shared memory: attached twice, counted, read-only, gone with the last")
{
    int id = expect_ok(shmget(IPC_PRIVATE, 5000, 0600));
    Guard guard{id, remove_segment};
    auto* memory = static_cast<char*>(expect_mapped(shmat(id, nullptr, 0)));
    auto* second = static_cast<const char*>(expect_mapped(shmat(id, nullptr, SHM_RDONLY)));
    expect_eq(0, memory[4999]);
    strcpy(memory + 4090, "over a page");
    expect_eq("over a page", std::string(second + 4090));
    shmid_ds status{};
    expect_eq(0, shmctl(id, IPC_STAT, &status));
    expect_eq(2, status.shm_nattch);
    expect_eq(5000, status.shm_segsz);
    guest::note(guest::fate_of([=] {
        const_cast<char*>(second)[0] = 1;
        return 0;
    }));
    expect_errno(EINVAL, reinterpret_cast<long>(shmat(id, memory, 0)));
    expect_errno(EINVAL, reinterpret_cast<long>(shmat(id, memory + 1, 0)));
    expect_mapped(shmat(id, memory + 1, SHM_RND | SHM_REMAP));
    expect_eq("over a page", std::string(memory + 4090));
    expect_errno(EINVAL, shmdt(memory + 4096));
    expect_eq(0, shmdt(second));
    expect_errno(EINVAL, shmdt(second));
    expect_eq(0, shmctl(id, IPC_STAT, &status));
    expect_eq(1, status.shm_nattch);
    expect_eq(0, shmctl(id, IPC_RMID, nullptr));
    expect_eq(0, shmctl(id, IPC_STAT, &status));
    expect(status.shm_perm.mode & 01000, "SHM_DEST");
    memory[0] = 7;
    expect_eq(0, shmdt(memory));
    expect_errno(EINVAL, shmctl(id, IPC_STAT, &status));
    expect_errno(EINVAL, shmget(IPC_PRIVATE, 0, 0600));
}

GUEST_TEST("shared memory between processes")
{
    int id = expect_ok(shmget(IPC_PRIVATE, 4096, 0600));
    Guard guard{id, remove_segment};
    auto* memory = static_cast<int*>(expect_mapped(shmat(id, nullptr, 0)));
    guest::note(guest::fate_of([=] {
        shmid_ds status{};
        shmctl(id, IPC_STAT, &status);
        memory[3] = 77;
        return static_cast<int>(status.shm_nattch);
    }));
    expect_eq(77, memory[3]);
    shmid_ds status{};
    expect_eq(0, shmctl(id, IPC_STAT, &status));
    expect_eq(1, status.shm_nattch);
    int set = make_set(1);
    Guard set_guard{set, remove_set};
    pid_t child = guest::in_child([=] {
        shmdt(memory);
        operate(set, 0, -1);
        auto* again = static_cast<int*>(shmat(id, nullptr, 0));
        return again[4];
    });
    memory[4] = 9;
    expect_eq(0, operate(set, 0, 1));
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("shared memory: detached memory faults, parts of an attachment go together")
{
    int id = expect_ok(shmget(IPC_PRIVATE, 3 * 4096, 0600));
    Guard guard{id, remove_segment};
    auto* memory = static_cast<char*>(expect_mapped(shmat(id, nullptr, 0)));
    memset(memory, 'a', 3 * 4096);
    expect_ok(mprotect(memory + 4096, 4096, PROT_READ));
    guest::note(guest::fate_of([=] {
        memory[4096] = 1;
        return 0;
    }));
    expect_ok(munmap(memory + 2 * 4096, 4096));
    expect_eq('a', memory[4095]);
    expect_eq(0, shmdt(memory));
    for (int page = 0; page < 3; ++page) {
        guest::note(guest::fate_of([=] { return static_cast<int>(static_cast<volatile char*>(memory)[page * 4096]); }));
    }
    auto* again = static_cast<const char*>(expect_mapped(shmat(id, nullptr, SHM_RDONLY)));
    expect_eq('a', again[2 * 4096]);
    expect_eq(0, shmdt(again));
}

GUEST_TEST("shared memory: what a stranger writes is read")
{
    int id = expect_ok(shmget(IPC_PRIVATE, 4096, 0600));
    Guard guard{id, remove_segment};
    int set = make_set(2);
    Guard set_guard{set, remove_set};
    pid_t writer = guest::in_child([=] {
        auto* memory = static_cast<int*>(shmat(id, nullptr, 0));
        for (int i = 0; i < 100; ++i) {
            memory[0] = i * i;
            operate(set, 0, 1);
            operate(set, 1, -1);
        }
        return 5;
    });
    pid_t reader = guest::in_child([=] {
        auto* memory = static_cast<const volatile int*>(shmat(id, nullptr, SHM_RDONLY));
        int sum = 0;
        for (int i = 0; i < 100; ++i) {
            operate(set, 0, -1);
            sum += memory[0] == i * i;
            operate(set, 1, 1);
        }
        return sum;
    });
    guest::note(guest::describe(guest::wait_for(reader)));
    guest::note(guest::describe(guest::wait_for(writer)));
}
