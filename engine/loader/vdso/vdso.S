# The guest's vDSO: libc calls these instead of making the system calls itself. Each is the plain call, so that it is seen.
# Semantics of a vDSO function: the C calling convention, -errno on failure (man 7 vdso).

    .macro FUNCTION name, number
    .globl __vdso_\name
    .type __vdso_\name, @function
    .weak \name
    .set \name, __vdso_\name
    .balign 16
__vdso_\name:
    .cfi_startproc
    endbr64
    movl $\number, %eax
    syscall
    ret
    .cfi_endproc
    .size __vdso_\name, .-__vdso_\name
    .endm

    .text
    FUNCTION gettimeofday, 96
    FUNCTION time, 201
    FUNCTION clock_gettime, 228
    FUNCTION clock_getres, 229
    FUNCTION getcpu, 309

    .section .note.GNU-stack, "", @progbits
