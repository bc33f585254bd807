// Programs: from an open file and its arguments to an address space and the registers that it starts with. ELF (static, dynamic,
// position independent) and `#!` scripts. Errors as fs/exec.c, fs/binfmt_elf.c and fs/binfmt_script.c give them.
#pragma once

#include "engine/fs/file.h"
#include "engine/mm/address_space.h"
#include "engine/platform/platform.h"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace ringside::loader {

struct Request {
    Ref<fs::File> file;             ///< opened for execution: permission was checked
    std::string path;               ///< as given to execve: AT_EXECFN, the script's name
    std::vector<std::string> argv;  ///< an empty one becomes {""}, as Linux does
    std::vector<std::string> envp;
    /// Opens an interpreter for execution (open_exec): ENOENT, EACCES, …
    std::function<Result<Ref<fs::File>>(const std::string& path)> open;
    std::uint64_t seed = 0;         ///< of all addresses; 0: those of a system without randomization
    std::array<std::byte, 16> random {}; ///< AT_RANDOM's bytes
    bool secure = false;            ///< AT_SECURE
    bool path_inaccessible = false; ///< "/dev/fd/N" of a descriptor that exec closes: scripts give ENOENT
};

/// A loaded program, not yet anybody's.
struct Image {
    Ref<mm::AddressSpace> space;
    platform::Registers registers {};
    Ref<fs::File> file; ///< what runs (a script's interpreter): /proc/PID/exe
    std::vector<std::string> argv; ///< as a script has rewritten it
};

/// Loads it into a new address space. Pages that it touches and bytes that it writes are recorded on the task's current event; mappings
/// are not: call image.space->record_mappings(task) when the task has the new address space. `fatal` (may be null) is set where the
/// error came after Linux's point of no return: the task dies of SIGSEGV instead of seeing it.
Result<Image> load(kernel::Task& task, Request request, bool* fatal = nullptr);

/// Room of argument and environment strings and their pointers. E2BIG over it: a quarter of the stack limit, at least 128 KiB, at most
/// 6 MiB (bprm_stack_limits). The caller may use it before it copies strings in.
std::uint64_t argument_limit(kernel::Task& task);
constexpr std::uint64_t max_argument_length = 32 * page_size; ///< MAX_ARG_STRLEN, with the NUL

}
