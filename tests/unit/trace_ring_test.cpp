// The event ring: order, wrapping, waiting, closing, and what the consumer refuses.
#include "tests/unit/recording.h"

#include "trace/ring_consumer.h"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

using namespace ringside;
using namespace ringside::trace;

namespace {

std::vector<std::byte> record_of(std::size_t size, unsigned char fill)
{
    std::vector<std::byte> bytes(size, std::byte{fill});
    RecordHeader header{static_cast<std::uint32_t>(size), RecordKind::data, 0};
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

/// A ring with a header written by hand at the start, published as `written` bytes.
RingConsumer::Next first_of(test::RingMemory& ring, RecordHeader header, std::uint64_t written)
{
    std::memcpy(ring.span().data() + ring_data_offset, &header, sizeof header);
    ring.shared().written = written;
    RingConsumer consumer(ring.span());
    RecordCopy copy;
    RingConsumer::Next next = consumer.next(copy);
    CHECK((next == RingConsumer::Next::bad) == !consumer.message().empty());
    return next;
}

}

TEST_CASE("ring: records come out as they went in, over many rounds of the ring")
{
    test::RingMemory ring;
    RingProducer producer = test::make_producer(ring);
    RingConsumer consumer(ring.span());
    std::uint64_t random = 7;
    for (int round = 0; round < 300; ++round) {
        std::vector<std::vector<std::byte>> sent;
        for (int i = 0; i < 10; ++i) {
            random = random * 6364136223846793005 + 1442695040888963407;
            std::size_t size = sizeof(RecordHeader) + (random >> 33) % (i == 9 ? 300'000 : 3'000);
            sent.push_back(record_of(size, static_cast<unsigned char>(round + i)));
            REQUIRE(test::put(producer, sent.back()));
        }
        for (const auto& expected : sent) {
            RecordCopy copy;
            REQUIRE(consumer.next(copy) == RingConsumer::Next::record);
            REQUIRE(std::ranges::equal(copy.bytes, expected));
        }
        RecordCopy copy;
        REQUIRE(consumer.next(copy) == RingConsumer::Next::empty);
        consumer.release();
    }
    CHECK(consumer.taken() > 10 * ring_min_capacity); // it wrapped
}

TEST_CASE("ring: nothing is visible before it is published")
{
    test::RingMemory ring;
    RingProducer producer = test::make_producer(ring);
    RingConsumer consumer(ring.span());
    auto bytes = record_of(100, 1);
    auto room = producer.reserve(100);
    REQUIRE(room.size() == 100);
    std::memcpy(room.data(), bytes.data(), 100);
    RecordCopy copy;
    CHECK(consumer.next(copy) == RingConsumer::Next::empty);
    producer.publish();
    CHECK(consumer.next(copy) == RingConsumer::Next::record);
}

TEST_CASE("ring: a full ring makes the producer wait until space is released, and closing frees it")
{
    test::RingMemory ring;
    RingConsumer consumer(ring.span());
    std::atomic<int> sent{0};
    std::atomic<bool> refused{false};
    std::thread thread([&] {
        RingProducer producer = test::make_producer(ring);
        auto bytes = record_of(1 << 20, 3);
        for (int i = 0; i < 10; ++i) {
            if (!test::put(producer, bytes)) {
                refused = true;
                return;
            }
            ++sent;
        }
    });
    auto wait_for = [](auto condition) {
        for (int i = 0; i < 2000 && !condition(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return condition();
    };
    REQUIRE(wait_for([&] { return sent == 4; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(sent == 4); // four fill it
    RecordCopy copy;
    REQUIRE(consumer.next(copy) == RingConsumer::Next::record);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(sent == 4); // taken is not released
    consumer.release();
    CHECK(wait_for([&] { return sent == 5; }));
    consumer.close();
    thread.join();
    CHECK(refused);
    CHECK(sent == 5);
}

TEST_CASE("ring: impossible sizes are not reserved")
{
    test::RingMemory ring;
    RingProducer producer = test::make_producer(ring);
    CHECK(producer.reserve(ring_max_record + 1).empty());
    CHECK(producer.reserve(0).empty());
    CHECK(producer.reserve(ring_max_record).size() == ring_max_record);
}

TEST_CASE("ring: frames that cannot be are refused")
{
    test::RingMemory ring;
    auto kind = RecordKind::data;
    CHECK(first_of(ring, {64, kind, 0}, 64) == RingConsumer::Next::record);
    CHECK(first_of(ring, {0, kind, 0}, 64) == RingConsumer::Next::bad);                      // no header
    CHECK(first_of(ring, {7, kind, 0}, 64) == RingConsumer::Next::bad);                      // less than a header
    CHECK(first_of(ring, {72, kind, 0}, 64) == RingConsumer::Next::bad);                     // more than was written
    CHECK(first_of(ring, {0xfffffff8, kind, 0}, 64) == RingConsumer::Next::bad);             // more than there is
    CHECK(first_of(ring, {0xffffffff, kind, 0}, 64) == RingConsumer::Next::bad);             // overflows when padded
    CHECK(first_of(ring, {64, RecordKind(99), 0}, 64) == RingConsumer::Next::bad);           // unknown kind
    CHECK(first_of(ring, {64, RecordKind(0), 0}, 64) == RingConsumer::Next::bad);            // a skip in the middle
    CHECK(first_of(ring, {64, kind, 0}, 60) == RingConsumer::Next::bad);                     // not a multiple of 8
    CHECK(first_of(ring, {64, kind, 0}, (4u << 20) + 8) == RingConsumer::Next::bad);         // more than the ring holds
    CHECK(first_of(ring, {2u << 20, kind, 0}, 3u << 20) == RingConsumer::Next::bad);         // larger than a record may be
    ring.shared().written = 64;
    RingConsumer consumer(ring.span());
    RecordCopy copy;
    RecordHeader good{64, kind, 0};
    std::memcpy(ring.span().data() + ring_data_offset, &good, sizeof good);
    REQUIRE(consumer.next(copy) == RingConsumer::Next::record);
    ring.shared().written = 32; // backwards
    CHECK(consumer.next(copy) == RingConsumer::Next::bad);
}
