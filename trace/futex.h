// futex(2) on words in shared memory, for the two sides of the event ring that may call the kernel directly.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ringside::trace {

/// Sleeps while *word == expected, at most `timeout`; returns early at will.
void futex_wait(std::atomic<std::uint32_t>* word, std::uint32_t expected, std::chrono::milliseconds timeout);
void futex_wake(std::atomic<std::uint32_t>* word);

}
