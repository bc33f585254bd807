// Steps on System V objects, all private: the process that started this one removes them.
#include "machine.h"

#include <cstring>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

namespace fuzz {
namespace {

void keep(int kind, long id)
{
    if (id >= 0 && leftovers->counts[kind] < 16)
        leftovers->ids[kind][leftovers->counts[kind]++] = static_cast<int>(id);
}
Arg id_of(Call& c, int kind)
{
    if (leftovers->counts[kind] == 0 || c.random.one_in(10))
        return c.random.pick({-1, 0x7fffffff, -2147483647});
    return hidden(leftovers->ids[kind][c.random.below(leftovers->counts[kind])]);
}
bool room(int kind) { return leftovers->counts[kind] < 16; }

void shmget_(Call& c) { if (room(0)) keep(0, c.go_hidden("shmget", SYS_shmget, IPC_PRIVATE, c.random.pick({0, 1, 4096, 5000, 20000, -1}), c.random.pick({0600, 0, 0400, 01600, 03666}))); }
void shmat_(Call& c) { Arg id = id_of(c, 0); c.go("shmat", SYS_shmat, id, window + c.random.below(window_pages) * page + c.random.pick({0, 0, 1, 100}), c.random.flags({SHM_RDONLY, SHM_RND, SHM_REMAP}) & 0xf000); }
void shmdt_(Call& c) { c.go("shmdt", SYS_shmdt, window + c.random.below(window_pages) * page); }
void shmctl_(Call& c)
{
    Arg id = id_of(c, 0);
    if (c.random.one_in(4)) {
        c.go("shmctl", SYS_shmctl, id, c.random.pick({IPC_RMID, SHM_LOCK, SHM_UNLOCK, 99, -1}), 0);
        return;
    }
    long at = c.good(sizeof(shmid_ds));
    if (c.go("shmctl_stat", SYS_shmctl, id, IPC_STAT, at) == 0) {
        auto* s = reinterpret_cast<shmid_ds*>(at);
        c.note(" mode %o size %ld attached %ld", s->shm_perm.mode, static_cast<long>(s->shm_segsz), static_cast<long>(s->shm_nattch));
        memset(s, 0xa5, sizeof *s);
    }
}
void semget_(Call& c) { if (room(1)) keep(1, c.go_hidden("semget", SYS_semget, IPC_PRIVATE, c.random.pick({0, 1, 3, 5, -1, 100000}), c.random.pick({0600, 0, 0400}))); }
void semop_(Call& c)
{
    sembuf list[3];
    for (sembuf& one : list)
        one = {static_cast<unsigned short>(c.random.one_in(10) ? 500 : c.random.below(4)), static_cast<short>(c.random.one_in(12) ? 32767 : c.random.below(7) - 3), static_cast<short>(IPC_NOWAIT | (c.random.one_in(4) ? SEM_UNDO : 0))};
    Arg id = id_of(c, 1);
    c.go("semop", SYS_semop, id, c.in(list), c.random.one_in(10) ? c.random.pick({0, 501, -1}) : 1 + c.random.below(3));
}
void semctl_(Call& c)
{
    Arg id = id_of(c, 1);
    switch (c.random.below(5)) {
    case 0: c.go("semctl_getval", SYS_semctl, id, c.random.pick({0, 1, 4, -1}), GETVAL, 0); break;
    case 1: c.go("semctl_setval", SYS_semctl, id, c.random.pick({0, 1, 4, -1}), SETVAL, c.random.pick({0, 5, 32767, 32768, -1})); break;
    case 2: c.go("semctl_getall", SYS_semctl, id, 0, GETALL, c.out(16)); break;
    case 3: c.go("semctl_counts", SYS_semctl, id, c.random.below(3), c.random.pick({GETNCNT, GETZCNT, 99}), 0); break;
    default: c.go("semctl_rmid", SYS_semctl, id, 0, c.random.one_in(3) ? IPC_RMID : GETVAL, 0); break;
    }
}
void msgget_(Call& c) { if (room(2)) keep(2, c.go_hidden("msgget", SYS_msgget, IPC_PRIVATE, c.random.pick({0600, 0, 0400, 0200}))); }
void msgsnd_(Call& c)
{
    char message[308];
    memset(message, static_cast<int>('a' + c.step() % 26), sizeof message);
    long type = c.random.one_in(8) ? c.random.pick({0, -1}) : 1 + c.random.below(4);
    memcpy(message, &type, 8);
    Arg id = id_of(c, 2);
    c.go("msgsnd", SYS_msgsnd, id, c.in(message), c.random.one_in(10) ? c.random.pick({-1, 8193}) : c.random.below(300), IPC_NOWAIT);
}
void msgrcv_(Call& c)
{
    long n = c.random.one_in(10) ? -1 : c.random.below(300);
    Arg id = id_of(c, 2);
    c.go("msgrcv", SYS_msgrcv, id, c.out(308), n, c.random.pick({0, 0, 1, 2, -3, -1}), IPC_NOWAIT | (c.random.one_in(3) ? MSG_NOERROR : 0) | (c.random.one_in(5) ? MSG_EXCEPT : 0));
}

const Entry steps[] = {{"ipc", 3, shmget_}, {"ipc", 4, shmat_}, {"ipc", 3, shmdt_}, {"ipc", 2, shmctl_}, {"ipc", 3, semget_}, {"ipc", 6, semop_}, {"ipc", 5, semctl_}, {"ipc", 3, msgget_}, {"ipc", 6, msgsnd_}, {"ipc", 5, msgrcv_}};

}

std::span<const Entry> ipc_steps() { return steps; }

}
