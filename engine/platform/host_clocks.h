// The host's vDSO in stubs: where nothing is recorded, guests may read the host's clocks without leaving their process. It and its data
// pages are moved into the stub region of the template, before there is a guest; the guest's own vDSO (engine/loader/vdso) calls it there.
// System calls that it makes instead of reading come from outside the stub's code: they trap, like the guest's.
#pragma once

#include "engine/platform/stub/layout.h"

#include <optional>
#include <vector>

namespace ringside::platform {

class GuestContext;
class OrderQueue;
struct Report;

struct HostClocks {
    struct Part {
        std::uint64_t start, length; ///< in this process
    };
    std::uint64_t vdso = 0;     ///< likewise
    std::vector<Part> parts;    ///< the data and the code, each one mapping
    stub::FastClocks functions {}; ///< as they will be once moved
};

/// How the host lays out its vDSO: in this process as in every other. Needs /proc, so before it is given up. Nothing where it is of a kind that
/// we do not know.
std::optional<HostClocks> find_host_clocks();
/// Orders the move, in a process that has it at `vdso`.
void queue_moving(OrderQueue& orders, const HostClocks& clocks, std::uint64_t vdso);
/// The host's vDSO is not the guest's to see: whoever is stopped there steps out of it first. True: it is to go on. False, with the report of
/// what is to be told: it stands in the guest's code. Where that vDSO makes a system call, `clocks` is cleared: our own way is the better one.
bool leave_host_clock(GuestContext& context, Report& report, stub::FastClocks& clocks);

}
