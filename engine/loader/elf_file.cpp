// ELF headers and segments. Every field is the guest's word: sizes and sums are checked before they are used.

#include "engine/loader/elf_file.h"

#include "engine/kernel/task.h"
#include "engine/loader/guest_write.h"

#include <bit>
#include <cstring>
#include <limits>
#include <sys/mman.h>

namespace ringside::loader {

namespace {

constexpr std::uint64_t task_size = guest_address_end;

bool bad_address(std::uint64_t address)
{
    return address >= task_size;
}

int prot_of(const Elf64_Phdr& segment)
{
    return (segment.p_flags & PF_R ? PROT_READ : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0) | (segment.p_flags & PF_X ? PROT_EXEC : 0);
}

}

Result<void> read_exactly(kernel::Task& task, fs::File& file, std::uint64_t offset, std::span<std::byte> to)
{
    if (offset > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - to.size())
        return Errno(EINVAL); // a negative position
    std::size_t done = 0;
    while (done < to.size()) {
        kernel::IoBuffer buffer(task, to.subspan(done));
        std::size_t got = TRY(file.read(task, buffer, offset + done));
        if (got == 0)
            return Errno(EIO);
        done += got;
    }
    return {};
}

Result<Head> read_head(kernel::Task& task, fs::File& file)
{
    Head head {};
    auto bytes = std::as_writable_bytes(std::span(head));
    std::size_t done = 0;
    while (done < bytes.size()) {
        kernel::IoBuffer buffer(task, bytes.subspan(done));
        std::size_t got = TRY(file.read(task, buffer, done));
        if (got == 0)
            break;
        done += got;
    }
    return head;
}

Result<ElfFile> ElfFile::open(kernel::Task& task, Ref<fs::File> file, const Head& head, Errno wrong)
{
    ElfFile elf;
    static_assert(sizeof(Elf64_Ehdr) <= head_size);
    std::memcpy(&elf.header_, head.data(), sizeof(elf.header_));
    const Elf64_Ehdr& header = elf.header_;
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        || header.e_machine != EM_X86_64)
        return wrong;
    // load_elf_phdrs: whatever goes wrong with them is the same error.
    std::uint64_t size = sizeof(Elf64_Phdr) * header.e_phnum;
    if (header.e_phentsize != sizeof(Elf64_Phdr) || size == 0 || size > page_size)
        return wrong;
    elf.segments_.resize(header.e_phnum);
    if (!read_exactly(task, *file, header.e_phoff, std::as_writable_bytes(std::span(elf.segments_))).ok())
        return wrong;
    elf.file_ = std::move(file);
    return elf;
}

Result<std::string> ElfFile::interpreter(kernel::Task& task) const
{
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type != PT_INTERP)
            continue;
        if (segment.p_filesz > 4096 || segment.p_filesz < 2)
            return Errno(ENOEXEC);
        std::string path(segment.p_filesz, '\0');
        TRY(read_exactly(task, *file_, segment.p_offset, std::as_writable_bytes(std::span(path))));
        if (path.back() != '\0')
            return Errno(ENOEXEC);
        return std::string(path.c_str());
    }
    return std::string();
}

bool ElfFile::executable_stack() const
{
    bool executable = false;
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_GNU_STACK)
            executable = (segment.p_flags & PF_X) != 0;
    }
    return executable;
}

std::uint64_t ElfFile::mapping_size() const
{
    std::uint64_t low = ~std::uint64_t {0}, high = 0;
    bool any = false;
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type != PT_LOAD)
            continue;
        any = true;
        low = std::min(low, page_down(segment.p_vaddr));
        high = std::max(high, segment.p_vaddr + segment.p_memsz);
    }
    return any ? high - low : 0;
}

std::uint64_t ElfFile::alignment() const
{
    std::uint64_t alignment = 0;
    for (const Elf64_Phdr& segment : segments_) {
        if (segment.p_type == PT_LOAD && std::has_single_bit(segment.p_align))
            alignment = std::max(alignment, segment.p_align);
    }
    return alignment <= 1 ? alignment : page_up(alignment);
}

