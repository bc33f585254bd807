# The guest's vDSO: libc calls these instead of making the system calls itself. Semantics of a vDSO function: the C calling convention,
# -errno on failure (man 7 vdso).
#
# Each is the plain call where calls are recorded, so that it is seen. Where they are not, a word of the stub region's common page holds
# the address of the host's function, which reads the host's clock: it is called with room on the stack, so that whatever a wrong
# pointer does it does here. The words are 0 where the call is to be made.

    .set fast_clocks, 0x6ff000010040 # platform/stub/layout.h holds itself to it
    .set fast_clock_gettime, fast_clocks
    .set fast_gettimeofday, fast_clocks + 8
    .set fast_time, fast_clocks + 16
    .set fast_getcpu, fast_clocks + 24

    # REALTIME MONOTONIC MONOTONIC_RAW REALTIME_COARSE MONOTONIC_COARSE BOOTTIME TAI; the others are the sandbox's own
    .set host_clocks, 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 11

    .macro FUNCTION name
    .globl __vdso_\name
    .type __vdso_\name, @function
    .weak \name
    .set \name, __vdso_\name
    .balign 16
__vdso_\name:
    .cfi_startproc
    endbr64
    .endm

    # The shape that is patched best: the number, then the instruction.
    .macro CALL number
    movl $\number, %eax
    syscall
    ret
    .endm

    .macro END name
    .cfi_endproc
    .size __vdso_\name, .-__vdso_\name
    .endm

    # Calls the host's function, its address in rax, with 16 bytes of the stack as its argument `register`; copies them to where that pointed.
    .macro CALL_HOST register
    .cfi_remember_state
    pushq \register
    .cfi_adjust_cfa_offset 8
    subq $16, %rsp
    .cfi_adjust_cfa_offset 16
    movq %rsp, \register
    callq *%rax
    popq %rcx
    .cfi_adjust_cfa_offset -8
    popq %rdx
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    movq %rcx, (%rsi)
    movq %rdx, 8(%rsi)
    ret
    .cfi_restore_state
    .endm

    .text
    FUNCTION clock_gettime
    cmpl $31, %edi
    ja 1f
    movl $host_clocks, %ecx
    btl %edi, %ecx
    jnc 1f
    movabsq fast_clock_gettime, %rax
    testq %rax, %rax
    jz 1f
    CALL_HOST %rsi
1:  CALL 228
    END clock_gettime

    FUNCTION gettimeofday
    testq %rsi, %rsi # a time zone is the sandbox's
    jnz 1f
    testq %rdi, %rdi
    jz 1f
    movabsq fast_gettimeofday, %rax
    testq %rax, %rax
    jz 1f
    CALL_HOST %rdi
1:  CALL 96
    END gettimeofday

    FUNCTION time
    movabsq fast_time, %rax
    testq %rax, %rax
    jz 1f
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    xorl %edi, %edi
    callq *%rax
    popq %rdi
    .cfi_adjust_cfa_offset -8
    testq %rdi, %rdi
    jz 2f
    movq %rax, (%rdi)
2:  ret
1:  CALL 201
    END time

    FUNCTION clock_getres
    CALL 229
    END clock_getres

    FUNCTION getcpu
    movabsl fast_getcpu, %eax
    testl %eax, %eax
    jz 1f
    xorl %eax, %eax
    testq %rdi, %rdi
    jz 2f
    movl %eax, (%rdi)
2:  testq %rsi, %rsi
    jz 3f
    movl %eax, (%rsi)
3:  ret
1:  CALL 309
    END getcpu

    .section .note.GNU-stack, "", @progbits
