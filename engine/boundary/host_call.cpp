// The host-call wrapper and its accounts.

#include "engine/boundary/host_call.h"

#include <ctime>
#include <unistd.h>

namespace ringside::host {

namespace {

thread_local Account* account = nullptr;

// Through libc's vDSO: reading the clock is no host call.
std::uint64_t now()
{
    timespec t {};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

long raw(int nr, std::uint64_t a0, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4, std::uint64_t a5)
{
    long result = nr;
    register std::uint64_t r10 asm("r10") = a3;
    register std::uint64_t r8 asm("r8") = a4;
    register std::uint64_t r9 asm("r9") = a5;
    asm volatile("syscall" : "+a"(result) : "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

}

void Account::charge(int nr, std::uint64_t ns)
{
    ++total_;
    for (std::size_t i = 0; i < used_; ++i) {
        if (charges_[i].nr == nr) {
            ++charges_[i].count;
            charges_[i].ns += ns;
            return;
        }
    }
    if (used_ < kinds)
        charges_[used_++] = {nr, 1, ns};
}

void Account::merge(const Account& other)
{
    for (const Charge& charge : other.charges()) {
        this->charge(charge.nr, charge.ns);
        total_ += charge.count - 1;
        for (std::size_t i = 0; i < used_; ++i) {
            if (charges_[i].nr == charge.nr)
                charges_[i].count += charge.count - 1;
        }
    }
}

void set_current_account(Account* to)
{
    account = to;
}

Account* current_account()
{
    return account;
}

Result<long> call6(int nr, std::uint64_t a0, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4, std::uint64_t a5)
{
    long result;
    if (account && !account->timed()) {
        result = raw(nr, a0, a1, a2, a3, a4, a5);
        account->charge(nr, 0);
    } else if (account) {
        std::uint64_t start = now();
        result = raw(nr, a0, a1, a2, a3, a4, a5);
        account->charge(nr, now() - start);
    } else {
        result = raw(nr, a0, a1, a2, a3, a4, a5);
    }
    if (result < 0 && result >= -4095)
        return Errno(static_cast<int>(-result));
    return result;
}

Fd::~Fd()
{
    if (fd_ >= 0)
        static_cast<void>(call(SYS_close, fd_).ok());
}

}
