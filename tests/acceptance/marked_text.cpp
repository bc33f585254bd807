// A program whose text holds a number that it hands to a call: change one byte of it in a recording, and the replay
// must stop at that call. flip-text looks for this very instruction.
#include <sys/syscall.h>
#include <unistd.h>

int main()
{
    long result = 0;
    asm volatile("mov $0x5ca1ab1e, %%edi\n\tsyscall" : "=a"(result) : "a"(SYS_lseek), "S"(0L), "d"(0L) : "rdi", "rcx", "r11", "memory");
    return result < 0 && write(STDOUT_FILENO, "marked\n", 7) == 7 ? 0 : 1;
}
