// Signal names and codes (include/uapi/asm-generic/siginfo.h).
#include "trace/names.h"

#include <array>
#include <charconv>
#include <csignal>
#include <span>

namespace ringside::trace {

namespace {

constexpr std::array<std::string_view, 32> names {
    "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
    "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
    "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
};

struct Code {
    int code;
    std::string_view name;
};

constexpr Code general[] = {
    {0, "SI_USER"}, {0x80, "SI_KERNEL"}, {-1, "SI_QUEUE"}, {-2, "SI_TIMER"}, {-3, "SI_MESGQ"}, {-4, "SI_ASYNCIO"},
    {-5, "SI_SIGIO"}, {-6, "SI_TKILL"}, {-7, "SI_DETHREAD"}, {-60, "SI_ASYNCNL"},
};
constexpr Code ill[] = {{1, "ILL_ILLOPC"}, {2, "ILL_ILLOPN"}, {3, "ILL_ILLADR"}, {4, "ILL_ILLTRP"},
                        {5, "ILL_PRVOPC"}, {6, "ILL_PRVREG"}, {7, "ILL_COPROC"}, {8, "ILL_BADSTK"}};
constexpr Code fpe[] = {{1, "FPE_INTDIV"}, {2, "FPE_INTOVF"}, {3, "FPE_FLTDIV"}, {4, "FPE_FLTOVF"},
                        {5, "FPE_FLTUND"}, {6, "FPE_FLTRES"}, {7, "FPE_FLTINV"}, {8, "FPE_FLTSUB"}};
constexpr Code segv[] = {{1, "SEGV_MAPERR"}, {2, "SEGV_ACCERR"}, {3, "SEGV_BNDERR"}, {4, "SEGV_PKUERR"}, {5, "SEGV_ACCADI"}};
constexpr Code bus[] = {{1, "BUS_ADRALN"}, {2, "BUS_ADRERR"}, {3, "BUS_OBJERR"}, {4, "BUS_MCEERR_AR"}, {5, "BUS_MCEERR_AO"}};
constexpr Code trap[] = {{1, "TRAP_BRKPT"}, {2, "TRAP_TRACE"}, {3, "TRAP_BRANCH"}, {4, "TRAP_HWBKPT"}, {5, "TRAP_UNK"}};
constexpr Code chld[] = {{1, "CLD_EXITED"}, {2, "CLD_KILLED"}, {3, "CLD_DUMPED"}, {4, "CLD_TRAPPED"}, {5, "CLD_STOPPED"}, {6, "CLD_CONTINUED"}};
constexpr Code poll[] = {{1, "POLL_IN"}, {2, "POLL_OUT"}, {3, "POLL_MSG"}, {4, "POLL_ERR"}, {5, "POLL_PRI"}, {6, "POLL_HUP"}};
constexpr Code sys[] = {{1, "SYS_SECCOMP"}, {2, "SYS_USER_DISPATCH"}};

std::span<const Code> codes_of(int signal)
{
    switch (signal) {
    case SIGILL: return ill;
    case SIGFPE: return fpe;
    case SIGSEGV: return segv;
    case SIGBUS: return bus;
    case SIGTRAP: return trap;
    case SIGCHLD: return chld;
    case SIGIO: return poll;
    case SIGSYS: return sys;
    default: return {};
    }
}

std::string_view find(std::span<const Code> codes, int code)
{
    for (const Code& entry : codes)
        if (entry.code == code)
            return entry.name;
    return {};
}

}

std::string signal_name(int number)
{
    if (number >= 1 && number < 32)
        return std::string(names[static_cast<std::size_t>(number)]);
    if (number == 32)
        return "SIGRTMIN";
    if (number > 32 && number <= 64)
        return "SIGRT_" + std::to_string(number - 32);
    return std::to_string(number);
}

int signal_number(std::string_view name)
{
    if (name.starts_with("SIG"))
        name.remove_prefix(3);
    for (std::size_t i = 1; i < names.size(); ++i)
        if (names[i].substr(3) == name)
            return static_cast<int>(i);
    if (name == "RTMIN")
        return 32;
    if (name == "IOT")
        return SIGABRT;
    if (name == "POLL")
        return SIGIO;
    if (name == "CLD")
        return SIGCHLD;
    if (name.starts_with("RT_")) {
        int offset = 0;
        auto [end, error] = std::from_chars(name.data() + 3, name.data() + name.size(), offset);
        if (error == std::errc {} && end == name.data() + name.size() && offset >= 1 && offset <= 32)
            return 32 + offset;
    }
    return 0;
}

std::string_view signal_code_name(int signal, int code)
{
    std::string_view name = find(general, code);
    return name.empty() ? find(codes_of(signal), code) : name;
}

}
