// Errno: an error number as a type of its own. A class, not an enum, since the names are macros: write Errno(EINVAL).
#pragma once

#include <cerrno>

namespace ringside {

class Errno {
public:
    constexpr explicit Errno(int value) : value_(value) { }
    constexpr int value() const { return value_; }
    friend constexpr bool operator==(Errno, Errno) = default;
    friend constexpr bool operator==(Errno a, int b) { return a.value_ == b; }

private:
    int value_;
};

// The kernel's own, never seen by the guest (include/linux/errno.h). The trace shows them, as strace does.
constexpr int ERESTARTSYS = 512;            ///< restart if the handler has SA_RESTART, else EINTR
constexpr int ERESTARTNOINTR = 513;         ///< restart always
constexpr int ERESTARTNOHAND = 514;         ///< restart if no handler ran, else EINTR
constexpr int ERESTART_RESTARTBLOCK = 516;  ///< restart by restart_syscall if no handler ran, else EINTR

}
