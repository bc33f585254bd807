// A hostile producer: valid streams of records with damage, and shared memory that changes under the recorder's hands. The
// recorder may refuse, never crash, hang, or let through what the trace's readers rely on.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/recording.h"

#include "trace/intake.h"
#include "trace/trace_file.h"

#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;
using test::Random;

namespace {

using Record = std::vector<std::byte>;

std::vector<Record> valid_stream(std::uint64_t seed, std::uint64_t events)
{
    std::vector<Record> records;
    Synthetic synthetic({.events = events, .seed = seed, .largest = 2000}, [&](std::span<const std::byte> record) {
        records.emplace_back(record.begin(), record.end());
        return true;
    });
    synthetic.run();
    return records;
}

/// Damage that keeps the record's frame: what its fields say is wrong, or it comes twice, never, or too early.
void damage_stream(std::vector<Record>& records, Random& random)
{
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
        std::size_t at = random.below(records.size());
        switch (random.below(8)) {
        case 0: records.erase(records.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 1: records.insert(records.begin() + static_cast<std::ptrdiff_t>(at), records[random.below(records.size())]); break;
        case 2: std::swap(records[at], records[random.below(records.size())]); break;
        case 3: records[at].resize(sizeof(RecordHeader) + random.below(records[at].size() * 2)); break;
        default: damage(std::span(records[at]).subspan(sizeof(RecordHeader)), random);
        }
        if (records.empty())
            return;
    }
}

/// What the store and its readers rely on. Empty: all is well.
std::string unsound(const Batch& batch)
{
    EventId last = 0;
    std::uint64_t ts = 0;
    for (const EventRow& row : batch.events) {
        if (row.id != last + 1 || row.ts < ts || row.arity > 6 || row.kind < EventKind::syscall || row.kind > EventKind::marker)
            return fmt::format("event {} after {}", row.id, last);
        if (row.of >= row.id || row.waker > row.id)
            return "a reference to the future";
        last = row.id;
        ts = row.ts;
    }
    std::uint64_t seq = 0;
    std::set<std::int64_t> data_ids;
    for (const OpRow& row : batch.ops) {
        if (row.text + row.text_length > batch.arena.size())
            return "a text outside of the arena";
        if (row.seq < seq || row.op >= Op::count_)
            return "an operation out of order";
        seq = row.seq;
        if (row.op == Op::data && !data_ids.insert(row.value[0]).second)
            return "two data rows of one id";
        if (row.op == Op::mapping && row.value[2] >= row.value[3])
            return "an empty mapping";
        if (row.op == Op::fd && row.value[2] < 0)
            return "a negative descriptor";
    }
    return {};
}

/// Takes all records as the recorder would. Returns why it refused, or nothing.
std::string take_all(const std::vector<Record>& records, Batch& batch)
{
    Intake intake(batch);
    for (const Record& record : records) {
        RecordCopy copy;
        std::memcpy(&copy.header, record.data(), sizeof copy.header);
        copy.header.size = static_cast<std::uint32_t>(record.size());
        copy.bytes = record;
        if (copy.header.kind == RecordKind{0} || copy.header.kind > RecordKind::end)
            return "kind";
        if (!intake.take(copy))
            return intake.message();
    }
    return intake.ended() ? "" : "no end";
}

/// Messages without their numbers.
std::string shape_of(const std::string& message)
{
    std::string shape;
    for (char c : message)
        if (!(c >= '0' && c <= '9'))
            shape += c;
    return shape;
}

}

TEST_CASE("damaged records are refused, or make a sound trace")
{
    auto valid = valid_stream(1, 400);
    Batch batch;
    REQUIRE(take_all(valid, batch) == "");
    REQUIRE(unsound(batch) == "");
    Random random(Catch::rngSeed());
    std::set<std::string> refusals;
    std::uint64_t rounds = 0, refused = 0;
    for (test::Budget budget; budget.left(); ++rounds) {
        auto records = valid;
        damage_stream(records, random);
        batch.clear();
        std::string why = take_all(records, batch);
        refused += !why.empty();
        refusals.insert(shape_of(why));
        std::string wrong = unsound(batch);
        INFO("seed " << Catch::rngSeed() << ", round " << rounds);
        REQUIRE(wrong == "");
    }
    // The test is worth nothing if the damage is never seen, or always by the same check.
    CHECK(rounds > 50);
    CHECK(refused > rounds / 4);
    CHECK(refused < rounds);
    CHECK(refusals.size() > 10);
}

