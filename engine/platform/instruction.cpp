// The opcode maps as ranges (Intel SDM, volume 2, appendix A).

#include "engine/platform/instruction.h"

#include <algorithm>

namespace ringside::platform {

namespace {

constexpr bool in(std::uint8_t value, std::uint8_t first, std::uint8_t last) { return value >= first && value <= last; }

/// Everything but the opcode.
struct Prefixes {
    bool operand_size = false;
    bool wide = false; ///< REX.W
};

struct Shape {
    bool valid = true;
    bool modrm = false;
    std::uint8_t immediate = 0;
    bool harmless = false;
    bool jcc = false;
};

Shape one_byte(std::uint8_t op, const Prefixes& prefixes)
{
    const std::uint8_t large = prefixes.operand_size ? 2 : 4;
    Shape s;
    if (op < 0x40) { // the eight arithmetic operations
        std::uint8_t low = op & 7;
        s.valid = low < 6;
        s.modrm = low < 4;
        s.immediate = low == 4 ? 1 : low == 5 ? large : 0;
        s.harmless = true;
    } else if (in(op, 0x50, 0x5f)) {
        s.harmless = true;
    } else if (op == 0x63 || in(op, 0x84, 0x8b) || op == 0x8d) {
        s.modrm = true;
        s.harmless = true;
    } else if (in(op, 0x70, 0x7f)) {
        s.immediate = 1;
        s.jcc = true;
    } else if (op == 0x80 || op == 0x83 || op == 0xc6) {
        s.modrm = true;
        s.immediate = 1;
        s.harmless = true;
    } else if (op == 0x81 || op == 0xc7) {
        s.modrm = true;
        s.immediate = large;
        s.harmless = true;
    } else if (op == 0x90 || op == 0x98 || op == 0x99) {
        s.harmless = true;
    } else if (op == 0xa8 || op == 0xa9) {
        s.immediate = op == 0xa8 ? 1 : large;
        s.harmless = true;
    } else if (in(op, 0xb0, 0xb7)) {
        s.immediate = 1;
        s.harmless = true;
    } else if (in(op, 0xb8, 0xbf)) {
        s.immediate = prefixes.wide ? 8 : large;
        s.harmless = true;
    } else if (op == 0xc0 || op == 0xc1) {
        s.modrm = true;
        s.immediate = 1;
        s.harmless = true;
    } else if (op == 0x68 || op == 0x69) {
        s.modrm = op == 0x69;
        s.immediate = large;
    } else if (op == 0x6a || op == 0x6b) {
        s.modrm = op == 0x6b;
        s.immediate = 1;
    } else if (in(op, 0xd0, 0xd3) || in(op, 0xd8, 0xdf) || op == 0x8c || op == 0x8e || op == 0x8f || in(op, 0xf6, 0xf7) || op == 0xfe || op == 0xff) {
        s.modrm = true; // f6 and f7 may have an immediate: added with the ModRM byte
    } else if (op == 0xe8 || op == 0xe9) {
        s.immediate = 4;
    } else if (in(op, 0xe0, 0xe7) || op == 0xeb || op == 0xcd) {
        s.immediate = 1;
    } else if (op == 0xc2 || op == 0xca) {
        s.immediate = 2;
    } else if (op == 0xc8) {
        s.immediate = 3;
    } else {
        bool invalid = op == 0x62 || op == 0x82 || op == 0x9a || op == 0xc4 || op == 0xc5 || op == 0xce || in(op, 0xd4, 0xd6) || op == 0xea
            || op == 0x60 || op == 0x61 || in(op, 0xa0, 0xa3);
        s.valid = !invalid;
    }
    return s;
}

Shape two_bytes(std::uint8_t op)
{
    Shape s;
    if (in(op, 0x80, 0x8f)) {
        s.immediate = 4;
        s.jcc = true;
        return s;
    }
    bool bare = in(op, 0x05, 0x09) || op == 0x0b || in(op, 0x30, 0x37) || op == 0x77 || in(op, 0xa0, 0xa2) || in(op, 0xa8, 0xaa) || in(op, 0xc8, 0xcf);
    s.valid = op != 0x04 && op != 0x0a && op != 0x0c && op != 0x0e && op != 0x0f && in(op, 0x00, 0xfe);
    s.modrm = !bare;
    if (in(op, 0x70, 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 || in(op, 0xc4, 0xc6))
        s.immediate = 1;
    // cmovcc, moves of vectors, movzx and movsx, nop.
    s.harmless = op == 0x1e || op == 0x1f || in(op, 0x40, 0x4f) || op == 0x10 || op == 0x11 || op == 0x28 || op == 0x29 || op == 0x6f || op == 0x7f || op == 0xb6
        || op == 0xb7 || op == 0xbe || op == 0xbf;
    return s;
}

}

std::optional<Instruction> decode(std::span<const std::uint8_t> code)
{
    constexpr std::size_t longest = 15;
    code = code.first(std::min(code.size(), longest));
    std::size_t at = 0;
    Prefixes prefixes;
    auto next = [&]() -> std::optional<std::uint8_t> {
        if (at == code.size())
            return {};
        return code[at++];
    };
    auto op = next();
    for (; op; op = next()) {
        if (*op == 0x67)
            return {}; // of no use to anybody but encoders of nops
        if (*op == 0x66)
            prefixes.operand_size = true;
        else if (*op != 0x2e && *op != 0x36 && *op != 0x3e && *op != 0x26 && *op != 0x64 && *op != 0x65 && *op != 0xf0 && *op != 0xf2 && *op != 0xf3)
            break;
    }
    if (op && (*op & 0xf0) == 0x40) {
        prefixes.wide = (*op & 8) != 0;
        op = next();
    }
    if (!op)
        return {};
    Shape shape;
    std::uint8_t first = *op;
    if (first == 0x0f) {
        op = next();
        if (!op)
            return {};
        if (*op == 0x38 || *op == 0x3a) {
            shape.modrm = true;
            shape.immediate = *op == 0x3a ? 1 : 0;
            if (!next())
                return {};
        } else {
            shape = two_bytes(*op);
        }
    } else {
        shape = one_byte(first, prefixes);
    }
    if (!shape.valid)
        return {};
    Instruction result;
    result.kind = shape.harmless ? Instruction::Kind::plain : Instruction::Kind::bound;
    if (shape.modrm) {
        auto modrm = next();
        if (!modrm)
            return {};
        std::uint8_t mode = *modrm >> 6, reg = (*modrm >> 3) & 7, rm = *modrm & 7;
        std::size_t displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0;
        if (mode != 3 && rm == 4) {
            auto sib = next();
            if (!sib)
                return {};
            if (mode == 0 && (*sib & 7) == 5)
                displacement = 4;
        } else if (mode == 0 && rm == 5) {
            displacement = 4;
            result.displacement_at = static_cast<std::uint8_t>(at);
            if (result.kind == Instruction::Kind::plain)
                result.kind = Instruction::Kind::rip_relative;
        }
        at += displacement;
        if ((first == 0xf6 || first == 0xf7) && reg < 2)
            shape.immediate = first == 0xf6 ? 1 : prefixes.operand_size ? 2 : 4;
    }
    if (shape.jcc) {
        result.kind = Instruction::Kind::jcc;
        result.displacement_at = static_cast<std::uint8_t>(at);
    }
    at += shape.immediate;
    if (at > code.size())
        return {};
    result.length = static_cast<std::uint8_t>(at);
    return result;
}

}
