// The vDSO's bytes, taken into the Sentry at build time, and their mapping.

#include "engine/kernel/task.h"
#include "engine/loader/vdso.h"
#include "engine/mm/page_cache.h"

#include <sys/mman.h>

asm(".section .rodata\n"
    ".balign 16\n"
    ".globl ringside_vdso_begin\n"
    "ringside_vdso_begin:\n"
    ".incbin \"" RINGSIDE_VDSO "\"\n"
    ".globl ringside_vdso_end\n"
    "ringside_vdso_end:\n"
    ".text\n");

extern "C" {
extern const std::byte ringside_vdso_begin[];
extern const std::byte ringside_vdso_end[];
}

namespace ringside::loader {

std::span<const std::byte> vdso_image()
{
    return {ringside_vdso_begin, ringside_vdso_end};
}

Result<GuestAddr> map_vdso(kernel::Task& task, mm::AddressSpace& space)
{
    auto image = vdso_image();
    auto object = make_ref<mm::PageCache>(task.memory(), nullptr, 0);
    TRY(object->write(task, 0, image));
    object->finish(); // its calls may be patched like any library's
    mm::MapRequest request {GuestAddr(), page_up(image.size()), PROT_READ | PROT_EXEC, MAP_PRIVATE, object, 0, "[vdso]", 0, 0, 0,
        PROT_READ | PROT_WRITE | PROT_EXEC};
    return space.map(task, request);
}

}
