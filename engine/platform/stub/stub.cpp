// The stub: all host code that stands in a guest's address space. It has no stack and no data: the order thread and a thread that
// is being born use registers and read-only pages alone, so whatever the guest does to memory cannot mislead them.
//
// Everything here may be jumped to by the guest, at any byte and with any registers. What holds it then are the filters: see
// engine/platform/filters.cpp for what each kind of thread may ask the host for from here.

#include "engine/platform/stub/layout.h"

#include <climits>
#include <linux/auxvec.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

using namespace ringside::platform::stub;

// The template starts at stub_start, from execve: it maps what all stubs share, then its own slot, and takes orders. The Sentry does the
// rest of the set-up by orders (handlers, limits, the filter).
//
// The order loop: r12 = orders, r13d = orders carried out, r15 = timeout of the first wait or 0.
// While an order runs: ebx = its kind, r14 = its `extra`.
extern "C" [[gnu::naked, gnu::section(".stub.start"), gnu::used]] void stub_start()
{
    asm volatile(R"(
        mov     (%%rsp), %%rax              # argc, arguments, 0, environment, 0, auxiliary vector
        lea     16(%%rsp,%%rax,8), %%rbx
    0:  add     $8, %%rbx
        cmpq    $0, -8(%%rbx)
        jne     0b
    1:  mov     (%%rbx), %%rax
        mov     8(%%rbx), %%r13
        add     $16, %%rbx
        cmp     $%c[vdso], %%eax
        je      2f
        test    %%eax, %%eax
        jnz     1b
    2:  mov     %[common], %%rdi
        mov     $4096, %%esi
        mov     $%c[read], %%edx
        mov     $%c[shared_fixed], %%r10d
        mov     $%c[control_fd], %%r8d
        xor     %%r9d, %%r9d
        mov     $%c[mmap], %%eax
        syscall
        cmp     %%rdi, %%rax
        jne     stub_die
        mov     %[doorbell], %%rdi
        mov     $%c[read_write], %%edx
        mov     $4096, %%r9d
        mov     $%c[mmap], %%eax
        syscall
        cmp     %%rdi, %%rax
        jne     stub_die
        mov     %%r13, %c[vdso_word](%%rdi) # 0 where there is none
        mov     $%c[slots_start], %%r14d
        xor     %%r15d, %%r15d
        xor     %%ebp, %%ebp
        jmp     map_slot

    # A stub just forked by the template; r14 = its slot's offset in the control file. Still without any page of a guest.
    fork_child:
        mov     $%c[pdeathsig], %%edi
        mov     $9, %%esi
        xor     %%edx, %%edx
        xor     %%r10d, %%r10d
        xor     %%r8d, %%r8d
        mov     $%c[prctl], %%eax
        syscall
        test    %%rax, %%rax
        jnz     stub_die
        mov     %[first_wait], %%r15
        mov     $1, %%ebp
    map_slot:
        mov     %[orders], %%r12
        mov     %%r12, %%rdi
        mov     $%c[orders_size], %%esi
        mov     $%c[read], %%edx
        mov     $%c[shared_fixed], %%r10d
        mov     $%c[control_fd], %%r8d
        mov     %%r14, %%r9
        mov     $%c[mmap], %%eax
        syscall
        cmp     %%rdi, %%rax
        jne     stub_die
        mov     %[contexts], %%rdi
        add     %%rsi, %%r9
        mov     $%c[contexts_size], %%esi
        xor     %%edx, %%edx                # opened one by one, or a guest could fill them all
        mov     $%c[mmap], %%eax
        syscall
        cmp     %%rdi, %%rax
        jne     stub_die
        xor     %%r13d, %%r13d
        test    %%ebp, %%ebp
        jz      next_order
        # From here on no other slot can ever be mapped: the descriptor is gone.
        mov     $%c[control_fd], %%edi
        mov     $%c[close], %%eax
        syscall
        test    %%rax, %%rax
        jnz     stub_die

    next_order:
        mov     (%%r12), %%eax
        cmp     %%r13d, %%eax
        jne     take_order
        mov     %%r12, %%rdi
        mov     $%c[futex_wait], %%esi
        mov     %%r13d, %%edx
        mov     %%r15, %%r10
        xor     %%r8d, %%r8d
        xor     %%r9d, %%r9d
        mov     $%c[futex], %%eax
        syscall
        cmp     $-110, %%rax        # ETIMEDOUT: nobody gave the first order
        jne     next_order
        cmpl    $0, (%%r12)
        je      stub_die
        jmp     next_order
    take_order:
        xor     %%r15d, %%r15d
        mov     %%r13d, %%ebp
        and     $%c[ring_mask], %%ebp
        shl     $6, %%ebp
        lea     4096(%%r12,%%rbp), %%rbp
        mov     (%%rbp), %%eax
        mov     4(%%rbp), %%ebx
        mov     8(%%rbp), %%rdi
        mov     16(%%rbp), %%rsi
        mov     24(%%rbp), %%rdx
        mov     32(%%rbp), %%r10
        mov     40(%%rbp), %%r8
        mov     48(%%rbp), %%r9
        mov     56(%%rbp), %%r14
        syscall
        inc     %%r13d
        cmp     $%c[checked], %%ebx
        jne     1f
        cmp     %%r14, %%rax
        je      next_order
        jmp     stub_die
    1:  cmp     $%c[any], %%ebx
        je      next_order
        test    %%rax, %%rax
        jnz     next_order                  # the parent; or the host has no room, which the Sentry sees from the id
        cmp     $%c[fork], %%ebx
        je      fork_child
        mov     %%r14, %%rbx
        jmp     thread_birth

    # An order failed, or the world is not as it must be. Signals are blocked here, so this ends the process.
    stub_die:
        ud2
        jmp     stub_die
    )" : : [vdso] "i"(AT_SYSINFO_EHDR), [vdso_word] "i"(vdso_word - doorbell), [common] "i"(common_page), [read] "i"(PROT_READ), [read_write] "i"(PROT_READ | PROT_WRITE), [shared_fixed] "i"(MAP_SHARED | MAP_FIXED),
        [control_fd] "i"(control_fd), [mmap] "i"(SYS_mmap), [doorbell] "i"(doorbell), [slots_start] "i"(slots_start), [pdeathsig] "i"(PR_SET_PDEATHSIG),
        [prctl] "i"(SYS_prctl), [first_wait] "i"(first_wait_word), [orders] "i"(orders_start), [orders_size] "i"(orders_size),
        [contexts] "i"(contexts_start), [contexts_size] "i"(contexts_size), [close] "i"(SYS_close), [futex_wait] "i"(FUTEX_WAIT), [futex] "i"(SYS_futex),
        [ring_mask] "i"(ring_orders - 1), [checked] "i"(order_checked), [any] "i"(order_any), [fork] "i"(order_fork));
}

