// What builds with sanitizers do more in the Sentry; these functions do nothing in other builds.
#pragma once

namespace ringside::sentry {

/// Before the confinement: opens the file that RINGSIDE_SANITIZER_LOG names, if it does, to add reports to it. Else they go to standard
/// error, which is the guest's, and are lost where a test throws that away.
void open_sanitizer_log();

/// From here on reports go to that file. In the process that they come from: the runtime closes what its parent chose.
void report_to_log();

/// With the filter in force: the fault that RINGSIDE_TEST_FAULT names (heap, stack, undefined), on a fiber as all of the kernel's code. The
/// test of these reports asks for it.
void commit_test_fault();

}
