// What the tests of System V objects share. man 7 sysvipc.
#pragma once

#include "guest_test.h"

#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

/// Removes an object at the test's end: natively they outlive processes.
struct Guard {
    int id;
    void (*remove)(int);
    pid_t owner = getpid();
    ~Guard()
    {
        if (getpid() == owner)
            remove(id);
    }
};

inline int make_set(int count) { return expect_ok(semget(IPC_PRIVATE, count, 0600)); }
inline void remove_set(int id) { semctl(id, 0, IPC_RMID); }

inline int operate(int id, short number, short change, short flags = 0)
{
    sembuf operation{static_cast<unsigned short>(number), change, flags};
    return semop(id, &operation, 1);
}
