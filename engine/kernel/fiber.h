// A kernel stack that can be left and come back to. Switches are told to AddressSanitizer. A fiber belongs to no host thread.
#pragma once

#include "engine/base/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace ringside::kernel {

/// Memory for fibers' stacks: mapped with a guard page below, and reused.
class StackPool {
public:
    static constexpr std::size_t stack_size = 256 * 1024;
    StackPool() = default;
    StackPool(const StackPool&) = delete;
    StackPool& operator=(const StackPool&) = delete;
    ~StackPool();
    /// The lowest usable byte of a stack of stack_size bytes. ENOMEM.
    Result<std::byte*> get();
    void put(std::byte* stack);

private:
    static constexpr std::size_t guard = 4096;
    static constexpr std::size_t kept = 64;
    std::vector<std::byte*> free_;
};

class Fiber {
public:
    /// `body` runs at the first enter(), and must never return: it ends with finish(). Nothing may be thrown out of it.
    static Result<std::unique_ptr<Fiber>> create(StackPool& pool, std::function<void(Fiber&)> body);
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber(); ///< must not be running. What lives on its stack is not destroyed: finish() first

    /// Runs it until it leaves or finishes. Called from a stack that is not a fiber's.
    void enter();
    /// Called on the fiber: back to who entered it.
    void leave();
    /// Called on the fiber: leaves for good.
    [[noreturn]] void finish();
    bool finished() const { return finished_; }

private:
    Fiber(StackPool& pool, std::byte* stack, std::function<void(Fiber&)> body);
    struct Switch;
    StackPool& pool_;
    std::byte* stack_;
    std::function<void(Fiber&)> body_;
    void* context_ = nullptr; ///< where it stands while left
    void* caller_ = nullptr;  ///< where enter() stands while it runs
    // AddressSanitizer's: the fake stack of each side and the bounds of the caller's stack.
    void* fake_ = nullptr;
    void* caller_fake_ = nullptr;
    const void* caller_bottom_ = nullptr;
    std::size_t caller_size_ = 0;
    bool finished_ = false;
};

}
