// Feeds the decoder and all exporters events with random numbers, arguments and data: no crash, no hang, bounded text.
#include "trace/export/export.h"

#include "fuzz.h"
#include "../unit/vector_source.h"

#include <catch2/catch.hpp>

using namespace ringside::trace;
using namespace ringside::trace::test;

namespace {

class Hostile {
public:
    explicit Hostile(std::uint64_t seed) : random_(seed) {}
    std::uint64_t below(std::uint64_t n) { return random_.below(n); }
    std::uint64_t value()
    {
        switch (below(6)) {
        case 0: return below(64);
        case 1: return random_();
        case 2: return ~0ULL - below(64);
        case 3: return 1ULL << below(64);
        default: return 0x1000 * (1 + below(8)) + (below(4) ? 0 : below(256));
        }
    }
    void fill(VectorSource& source)
    {
        Event event;
        event.kind = below(8) ? EventKind::syscall : static_cast<EventKind>(below(14));
        event.nr = below(50) ? static_cast<std::int32_t>(below(470)) : static_cast<std::int32_t>(random_());
        for (std::uint64_t& arg : event.args)
            arg = value();
        event.ret = below(2) ? static_cast<std::int64_t>(below(5000)) : static_cast<std::int64_t>(value());
        event.flags = static_cast<std::uint8_t>(below(8));
        event.verdict = static_cast<Verdict>(below(4));
        event.done = below(10) ? 0 : source.events.size() + 2;
        event.of = below(4) ? 0 : source.events.size();
        event.thread = static_cast<ThreadId>(below(4));
        EventId id = source.add(event).id;
        for (std::uint64_t i = 0; i < below(12); ++i) {
            DataChunk chunk;
            chunk.arg = static_cast<std::uint8_t>(below(8) ? below(6) : 255);
            chunk.direction = static_cast<Direction>(below(2));
            chunk.address = below(4) ? 0x1000 * (1 + below(8)) : value();
            chunk.length = below(2) ? 128 : value();
            chunk.bytes.resize(below(40) ? below(300) : below(70000));
            bool pointers = below(2);
            for (std::size_t at = 0; at < chunk.bytes.size(); ++at)
                chunk.bytes[at] = static_cast<std::byte>(pointers ? (at % 8 == 1 ? 0x10 * (1 + below(8)) : 0) : random_());
            source.chunks[id].push_back(std::move(chunk));
        }
    }

private:
    ringside::test::Random random_;
};

}

TEST_CASE("decoder and exporters survive any event")
{
    std::size_t longest = 0;
    ringside::test::Budget budget;
    for (std::uint64_t seed = 1; budget.left(); ++seed) {
        INFO("seed " << seed);
        Hostile hostile(seed);
        VectorSource source;
        source.fd_paths[3] = std::string("/tmp/\n<evil>\xff");
        for (int i = 0; i < 20; ++i)
            hostile.fill(source);
        for (ExportFormat format : {ExportFormat::strace, ExportFormat::jsonl, ExportFormat::csv}) {
            ExportOptions options;
            options.format = format;
            options.decode.verbose = hostile.below(2) != 0;
            std::size_t size = 0;
            auto lines = export_events(source, Filter(), options, [&](std::string_view piece) {
                size += piece.size();
                return true;
            });
            REQUIRE(lines.has_value());
            REQUIRE(size < (std::size_t {20} << 20));
            longest = std::max(longest, size);
        }
    }
    CHECK(longest > 0);
}
