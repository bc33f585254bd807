// From a trace to what the player reads: every event with its bytes, by thread and in order.

#include "engine/replay/log.h"
#include "engine/session/replay_input.h"
#include "tests/unit/trace_contents.h"

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <sys/stat.h>

using namespace ringside;
using namespace ringside::trace;

TEST_CASE("replay reads every event with its bytes, by thread and in order")
{
    test::TemporaryFolder folder;
    SyntheticOptions options {.events = 5000, .seed = 9};
    test::record_synthetic(options, folder / "a");
    test::Sent sent = test::everything_sent(options);
    auto input = session::make_replay_input(folder / "a");
    struct stat status {};
    REQUIRE(fstat(input.get(), &status) == 0);
    auto size = static_cast<std::size_t>(status.st_size);
    auto* bytes = static_cast<const std::byte*>(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, input.get(), 0));
    REQUIRE(bytes != MAP_FAILED);
    auto parsed = replay::Log::parse({bytes, size});
    REQUIRE(parsed.ok());
    replay::Log& log = parsed.value();
    REQUIRE(log.last() == 5000);
    CHECK(log.meta("end") == "exited");

    std::map<ThreadId, EventId> last;
    std::size_t page_ins = 0;
    for (EventId id = 1; id <= log.last(); ++id) {
        const EventRecord& event = log.event(id);
        REQUIRE(event.id == id);
        REQUIRE(event.nr == sent.events[id - 1].nr);
        REQUIRE(event.ts == sent.events[id - 1].ts);
        REQUIRE(event.thread == sent.events[id - 1].thread);
        std::string all;
        bool has_page = false;
        for (const replay::LogData& data : log.load(id).data) {
            all.append(reinterpret_cast<const char*>(data.bytes.data()), data.bytes.size());
            has_page |= data.arg == data_arg_page;
        }
        REQUIRE(all == sent.data[id]);
        REQUIRE(log.has_page_ins(id) == has_page);
        page_ins += has_page;
        last[event.thread] = id;
    }
    REQUIRE(last.size() == 4);
    std::size_t total = 0;
    for (auto [thread, end] : last) {
        auto ids = log.of_thread(thread);
        REQUIRE(std::is_sorted(ids.begin(), ids.end()));
        REQUIRE(ids.back() == end);
        total += ids.size();
    }
    CHECK(total == 5000);
    CHECK(log.of_thread(77).empty());
    munmap(const_cast<std::byte*>(bytes), size);
}
