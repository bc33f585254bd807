// The first stack. Built in one piece in the kernel's memory and copied out at once.

#include "engine/loader/stack.h"

#include "engine/kernel/limits.h"
#include "engine/kernel/task.h"
#include "engine/loader/guest_write.h"

#include <cstring>
#include <elf.h>
#include <sys/mman.h>

namespace ringside::loader {

namespace {

/// Bytes that end at a guest address and grow downwards.
class Downwards {
public:
    explicit Downwards(std::uint64_t top) : top_(top) { }
    std::uint64_t at() const { return top_ - size_; }
    /// Puts bytes below; where they begin.
    std::uint64_t push(std::span<const std::byte> bytes)
    {
        reversed_chunks_.push_back(std::vector(bytes.begin(), bytes.end()));
        size_ += bytes.size();
        return at();
    }
    std::uint64_t push_string(const std::string& text) { return push(std::as_bytes(std::span(text.c_str(), text.size() + 1))); }
    void skip_to(std::uint64_t address) { push(std::vector<std::byte>(at() - address)); }
    std::vector<std::byte> bytes() const
    {
        std::vector<std::byte> all;
        all.reserve(size_);
        for (auto it = reversed_chunks_.rbegin(); it != reversed_chunks_.rend(); ++it)
            all.insert(all.end(), it->begin(), it->end());
        return all;
    }

private:
    std::uint64_t top_;
    std::uint64_t size_ = 0;
    std::vector<std::vector<std::byte>> reversed_chunks_;
};

/// setup_arg_pages: 128 KiB more than is used, as far as the limit goes.
Result<void> map_stack(kernel::Task& task, mm::AddressSpace& space, std::uint64_t top, std::uint64_t bottom, bool executable)
{
    constexpr std::uint64_t expand = 128 << 10;
    std::uint64_t limit = page_down(task.limits().soft(RLIMIT_STACK));
    std::uint64_t used = top - page_down(bottom);
    std::uint64_t size = std::max(used, std::min(used + expand, limit));
    mm::MapRequest request {GuestAddr(top - size), size, PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0),
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_STACK, {}, 0, {}, 0, 0, 0, PROT_READ | PROT_WRITE | PROT_EXEC};
    TRY(space.map(task, request));
    return {};
}

}

Result<GuestAddr> build_stack(kernel::Task& task, mm::AddressSpace& space, std::uint64_t top, std::uint64_t shift, const StackContent& content)
{
    auto& layout = space.layout();
    Downwards stack(top);
    stack.skip_to(top - sizeof(void*));
    std::uint64_t path = stack.push_string(content.path);
    std::vector<std::uint64_t> environment(content.envp.size()), arguments(content.argv.size());
    layout.env_end = GuestAddr(stack.at());
    for (std::size_t i = content.envp.size(); i-- > 0;)
        environment[i] = stack.push_string(content.envp[i]);
    layout.env_start = layout.arg_end = GuestAddr(stack.at());
    for (std::size_t i = content.argv.size(); i-- > 0;)
        arguments[i] = stack.push_string(content.argv[i]);
    layout.arg_start = GuestAddr(stack.at());

    stack.skip_to((stack.at() - shift) & ~std::uint64_t {15});
    std::uint64_t platform = stack.push_string("x86_64");
    std::uint64_t random = stack.push(content.random);

    layout.auxv.clear();
    for (auto [key, value] : content.auxv) {
        if (key == AT_RANDOM)
            value = random;
        else if (key == AT_EXECFN)
            value = path;
        else if (key == AT_PLATFORM)
            value = platform;
        layout.auxv.insert(layout.auxv.end(), {key, value});
    }
    layout.auxv.insert(layout.auxv.end(), {AT_NULL, 0});

    std::vector<std::uint64_t> words;
    words.push_back(arguments.size());
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(0);
    words.insert(words.end(), environment.begin(), environment.end());
    words.push_back(0);
    words.insert(words.end(), layout.auxv.begin(), layout.auxv.end());
    std::uint64_t pointer = (stack.at() - words.size() * sizeof(std::uint64_t)) & ~std::uint64_t {15};
    stack.skip_to(pointer + words.size() * sizeof(std::uint64_t));
    stack.push(std::as_bytes(std::span(words)));

    TRY(map_stack(task, space, top, pointer, content.executable));
    TRY(write_guest(task, space, GuestAddr(pointer), stack.bytes()));
    layout.start_stack = GuestAddr(pointer);
    return GuestAddr(pointer);
}

}
