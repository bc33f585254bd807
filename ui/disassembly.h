// The instructions around a system call, by capstone.
#pragma once

#include <QString>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringside::ui {

struct Instruction {
    std::uint64_t address = 0;
    QString mnemonic, operands;
    bool here = false; ///< the instruction at the address that was asked for
};

/// Disassembles x86-64 code that begins at `start`; `at` must be the first byte of an instruction in it. x86 cannot be read
/// backwards: of all places before `at` the farthest is taken from which decoding meets it. At most `before` and `after` lines.
std::vector<Instruction> disassemble(std::span<const std::byte> code, std::uint64_t start, std::uint64_t at, std::size_t before, std::size_t after);

}
