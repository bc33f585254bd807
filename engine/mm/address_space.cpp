// An address space as a whole: made, looked at, forked.

#include "engine/mm/address_space.h"

#include "engine/kernel/task.h"
#include "engine/mm/guest_code.h"
#include "engine/mm/space_state.h"
#include "engine/record/task_recorder.h"

namespace ringside::mm {

namespace {

/// splitmix64: spreads the seed's bits.
std::uint64_t mixed(std::uint64_t value)
{
    value += 0x9e37'79b9'7f4a'7c15;
    value = (value ^ (value >> 30)) * 0xbf58'476d'1ce4'e5b9;
    value = (value ^ (value >> 27)) * 0x94d0'49bb'1331'11eb;
    return value ^ (value >> 31);
}

/// Below the stack and the gap that Linux leaves for it (mmap_base: at least 128 MB), moved by up to 2^28 pages as mmap_rnd_bits does.
std::uint64_t choose_mmap_base(std::uint64_t seed)
{
    // Without randomization where gdb's users expect it.
    if (seed == 0)
        return 0x7fff'f7ff'f000;
    constexpr std::uint64_t top = 0x7fff'f7ff'f000 - (std::uint64_t {16} << 30);
    return top - (mixed(seed) & 0xfff'ffff) * page_size;
}

}

AddressSpace::AddressSpace(std::unique_ptr<State> state) : state_(std::move(state))
{
    state_->self = this;
    state_->code = std::make_unique<CodeOfSpace>(*state_);
    state_->host->set_guest_code(state_->code.get());
}

AddressSpace::~AddressSpace()
{
    state_->write_back(0, guest_address_end);
    // The stub's end first (State's destructor): objects are told afterwards that nobody maps them here.
    state_->host.reset();
}

Result<Ref<AddressSpace>> AddressSpace::create(platform::Platform& platform, MemoryFile& memory, std::uint64_t seed)
{
    auto state = std::make_unique<State>(platform, memory, seed);
    state->host = TRY(platform.create_address_space());
    state->counts = make_ref<PageCounts>();
    state->mmap_base = choose_mmap_base(seed);
    state->id = memory.next_identity();
    return Ref<AddressSpace>(new AddressSpace(std::move(state)));
}

Result<Ref<AddressSpace>> AddressSpace::fork(kernel::Task&)
{
    State& s = *state_;
    auto state = std::make_unique<State>(s.platform, s.memory, s.seed);
    state->host = TRY(s.platform.create_address_space());
    state->counts = s.counts;
    state->mmap_base = s.mmap_base;
    state->layout = s.layout;
    state->id = s.memory.next_identity();
    Ref<AddressSpace> child(new AddressSpace(std::move(state)));
    State& c = *child->state_;
    for (const auto& [start, entry] : s.vmas) {
        Vma vma = entry.value;
        if (vma.no_fork)
            continue;
        if (vma.mapping)
            vma.mapping = vma.mapping->copy_for(*child);
        vma.locked = false; // man 2 mlock: not inherited
        bool wipe = vma.wipe_on_fork;
        c.insert(start, entry.end, std::move(vma));
        if (wipe)
            continue;
        s.runs.for_each(start, entry.end, [&](std::uint64_t a, std::uint64_t b, const Run& run) {
            if (run.counted())
                s.counts->share(run.at, b - a);
            c.runs.insert(a, b, {run.at, run.counted() ? Run::Kind::cow : Run::Kind::direct});
        });
        if (!entry.value.shared)
            s.freeze(start, entry.end);
    }
    c.map_in_host(0, guest_address_end, *c.host);
    c.host->inherit_patches(*s.host);
    // Another thread may run here: it must not write any more to what the child sees. One that is alone goes on when its orders are done.
    if (ref_count() > 1)
        static_cast<void>(s.host->flush().ok());
    return child;
}

void AddressSpace::State::freeze(std::uint64_t start, std::uint64_t end)
{
    std::vector<std::pair<std::uint64_t, std::uint64_t>> own;
    runs.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Run& run) {
        if (run.kind != Run::Kind::own)
            return;
        if (!own.empty() && own.back().second == a)
            own.back().second = b;
        else
            own.emplace_back(a, b);
    });
    for (auto [a, b] : own) {
        runs.change(a, b, [](std::uint64_t, std::uint64_t, Run& run) { run.kind = Run::Kind::cow; });
        if (vmas.find(a)->second.value.prot & PROT_WRITE)
            protect_in_host(a, b);
    }
    runs.join(start, end);
}

