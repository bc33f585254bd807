// The seccomp filters of stubs. Both answer a call from outside the stub's code with a trap, whatever its architecture; from inside, what
// is not listed ends the process. Jumps go forward only; each rule falls through to the next when one of its checks fails.

#include "engine/platform/filters.h"

#include "engine/platform/stub/layout.h"

#include <csignal>
#include <cstddef>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace ringside::platform {

using namespace stub;

namespace {

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

/// Where a word of seccomp_data lies. Little endian: the low half comes first.
constexpr std::uint32_t arg_offset(unsigned index) { return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * index); }

/// Builds one program, rule by rule.
class Builder {
public:
    Builder()
    {
        // Calls of another architecture (int $0x80, sysenter) are answered when they come from the guest's code.
        load(offsetof(seccomp_data, arch));
        std::size_t native = jump_if(BPF_JEQ, AUDIT_ARCH_X86_64);
        trap_outside_code();
        answer(SECCOMP_RET_KILL_PROCESS);
        land(native);
        trap_outside_code();
        load(offsetof(seccomp_data, nr));
        std::size_t plain = jump_unless(BPF_JSET, x32_bit);
        answer(SECCOMP_RET_KILL_PROCESS);
        land(plain);
    }

    Builder& rule(std::uint32_t nr)
    {
        finish_rule();
        load(offsetof(seccomp_data, nr));
        require(BPF_JEQ, nr);
        in_rule_ = true;
        return *this;
    }
    Builder& equals(unsigned arg, std::uint64_t value)
    {
        load(arg_offset(arg));
        require(BPF_JEQ, low(value));
        load(arg_offset(arg) + 4);
        require(BPF_JEQ, high(value));
        return *this;
    }
    /// Equal but for the bits of `free`, all in the low half.
    Builder& equals_but(unsigned arg, std::uint64_t value, std::uint32_t free)
    {
        load(arg_offset(arg));
        emit(BPF_ALU | BPF_AND | BPF_K, ~free);
        require(BPF_JEQ, low(value));
        load(arg_offset(arg) + 4);
        require(BPF_JEQ, high(value));
        return *this;
    }
    /// start <= arg < end, both within 4 GiB.
    Builder& within(unsigned arg, std::uint64_t start, std::uint64_t end)
    {
        load(arg_offset(arg) + 4);
        require(BPF_JEQ, high(start));
        load(arg_offset(arg));
        require(BPF_JGE, low(start));
        refuse(BPF_JGE, low(end));
        return *this;
    }
    /// [arg, arg + length argument) lies in the lower half, below or above the stub region.
    Builder& range_outside_region(unsigned arg, unsigned length_arg)
    {
        // Lengths end at 2^47: with the start checked as well nothing wraps.
        load(arg_offset(length_arg) + 4);
        refuse(BPF_JGE, high(guest_end));
        load(arg_offset(arg) + 4);
        refuse(BPF_JGE, high(guest_end));
        std::size_t above = jump_if(BPF_JGT, high(stub_region_start));
        std::size_t below = jump_unless(BPF_JEQ, high(stub_region_start));
        load(arg_offset(arg)); // same 4 GiB as the region, which begins them: only what starts behind it is allowed
        require(BPF_JGE, low(stub_region_end));
        std::size_t behind = jump_always();
        // Starts below the region: the end, a sum of 64 bits made of halves, must not pass the region's start.
        land(below);
        add(arg_offset(arg), arg_offset(length_arg));
        std::size_t no_carry = jump_if_register(BPF_JGE); // X still holds a summand
        add(arg_offset(arg) + 4, arg_offset(length_arg) + 4);
        emit(BPF_ALU | BPF_ADD | BPF_K, 1);
        std::size_t high_half = jump_always();
        land(no_carry);
        add(arg_offset(arg) + 4, arg_offset(length_arg) + 4);
        land(high_half);
        refuse(BPF_JGT, high(stub_region_start));
        std::size_t lower = jump_unless(BPF_JEQ, high(stub_region_start));
        add(arg_offset(arg), arg_offset(length_arg));
        require(BPF_JEQ, low(stub_region_start));
        land(lower);
        land(behind);
        land(above);
        return *this;
    }

    std::vector<sock_filter> finish()
    {
        finish_rule();
        answer(SECCOMP_RET_KILL_PROCESS);
        return std::move(code_);
    }

private:
    static constexpr std::uint32_t x32_bit = 0x4000'0000;
    static constexpr std::uint64_t guest_end = 0x8000'0000'0000;

