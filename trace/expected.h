// Failures that a healthy program meets all the time: EAGAIN and its kin, what ld.so and libc try and do without, and searches
// that find what they look for in a later place. The rest is what `problem` means, in filters, in the window and in `why`.
#pragma once

#include "trace/event_view.h"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ringside::trace {

/// Whether this call's failing with `error` says nothing about the program: EAGAIN of anything but fork, EINTR, ENOTTY, …
bool expected_error(int nr, int error);
/// What the loader and libc look for and do without: ld.so.preload, glibc-hwcaps, message catalogues, the locale archive.
bool is_known_probe(std::string_view path);

/// The last part of a path; slashes at its end do not count.
std::string_view file_name(std::string_view path);

/// Finds searches: a look-up that failed, and within 500 events one of the same thread, family of calls and file name that
/// succeeded. Takes the calls in order of their ids.
class Searches {
public:
    static constexpr EventId reach = 500;
    /// The path as the program gave it; called only where it matters.
    using PathOf = std::function<std::string(EventId)>;
    using Found = std::function<void(EventId)>;

    /// `error` is 0 for a call that succeeded. `found` gets the failures that this call shows to be expected, itself too.
    void take(EventId id, ThreadId thread, int nr, int error, const PathOf& path_of, const Found& found);

private:
    struct Failure {
        EventId id;
        int family;
        std::size_t name; ///< hash of the file name
    };
    std::unordered_map<ThreadId, std::vector<Failure>> failures_;
};

/// The argument that holds the call's first path, or -1.
int path_argument(int nr);

}
