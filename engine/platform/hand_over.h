// How requests of guests reach the Sentry, and answers the guests: which worker serves, and whether the two sides spin for each other.
//
// Worker 0 stands on the guests' processor: each side sleeps while the other runs, and a hand-over is two futex calls a side. Worker 1 stands
// on another one, where it spins for requests while guests spin for its answers: ten times as fast, but it takes a processor that nobody else
// needs. The policy here sees the times of requests and how much processor time the spinning worker really got; it makes no host call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace ringside::platform {

/// automatic, or one fixed for comparison: futex never leaves worker 0; spin stays on worker 1, which gives up its processor after a while
/// without requests; gang spins there as long as a guest may send one soon; spread never leaves worker 0, but all may run on any processor.
enum class HandOverChoice { automatic, futex, spin, gang, spread };
std::optional<HandOverChoice> hand_over_choice(std::string_view name);

class HandOver {
public:
    using Time = std::uint64_t; ///< CLOCK_MONOTONIC, ns
    /// `processor_time` is the calling worker's own, ns.
    HandOver(HandOverChoice choice, std::function<Time()> processor_time) : choice_(choice), processor_time_(std::move(processor_time)) { }

    /// There is a second worker on a processor of its own.
    void allow_second_worker() { second_ = true; }
    /// While guests are spread the first worker serves: no processor is free to spin on.
    void guests_are_spread(bool spread) { spread_ = spread; }
    /// The second worker has taken over, or the first again.
    void moved(unsigned worker, Time now);
    /// A request of a guest was taken.
    void request(Time now);
    /// The spinning worker has found nothing.
    void nothing(Time now);

    /// Who should serve.
    unsigned wanted() const { return wanted_; }
    unsigned worker() const { return worker_; }
    /// The serving worker is to look again instead of sleeping.
    bool spins() const { return spinning_; }
    /// Guests spin for answers while this holds.
    bool guests_spin() const { return worker_ != 0; }

    // What the rules are made of.
    static constexpr Time dense_gap = 25'000;     ///< requests closer than this count for spinning
    static constexpr Time spin_time = 60'000;     ///< without a request: back, or to sleep
    static constexpr Time gang_time = 1'000'000;
    static constexpr int first_threshold = 16, last_threshold = 1024;
    static constexpr Time epoch = 10'000'000;     ///< of spinning, before it is judged
    static constexpr Time trial = 30'000'000;     ///< of serving by sleeping, to compare
    static constexpr Time first_hold = 100'000'000, last_hold = 2'000'000'000; ///< a result of the comparison holds so long

private:
    void begin_epoch(Time now);
    void end_visit();
    void judge(Time now);
    void compare(Time now);

    HandOverChoice choice_;
    std::function<Time()> processor_time_;
    bool second_ = false, spread_ = false;
    unsigned worker_ = 0, wanted_ = 0;
    bool spinning_ = false;
    Time last_ = 0; ///< request

    // A counter that leaks: how dense requests are; and what it must reach.
    int density_ = 0, threshold_ = first_threshold;
    int visit_ = 0; ///< requests since the second worker took over

    // The second worker's efficiency: what it got of its processor, over visits.
    Time visit_start_ = 0, visit_processor_ = 0;
    Time epoch_time_ = 0, epoch_processor_ = 0;
    std::uint64_t epoch_requests_ = 0;

    // Comparison beside foreign load.
    bool comparing_ = false;
    Time trial_start_ = 0;
    std::uint64_t trial_requests_ = 0;
    double spun_ns_ = 0; ///< a request, while it spun
    Time hold_ = first_hold, held_until_ = 0;
};

}
