// Arguments whose meaning hangs on another argument: fcntl, ioctl, prctl, futex, arch_prctl, semctl, seccomp.
#include "trace/decode/context.h"

#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/prctl.h>

namespace ringside::trace {

namespace {

std::int32_t as_int(std::uint64_t value) { return static_cast<std::int32_t>(value); }

Node fcntl_argument(Context& context, std::uint64_t value)
{
    switch (as_int(context.arg("cmd"))) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
    case F_SETPIPE_SZ:
    case F_SETOWN: return number(as_int(value));
    case F_SETFD: return flags_node("fd_flags", value & 0xffffffff);
    case F_SETFL: return flags_node("open_flags", value & 0xffffffff);
    case F_SETSIG: return value ? signal_node(value) : number(0);
    case F_SETLEASE: return flags_node("lock_types", value & 0xffffffff);
    case F_ADD_SEALS: return flags_node("seals", value & 0xffffffff);
    case F_NOTIFY: return flags_node("notify_flags", value & 0xffffffff);
    case F_SETLK:
    case F_SETLKW:
    case 37: // F_OFD_SETLK
    case 38: return struct_at(context, "flock", value, Direction::in);
    case F_GETLK:
    case 36: return struct_at(context, "flock", value, context.succeeded() ? Direction::out : Direction::in);
    default: return hex_number(value);
    }
}

Node ioctl_argument(Context& context, std::uint64_t value)
{
    Direction out = Direction::out;
    auto read = [&](std::string_view type) { return context.succeeded() ? struct_at(context, type, value, out) : address_node(value); };
    switch (context.arg("request") & 0xffffffff) {
    case TCGETS: return read("termios");
    case TCSETS:
    case TCSETSW:
    case TCSETSF: return struct_at(context, "termios", value, Direction::in);
    case TIOCGWINSZ: return read("winsize");
    case TIOCSWINSZ: return struct_at(context, "winsize", value, Direction::in);
    case TIOCGPGRP:
    case TIOCGSID:
    case TIOCGPTN:
    case TIOCGPTLCK:
    case TIOCGETD:
    case TIOCOUTQ:
    case FIONREAD:
    case FS_IOC_GETFLAGS:
    case BLKSSZGET: return read("int");
    case BLKGETSIZE64: return read("ulong");
    case TIOCSPGRP:
    case TIOCSPTLCK:
    case FIONBIO:
    case FIOASYNC:
    case FS_IOC_SETFLAGS: return struct_at(context, "int", value, Direction::in);
    case TCSBRK:
    case TIOCSCTTY:
    case TCSBRKP: return number(as_int(value));
    case TCFLSH: return flags_node("flush_queues", value & 0xffffffff);
    case FICLONE: return fd_node(context, as_int(value));
    case TIOCNOTTY:
    case FIOCLEX:
    case FIONCLEX: return hex_number(value);
    default: return hex_number(value);
    }
}

Node prctl_argument(Context& context, std::size_t index, std::uint64_t value)
{
    int option = as_int(context.arg("option"));
    if (index == 1)
        switch (option) {
        case PR_SET_NAME: return string_at(context, value, Direction::in, 15);
        case PR_GET_NAME: return context.succeeded() ? string_at(context, value, Direction::out, 15) : address_node(value);
        case PR_SET_PDEATHSIG: return value ? signal_node(value) : number(0);
        case PR_CAPBSET_READ:
        case PR_CAPBSET_DROP: return flags_node("capabilities", value);
        case PR_CAP_AMBIENT: return flags_node("ambient_operations", value);
        case PR_SET_MM: return flags_node("mm_options", value);
        case PR_GET_PDEATHSIG:
        case PR_GET_CHILD_SUBREAPER:
        case PR_GET_TSC: return context.succeeded() ? struct_at(context, "int", value, Direction::out) : address_node(value);
        case PR_SET_NO_NEW_PRIVS:
        case PR_SET_DUMPABLE:
        case PR_SET_KEEPCAPS:
        case PR_SET_CHILD_SUBREAPER:
        case PR_SET_TIMERSLACK: return unsigned_number(value);
        default: break;
        }
    if (index == 2 && option == PR_CAP_AMBIENT && context.event.args[1] != 4)
        return flags_node("capabilities", value);
    return hex_number(value);
}

Node futex_argument(Context& context, std::string_view name, std::uint64_t value)
{
    std::uint64_t operation = context.arg("futex_op") & 0x7f;
    if (name == "uaddr2")
        return address_node(value);
    if (name == "val3") {
        if ((operation == 9 || operation == 10) && (value & 0xffffffff) == 0xffffffff)
            return Node::leaf("FUTEX_BITSET_MATCH_ANY", Token::flag, value);
        return operation == 4 || operation == 12 ? unsigned_number(value & 0xffffffff) : hex_number(value & 0xffffffff);
    }
    // REQUEUE, CMP_REQUEUE, WAKE_OP and CMP_REQUEUE_PI take a second count in the place of the timeout.
    bool counts = operation == 3 || operation == 4 || operation == 5 || operation == 12;
    return counts ? unsigned_number(value & 0xffffffff) : struct_at(context, "timespec", value, Direction::in);
}

Node arch_prctl_argument(Context& context, std::uint64_t value)
{
    switch (as_int(context.arg("code"))) {
    case ARCH_GET_FS:
    case ARCH_GET_GS: return context.succeeded() ? struct_at(context, "hex_value", value, Direction::out) : address_node(value);
    case ARCH_SET_FS:
    case ARCH_SET_GS: return address_node(value);
    default: return hex_number(value);
    }
}

}

Node variant_argument(Context& context, std::size_t index)
{
    const Arg& arg = context.info->slots[index];
    std::uint64_t value = context.event.args[index];
    if (arg.detail == "fcntl")
        return fcntl_argument(context, value);
    if (arg.detail == "ioctl")
        return ioctl_argument(context, value);
    if (arg.detail == "prctl")
        return prctl_argument(context, index, value);
    if (arg.detail == "futex" || arg.detail == "futex_timeout")
        return futex_argument(context, arg.name, value);
    if (arg.detail == "arch_prctl")
        return arch_prctl_argument(context, value);
    if (arg.detail == "semctl")
        return as_int(context.arg("cmd")) == 16 ? number(as_int(value)) : address_node(value); // SETVAL
    if (arg.detail == "fsconfig")
        return as_int(context.arg("cmd")) == 1 ? string_at(context, value, Direction::in, 256) : address_node(value);
    return address_node(value);
}

}
