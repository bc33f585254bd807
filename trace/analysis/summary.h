// The summary of a run: why it failed, what it touched, what is worth a look. Made once from the parts; the window's dock, the
// report and `ringside why` show the same.
#pragma once

#include "trace/analysis/touched.h"
#include "trace/analysis/why.h"
#include "trace/analysis/worth.h"

namespace ringside::trace::analysis {

struct Summary {
    Why why;
    Touched touched;
    std::vector<Notice> worth;
    std::uint64_t events = 0, problems = 0, host_calls = 0;
};

Summary summary(const Input& input, const Processes& processes);
/// The same from what is known already of the same rows.
Summary summary(const Input& input, const Processes& processes, const std::vector<FileUse>& files, const std::vector<Connection>& connections);

}
