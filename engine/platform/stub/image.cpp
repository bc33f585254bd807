// The stub's ELF file, carried inside the Sentry.

#include "engine/platform/stub/image.h"

asm(".section .rodata\n"
    ".balign 16\n"
    "ringside_stub_begin: .incbin \"" RINGSIDE_STUB_PATH "\"\n"
    "ringside_stub_end:\n"
    ".previous\n");

namespace ringside::platform::stub {

extern "C" const std::byte ringside_stub_begin[];
extern "C" const std::byte ringside_stub_end[];

std::span<const std::byte> image()
{
    return {ringside_stub_begin, ringside_stub_end};
}

}
