// Seccomp programs in readable form.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace ringside::session {

/// One line an instruction: "  12  jeq  #257 openat   ? 13 : 20". Each element is a struct sock_filter as it goes to the kernel. Numbers
/// compared while the system call's number is loaded get their name from `call_name`.
std::string disassemble_filter(std::span<const std::uint64_t> program, const std::function<std::string(std::uint32_t)>& call_name);

}
