// Fibers on Boost.Context's own switch, so that no exception machinery is needed to end one.

#include "engine/kernel/fiber.h"

#include "engine/boundary/host_call.h"

#include <boost/context/detail/fcontext.hpp>
#include <cstdlib>
#include <sys/mman.h>

#ifdef RINGSIDE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace ringside::kernel {

namespace context = boost::context::detail;

namespace {

// What AddressSanitizer must hear around each switch; nothing in other builds.
void start_switch([[maybe_unused]] void** save, [[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t size)
{
#ifdef RINGSIDE_ASAN
    __sanitizer_start_switch_fiber(save, bottom, size);
#endif
}

void finish_switch([[maybe_unused]] void* fake, [[maybe_unused]] const void** bottom, [[maybe_unused]] std::size_t* size)
{
#ifdef RINGSIDE_ASAN
    __sanitizer_finish_switch_fiber(fake, bottom, size);
#endif
}

}

StackPool::~StackPool()
{
    for (std::byte* stack : free_)
        (void)host::call(SYS_munmap, stack - guard, stack_size + guard);
}

Result<std::byte*> StackPool::get()
{
    if (!free_.empty()) {
        std::byte* stack = free_.back();
        free_.pop_back();
        return stack;
    }
    long base = TRY(host::call(SYS_mmap, 0, stack_size + guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    auto* stack = reinterpret_cast<std::byte*>(base) + guard;
    auto opened = host::call(SYS_mprotect, stack, stack_size, PROT_READ | PROT_WRITE);
    if (!opened.ok()) {
        (void)host::call(SYS_munmap, base, stack_size + guard);
        return opened.error();
    }
    return stack;
}

void StackPool::put(std::byte* stack)
{
#ifdef RINGSIDE_ASAN
    __asan_unpoison_memory_region(stack, stack_size); // the frames that finish() left behind
#endif
    if (free_.size() < kept)
        free_.push_back(stack);
    else
        (void)host::call(SYS_munmap, stack - guard, stack_size + guard);
}

/// The entry of every fiber and both halves of a switch.
struct Fiber::Switch {
    [[noreturn]] static void entry(context::transfer_t from)
    {
        auto& fiber = *static_cast<Fiber*>(from.data);
        fiber.caller_ = from.fctx;
        finish_switch(nullptr, &fiber.caller_bottom_, &fiber.caller_size_);
        fiber.body_(fiber);
        std::abort(); // a body ends with finish()
    }
};

Result<std::unique_ptr<Fiber>> Fiber::create(StackPool& pool, std::function<void(Fiber&)> body)
{
    std::byte* stack = TRY(pool.get());
    return std::unique_ptr<Fiber>(new Fiber(pool, stack, std::move(body)));
}

Fiber::Fiber(StackPool& pool, std::byte* stack, std::function<void(Fiber&)> body)
    : pool_(pool)
    , stack_(stack)
    , body_(std::move(body))
    , context_(context::make_fcontext(stack + StackPool::stack_size, StackPool::stack_size, &Switch::entry))
{
}

Fiber::~Fiber()
{
    pool_.put(stack_);
}

void Fiber::enter()
{
    start_switch(&caller_fake_, stack_, StackPool::stack_size);
    context::transfer_t back = context::jump_fcontext(context_, this);
    finish_switch(caller_fake_, nullptr, nullptr);
    context_ = back.fctx;
}

void Fiber::leave()
{
    start_switch(&fake_, caller_bottom_, caller_size_);
    context::transfer_t back = context::jump_fcontext(caller_, nullptr);
    caller_ = back.fctx;
    finish_switch(fake_, &caller_bottom_, &caller_size_);
}

void Fiber::finish()
{
    finished_ = true;
    start_switch(nullptr, caller_bottom_, caller_size_); // null: the fake stack is freed
    context::jump_fcontext(caller_, nullptr);
    std::abort();
}

}