    void emit(std::uint16_t code, std::uint32_t k) { code_.push_back({code, 0, 0, k}); }
    void load(std::size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
    /// A = the sum of two words, X = the first.
    void add(std::uint32_t first, std::uint32_t second)
    {
        load(first);
        emit(BPF_MISC | BPF_TAX, 0);
        load(second);
        emit(BPF_ALU | BPF_ADD | BPF_X, 0);
    }
    void answer(std::uint32_t what) { emit(BPF_RET | BPF_K, what); }

    enum class Branch { taken, not_taken, always };
    struct Jump {
        std::size_t at;
        Branch branch;
    };
    std::size_t jump(std::uint16_t code, std::uint32_t k, Branch branch)
    {
        jumps_.push_back({code_.size(), branch});
        emit(code, k);
        return jumps_.size() - 1;
    }
    std::size_t jump_if(int test, std::uint32_t k) { return jump(static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), k, Branch::taken); }
    std::size_t jump_unless(int test, std::uint32_t k) { return jump(static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), k, Branch::not_taken); }
    std::size_t jump_if_register(int test) { return jump(static_cast<std::uint16_t>(BPF_JMP | BPF_X | test), 0, Branch::taken); }
    std::size_t jump_always() { return jump(BPF_JMP | BPF_JA, 0, Branch::always); }
    /// The jump goes here.
    void land(std::size_t index)
    {
        const Jump& jump = jumps_[index];
        std::size_t distance = code_.size() - jump.at - 1;
        sock_filter& instruction = code_[jump.at];
        switch (jump.branch) {
        case Branch::taken:
            instruction.jt = static_cast<std::uint8_t>(distance);
            break;
        case Branch::not_taken:
            instruction.jf = static_cast<std::uint8_t>(distance);
            break;
        case Branch::always:
            instruction.k = static_cast<std::uint32_t>(distance);
            break;
        }
    }
    void require(int test, std::uint32_t k) { to_next_rule_.push_back(jump_unless(test, k)); }
    void refuse(int test, std::uint32_t k) { to_next_rule_.push_back(jump_if(test, k)); }
    void finish_rule()
    {
        if (!in_rule_)
            return;
        answer(SECCOMP_RET_ALLOW);
        for (std::size_t jump : to_next_rule_)
            land(jump);
        to_next_rule_.clear();
        in_rule_ = false;
    }

    /// The instruction pointer is the one behind the call: a `syscall` that ends just before the code has code_start.
    void trap_outside_code()
    {
        load(offsetof(seccomp_data, instruction_pointer) + 4);
        std::size_t other = jump_unless(BPF_JEQ, high(code_start));
        load(offsetof(seccomp_data, instruction_pointer));
        std::size_t at_start = jump_if(BPF_JEQ, low(code_start));
        std::size_t inside = jump_unless(BPF_JGE, low(code_start + code_size));
        land(other);
        land(at_start);
        answer(SECCOMP_RET_TRAP);
        land(inside);
    }

    std::vector<sock_filter> code_;
    std::vector<Jump> jumps_;
    std::vector<std::size_t> to_next_rule_;
    bool in_rule_ = false;
};

/// What both kinds of thread do: wait for the Sentry, wake it, go on.
Builder& guest_rules(Builder& b)
{
    b.rule(SYS_rt_sigreturn);
    b.rule(SYS_futex).equals(1, FUTEX_WAIT).within(0, contexts_start, contexts_start + contexts_size).equals(3, 0);
    b.rule(SYS_futex).equals(1, FUTEX_WAKE).equals(0, doorbell);
    return b;
}

std::vector<sock_filter> guest_filter()
{
    Builder b;
    return guest_rules(b).finish();
}

std::vector<sock_filter> order_filter()
{
    constexpr std::uint32_t any_prot = PROT_READ | PROT_WRITE | PROT_EXEC;
    Builder b;
    guest_rules(b);
    b.rule(SYS_futex).equals(1, FUTEX_WAIT).equals(0, orders_start).equals(3, 0);
    b.rule(SYS_futex).equals(1, FUTEX_WAIT).equals(0, orders_start).equals(3, first_wait_word);
    b.rule(SYS_futex).equals(1, FUTEX_WAKE_OP).within(0, contexts_start, contexts_start + contexts_size).within(4, contexts_start, contexts_start + contexts_size);
    b.rule(SYS_mmap).equals(4, memory_fd).equals_but(3, MAP_SHARED | MAP_FIXED, MAP_POPULATE).equals_but(2, 0, any_prot).range_outside_region(0, 1);
    b.rule(SYS_munmap).range_outside_region(0, 1);
    b.rule(SYS_mprotect).equals_but(2, 0, any_prot).range_outside_region(0, 1);
    b.rule(SYS_mprotect).within(0, contexts_start, contexts_start + contexts_size).within(1, 0, contexts_size + 1).equals(2, PROT_READ | PROT_WRITE);
    b.rule(SYS_write).equals(0, ack_fd).equals(1, ack_word).equals(2, sizeof(std::uint64_t));
    b.rule(SYS_clone).equals(0, clone_thread_flags).equals(1, 0);
    // The birth of a stub and of a guest thread.
    b.rule(SYS_clone).equals(0, clone_fork_flags).equals(1, 0);
    b.rule(SYS_prctl).equals(0, PR_SET_PDEATHSIG).equals(1, SIGKILL);
    b.rule(SYS_mmap).equals(4, control_fd).equals(0, orders_start).equals(1, orders_size).equals(2, PROT_READ).equals(3, MAP_SHARED | MAP_FIXED);
    b.rule(SYS_mmap).equals(4, control_fd).equals(0, contexts_start).equals(1, contexts_size).equals(2, PROT_NONE).equals(3, MAP_SHARED | MAP_FIXED);
    b.rule(SYS_close).equals(0, control_fd);
    b.rule(SYS_seccomp).equals(0, SECCOMP_SET_MODE_FILTER).equals(1, 0).equals(2, guest_program_word);
    return b.finish();
}

}

const StubFilters& stub_filters()
{
    static const StubFilters filters {order_filter(), guest_filter()};
    return filters;
}

}
