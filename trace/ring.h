// The event ring: shared memory, one producer (the Sentry), one consumer (the recorder). It never drops: a full ring makes
// the producer wait. Layout, shared with a process that may be broken: the consumer copies every header out once and checks it.
#pragma once

#include "trace/record.h"

#include <atomic>
#include <cstddef>
#include <span>

namespace ringside::trace {

/// The first page of the shared memory; the data area follows at ring_data_offset. Positions count bytes since the start and
/// never wrap; the place in the area is `position % capacity`, capacity a power of two. A record never wraps round the end: a
/// record header of kind 0 with the size of the rest says "skip". Sleeping: a side sets its flag, looks again, and waits on the
/// other's futex word; the other wakes it only when the flag is set, and clears it only by waking. `consumer_waits` is 1 where
/// the consumer wants to be woken when much is waiting, 2 where anything at all will do (it has been idle).
struct RingShared {
    alignas(64) std::atomic<std::uint64_t> written;          ///< by the producer
    std::atomic<std::uint32_t> producer_waits;               ///< producer sleeps on `released_word`
    std::atomic<std::uint32_t> written_word;                 ///< futex: changes when something was published to a sleeper
    alignas(64) std::atomic<std::uint64_t> released;         ///< by the consumer, after COMMIT
    std::atomic<std::uint32_t> consumer_waits;               ///< consumer sleeps on `written_word`
    std::atomic<std::uint32_t> released_word;                ///< futex
    std::atomic<std::uint32_t> closed;                       ///< set by the consumer: recording has ended, write no more
};

constexpr std::size_t ring_data_offset = 4096;
constexpr std::size_t ring_default_capacity = std::size_t{64} << 20;
constexpr std::size_t ring_min_capacity = std::size_t{4} << 20;
constexpr std::size_t ring_max_record = std::size_t{1} << 20; ///< larger payloads are sent as several data records

/// Lays an empty ring out in `shared`, which is zeroed, page-aligned and at least ring_data_offset + ring_min_capacity long; done
/// by the supervisor before either side starts.
void ring_init(std::span<std::byte> shared);

/// The largest power of two that fits behind the header; 0 when that is less than ring_min_capacity.
std::size_t ring_capacity(std::span<const std::byte> shared);

/// The Sentry's side. No exceptions, no allocation, no host call but the futex ones, which go through `Futex` so that the
/// engine can charge them. `reserve` gives room for a record of `size` bytes (<= ring_max_record), waiting for space; `publish`
/// makes all reserved records visible in one store. A record must be filled before the next is reserved: a producer that has to
/// wait for space publishes what it reserved before.
class RingProducer {
public:
    /// Waits until *word != expected or a wake-up came; returns early at will.
    using FutexWait = void (*)(std::atomic<std::uint32_t>* word, std::uint32_t expected);
    using FutexWake = void (*)(std::atomic<std::uint32_t>* word);

    RingProducer(std::span<std::byte> shared, FutexWait wait, FutexWake wake);
    /// Space for one record, 8-byte aligned; empty when the consumer has closed the ring, or `size` is impossible.
    std::span<std::byte> reserve(std::size_t size);
    /// Publishes what was reserved since the last call. Wakes the consumer only when it sleeps and either much is waiting or
    /// `urgent`: a recorder that is woken for every event costs more than the event.
    void publish(bool urgent = false);
    bool closed() const;

private:
    RingShared* shared_;
    std::span<std::byte> area_;
    bool wait_for(std::uint64_t end);

    std::uint64_t reserved_ = 0;
    std::uint64_t published_ = 0;
    std::uint64_t limit_ = 0;     ///< `reserved_` may grow up to here without looking at `released`
    std::uint64_t threshold_ = 0; ///< so many published and unreleased bytes wake a sleeping consumer
    FutexWait wait_;
    FutexWake wake_;
};

}
