// Names of numbers that everything shows alike: signals, their codes. Errno names are in event_view.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::trace {

/// "SIGSEGV" for 11, "SIGRTMIN" for 32, "SIGRT_1" for 33, as strace writes them; the number itself for what is no signal.
std::string signal_name(int number);
/// The number of "SIGSEGV" (or "SEGV"), 0 when there is none of that name.
int signal_number(std::string_view name);
/// Whether 1..64.
constexpr bool is_signal(int number) { return number >= 1 && number <= 64; }
/// "SEGV_MAPERR", "SI_USER", "CLD_EXITED"…; empty when not known.
std::string_view signal_code_name(int signal, int code);

}