namespace {

/// Loads the segments of one file.
class Loading {
public:
    Loading(kernel::Task& task, mm::AddressSpace& space, const ElfFile& elf, bool is_interpreter)
        : task_(task), space_(space), elf_(elf), is_interpreter_(is_interpreter)
    {
    }
    Result<Placed> run(const Wish& wish);

private:
    Result<void> load(const Elf64_Phdr& segment, std::uint64_t address, int prot);
    Result<void> map_file(const Elf64_Phdr& segment, std::uint64_t address, int prot);
    Result<void> clear_to_page_end(std::uint64_t address);
    Result<void> map_zeros(std::uint64_t start, std::uint64_t end, bool executable);
    Result<std::uint64_t> choose_bias(const Elf64_Phdr& first, const Wish& wish);
    void account(const Elf64_Phdr& segment);

    kernel::Task& task_;
    mm::AddressSpace& space_;
    const ElfFile& elf_;
    bool is_interpreter_;
    Ref<mm::Mappable> object_;
    struct stat status_ {};
    std::string name_;
    Placed placed_;
};

Result<void> Loading::map_file(const Elf64_Phdr& segment, std::uint64_t address, int prot)
{
    std::uint64_t inside = segment.p_vaddr & page_mask;
    if (segment.p_filesz > task_size)
        return Errno(ENOMEM);
    std::uint64_t size = page_up(segment.p_filesz + inside);
    std::uint64_t offset = segment.p_offset - inside;
    if (offset & page_mask)
        return Errno(EINVAL); // vm_mmap
    if (offset + size < offset)
        return Errno(EINVAL);
    mm::MapRequest request {GuestAddr(page_down(address)), size, prot, MAP_PRIVATE | MAP_FIXED, object_, offset, name_, status_.st_dev, status_.st_ino,
        elf_.file()->trace_object, PROT_READ | PROT_WRITE | PROT_EXEC};
    TRY(space_.map(task_, request));
    return {};
}

Result<void> Loading::clear_to_page_end(std::uint64_t address)
{
    static constexpr std::array<std::byte, page_size> zeros {};
    std::uint64_t inside = address & page_mask;
    if (inside == 0)
        return {};
    return write_guest(task_, space_, GuestAddr(address), std::span(zeros).subspan(inside));
}

Result<void> Loading::map_zeros(std::uint64_t start, std::uint64_t end, bool executable)
{
    if (start >= end)
        return {};
    // vm_brk_flags: always readable and writable.
    mm::MapRequest request {GuestAddr(start), end - start, PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0),
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, {}, 0, {}, 0, 0, 0, PROT_READ | PROT_WRITE | PROT_EXEC};
    TRY(space_.map(task_, request));
    return {};
}

/// elf_load: the file's part, then zeros up to p_memsz.
Result<void> Loading::load(const Elf64_Phdr& segment, std::uint64_t address, int prot)
{
    std::uint64_t inside = segment.p_vaddr & page_mask;
    std::uint64_t start = page_down(address);
    std::uint64_t zero_start = start;
    std::uint64_t memory = segment.p_memsz;
    // What vm_mmap and vm_brk_flags would refuse, before sums can overflow.
    if (bad_address(address) || segment.p_filesz > task_size || memory > task_size || task_size - std::max(memory, segment.p_filesz) < address)
        return Errno(ENOMEM);
    if (segment.p_filesz) {
        TRY(map_file(segment, address, prot));
        if (memory > segment.p_filesz) {
            zero_start = start + inside + segment.p_filesz;
            // "ignore any errors if the segment isn't writable": then it stays as the file has it.
            auto cleared = prot & PROT_WRITE ? clear_to_page_end(zero_start) : Result<void>();
            if (!cleared.ok())
                return Errno(EFAULT);
        }
    }
    if (memory > segment.p_filesz)
        TRY(map_zeros(page_up(zero_start), page_up(start + inside + memory), (prot & PROT_EXEC) != 0));
    return {};
}

