// What the pages of mapped files held, by address space: in replay a mapping of a file becomes anonymous memory, filled at once with
// everything that the recording later made present in it. Pages that never became present stay inaccessible, so that a touch past
// the end of a file faults as it did.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/replay/log.h"

#include <functional>
#include <unordered_map>
#include <vector>

namespace ringside::replay {

struct Range {
    std::uint64_t start, end;
};

/// Takes [start, end) out of each range.
std::vector<Range> subtract(const std::vector<Range>& ranges, Range hole);

/// An address space is named by the event that made it (fork, exec); the first by 0.
using SpaceId = trace::EventId;

/// The CLONE_* flags of a call that made a thread (fork, vfork, clone, clone3).
std::uint64_t clone_flags(const Log& log, trace::EventId id);

class MappedContent {
public:
    /// Indexes the page-ins and the changes of mappings of every address space.
    explicit MappedContent(const Log& log);

    using Sink = std::function<void(std::uint64_t address, std::span<const std::byte> bytes)>;
    /// Hands over what became present in `range` of `space` from event `from` on, which has just mapped it, as long as it was still
    /// mapped so. Returns the parts that never became present.
    std::vector<Range> fill(SpaceId space, Range range, trace::EventId from, const Sink& sink) const;

private:
    struct Step {
        trace::EventId event;
        bool page_in; ///< else: [start, end) was mapped anew, unmapped or dropped
        std::uint64_t start, end;
        std::span<const std::byte> bytes;
    };
    void add_change(const Log& log, trace::EventId id, std::vector<Step>& steps);
    std::unordered_map<SpaceId, std::vector<Step>> spaces_;
};

}