TEST_CASE("the oracle sees what an unchecked record would do")
{
    Batch batch;
    REQUIRE(take_all(valid_stream(1, 50), batch) == "");
    auto damaged = [&](auto&& change) {
        Batch copy = batch;
        change(copy);
        return !unsound(copy).empty();
    };
    CHECK(damaged([](Batch& b) { b.events[10].id = 3; }));
    CHECK(damaged([](Batch& b) { b.events[10].ts = 0; }));
    CHECK(damaged([](Batch& b) { b.events[10].of = 4000; }));
    CHECK(damaged([](Batch& b) { b.ops[5].text_length = 1u << 30; }));
    CHECK(damaged([](Batch& b) { b.ops.back().op = Op::count_; }));
    CHECK(damaged([](Batch& b) { std::swap(b.ops.front().seq, b.ops.back().seq); }));
}

TEST_CASE("shared memory that changes under the recorder's hands ends the recording at worst")
{
    test::TemporaryFolder folder;
    Random random(Catch::rngSeed());
    auto valid = valid_stream(2, 300);
    int ended_badly = 0, rounds = 0;
    for (test::Budget budget; budget.left(); ++rounds) {
        std::string path = folder / fmt::format("{}.ringside", rounds);
        test::RingMemory ring;
        RecorderOptions options;
        options.path = path;
        options.reserve = 0;
        Recorder recorder(ring.span(), options);
        recorder.start();
        std::atomic<bool> stop{false};
        std::uint64_t seed = random();
        std::thread vandal([&] {
            Random own(seed);
            while (!stop) {
                // The positions and flags now and then, the data area all the time.
                if (own.one_in(50))
                    test::damage(ring.span().first(sizeof(RingShared)), own);
                else
                    test::damage(ring.span().subspan(ring_data_offset, 300'000), own);
                if (own.one_in(20))
                    std::this_thread::yield();
            }
        });
        // Written by hand: RingProducer would wait for a consumer that it believes.
        std::uint64_t at = 0;
        for (const Record& record : valid) {
            std::size_t padded = (record.size() + 7) & ~std::size_t{7};
            if (at + padded > ring_min_capacity)
                break;
            std::memcpy(ring.span().data() + ring_data_offset + at, record.data(), record.size());
            at += padded;
            ring.shared().written = at;
        }
        usleep(static_cast<useconds_t>(random.below(3000)));
        recorder.finish(RecordingEnd::recorder_lost); // while the vandal is at work: must not wait for ever
        stop = true;
        vandal.join();
        ended_badly += recorder.status().end == RecordingEnd::bad_record;
        REQUIRE(recorder.status().finished);
        TraceFile trace(path);
        EventId last = trace.last_event();
        REQUIRE(last == recorder.status().events);
        if (last != 0)
            REQUIRE(trace.event(last).has_value());
        std::filesystem::remove(path);
    }
    CHECK(rounds > 3);
    CHECK(ended_badly > 0); // else the vandal did nothing
}

TEST_CASE("damaged frames in the ring never lead outside of it")
{
    Random random(Catch::rngSeed());
    test::RingMemory ring;
    auto valid = valid_stream(3, 60);
    std::uint64_t bad = 0, rounds = 0, whole = 0;
    for (test::Budget budget; budget.left(); ++rounds) {
        std::size_t at = 0;
        for (const Record& record : valid) {
            std::memcpy(ring.span().data() + ring_data_offset + at, record.data(), record.size());
            at += (record.size() + 7) & ~std::size_t{7};
        }
        for (std::uint64_t n = random.below(3); n > 0; --n)
            test::damage(ring.span().subspan(ring_data_offset, at), random);
        ring.shared().written = random.one_in(10) ? random.odd_number() : at;
        RingConsumer consumer(ring.span());
        RecordCopy copy;
        RingConsumer::Next next;
        while ((next = consumer.next(copy)) == RingConsumer::Next::record) {
            REQUIRE(copy.bytes.size() == copy.header.size);
            REQUIRE(copy.bytes.size() <= ring_max_record);
        }
        REQUIRE(consumer.taken() <= ring_min_capacity);
        bad += next == RingConsumer::Next::bad;
        whole += next == RingConsumer::Next::empty;
    }
    CHECK(bad > 0);
    CHECK(whole > 0);
}