Result<std::uint64_t> Loading::choose_bias(const Elf64_Phdr& first, const Wish& wish)
{
    std::uint64_t total = elf_.mapping_size();
    if (total == 0)
        return Errno(EINVAL);
    if (total > task_size)
        return Errno(ENOMEM);
    std::uint64_t alignment = std::max(elf_.alignment(), page_size);
    std::uint64_t address;
    if (wish.address) {
        address = *wish.address & ~(alignment - 1);
    } else {
        // Room for all of it, aligned: found by mapping it, which the segments then replace.
        std::uint64_t room = page_up(total) + (alignment > page_size ? alignment : 0);
        if (room < total || room > task_size)
            return Errno(ENOMEM);
        mm::MapRequest probe {GuestAddr(), room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, {}, 0, {}, 0, 0, 0, PROT_NONE};
        GuestAddr found = TRY(space_.map(task_, probe));
        TRY(space_.unmap(task_, found, room));
        address = (found.value() + alignment - 1) & ~(alignment - 1);
    }
    return page_down(address - first.p_vaddr);
}

void Loading::account(const Elf64_Phdr& segment)
{
    std::uint64_t start = segment.p_vaddr, file_end = start + segment.p_filesz;
    if (segment.p_offset <= elf_.header().e_phoff && elf_.header().e_phoff < segment.p_offset + segment.p_filesz)
        placed_.headers = elf_.header().e_phoff - segment.p_offset + segment.p_vaddr + placed_.bias;
    if (segment.p_flags & PF_X) {
        placed_.start_code = std::min(placed_.start_code, start);
        placed_.end_code = std::max(placed_.end_code, file_end);
    }
    placed_.start_data = std::max(placed_.start_data, start);
    placed_.end_data = std::max(placed_.end_data, file_end);
    placed_.end = std::max(placed_.end, start + segment.p_memsz);
}

Result<Placed> Loading::run(const Wish& wish)
{
    object_ = TRY(elf_.file()->mappable(task_));
    if (auto status = elf_.file()->stat(task_); status.ok())
        status_ = status.value();
    name_ = elf_.file()->name(task_);
    bool first = true;
    if (elf_.mapping_size() == 0 && (is_interpreter_ || elf_.position_independent()))
        return Errno(EINVAL);
    for (const Elf64_Phdr& segment : elf_.segments()) {
        if (segment.p_type != PT_LOAD)
            continue;
        if (first && elf_.position_independent())
            placed_.bias = TRY(choose_bias(segment, wish));
        std::uint64_t address = placed_.bias + segment.p_vaddr;
        std::uint64_t size = std::max(segment.p_memsz, segment.p_filesz);
        // MAP_FIXED_NOREPLACE for a program's first segment: only the stack can be in the way.
        if (first && !is_interpreter_ && size <= task_size && !bad_address(address) && segment.p_filesz
            && space_.anything_mapped(GuestAddr(page_down(address)), page_up(segment.p_filesz)))
            return Errno(EEXIST);
        first = false;
        if (segment.p_filesz > segment.p_memsz)
            return is_interpreter_ ? Errno(ENOMEM) : Errno(EINVAL);
        TRY(load(segment, address, prot_of(segment)));
        account(segment);
    }
    placed_.start_code += placed_.bias;
    placed_.end_code += placed_.bias;
    placed_.start_data += placed_.bias;
    placed_.end_data += placed_.bias;
    placed_.end += placed_.bias;
    return placed_;
}

}

Result<Placed> map_segments(kernel::Task& task, mm::AddressSpace& space, const ElfFile& elf, const Wish& wish, bool is_interpreter)
{
    return Loading(task, space, elf, is_interpreter).run(wish);
}

}
