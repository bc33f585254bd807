// Which session a terminal controls, and who may use it from the background. drivers/tty/tty_jobctrl.c, man 3 tcsetpgrp, man 4 tty_ioctl.
#pragma once

#include "engine/fs/tty/terminal.h"

namespace ringside::fs {

/// It is the controlling terminal of the task's session.
bool controls(const Terminal& terminal, Task& task);
/// A background process that reads (SIGTTIN) or changes (SIGTTOU) its terminal: the signal goes to its group and the call gives
/// ERESTARTSYS; EIO where nobody could continue it.
Result<void> check_foreground(Task& task, Terminal& terminal, int signo);

/// What a background process gets for `signo`: see check_foreground.
Result<void> refuse_background(Task& task, int signo);

enum class Side { terminal, master };
/// TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCNOTTY, TIOCSCTTY. `side`: what the descriptor refers to; `readable`: it is open for reading.
Result<long> job_control(Task& task, Terminal& terminal, Side side, bool readable, std::uint32_t request, GuestAddr argument);

/// open(2) without O_NOCTTY: a session leader without a terminal gets this one where nobody has it.
void offer_control(Task& task, Terminal& terminal, bool readable);
/// The line is gone: the session loses its terminal, its leader hears of it (tty_vhangup).
void hang_up(Terminal& terminal);
/// To the foreground process group, if there is one.
void signal_foreground(const Terminal& terminal, int signo);

}
