// The program's code at an address, from the pages that were recorded when they became present. See queries.h.
#include "trace/queries.h"

#include <algorithm>

namespace ringside::trace {

namespace {

struct Page {
    EventId event = 0;
    std::int64_t row = 0;
    std::uint64_t start = 0;
};

/// The process and those it was forked from: a page that a parent touched before the fork is the child's, too. Each with the last
/// event up to which its pages count.
std::vector<std::pair<ProcessId, EventId>> lineage(TraceFile& trace, ProcessId process, EventId event)
{
    std::vector<std::pair<ProcessId, EventId>> line;
    auto access = trace.access();
    Statement row = access.database.prepare("SELECT parent, started FROM process WHERE id = ?1");
    while (process != 0 && line.size() < 64) {
        line.emplace_back(process, event);
        row.bind(1, std::int64_t{process});
        bool known = row.step();
        process = known ? static_cast<ProcessId>(row.integer(0)) : 0;
        event = known ? std::min<EventId>(event, row.number(1)) : 0;
        row.reset();
    }
    return line;
}

}

std::vector<std::byte> Queries::code_at(ProcessId process, std::uint64_t address, std::size_t length, EventId event)
{
    auto line = lineage(trace_, process, event);
    std::vector<Page> pages;
    {
        auto access = trace_.access();
        Statement rows = access.database.prepare("SELECT id, address FROM data WHERE arg = 254 AND address <= ?1 AND address + length > ?1 AND id < ?2");
        rows.bind(1, static_cast<std::int64_t>(address));
        rows.bind(2, static_cast<std::int64_t>((event + 1) << 20));
        while (rows.step())
            pages.push_back({rows.number(0) >> 20, rows.integer(0), rows.number(1)});
    }
    std::ranges::sort(pages, std::greater(), &Page::row);
    for (const Page& page : pages) {
        auto of = trace_.event(page.event);
        ProcessId owner = of ? trace_.process_of(of->thread) : 0;
        bool ours = std::ranges::any_of(line, [&](auto& step) { return step.first == owner && page.event <= step.second; });
        if (!ours)
            continue;
        std::vector<std::byte> code;
        trace_.for_each_chunk(page.event, [&](DataChunk&& chunk) {
            if (chunk.arg != data_arg_page || chunk.address > address || address - chunk.address >= chunk.bytes.size())
                return true;
            auto from = chunk.bytes.begin() + static_cast<std::ptrdiff_t>(address - chunk.address);
            code.assign(from, from + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(length), chunk.bytes.end() - from));
            return false;
        });
        if (!code.empty())
            return code;
    }
    return {};
}

}
