// The columns that filters, statistics, sorting and the timeline need, for all events, in memory: some 34 bytes a row. Loaded
// in the background from a connection of its own, and topped up while a trace grows.
#pragma once

#include "trace/expected.h"
#include "trace/trace_file.h"

#include <atomic>
#include <cstdint>
#include <vector>

namespace ringside::trace {

/// Row i is event i + 1. All vectors have the same length.
struct HotColumns {
    std::vector<std::uint64_t> ts;
    std::vector<std::uint32_t> dur;       ///< ns; the largest value means "that or more"
    std::vector<std::uint32_t> thread;
    std::vector<std::int16_t> nr;         ///< system call or signal number; -1 where it does not fit
    std::vector<std::int32_t> ret;        ///< the lower half; see `state` for whether it fits and for errnos
    std::vector<std::uint32_t> path;      ///< string id, 0: none
    std::vector<std::uint16_t> host_calls; ///< the largest value means "that or more"
    std::vector<std::uint32_t> object;    ///< what the first descriptor argument refers to, 0: none
    std::vector<std::uint8_t> kind;       ///< EventKind
    std::vector<std::uint8_t> state;      ///< hot_state bits, the verdict among them

    std::size_t size() const { return ts.size(); }
    bool is_call(std::size_t row) const { return kind[row] == static_cast<std::uint8_t>(EventKind::syscall); }
    bool has_ret(std::size_t row) const;
    /// The errno of a call that failed, else 0.
    int error(std::size_t row) const;
    Verdict verdict(std::size_t row) const { return static_cast<Verdict>((state[row] >> 4) & 3); }
    /// A call that had to wait, or never came back.
    bool blocked(std::size_t row) const;
    /// Shown as a problem: such a call, or a signal that ended the process.
    bool is_problem(std::size_t row) const;
    /// A call that failed, or was refused, and not as expected (trace/expected.h). Fatal signals are problems besides.
    bool is_problem_call(std::size_t row) const;

    // For load_hot_columns: how far searches have been followed, and how many paths it may still look up.
    Searches searches;
    std::size_t searched = 0;
    std::size_t lookups_left = 200'000;
};

namespace hot_state {
constexpr std::uint8_t has_ret = 1;
constexpr std::uint8_t ret_fits = 2; ///< `ret` is the whole result
constexpr std::uint8_t failed = 4;   ///< ret is -4095..-1
constexpr std::uint8_t expected = 8; ///< failed as healthy programs do
constexpr std::uint8_t verdict = 0x30;
constexpr std::uint8_t waited = 0x40; ///< a call that was completed by another row
constexpr std::uint8_t fatal = 0x80;  ///< the process ended through this
}

/// Reads what is not yet in `columns`, and what has come back since. Returns false when `cancel` was set (columns are whole
/// up to their size then). `progress` gets the number of rows from time to time.
bool load_hot_columns(const std::string& path, HotColumns& columns, const std::atomic<bool>& cancel,
    const std::function<void(std::size_t)>& progress = {});

}
