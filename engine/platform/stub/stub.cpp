// The stub: all host code that stands in a guest's address space. It has no stack and no data: the order thread and a thread that
// is being born use registers and read-only pages alone, so whatever the guest does to memory cannot mislead them.
//
// Everything here may be jumped to by the guest, at any byte and with any registers. What holds it then are the filters: see
// engine/platform/filters.cpp for what each kind of thread may ask the host for from here.

#include "engine/platform/stub/layout.h"

#include <climits>
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
        mov     %[common], %%rdi
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
    )" : : [common] "i"(common_page), [read] "i"(PROT_READ), [read_write] "i"(PROT_READ | PROT_WRITE), [shared_fixed] "i"(MAP_SHARED | MAP_FIXED),
        [control_fd] "i"(control_fd), [mmap] "i"(SYS_mmap), [doorbell] "i"(doorbell), [slots_start] "i"(slots_start), [pdeathsig] "i"(PR_SET_PDEATHSIG),
        [prctl] "i"(SYS_prctl), [first_wait] "i"(first_wait_word), [orders] "i"(orders_start), [orders_size] "i"(orders_size),
        [contexts] "i"(contexts_start), [contexts_size] "i"(contexts_size), [close] "i"(SYS_close), [futex_wait] "i"(FUTEX_WAIT), [futex] "i"(SYS_futex),
        [ring_mask] "i"(ring_orders - 1), [checked] "i"(order_checked), [any] "i"(order_any), [fork] "i"(order_fork));
}

// The signal handler of guest threads: tells the Sentry and waits for its answer. rdx = ucontext; the signal stack tells which context area
// is this thread's. thread_birth is where a new thread begins, rbx = its context: own filter first, then it waits like the others.
extern "C" [[gnu::naked, gnu::section(".stub.handler"), gnu::used]] void stub_handler()
{
    asm volatile(R"(
        mov     %%rsp, %%rbx
        and     $-0x10000, %%rbx
        mov     %%rdx, %c[frame](%%rbx)
        rdfsbase %%rax
        mov     %%rax, %c[fs_base](%%rbx)
        rdgsbase %%rax
        mov     %%rax, %c[gs_base](%%rbx)
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
        je      2f
        cmp     $%c[turn_event], %%edx
        jne     3f
        inc     %%ecx
        pause
        jmp     0b
    3:  mov     $1, %%eax
        xchg    %%eax, %c[asleep](%%rbx)    # orders it before the look at turn
    1:  mov     %c[turn](%%rbx), %%edx
        cmp     $%c[turn_run], %%edx
        je      2f
        lea     %c[turn](%%rbx), %%rdi
        mov     $%c[futex_wait], %%esi
        xor     %%r10d, %%r10d
        mov     $%c[futex], %%eax
        syscall
        jmp     1b
    2:  movl    $0, %c[asleep](%%rbx)
        mov     %c[fs_base](%%rbx), %%rax
        wrfsbase %%rax
        mov     %c[gs_base](%%rbx), %%rax
        wrgsbase %%rax
        mov     %c[frame](%%rbx), %%rsp
        mov     $%c[rt_sigreturn], %%eax
        syscall
        ud2

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
        [common] "i"(common_page), [sentry_sleeps] "i"(offsetof(CommonPage, sentry_sleeps)), [guest_spins] "i"(offsetof(CommonPage, guest_spins)), [doorbell] "i"(doorbell), [futex_wake] "i"(FUTEX_WAKE),
        [futex_wait] "i"(FUTEX_WAIT), [everybody] "i"(INT_MAX), [futex] "i"(SYS_futex), [rt_sigreturn] "i"(SYS_rt_sigreturn),
        [set_mode_filter] "i"(SECCOMP_SET_MODE_FILTER), [program] "i"(guest_program_word), [seccomp] "i"(SYS_seccomp));
}
