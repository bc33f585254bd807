// A disassembler of classic BPF as seccomp uses it (Documentation/networking/filter.rst).

#include "engine/session/bpf_text.h"

#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <vector>

namespace ringside::session {

namespace {

std::string field(std::uint32_t offset)
{
    switch (offset) {
    case offsetof(seccomp_data, nr):
        return "number";
    case offsetof(seccomp_data, arch):
        return "architecture";
    case offsetof(seccomp_data, instruction_pointer):
        return "ip (low half)";
    case offsetof(seccomp_data, instruction_pointer) + 4:
        return "ip (high half)";
    default:
        break;
    }
    if (offset >= offsetof(seccomp_data, args) && offset < sizeof(seccomp_data) && offset % 4 == 0) {
        std::uint32_t index = (offset - static_cast<std::uint32_t>(offsetof(seccomp_data, args))) / 4;
        return fmt::format("arg{} ({} half)", index / 2, index % 2 == 0 ? "low" : "high");
    }
    return fmt::format("[{}]", offset);
}

std::string action(std::uint32_t value)
{
    std::uint32_t data = value & SECCOMP_RET_DATA;
    switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
        return "ALLOW";
    case SECCOMP_RET_KILL_PROCESS:
        return "KILL PROCESS";
    case SECCOMP_RET_KILL_THREAD:
        return "KILL THREAD";
    case SECCOMP_RET_TRAP:
        return "TRAP (SIGSYS)";
    case SECCOMP_RET_ERRNO:
        return fmt::format("ERRNO {}", data);
    case SECCOMP_RET_USER_NOTIF:
        return "USER NOTIFICATION";
    case SECCOMP_RET_TRACE:
        return fmt::format("TRACE {}", data);
    case SECCOMP_RET_LOG:
        return "LOG";
    default:
        return fmt::format("0x{:x}", value);
    }
}

std::string_view comparison(std::uint16_t code)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return "==";
    case BPF_JGT:
        return ">";
    case BPF_JGE:
        return ">=";
    case BPF_JSET:
        return "&";
    default:
        return "?";
    }
}

std::string alu(const sock_filter& instruction)
{
    static constexpr std::string_view names[] = {"+", "-", "*", "/", "|", "&", "<<", ">>", "neg", "%", "^"};
    std::size_t index = BPF_OP(instruction.code) >> 4;
    std::string operand = BPF_SRC(instruction.code) == BPF_X ? "x" : fmt::format("0x{:x}", instruction.k);
    return fmt::format("a = a {} {}", index < std::size(names) ? names[index] : "?", operand);
}

constexpr std::uint32_t nothing_yet = ~0u, unknown = ~0u - 1;

/// For each instruction the field that the accumulator holds when it is reached. Jumps only go forward, so one pass will do.
std::vector<std::uint32_t> loaded_fields(std::span<const std::uint64_t> program)
{
    std::vector<std::uint32_t> fields(program.size(), nothing_yet);
    auto reach = [&](std::size_t target, std::uint32_t value) {
        if (target < fields.size())
            fields[target] = fields[target] == nothing_yet || fields[target] == value ? value : unknown;
    };
    for (std::size_t i = 0; i < program.size(); ++i) {
        sock_filter instruction;
        std::memcpy(&instruction, &program[i], sizeof(instruction));
        std::uint32_t after = fields[i];
        std::uint16_t kind = BPF_CLASS(instruction.code);
        if (kind == BPF_LD)
            after = BPF_MODE(instruction.code) == BPF_ABS ? instruction.k : unknown;
        else if (kind == BPF_ALU || kind == BPF_MISC)
            after = unknown;
        if (kind == BPF_RET)
            continue;
        if (kind == BPF_JMP && BPF_OP(instruction.code) == BPF_JA) {
            reach(i + 1 + instruction.k, after);
        } else if (kind == BPF_JMP) {
            reach(i + 1 + instruction.jt, after);
            reach(i + 1 + instruction.jf, after);
        } else {
            reach(i + 1, after);
        }
    }
    return fields;
}

}

std::string disassemble_filter(std::span<const std::uint64_t> program, const std::function<std::string(std::uint32_t)>& call_name)
{
    std::string text;
    std::vector<std::uint32_t> accumulator = loaded_fields(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        sock_filter instruction;
        std::memcpy(&instruction, &program[i], sizeof(instruction));
        std::string line;
        std::uint32_t loaded = accumulator[i];
        switch (BPF_CLASS(instruction.code)) {
        case BPF_LD:
            if (BPF_MODE(instruction.code) == BPF_ABS) {
                line = "load " + field(instruction.k);
            } else {
                line = BPF_MODE(instruction.code) == BPF_MEM ? fmt::format("a = m[{}]", instruction.k) : fmt::format("a = 0x{:x}", instruction.k);
            }
            break;
        case BPF_LDX:
            line = BPF_MODE(instruction.code) == BPF_MEM ? fmt::format("x = m[{}]", instruction.k) : fmt::format("x = 0x{:x}", instruction.k);
            break;
        case BPF_ST:
            line = fmt::format("m[{}] = a", instruction.k);
            break;
        case BPF_STX:
            line = fmt::format("m[{}] = x", instruction.k);
            break;
        case BPF_MISC:
            line = BPF_MISCOP(instruction.code) == BPF_TAX ? "x = a" : "a = x";
            break;
        case BPF_ALU:
            line = alu(instruction);
            break;
        case BPF_JMP:
            if (BPF_OP(instruction.code) == BPF_JA) {
                line = fmt::format("go to {}", i + 1 + instruction.k);
            } else {
                std::string value = fmt::format("0x{:x}", instruction.k);
                if (loaded == offsetof(seccomp_data, nr) && instruction.k < 0x40000000)
                    value = fmt::format("{} {}", instruction.k, call_name(instruction.k));
                else if (loaded == offsetof(seccomp_data, arch) && instruction.k == AUDIT_ARCH_X86_64)
                    value = "x86-64";
                line = fmt::format("if {} {:<28} {} else {}", comparison(instruction.code), value, i + 1 + instruction.jt, i + 1 + instruction.jf);
            }
            break;
        case BPF_RET:
            line = BPF_RVAL(instruction.code) == BPF_A ? "return a" : "return " + action(instruction.k);
            break;
        }
        text += fmt::format("  {:4}  {}\n", i, line);
    }
    return text;
}

}
