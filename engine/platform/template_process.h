// The template: a stub without a guest, from which all stubs are forked. Made before confinement, while the Sentry is small.
#pragma once

#include "engine/base/result.h"
#include "engine/boundary/host_call.h"
#include "engine/platform/control_file.h"
#include "engine/platform/platform.h"

#include <optional>
#include <sys/types.h>

namespace ringside::platform {

/// The signal that interrupts a running guest thread.
constexpr int kick_signal = stub::kick_number;

struct TemplateProcess {
    pid_t pid;
    host::Fd pidfd;
};
/// Starts the stub program with the memory file, the control file and `ack` as its only descriptors. It waits for orders. The host ends it
/// with the calling thread.
Result<TemplateProcess> start_template(const StubOptions& options, const ControlFile& control, int ack);

class OrderQueue;
/// Gives the orders that make it a template: handlers, limits, an address space that holds only the stub region, the filter. An error means
/// that it is dead.
Result<void> set_up_template(OrderQueue& orders, ControlFile& control, const StubOptions& options);

}
