// Traces for the tests of the window: whole ones of the synthetic producer, and one that grows while it is looked at.
#pragma once

#include "tests/unit/recording.h"

#include <memory>
#include <string>

namespace ringside::test {

/// A finished trace with this many events or a few more.
inline std::string synthetic_trace(const TemporaryFolder& folder, std::uint64_t events, std::uint64_t seed = 1)
{
    std::string path = folder / ("synthetic-" + std::to_string(seed) + ".ringside");
    record_synthetic({.events = events, .seed = seed}, path);
    return path;
}

/// A recorder that gets the first half of what the producer makes, and the rest when it is told to go on.
class GrowingTrace {
public:
    GrowingTrace(std::string path, std::uint64_t events) : recorder_(ring_.span(), options_for(std::move(path)))
    {
        recorder_.start();
        trace::Synthetic synthetic({.events = events}, [this](std::span<const std::byte> record) {
            records_.emplace_back(record.begin(), record.end());
            return true;
        });
        synthetic.run();
        events_ = synthetic.events();
        put_until(records_.size() / 2);
    }

    void finish()
    {
        put_until(records_.size());
        recorder_.finish(trace::RecordingEnd::exited);
    }
    trace::EventId events() const { return events_; }

private:
    static trace::RecorderOptions options_for(std::string path)
    {
        trace::RecorderOptions options;
        options.path = std::move(path);
        return options;
    }
    void put_until(std::size_t end)
    {
        for (; next_ < end; ++next_)
            put(producer_, records_[next_]);
    }

    RingMemory ring_;
    trace::RingProducer producer_ = make_producer(ring_);
    trace::Recorder recorder_;
    std::vector<std::vector<std::byte>> records_;
    std::size_t next_ = 0;
    trace::EventId events_ = 0;
};

}
