// An ELF file's headers, checked, and its segments put into an address space.
#pragma once

#include "engine/fs/file.h"
#include "engine/loader/script.h"
#include "engine/mm/address_space.h"

#include <elf.h>
#include <string>
#include <vector>

namespace ringside::loader {

/// Reads exactly `to.size()` bytes. EIO where the file is shorter (elf_read).
Result<void> read_exactly(kernel::Task& task, fs::File& file, std::uint64_t offset, std::span<std::byte> to);
/// The first 256 bytes, filled up with NULs.
Result<Head> read_head(kernel::Task& task, fs::File& file);

class ElfFile {
public:
    /// Checks the header. `wrong` is the error for whatever is not ours: ENOEXEC for programs, ELIBBAD for interpreters.
    static Result<ElfFile> open(kernel::Task& task, Ref<fs::File> file, const Head& head, Errno wrong);

    const Elf64_Ehdr& header() const { return header_; }
    const std::vector<Elf64_Phdr>& segments() const { return segments_; }
    const Ref<fs::File>& file() const { return file_; }
    bool position_independent() const { return header_.e_type == ET_DYN; }
    /// PT_INTERP's path; empty without one. ENOEXEC, EIO.
    Result<std::string> interpreter(kernel::Task& task) const;
    bool executable_stack() const;
    /// From the first loaded byte's page to the last byte; 0: nothing to load.
    std::uint64_t mapping_size() const;
    std::uint64_t alignment() const;

private:
    Ref<fs::File> file_;
    Elf64_Ehdr header_ {};
    std::vector<Elf64_Phdr> segments_;
};

/// Where a file was put.
struct Placed {
    std::uint64_t bias = 0;     ///< what is added to the file's addresses
    std::uint64_t headers = 0;  ///< address of the program headers, 0 where no segment holds them
    std::uint64_t start_code = ~std::uint64_t {0}, end_code = 0, start_data = 0, end_data = 0;
    std::uint64_t end = 0;      ///< behind the last byte (elf_brk)
};

/// Where to put a position-independent file: at `address` (aligned as the file asks), or where there is room.
struct Wish {
    std::optional<std::uint64_t> address;
};

/// Maps PT_LOAD segments and clears their bss. `is_interpreter` chooses between ENOMEM and EINVAL for nonsense, as Linux does.
Result<Placed> map_segments(kernel::Task& task, mm::AddressSpace& space, const ElfFile& elf, const Wish& wish, bool is_interpreter);

}
