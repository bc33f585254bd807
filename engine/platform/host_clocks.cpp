// Finding the host's vDSO and its functions, moving it, and leading threads out of it.

#include "engine/platform/host_clocks.h"

#include "engine/platform/guest_context.h"
#include "engine/platform/order_queue.h"
#include "engine/platform/template_process.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace ringside::platform {

namespace {

/// The vDSO's mapping with its data before it or behind it ([vvar], [vvar_vclock], whatever comes), without gaps: proc(5).
std::vector<HostClocks::Part> vdso_mappings()
{
    std::vector<HostClocks::Part> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::size_t dash = line.find('-'), name = line.find('[');
        if (dash == std::string::npos || name == std::string::npos || (line.compare(name, 5, "[vvar") != 0 && line.compare(name, 6, "[vdso]") != 0))
            continue;
        std::uint64_t start = std::strtoull(line.c_str(), nullptr, 16), end = std::strtoull(line.c_str() + dash + 1, nullptr, 16);
        if (!found.empty() && found.back().start + found.back().length != start)
            return {};
        found.push_back({start, end - start});
    }
    return found;
}

template<typename T>
std::optional<T> read_at(std::span<const std::byte> image, std::uint64_t offset)
{
    if (offset > image.size() || image.size() - offset < sizeof(T))
        return {};
    T value;
    std::memcpy(&value, image.data() + offset, sizeof value);
    return value;
}

/// The address of a function in the image, which starts at 0; 0: it is not there. Sections tell the dynamic symbols: elf(5).
std::uint64_t find_function(std::span<const std::byte> image, std::string_view wanted)
{
    auto header = read_at<Elf64_Ehdr>(image, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_shentsize != sizeof(Elf64_Shdr))
        return 0;
    auto section = [&](std::uint64_t index) { return read_at<Elf64_Shdr>(image, header->e_shoff + index * sizeof(Elf64_Shdr)); };
    for (std::uint64_t i = 0; i < header->e_shnum; ++i) {
        auto symbols = section(i);
        auto strings = symbols && symbols->sh_type == SHT_DYNSYM ? section(symbols->sh_link) : std::nullopt;
        if (!strings || strings->sh_offset > image.size() || image.size() - strings->sh_offset < strings->sh_size)
            continue;
        std::string_view names(reinterpret_cast<const char*>(image.data()) + strings->sh_offset, strings->sh_size);
        for (std::uint64_t at = 0; at < symbols->sh_size; at += sizeof(Elf64_Sym)) {
            auto symbol = read_at<Elf64_Sym>(image, symbols->sh_offset + at);
            if (!symbol || symbol->st_name >= names.size() || symbol->st_shndx == SHN_UNDEF || symbol->st_value >= image.size())
                continue;
            std::string_view name = names.substr(symbol->st_name);
            if (name.substr(0, name.find('\0')) == wanted)
                return symbol->st_value;
        }
    }
    return 0;
}

}

std::optional<HostClocks> find_host_clocks()
{
    HostClocks clocks {getauxval(AT_SYSINFO_EHDR), vdso_mappings(), {}};
    auto code = std::find_if(clocks.parts.begin(), clocks.parts.end(), [&](const auto& part) { return part.start == clocks.vdso; });
    if (clocks.vdso == 0 || code == clocks.parts.end())
        return {};
    std::uint64_t first = clocks.parts.front().start, end = clocks.parts.back().start + clocks.parts.back().length;
    if (end - first > stub::host_clocks_end - stub::host_clocks_start)
        return {};
    std::span image(reinterpret_cast<const std::byte*>(clocks.vdso), code->length);
    std::uint64_t moved = stub::host_clocks_start + (clocks.vdso - first);
    std::uint64_t clock_gettime = find_function(image, "__vdso_clock_gettime");
    std::uint64_t gettimeofday = find_function(image, "__vdso_gettimeofday");
    std::uint64_t time = find_function(image, "__vdso_time");
    if (clock_gettime == 0 || gettimeofday == 0 || time == 0)
        return {};
    clocks.functions = {moved + clock_gettime, moved + gettimeofday, moved + time, 1, 0};
    return clocks;
}

void queue_moving(OrderQueue& orders, const HostClocks& clocks, std::uint64_t vdso)
{
    for (const HostClocks::Part& part : clocks.parts) {
        std::uint64_t from = vdso + (part.start - clocks.vdso);
        std::uint64_t to = stub::host_clocks_start + (part.start - clocks.parts.front().start);
        orders.push(SYS_mremap, {from, part.length, part.length, MREMAP_MAYMOVE | MREMAP_FIXED, to, 0}, stub::order_checked, to);
    }
}

bool leave_host_clock(GuestContext& context, Report& report, stub::FastClocks& clocks)
{
    constexpr int most_steps = 2000; // a guest may loop there, by jumping into its middle
    constexpr std::uint64_t trap_flag = 0x100;
    if (context.in_patched_call())
        return false;
    Registers& registers = context.registers();
    bool inside = registers.rip >= stub::host_clocks_start && registers.rip < stub::host_clocks_end;
    if (context.steps_out != 0) {
        bool steps = report.signo == SIGTRAP || report.signo == kick_signal;
        if (inside && steps && ++context.steps_out < most_steps)
            return true;
        context.steps_out = 0;
        registers.eflags &= ~trap_flag;
        if (report.signo == SIGTRAP)
            report.signo = kick_signal; // this is why it stepped
    } else if (inside && report.signo == kick_signal) {
        context.steps_out = (registers.eflags & trap_flag) == 0; // or it steps by itself, and stops when it is out
        registers.eflags |= trap_flag;
        return true;
    } else if (inside && report.signo == SIGTRAP) {
        return true;
    }
    if (inside && report.signo == SIGSYS) // its clock cannot be read without a system call: then our own way is the better one
        clocks = {};
    return false;
}

}
