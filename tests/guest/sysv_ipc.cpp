// System V semaphores and message queues. (man 7 sysvipc)
#include "sysv.h"

#include <cstring>
#include <string>
#include <sys/msg.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace {

void remove_queue(int id) { msgctl(id, IPC_RMID, nullptr); }

struct Text {
    long type;
    char text[64];
};

int send(int id, long type, const char* text, int flags = 0)
{
    Text message{type, {}};
    strcpy(message.text, text);
    return msgsnd(id, &message, strlen(text), flags);
}

void receive(int id, long type, int flags = IPC_NOWAIT)
{
    Text message{};
    ssize_t size = msgrcv(id, &message, sizeof message.text, type, flags);
    guest::note(size < 0 ? guest::errno_name(errno) : std::to_string(message.type) + " " + std::string(message.text, static_cast<size_t>(size)));
}

} // namespace

GUEST_TEST("semaphores: all at once or not at all")
{
    int id = make_set(3);
    Guard guard{id, remove_set};
    unsigned short values[3] = {2, 0, 5};
    expect_eq(0, semctl(id, 0, SETALL, values));
    sembuf both[2] = {{0, -1, 0}, {1, -1, IPC_NOWAIT}};
    expect_errno(EAGAIN, semop(id, both, 2));
    expect_eq(2, semctl(id, 0, GETVAL));
    both[1] = {2, -5, IPC_NOWAIT};
    expect_eq(0, semop(id, both, 2));
    expect_eq(1, semctl(id, 0, GETVAL));
    expect_eq(0, operate(id, 2, 0));
    expect_errno(EAGAIN, operate(id, 0, 0, IPC_NOWAIT));
    timespec brief{0, 20000000};
    sembuf more{0, -3, 0};
    expect_errno(EAGAIN, semtimedop(id, &more, 1, &brief));
    expect(semctl(id, 0, GETPID) == getpid(), "the last pid");
    expect_errno(ERANGE, operate(id, 0, 32767));
    expect_errno(ERANGE, semctl(id, 0, SETVAL, 40000));
    expect_errno(EFBIG, operate(id, 3, 1));
    semid_ds status{};
    expect_eq(0, semctl(id, 0, IPC_STAT, &status));
    expect_eq(3, status.sem_nsems);
    expect_eq(0600, status.sem_perm.mode);
}

GUEST_TEST("semaphores: waiting, counted, and woken in order")
{
    int id = make_set(1);
    Guard guard{id, remove_set};
    pid_t first = guest::in_child([=] { return operate(id, 0, -2); });
    while (semctl(id, 0, GETNCNT) < 1)
        guest::sleep_ms(1);
    pid_t second = guest::in_child([=] { return operate(id, 0, -1); });
    while (semctl(id, 0, GETNCNT) < 2)
        guest::sleep_ms(1);
    expect_eq(0, operate(id, 0, 1));
    expect_eq(0, guest::wait_for(second));
    expect_eq(1, semctl(id, 0, GETNCNT));
    expect_eq(0, operate(id, 0, 2));
    expect_eq(0, guest::wait_for(first));
    expect_eq(0, semctl(id, 0, GETVAL));
    expect_eq(0, operate(id, 0, 1));
    pid_t zero = guest::in_child([=] { return operate(id, 0, 0); });
    while (semctl(id, 0, GETZCNT) < 1)
        guest::sleep_ms(1);
    expect_eq(0, semctl(id, 0, SETVAL, 0));
    expect_eq(0, guest::wait_for(zero));
}

GUEST_TEST("semaphores: SEM_UNDO at the end, removal and signals end a wait")
{
    int id = make_set(1);
    Guard guard{id, remove_set};
    expect_eq(0, semctl(id, 0, SETVAL, 3));
    guest::note(guest::fate_of([=] { return operate(id, 0, -2, SEM_UNDO) + semctl(id, 0, GETVAL); }));
    expect_eq(3, semctl(id, 0, GETVAL));
    guest::note(guest::fate_of([=] {
        operate(id, 0, -1, SEM_UNDO);
        raise(SIGKILL);
        return 0;
    }));
    expect_eq(3, semctl(id, 0, GETVAL));
    pid_t waiting = guest::in_child([=] {
        struct sigaction action{};
        action.sa_handler = [](int) {};
        action.sa_flags = SA_RESTART;
        sigaction(SIGUSR1, &action, nullptr);
        expect_errno(EINTR, operate(id, 0, -9));
        expect_errno(EIDRM, operate(id, 0, -9));
        return 5;
    });
    while (semctl(id, 0, GETNCNT) < 1)
        guest::sleep_ms(1);
    kill(waiting, SIGUSR1);
    guest::sleep_ms(50);
    while (semctl(id, 0, GETNCNT) < 1)
        guest::sleep_ms(1);
    expect_eq(0, semctl(id, 0, IPC_RMID));
    guest::note(guest::describe(guest::wait_for(waiting)));
    expect_errno(EINVAL, semctl(id, 0, GETVAL));
}

