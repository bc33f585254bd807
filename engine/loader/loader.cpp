// execve's second half: script lines are followed, then an ELF program and its interpreter are put into a new address space.

#include "engine/loader/loader.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/task.h"
#include "engine/loader/elf_file.h"
#include "engine/loader/stack.h"
#include "engine/loader/vdso.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>

namespace ringside::loader {

namespace {

constexpr std::uint64_t stack_top_highest = 0x7fff'ffff'f000;      ///< STACK_TOP
constexpr std::uint64_t program_base = stack_top_highest / 3 * 2;  ///< ELF_ET_DYN_BASE

/// Numbers for the places of things, from the seed alone; 0 gives zeros.
class Places {
public:
    explicit Places(std::uint64_t seed) : state_(seed) { }
    /// Below `bound`, a power of two.
    std::uint64_t next(std::uint64_t bound)
    {
        if (state_ == 0)
            return 0;
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ * 0x2545'f491'4f6c'dd1d >> 16) & (bound - 1);
    }

private:
    std::uint64_t state_;
};

Result<void> check_arguments(kernel::Task& task, const Request& request)
{
    std::uint64_t room = argument_limit(task);
    std::uint64_t pointers = (std::max<std::size_t>(request.argv.size(), 1) + request.envp.size()) * sizeof(void*);
    if (room <= pointers)
        return Errno(E2BIG);
    room -= pointers;
    std::uint64_t used = request.path.size() + 1;
    for (const auto* list : {&request.argv, &request.envp}) {
        for (const std::string& text : *list) {
            if (text.size() + 1 > max_argument_length)
                return Errno(E2BIG);
            used += text.size() + 1;
        }
    }
    if (used > room)
        return Errno(E2BIG);
    return {};
}

/// Follows `#!` lines until something else stands there. ELOOP after five (exec_binprm).
Result<Head> follow_scripts(kernel::Task& task, Request& request)
{
    std::string name = request.path; // bprm->interp
    for (int depth = 0;; ++depth) {
        if (depth > 5)
            return Errno(ELOOP);
        Head head = TRY(read_head(task, *request.file));
        if (head[0] != '#' || head[1] != '!')
            return head;
        ScriptLine script = TRY(parse_script(head));
        if (request.path_inaccessible)
            return Errno(ENOENT);
        if (!request.argv.empty())
            request.argv.erase(request.argv.begin());
        request.argv.insert(request.argv.begin(), name);
        if (script.argument)
            request.argv.insert(request.argv.begin(), *script.argument);
        request.argv.insert(request.argv.begin(), script.interpreter);
        TRY(check_arguments(task, request));
        name = script.interpreter;
        request.file = TRY(request.open(script.interpreter));
    }
}

struct Program {
    ElfFile elf;
    std::optional<ElfFile> interpreter;
};

/// Everything that can be refused while the old program still lives.
Result<Program> examine(kernel::Task& task, const Request& request, const Head& head)
{
    Program program {TRY(ElfFile::open(task, request.file, head, Errno(ENOEXEC))), {}};
    std::string path = TRY(program.elf.interpreter(task));
    bool has_interpreter = std::any_of(program.elf.segments().begin(), program.elf.segments().end(), [](const Elf64_Phdr& segment) { return segment.p_type == PT_INTERP; });
    if (has_interpreter) {
        auto file = TRY(request.open(path));
        Head interpreter_head {};
        // Unlike the program's own head, a short one is an error.
        TRY(read_exactly(task, *file, 0, std::as_writable_bytes(std::span(interpreter_head)).first(sizeof(Elf64_Ehdr))));
        program.interpreter = TRY(ElfFile::open(task, std::move(file), interpreter_head, Errno(ELIBBAD)));
    }
    return program;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> auxiliary_vector(
    kernel::Task& task, const Request& request, const Program& program, const Placed& placed, std::uint64_t interpreter_base, GuestAddr vdso)
{
    const kernel::Credentials& who = task.credentials();
    constexpr std::uint64_t hwcap2_fsgsbase = 2;
    return {
        {AT_SYSINFO_EHDR, vdso.value()},
        {AT_MINSIGSTKSZ, getauxval(AT_MINSIGSTKSZ)},
        {AT_HWCAP, getauxval(AT_HWCAP)},
        {AT_PAGESZ, page_size},
        {AT_CLKTCK, 100},
        {AT_PHDR, placed.headers},
        {AT_PHENT, sizeof(Elf64_Phdr)},
        {AT_PHNUM, program.elf.header().e_phnum},
        {AT_BASE, interpreter_base},
        {AT_FLAGS, 0},
        {AT_ENTRY, program.elf.header().e_entry + placed.bias},
        {AT_UID, who.uid},
        {AT_EUID, who.euid},
        {AT_GID, who.gid},
        {AT_EGID, who.egid},
        {AT_SECURE, request.secure ? 1 : 0},
        {AT_RANDOM, 0},
        {AT_HWCAP2, getauxval(AT_HWCAP2) & hwcap2_fsgsbase},
        {AT_EXECFN, 0},
        {AT_PLATFORM, 0},
    };
}

void set_layout(mm::AddressSpace& space, const Program& program, const Placed& placed, Places& places)
{
    auto& layout = space.layout();
    layout.start_code = GuestAddr(placed.start_code);
    layout.end_code = GuestAddr(placed.end_code);
    layout.start_data = GuestAddr(placed.start_data);
    layout.end_data = GuestAddr(placed.end_data);
    layout.entry = GuestAddr(program.elf.header().e_entry + placed.bias);
    // A loader that runs by itself stands in the mmap area, where the heap has no room: it goes where programs stand.
    bool loader_itself = program.elf.position_independent() && !program.interpreter;
    std::uint64_t heap = loader_itself ? program_base : placed.end;
    constexpr std::uint64_t heap_range = 0x0200'0000; // arch_randomize_brk
    heap = page_up(heap) + places.next(heap_range / page_size) * page_size;
    layout.start_brk = layout.brk = GuestAddr(heap);
}

Result<Image> build(kernel::Task& task, Request& request, const Program& program)
{
    Places places(request.seed);
    Image image;
    image.space = TRY(mm::AddressSpace::create(task.kernel().platform(), task.memory(), request.seed));
    mm::AddressSpace& space = *image.space;

    std::uint64_t stack_top = stack_top_highest - places.next(1 << 22) * page_size;
    std::uint64_t stack_shift = places.next(8192);
    Wish wish;
    if (program.interpreter)
        wish.address = program_base + places.next(1 << 28) * page_size;
    Placed placed = TRY(map_segments(task, space, program.elf, wish, false));
    std::uint64_t entry = program.elf.header().e_entry + placed.bias;
    std::uint64_t interpreter_base = 0;
    if (program.interpreter) {
        Placed there = TRY(map_segments(task, space, *program.interpreter, {}, true));
        interpreter_base = there.bias;
        entry = program.interpreter->header().e_entry + there.bias;
    }
    if (entry >= guest_address_end)
        return Errno(EINVAL);
    GuestAddr vdso = TRY(map_vdso(task, space));
    set_layout(space, program, placed, places);
    auto auxv = auxiliary_vector(task, request, program, placed, interpreter_base, vdso);
    GuestAddr stack = TRY(build_stack(task, space, stack_top, stack_shift,
        {request.path, request.argv, request.envp, request.random, std::move(auxv), program.elf.executable_stack()}));
    space.layout().exe_path = request.file->name(task);
    image.registers.rip = entry;
    image.registers.rsp = stack.value();
    image.registers.eflags = 0x200; // interrupts on, all else clear (start_thread)
    image.file = request.file;
    image.argv = std::move(request.argv);
    return image;
}

}

std::uint64_t argument_limit(kernel::Task& task)
{
    constexpr std::uint64_t most = (std::uint64_t {8} << 20) / 4 * 3;
    constexpr std::uint64_t least = 128 << 10; // ARG_MAX
    return std::max(least, std::min(most, task.limits().soft(RLIMIT_STACK) / 4));
}

Result<Image> load(kernel::Task& task, Request request, bool* fatal)
{
    if (request.argv.empty())
        request.argv.emplace_back();
    TRY(check_arguments(task, request));
    Head head = TRY(follow_scripts(task, request));
    Program program = TRY(examine(task, request, head));
    auto image = build(task, request, program);
    if (fatal)
        *fatal = !image.ok();
    return image;
}

}
