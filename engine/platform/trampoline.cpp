// Trampolines, byte by byte.

#include "engine/platform/trampoline.h"

#include "engine/platform/stub/layout.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace ringside::platform {

namespace {

std::optional<std::int32_t> distance(std::uint64_t from, std::uint64_t to)
{
    auto difference = static_cast<std::int64_t>(to - from);
    if (difference < std::numeric_limits<std::int32_t>::min() || difference > std::numeric_limits<std::int32_t>::max())
        return {};
    return static_cast<std::int32_t>(difference);
}

/// Code that grows at a known address.
class Assembler {
public:
    explicit Assembler(std::uint64_t place) : place_(place) { }
    std::uint64_t here() const { return place_ + code_.size(); }
    std::size_t size() const { return code_.size(); }
    void bytes(std::initializer_list<std::uint8_t> list) { code_.insert(code_.end(), list); }
    void bytes(std::span<const std::uint8_t> list) { code_.insert(code_.end(), list.begin(), list.end()); }
    void word(std::uint32_t value)
    {
        for (int i = 0; i < 4; ++i)
            code_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    /// The 32 bits that lead from the end of the instruction, `behind` bytes after them, to `target`.
    void relative(std::uint64_t target, std::size_t behind = 0)
    {
        auto to = distance(here() + 4 + behind, target);
        failed_ = failed_ || !to;
        word(static_cast<std::uint32_t>(to.value_or(0)));
    }
    bool failed() const { return failed_; }
    std::vector<std::uint8_t> take() { return std::move(code_); }

private:
    std::uint64_t place_;
    std::vector<std::uint8_t> code_;
    bool failed_ = false;
};

/// The contexts, and nothing of the guest, lie in the 4 GiB that begin with the stub region: the upper half of an address tells. Turned
/// round it is the lower half, and what makes it 0 is added, since all of that leaves the flags alone.
constexpr std::uint32_t upper_half_negated()
{
    constexpr auto high = static_cast<std::uint32_t>(stub_region_start >> 32);
    constexpr std::uint32_t turned = (high & 0xff) << 24 | (high & 0xff00) << 8 | (high >> 8 & 0xff00) | high >> 24;
    return 0U - turned;
}
static_assert(stub_region_start % (1ULL << 32) == 0 && stub_region_end <= stub_region_start + (1ULL << 32));

/// rcx and r11 are free, as they are behind every call; nothing else changes, flags included. %gs must hold a context, and it must be this
/// thread's: it has the thread's %fs base (a guest may carry both from thread to thread). Otherwise the instruction itself is executed.
void emit_tail(Assembler& out, std::uint64_t site, std::uint64_t entry_pointer)
{
    out.bytes({0xf3, 0x48, 0x0f, 0xae, 0xc9}); // rdgsbase %rcx
    out.bytes({0x48, 0x0f, 0xc9});             // bswap %rcx
    out.bytes({0x8d, 0x89});                   // lea x(%rcx), %ecx
    out.word(upper_half_negated());
    out.bytes({0xe3, 5});                      // jrcxz 1f
    out.bytes({0xe9});                         // 0: jmp site
    out.relative(site);
    out.bytes({0xf3, 0x48, 0x0f, 0xae, 0xc1}); // 1: rdfsbase %rcx
    out.bytes({0x48, 0xf7, 0xd1});             // not %rcx
    out.bytes({0x65, 0x4c, 0x8b, 0x1c, 0x25}); // mov %gs:fs_base, %r11
    out.word(offsetof(stub::Context, fs_base));
    out.bytes({0x4a, 0x8d, 0x4c, 0x19, 1});    // lea 1(%rcx,%r11), %rcx
    out.bytes({0xe3, 2});                      // jrcxz 2f
    out.bytes({0xeb, 0xe1});                   // jmp 0b
    out.bytes({0x48, 0x8d, 0x0d});             // 2: lea site+2(%rip), %rcx
    out.relative(site + syscall_length);
    out.bytes({0xff, 0x25});                   // jmp *entry_pointer(%rip)
    out.relative(entry_pointer);
}

std::int32_t read_displacement(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t length)
{
    if (length == 1)
        return static_cast<std::int8_t>(bytes[at]);
    std::int32_t value;
    std::memcpy(&value, bytes.subspan(at, sizeof value).data(), sizeof value);
    return value;
}

void emit_moved(Assembler& out, const Instruction& moved, std::span<const std::uint8_t> bytes, std::uint64_t address)
{
    std::uint64_t end = address + moved.length;
    switch (moved.kind) {
    case Instruction::Kind::plain:
        out.bytes(bytes);
        break;
    case Instruction::Kind::rip_relative: {
        std::size_t behind = moved.length - moved.displacement_at - 4U;
        auto target = end + static_cast<std::uint64_t>(static_cast<std::int64_t>(read_displacement(bytes, moved.displacement_at, 4)));
        out.bytes(bytes.first(moved.displacement_at));
        out.relative(target, behind);
        out.bytes(bytes.last(behind));
        break;
    }
    case Instruction::Kind::jcc: {
        bool is_short = moved.length == 2;
        auto target = end + static_cast<std::uint64_t>(static_cast<std::int64_t>(read_displacement(bytes, moved.displacement_at, is_short ? 1 : 4)));
        std::uint8_t condition = bytes[moved.displacement_at - 1U] & 0xf;
        out.bytes({0x0f, static_cast<std::uint8_t>(0x80 | condition)});
        out.relative(target);
        break;
    }
    case Instruction::Kind::bound:
        break; // no plan has one
    }
}

}

std::optional<Trampoline> make_trampoline(const PatchPlan& plan, std::uint64_t place, std::uint64_t entry_pointer)
{
    Assembler out(place);
    Trampoline result;
    std::size_t at = 0;
    for (const Instruction& moved : plan.moved) {
        result.points.push_back({static_cast<std::uint16_t>(out.size()), plan.start + at});
        emit_moved(out, moved, std::span(plan.bytes).subspan(at, moved.length), plan.start + at);
        at += moved.length;
    }
    result.points.push_back({static_cast<std::uint16_t>(out.size()), plan.site});
    emit_tail(out, plan.site, entry_pointer);
    if (out.failed())
        return {};
    result.code = out.take();
    return result;
}

std::optional<std::array<std::uint8_t, jump_length>> make_jump(std::uint64_t from, std::uint64_t to)
{
    auto by = distance(from + jump_length, to);
    if (!by)
        return {};
    std::array<std::uint8_t, jump_length> jump {0xe9};
    std::memcpy(&jump[1], &*by, sizeof *by);
    return jump;
}

namespace {

/// `mov $nr, %eax; syscall`, which is nearly all of them. The number that was called with says that it is no other instruction's end but
/// one: `mov $nr, %r8d` with the same number in both.
std::optional<PatchPlan> plan_plain_mov(std::span<const std::uint8_t> code, std::uint64_t code_start, std::size_t at, const Registers& registers)
{
    if (at < jump_length || code[at - jump_length] != 0xb8)
        return {};
    std::uint32_t number;
    std::memcpy(&number, code.subspan(at - 4, sizeof number).data(), sizeof number);
    if (number != registers.rax)
        return {};
    bool may_be_r8 = at > jump_length && (code[at - jump_length - 1] & 0xf1) == 0x41 && static_cast<std::uint32_t>(registers.r8) == number;
    if (may_be_r8)
        return {};
    auto bytes = code.subspan(at - jump_length, jump_length);
    return PatchPlan {code_start + at - jump_length, code_start + at, {bytes.begin(), bytes.end()}, {{jump_length, Instruction::Kind::plain, 0}}};
}

/// Where the instructions before `at` begin, nearest first, as far as it is sure. Instructions are of any length, so one must know where to
/// begin; but wherever one begins, one soon falls into step. So from many places: what all agree on is taken.
std::vector<std::size_t> instructions_before(std::span<const std::uint8_t> code, std::size_t at)
{
    constexpr std::size_t furthest = 96, nearest = 32, enough = 24;
    std::vector<std::vector<std::size_t>> sweeps;
    std::size_t lost = 0;
    for (std::size_t start = at - std::min(at, furthest); start + nearest <= at; ++start) {
        std::vector<std::size_t> sweep;
        std::size_t here = start;
        while (here < at) {
            auto instruction = decode(code.subspan(here));
            if (!instruction)
                break;
            sweep.push_back(here);
            here += instruction->length;
        }
        if (here == at)
            sweeps.push_back(std::move(sweep));
        else if (here > at)
            ++lost;
    }
    if (sweeps.size() < enough || lost * 8 > sweeps.size())
        return {};
    std::vector<std::size_t> agreed;
    for (std::size_t back = 1;; ++back) {
        if (std::any_of(sweeps.begin(), sweeps.end(), [&](const auto& sweep) { return sweep.size() < back; }))
            break;
        std::size_t place = sweeps.front()[sweeps.front().size() - back];
        if (std::any_of(sweeps.begin(), sweeps.end(), [&](const auto& sweep) { return sweep[sweep.size() - back] != place; }))
            break;
        agreed.push_back(place);
    }
    return agreed;
}

/// Whether something that looks like a jump from near by leads into the middle of (start, end).
bool jumped_into(std::span<const std::uint8_t> code, std::size_t start, std::size_t end)
{
    constexpr std::size_t around = 512;
    std::size_t last = std::min(code.size(), end + around);
    auto inside = [&](std::int64_t target) { return target > static_cast<std::int64_t>(start) && target < static_cast<std::int64_t>(end); };
    for (std::size_t i = start - std::min(start, around); i + 2 <= last; ++i) {
        std::uint8_t op = code[i];
        bool is_short = op == 0xeb || (op & 0xf0) == 0x70 || (op & 0xfc) == 0xe0;
        if (is_short && inside(static_cast<std::int64_t>(i) + 2 + read_displacement(code, i + 1, 1)))
            return true;
        if (i + 5 <= code.size() && (op == 0xe8 || op == 0xe9 || (op & 0xf0) == 0x80) && inside(static_cast<std::int64_t>(i) + 5 + read_displacement(code, i + 1, 4)))
            return true;
    }
    return false;
}

/// Any other shape: from the nearest instruction of five bytes or more, if all from there on may be moved.
std::optional<PatchPlan> plan_other(std::span<const std::uint8_t> code, std::uint64_t code_start, std::size_t at)
{
    constexpr std::size_t most = 24;
    std::vector<Instruction> moved;
    for (std::size_t place : instructions_before(code, at)) {
        auto instruction = decode(code.subspan(place));
        if (!instruction || instruction->kind == Instruction::Kind::bound || at - place > most)
            return {};
        moved.insert(moved.begin(), *instruction);
        if (instruction->length < jump_length)
            continue;
        if (instruction->kind == Instruction::Kind::jcc || jumped_into(code, place, place + instruction->length))
            return {};
        auto bytes = code.subspan(place, at - place);
        return PatchPlan {code_start + place, code_start + at, {bytes.begin(), bytes.end()}, std::move(moved)};
    }
    return {};
}

}

std::optional<PatchPlan> plan_patch(std::span<const std::uint8_t> code, std::uint64_t code_start, std::uint64_t site, const Registers& registers)
{
    if (site < code_start || site - code_start > code.size() || code.size() - (site - code_start) < syscall_length)
        return {};
    std::size_t at = site - code_start;
    if (code[at] != 0x0f || code[at + 1] != 0x05)
        return {};
    if (auto plan = plan_plain_mov(code, code_start, at, registers))
        return plan;
    return plan_other(code, code_start, at);
}

}
