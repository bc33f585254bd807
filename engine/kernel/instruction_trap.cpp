// Instructions that would tell the guest what a replay could not tell it again: rdtsc, rdtscp, cpuid. Where the platform traps them
// they arrive as general-protection faults.

#include "engine/kernel/cpuid_policy.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task_loop.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

#include <x86intrin.h>

namespace ringside::kernel {

namespace {

struct Instruction {
    trace::TrappedInstruction what;
    std::uint64_t length;
};

bool is_prefix(std::uint8_t byte)
{
    switch (byte) {
    case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67: case 0xf2: case 0xf3:
        return true;
    default:
        return (byte & 0xf0) == 0x40; // REX
    }
}

std::optional<Instruction> decode(Task& task)
{
    // Not Task::copy_in: the guest's own fetch of its code is no input of the kernel.
    std::array<std::uint8_t, 15> code {};
    GuestAddr rip(task.registers().rip);
    std::uint64_t available = task.mm().accessible(task, rip, code.size(), false);
    std::size_t length = std::min<std::size_t>(available, code.size());
    if (length < 2 || !task.mm().copy_in(task, rip, std::as_writable_bytes(std::span(code).first(length))).ok())
        return {};
    std::size_t at = 0;
    while (at < length && is_prefix(code[at]))
        ++at;
    auto is = [&](std::initializer_list<std::uint8_t> bytes) {
        return at + bytes.size() <= length && std::equal(bytes.begin(), bytes.end(), code.begin() + static_cast<std::ptrdiff_t>(at));
    };
    if (is({0x0f, 0x31}))
        return Instruction {trace::TrappedInstruction::rdtsc, at + 2};
    if (is({0x0f, 0x01, 0xf9}))
        return Instruction {trace::TrappedInstruction::rdtscp, at + 3};
    if (is({0x0f, 0xa2}))
        return Instruction {trace::TrappedInstruction::cpuid, at + 2};
    return {};
}

void serve_tsc(Task& task, trace::TrappedInstruction what)
{
    platform::Registers& r = task.registers();
    std::uint64_t tsc = __rdtsc();
    std::array<std::uint64_t, 1> args {};
    r.rax = tsc & 0xffff'ffff;
    r.rdx = tsc >> 32;
    if (what == trace::TrappedInstruction::rdtscp)
        r.rcx = 0; // TSC_AUX: the one processor of a recording
    task.recorder().note(task, trace::EventKind::instruction, static_cast<std::int32_t>(what), static_cast<std::int64_t>(tsc), args);
}

void serve_cpuid(Task& task)
{
    platform::Registers& r = task.registers();
    auto leaf = static_cast<std::uint32_t>(r.rax);
    auto subleaf = static_cast<std::uint32_t>(r.rcx);
    CpuidAnswer answer = guest_cpuid(leaf, subleaf);
    std::array<std::uint64_t, 2> args {leaf, subleaf};
    task.recorder().note_begin(task, trace::EventKind::instruction, static_cast<std::int32_t>(trace::TrappedInstruction::cpuid), args);
    // Not written to memory: direction `in`, at the instruction.
    task.recorder().copied(task, trace::Direction::in, GuestAddr(r.rip), std::as_bytes(std::span(&answer, 1)));
    task.recorder().note_end(task, 0);
    r.rax = answer.eax;
    r.rbx = answer.ebx;
    r.rcx = answer.ecx;
    r.rdx = answer.edx;
}

}

bool serve_instruction(Task& task)
{
    auto instruction = decode(task);
    if (!instruction)
        return false;
    if (instruction->what == trace::TrappedInstruction::cpuid)
        serve_cpuid(task);
    else
        serve_tsc(task, instruction->what);
    task.registers().rip += instruction->length;
    return true;
}

std::uint64_t trapped_instruction_length(Task& task)
{
    auto instruction = decode(task);
    return instruction ? instruction->length : 0;
}

}
