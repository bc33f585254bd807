// For tests of the store: a ring in memory, and recordings of the synthetic producer.
#pragma once

#include "trace/recorder.h"
#include "trace/futex.h"
#include "trace/ring.h"
#include "trace/synthetic.h"

#include <cstring>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace ringside::test {

/// Shared memory laid out as a ring.
class RingMemory {
public:
    explicit RingMemory(std::size_t capacity = std::size_t{4} << 20)
        : size_(trace::ring_data_offset + capacity)
        , memory_(static_cast<std::byte*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)))
    {
        trace::ring_init(span());
    }
    ~RingMemory() { munmap(memory_, size_); }
    RingMemory(const RingMemory&) = delete;
    RingMemory& operator=(const RingMemory&) = delete;
    std::span<std::byte> span() { return {memory_, size_}; }
    trace::RingShared& shared() { return *reinterpret_cast<trace::RingShared*>(memory_); }

private:
    std::size_t size_;
    std::byte* memory_;
};

inline trace::RingProducer make_producer(RingMemory& ring)
{
    return {ring.span(), [](auto* word, std::uint32_t expected) { trace::futex_wait(word, expected, std::chrono::milliseconds(1000)); },
        [](auto* word) { trace::futex_wake(word); }};
}

/// Puts a whole record into the ring and publishes it. False: the ring is closed.
inline bool put(trace::RingProducer& producer, std::span<const std::byte> record)
{
    std::span<std::byte> room = producer.reserve(record.size());
    if (room.empty())
        return false;
    std::memcpy(room.data(), record.data(), record.size());
    producer.publish();
    return true;
}

/// A folder that is removed with all that is in it.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "ringside-test-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// Records what the generator makes, to its end.
inline trace::RecorderStatus record_synthetic(const trace::SyntheticOptions& what, trace::RecorderOptions options)
{
    RingMemory ring;
    trace::Recorder recorder(ring.span(), std::move(options));
    recorder.start();
    trace::RingProducer producer = make_producer(ring);
    trace::Synthetic synthetic(what, [&](std::span<const std::byte> record) { return put(producer, record); });
    synthetic.run();
    return recorder.finish(trace::RecordingEnd::exited);
}

inline trace::RecorderStatus record_synthetic(const trace::SyntheticOptions& what, const std::string& path)
{
    trace::RecorderOptions options;
    options.path = path;
    return record_synthetic(what, std::move(options));
}

}
