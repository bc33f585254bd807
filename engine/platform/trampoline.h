// Patched sites as bytes: which instructions before a `syscall` a jump may take the place of, and the trampoline that it leads to.
// Nothing here touches a process.
#pragma once

#include "engine/platform/instruction.h"
#include "engine/platform/platform.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ringside::platform {

/// A `syscall` instruction at `site`, and what goes to the trampoline: the instructions from `start` up to it. Only the first five bytes at
/// `start` are replaced and they belong to one instruction, so whoever stands or lands on a later instruction finds it unchanged.
struct PatchPlan {
    std::uint64_t start;
    std::uint64_t site;
    std::vector<std::uint8_t> bytes; ///< of [start, site)
    std::vector<Instruction> moved;
};

constexpr std::size_t jump_length = 5;
constexpr std::size_t syscall_length = 2;

/// What to do about the `syscall` at `site`, which has just been executed with `registers`. `code` are the bytes from `code_start` on that may
/// be looked at; all that changes lies in them. Nothing where it is not sure that the jump is safe.
std::optional<PatchPlan> plan_patch(std::span<const std::uint8_t> code, std::uint64_t code_start, std::uint64_t site, const Registers& registers);

/// A trampoline's code, and which guest instruction each part of it stands for.
struct Trampoline {
    std::vector<std::uint8_t> code;
    struct Point {
        std::uint16_t offset;
        std::uint64_t guest;
    };
    std::vector<Point> points; ///< ascending
};

/// Made for `place`. `entry_pointer` is the address of a word near it that holds the stub's entry. Nothing where something is out of reach.
std::optional<Trampoline> make_trampoline(const PatchPlan& plan, std::uint64_t place, std::uint64_t entry_pointer);

/// The jump that replaces the first bytes at `from`.
std::optional<std::array<std::uint8_t, jump_length>> make_jump(std::uint64_t from, std::uint64_t to);

}