std::vector<VmaInfo> AddressSpace::vmas() const
{
    const State& s = *state_;
    std::vector<VmaInfo> list;
    list.reserve(s.vmas.size());
    for (const auto& [start, entry] : s.vmas) {
        const Vma& vma = entry.value;
        VmaInfo info {GuestAddr(start), GuestAddr(entry.end), vma.prot, vma.shared, vma.mapping ? vma.offset : 0, 0, 0, vma.label, 0};
        if (vma.mapping) {
            info.device = vma.mapping->device;
            info.inode = vma.mapping->inode;
            info.name = vma.mapping->name;
        } else if (info.name.empty()) {
            // fs/proc/task_mmu.c, show_map_vma: by place, not by kind.
            if (start <= s.layout.brk.value() && entry.end >= s.layout.start_brk.value() && !s.layout.brk.is_null())
                info.name = "[heap]";
            else if (start <= s.layout.start_stack.value() && entry.end >= s.layout.start_stack.value())
                info.name = "[stack]";
        }
        s.runs.for_each(start, entry.end, [&](std::uint64_t a, std::uint64_t b, const Run&) { info.resident += b - a; });
        list.push_back(std::move(info));
    }
    return list;
}

platform::AddressSpace& AddressSpace::host()
{
    return *state_->host;
}

AddressSpace::Layout& AddressSpace::layout()
{
    return state_->layout;
}

std::uint64_t AddressSpace::total_bytes() const
{
    return state_->mapped_bytes;
}

std::uint64_t AddressSpace::resident_bytes() const
{
    std::uint64_t sum = 0;
    for (const auto& [start, entry] : state_->runs)
        sum += entry.end - start;
    return sum;
}

std::uint64_t AddressSpace::data_bytes() const
{
    std::uint64_t sum = 0;
    for (const auto& [start, entry] : state_->vmas) {
        if (!entry.value.shared && (entry.value.prot & PROT_WRITE) && !entry.value.grows_down)
            sum += entry.end - start;
    }
    return sum;
}

std::uint64_t AddressSpace::locked_bytes() const
{
    return locked_bytes_in(GuestAddr(), guest_address_end);
}

std::uint64_t AddressSpace::locked_bytes_in(GuestAddr start, std::uint64_t length) const
{
    std::uint64_t sum = 0;
    std::uint64_t end = start.value() + std::min(length, ~start.value());
    state_->vmas.for_each(start.value(), end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) { sum += vma.locked ? b - a : 0; });
    return sum;
}

bool AddressSpace::anything_mapped(GuestAddr start, std::uint64_t length) const
{
    return state_->vmas.overlaps(start.value(), start.value() + length);
}

void AddressSpace::record_mappings(kernel::Task& task) const
{
    state_->record(task, 0, guest_address_end);
}

bool AddressSpace::State::recorded(kernel::Task& task) const
{
    return &task.mm() == self; // not while a program is still being loaded into it
}

void AddressSpace::State::record(kernel::Task& task, std::uint64_t start, std::uint64_t end) const
{
    if (!recorded(task))
        return;
    vmas.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) {
        int flags = (vma.shared ? MAP_SHARED : MAP_PRIVATE) | (vma.anonymous ? MAP_ANONYMOUS : 0) | (vma.grows_down ? MAP_GROWSDOWN : 0);
        std::uint64_t object = vma.mapping ? vma.mapping->trace_object : 0;
        task.recorder().mapping(task, GuestAddr(a), GuestAddr(b), vma.prot, flags, object, vma.mapping ? vma.offset : 0);
    });
}

void AddressSpace::State::record_gone(kernel::Task& task, std::uint64_t start, std::uint64_t end) const
{
    if (recorded(task))
        task.recorder().mapping(task, GuestAddr(start), GuestAddr(end), -1, 0, 0, 0);
}

}