GUEST_TEST("keys")
{
    key_t key = 0x52490000 + getpid() % 30000;
    expect_errno(ENOENT, semget(key, 1, 0));
    int id = expect_ok(semget(key, 2, IPC_CREAT | 0600));
    Guard guard{id, remove_set};
    expect_eq(id, semget(key, 1, 0600));
    expect_errno(EINVAL, semget(key, 3, 0600));
    expect_errno(EEXIST, semget(key, 1, IPC_CREAT | IPC_EXCL | 0600));
    expect_errno(EINVAL, semget(IPC_PRIVATE, 0, 0600));
    expect_errno(EINVAL, semget(IPC_PRIVATE, -1, 0600));
    expect_eq(0, semctl(id, 0, IPC_RMID));
    expect_errno(ENOENT, semget(key, 0, 0));
    expect_errno(EINVAL, semctl(id, 0, IPC_RMID));
}

GUEST_TEST("messages: by type, in order, too long, copied")
{
    int id = expect_ok(msgget(IPC_PRIVATE, 0600));
    Guard guard{id, remove_queue};
    expect_eq(0, send(id, 3, "three"));
    expect_eq(0, send(id, 1, "one"));
    expect_eq(0, send(id, 2, "two"));
    expect_eq(0, send(id, 3, "three again"));
    receive(id, 2);
    receive(id, 2);
    receive(id, -2);
    receive(id, 3, IPC_NOWAIT | MSG_EXCEPT);
    Text message{};
    expect_errno(E2BIG, msgrcv(id, &message, 2, 0, IPC_NOWAIT));
    expect_eq(2, msgrcv(id, &message, 2, 0, IPC_NOWAIT | MSG_NOERROR));
    receive(id, 0);
    receive(id, 0);
    expect_errno(EINVAL, msgsnd(id, &message, 8193, 0));
    message.type = 0;
    expect_errno(EINVAL, msgsnd(id, &message, 1, 0));
    msqid_ds status{};
    expect_eq(0, msgctl(id, IPC_STAT, &status));
    expect_eq(0, status.msg_qnum);
    expect_eq(16384, status.msg_qbytes);
    expect(status.msg_lspid == getpid() && status.msg_lrpid == getpid(), "the last pids");
}

GUEST_TEST("messages: full queues and blocked receivers")
{
    int id = expect_ok(msgget(IPC_PRIVATE, 0600));
    Guard guard{id, remove_queue};
    msqid_ds status{};
    expect_eq(0, msgctl(id, IPC_STAT, &status));
    status.msg_qbytes = 10;
    expect_eq(0, msgctl(id, IPC_SET, &status));
    expect_eq(0, send(id, 1, "12345678"));
    expect_errno(EAGAIN, send(id, 1, "123", IPC_NOWAIT));
    pid_t sender = guest::in_child([=] { return send(id, 2, "waited"); });
    guest::sleep_ms(30);
    receive(id, 1);
    expect_eq(0, guest::wait_for(sender));
    receive(id, 0);
    pid_t receiver = guest::in_child([=] {
        receive(id, 7, 0);
        Text message{};
        expect_errno(EIDRM, msgrcv(id, &message, 8, 0, 0));
        return 4;
    });
    guest::sleep_ms(30);
    expect_eq(0, send(id, 6, "a"));
    receive(id, 6);
    expect_eq(0, send(id, 7, "for you"));
    guest::sleep_ms(50);
    expect_eq(0, msgctl(id, IPC_RMID, nullptr));
    guest::note(guest::describe(guest::wait_for(receiver)));
    expect_errno(EINVAL, send(id, 1, "gone"));
}

GUEST_TEST("what another user may not")
{
    if (geteuid() != 0)
        return;
    int id = make_set(1);
    Guard guard{id, remove_set};
    guest::note(guest::fate_of([=] {
        expect_ok(setresuid(1234, 1234, 1234));
        expect_errno(EACCES, semctl(id, 0, GETVAL));
        expect_errno(EACCES, operate(id, 0, 1));
        expect_errno(EPERM, semctl(id, 0, IPC_RMID));
        return 6;
    }));
}