// The signal handler of guest threads: tells the Sentry and waits for its answer. rdi = signal, rdx = ucontext; the signal stack tells which
// context area is this thread's. thread_birth is where a new thread begins, rbx = its context: own filter first, then it waits like the others.
//
// A kick that comes while a thread is in the code of a patched call (below) must not overwrite what it has told, and what the guest would see
// of it is what it had told: it is remembered, and looked at before the thread leaves. Where it was about to leave it starts leaving anew.
extern "C" [[gnu::naked, gnu::section(".stub.handler"), gnu::used]] void stub_handler()
{
    asm volatile(R"(
        mov     %%rsp, %%rbx
        and     $-0x10000, %%rbx
        cmp     $%c[kick_number], %%edi
        je      kick
    tell_frame:
        movl    $0, %c[kicked](%%rbx)
        mov     %%rdx, %c[frame](%%rbx)
        rdfsbase %%rax
        mov     %%rax, %c[fs_base](%%rbx)
        rdgsbase %%rax
        mov     %%rax, %c[gs_base](%%rbx)
    tell:
        mov     $%c[turn_event], %%eax
        xchg    %%eax, %c[turn](%%rbx)      # orders it before the look at sentry_sleeps
        mov     %[common], %%rax
        cmpl    $0, %c[sentry_sleeps](%%rax)
        je      wait_turn
        mov     %[doorbell], %%rdi
        lock incl (%%rdi)
        mov     $%c[futex_wake], %%esi
        mov     $%c[everybody], %%edx
        mov     $%c[futex], %%eax
        syscall
    wait_turn:
        mov     %[common], %%rax
        xor     %%ecx, %%ecx
    0:  cmp     %c[guest_spins](%%rax), %%ecx
        jae     3f
        mov     %c[turn](%%rbx), %%edx
        cmp     $%c[turn_run], %%edx
        je      leave
        cmp     $%c[turn_event], %%edx
        jne     3f
        inc     %%ecx
        pause
        jmp     0b
    3:  mov     $1, %%eax
        xchg    %%eax, %c[asleep](%%rbx)    # orders it before the look at turn
    1:  mov     %c[turn](%%rbx), %%edx
        cmp     $%c[turn_run], %%edx
        je      leave
        cmp     $%c[turn_save], %%edx
        je      2f
        lea     %c[turn](%%rbx), %%rdi
        mov     $%c[futex_wait], %%esi
        xor     %%r10d, %%r10d
        mov     $%c[futex], %%eax
        syscall
        jmp     1b

    # Asked for what a patched call leaves in the processor: every component that the guest has, in the standard format.
    2:  movl    $0, %c[asleep](%%rbx)
        mov     %[common], %%rcx
        mov     %c[features](%%rcx), %%eax
        mov     4+%c[features](%%rcx), %%edx
        xsave64 %c[xstate](%%rbx)
        jmp     tell

    3:  movl    $0, %c[kicked](%%rbx)
        movq    $%c[kicked_frame], %c[frame](%%rbx)
        jmp     tell

    # May begin anew while rbx is the context.
    leave:
        movl    $0, %c[asleep](%%rbx)
        cmpl    $0, %c[kicked](%%rbx)
        jne     3b
        mov     %c[frame](%%rbx), %%rsp
        cmp     $%c[patched_call], %%rsp
        je      patched_return
        mov     %c[fs_base](%%rbx), %%rax
        wrfsbase %%rax
        mov     %c[gs_base](%%rbx), %%rax
        wrgsbase %%rax
    leave_frame:
        mov     $%c[rt_sigreturn], %%eax
        syscall
    left:
        ud2

    kick:
        mov     %c[frame_ip](%%rdx), %%rcx
        lea     patched_call(%%rip), %%rax
        sub     %%rax, %%rcx
        cmp     $patched_end - patched_call, %%rcx
        jb      4f
        mov     %c[frame_ip](%%rdx), %%rcx
        lea     tell(%%rip), %%rax          # a patched call waits here, too; in handlers signals are blocked
        sub     %%rax, %%rcx
        cmp     $left - tell, %%rcx
        jae     tell_frame
        movl    $1, %c[kicked](%%rbx)
        lea     leave(%%rip), %%rax
        cmp     $leave - tell, %%rcx
        jae     5f
        jmp     6f
    4:  movl    $1, %c[kicked](%%rbx)
        lea     patched_again(%%rip), %%rax
        cmp     $patched_return - patched_call, %%rcx
        jb      6f
    5:  mov     %%rax, %c[frame_ip](%%rdx)
    6:  mov     %%rdx, %%rsp
        jmp     leave_frame

    thread_birth:
        mov     $%c[set_mode_filter], %%edi
        xor     %%esi, %%esi
        mov     %[program], %%rdx
        mov     $%c[seccomp], %%eax
        syscall
        test    %%rax, %%rax
        jz      wait_turn
        jmp     stub_die
    )" : : [frame] "i"(offsetof(Context, frame)), [fs_base] "i"(offsetof(Context, fs_base)), [gs_base] "i"(offsetof(Context, gs_base)),
        [turn] "i"(offsetof(Context, turn)), [asleep] "i"(offsetof(Context, asleep)), [turn_event] "i"(turn_event), [turn_run] "i"(turn_run),
        [turn_save] "i"(turn_save), [kicked] "i"(offsetof(Context, kicked)), [patched_call] "i"(frame_patched_call),
        [kicked_frame] "i"(frame_kicked), [kick_number] "i"(kick_number),
        [frame_ip] "i"(frame_ip), [features] "i"(offsetof(CommonPage, saved_features)), [xstate] "i"(written_xstate),
        [common] "i"(common_page), [sentry_sleeps] "i"(offsetof(CommonPage, sentry_sleeps)), [guest_spins] "i"(offsetof(CommonPage, guest_spins)), [doorbell] "i"(doorbell), [futex_wake] "i"(FUTEX_WAKE),
        [futex_wait] "i"(FUTEX_WAIT), [everybody] "i"(INT_MAX), [futex] "i"(SYS_futex), [rt_sigreturn] "i"(SYS_rt_sigreturn),
        [set_mode_filter] "i"(SECCOMP_SET_MODE_FILTER), [program] "i"(guest_program_word), [seccomp] "i"(SYS_seccomp));
}

