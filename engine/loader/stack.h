// The first stack of a program: strings, the auxiliary vector, argv and envp, as create_elf_tables lays them out.
#pragma once

#include "engine/mm/address_space.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace ringside::loader {

struct StackContent {
    const std::string& path;
    const std::vector<std::string>& argv;
    const std::vector<std::string>& envp;
    std::array<std::byte, 16> random;
    /// In order; AT_RANDOM, AT_EXECFN and AT_PLATFORM are put in their places by build_stack.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> auxv;
    bool executable;
};

/// Maps the stack below `top` (page aligned) and writes it; `shift` (< 8192) moves its pointers as arch_align_stack does. Fills the
/// space's layout (arguments, environment, auxv, start_stack). The stack pointer.
Result<GuestAddr> build_stack(kernel::Task& task, mm::AddressSpace& space, std::uint64_t top, std::uint64_t shift, const StackContent& content);

}
