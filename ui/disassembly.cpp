// See disassembly.h.
#include "ui/disassembly.h"

#include <capstone/capstone.h>

#include <memory>

namespace ringside::ui {

namespace {

class Capstone {
public:
    Capstone() { ok_ = cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) == CS_ERR_OK; }
    ~Capstone()
    {
        if (ok_)
            cs_close(&handle_);
    }
    Capstone(const Capstone&) = delete;
    Capstone& operator=(const Capstone&) = delete;

    std::vector<Instruction> run(std::span<const std::byte> code, std::uint64_t start, std::size_t count) const
    {
        std::vector<Instruction> list;
        cs_insn* found = nullptr;
        std::size_t got = ok_ ? cs_disasm(handle_, reinterpret_cast<const std::uint8_t*>(code.data()), code.size(), start, count, &found) : 0;
        for (std::size_t i = 0; i < got; ++i)
            list.push_back({found[i].address, QString::fromLatin1(found[i].mnemonic), QString::fromLatin1(found[i].op_str), false});
        if (found)
            cs_free(found, got);
        return list;
    }

private:
    csh handle_ = 0;
    bool ok_ = false;
};

}

std::vector<Instruction> disassemble(std::span<const std::byte> code, std::uint64_t start, std::uint64_t at, std::size_t before, std::size_t after)
{
    if (at < start || at - start >= code.size())
        return {};
    Capstone capstone;
    std::size_t place = at - start;
    std::vector<Instruction> lines;
    for (std::size_t from = 0; from < place && lines.empty(); ++from) {
        auto tried = capstone.run(code.subspan(from, place - from), start + from, 0);
        std::uint64_t reached = start + from;
        if (tried.empty())
            continue;
        auto next = capstone.run(code.subspan(tried.back().address - start), tried.back().address, 2);
        reached = next.size() == 2 ? next[1].address : 0;
        if (reached == at)
            lines = std::move(tried);
    }
    if (lines.size() > before)
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(before));
    for (Instruction& line : capstone.run(code.subspan(place), at, after + 1))
        lines.push_back(std::move(line));
    for (Instruction& line : lines)
        line.here = line.address == at;
    return lines;
}

}
