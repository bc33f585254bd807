// The three things that an address space keeps ranges of: VMAs (what the guest believes), runs (which bytes of the memory file stand
// there) and slots (offsets that are kept for an address, so that neighbouring pages stay neighbours in the file).
#pragma once

#include "engine/base/ref.h"
#include "engine/mm/mappable.h"

#include <cstdint>
#include <string>
#include <sys/mman.h>

namespace ringside::mm {

class AddressSpace;

/// What a VMA maps, shared by the parts that it is split into. Tells the object who maps it.
class Mapping : public RefCounted {
public:
    Mapping(AddressSpace& space, Ref<Mappable> object) : space_(space), object_(std::move(object)) { object_->mapped(space_); }
    ~Mapping() override { object_->unmapped(space_); }
    Mappable& object() const { return *object_; }
    const Ref<Mappable>& object_ref() const { return object_; }
    /// The same for a forked address space.
    Ref<Mapping> copy_for(AddressSpace& space) const
    {
        auto copy = make_ref<Mapping>(space, object_);
        copy->name = name;
        copy->device = device;
        copy->inode = inode;
        copy->trace_object = trace_object;
        return copy;
    }

    std::string name;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t trace_object = 0;

private:
    AddressSpace& space_;
    Ref<Mappable> object_;
};

struct Vma {
    int prot = 0;
    int max_prot = PROT_READ | PROT_WRITE | PROT_EXEC;
    bool shared = false;
    bool anonymous = true; ///< shared anonymous memory has a mapping, but no file that the guest knows
    bool grows_down = false;
    bool no_fork = false;    ///< MADV_DONTFORK
    bool wipe_on_fork = false;
    bool locked = false;
    bool special = false;    ///< vDSO: cannot be remapped in parts, is not dumped
    Ref<Mapping> mapping;    ///< null: private anonymous
    std::uint64_t offset = 0; ///< in the object
    const char* label = "";  ///< a constant name without an object: "[vdso]"

    bool is_private_anonymous() const { return !mapping; }
    bool may_write_back() const { return mapping && shared && !anonymous && (max_prot & PROT_WRITE); }
    Vma advanced(std::uint64_t delta) const
    {
        Vma rest = *this;
        rest.offset += mapping ? delta : 0;
        return rest;
    }
    bool continued_by(std::uint64_t length, const Vma& next) const
    {
        return prot == next.prot && max_prot == next.max_prot && shared == next.shared && anonymous == next.anonymous
            && grows_down == next.grows_down && no_fork == next.no_fork && wipe_on_fork == next.wipe_on_fork && locked == next.locked
            && !special && !next.special && label == next.label && same_object(next) && (!mapping || offset + length == next.offset);
    }

private:
    bool same_object(const Vma& next) const
    {
        if (mapping == next.mapping)
            return true;
        // Shared anonymous areas are objects of their own, and named files must be the same file.
        return mapping && next.mapping && mapping->object_ref() == next.mapping->object_ref();
    }
};

/// Bytes of the memory file that stand at guest addresses, mapped in the host.
struct Run {
    enum class Kind : std::uint8_t {
        own,    ///< private, held by this address space alone: writable in place
        cow,    ///< private, held by relatives too: a write copies
        direct, ///< the object's own pages: shared, or private and not yet written
    };
    FileOffset at = 0;
    Kind kind = Kind::own;

    bool counted() const { return kind != Kind::direct; }
    Run advanced(std::uint64_t delta) const { return {at + delta, kind}; }
    bool continued_by(std::uint64_t length, const Run& next) const { return kind == next.kind && at + length == next.at; }
};

/// A reserved, unused part of the memory file that will be used when its address needs a page.
struct Slot {
    FileOffset at = 0;
    Slot advanced(std::uint64_t delta) const { return {at + delta}; }
    bool continued_by(std::uint64_t length, const Slot& next) const { return at + length == next.at; }
};

}
