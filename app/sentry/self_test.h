// The Sentry's tests of its own confinement: run from inside, they try what must not be possible.
#pragma once

#include "engine/boundary/confine.h"

#include <string>

namespace ringside::sentry {

/// Before the filter: what of the host is there, as far as namespaces, mounts and capabilities hold alone.
void test_effects(const boundary::HostView& view, bool full);
/// Under the filter (FilterOptions::only_count): every forbidden host call is refused.
void test_filter();
/// The results so far, a line each: "ok NAME" or "FAILED NAME: what happened". True: all well.
bool self_test_results(std::string& report);

}