// A call through a patched site. Its trampoline (engine/platform/trampoline.cpp) has found that %gs holds this thread's context; rcx = the
// address behind the site, r11 is free, all else is the guest's, the extended state too. No byte of the guest's stack is touched.
// The return may begin anew at any instruction, by patched_again: it takes everything from the context, which %gs still holds.
extern "C" [[gnu::naked, gnu::section(".stub.patched"), gnu::used]] void stub_patched_call()
{
    asm volatile(R"(
    patched_call:
        mov     %%rsp, %%gs:%c[rsp]
        rdgsbase %%rsp
        mov     %%rcx, %c[rip](%%rsp)
        mov     %%rcx, %c[rcx](%%rsp)
        lea     8+%c[flags](%%rsp), %%rsp
        pushfq
        lea     -%c[flags](%%rsp), %%rsp
        mov     %%rax, %c[rax](%%rsp)
        mov     %%rbx, %c[rbx](%%rsp)
        mov     %%rdx, %c[rdx](%%rsp)
        mov     %%rsi, %c[rsi](%%rsp)
        mov     %%rdi, %c[rdi](%%rsp)
        mov     %%rbp, %c[rbp](%%rsp)
        mov     %%r8, %c[r8](%%rsp)
        mov     %%r9, %c[r9](%%rsp)
        mov     %%r10, %c[r10](%%rsp)
        mov     %c[flags](%%rsp), %%rax
        mov     %%rax, %c[r11](%%rsp)       # as the instruction leaves it
        mov     %%r12, %c[r12](%%rsp)
        mov     %%r13, %c[r13](%%rsp)
        mov     %%r14, %c[r14](%%rsp)
        mov     %%r15, %c[r15](%%rsp)
        mov     %%rsp, %%rbx
        movl    $0, %c[kicked](%%rbx)       # what came until here is answered by the call
        movq    $%c[patched], %c[frame](%%rbx)
        jmp     tell

    patched_return:
        mov     %c[r8](%%rbx), %%r8
        mov     %c[r9](%%rbx), %%r9
        mov     %c[r10](%%rbx), %%r10
        mov     %c[r11](%%rbx), %%r11
        mov     %c[r12](%%rbx), %%r12
        mov     %c[r13](%%rbx), %%r13
        mov     %c[r14](%%rbx), %%r14
        mov     %c[r15](%%rbx), %%r15
        mov     %c[rdi](%%rbx), %%rdi
        mov     %c[rsi](%%rbx), %%rsi
        mov     %c[rbp](%%rbx), %%rbp
        mov     %c[rdx](%%rbx), %%rdx
        mov     %c[rax](%%rbx), %%rax
        mov     %c[rcx](%%rbx), %%rcx
        lea     %c[flags](%%rbx), %%rsp
        mov     %c[rbx](%%rbx), %%rbx
        popfq
        mov     %%gs:%c[rsp], %%rsp
        jmp     *%%gs:%c[rip]
    patched_again:
        rdgsbase %%rbx
        jmp     leave
    patched_end:
    )" : : [r8] "i"(register_at(0)), [r9] "i"(register_at(1)), [r10] "i"(register_at(2)), [r11] "i"(register_at(3)), [r12] "i"(register_at(4)),
        [r13] "i"(register_at(5)), [r14] "i"(register_at(6)), [r15] "i"(register_at(7)), [rdi] "i"(register_at(8)), [rsi] "i"(register_at(9)),
        [rbp] "i"(register_at(10)), [rbx] "i"(register_at(11)), [rdx] "i"(register_at(12)), [rax] "i"(register_at(13)), [rcx] "i"(register_at(14)),
        [rsp] "i"(register_at(15)), [rip] "i"(register_at(16)), [flags] "i"(register_at(17)), [kicked] "i"(offsetof(Context, kicked)),
        [frame] "i"(offsetof(Context, frame)), [patched] "i"(frame_patched_call));
}
