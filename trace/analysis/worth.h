// "Worth a look": what a careful person wants to know of a run unasked, by the rules of resources/worth.toml.
#pragma once

#include "trace/analysis/files.h"
#include "trace/analysis/network.h"

#include <string>
#include <string_view>
#include <vector>

namespace ringside::trace::analysis {

struct WorthRule {
    std::string id, title;
    std::vector<std::string> paths; ///< globs
    bool read = false, write = false, execute = false, tried = false;
    std::string what;               ///< of the rules that are no file rules
    std::vector<std::string> calls;
};

/// The rules in TOML. Throws Error with the line that is wrong.
std::vector<WorthRule> parse_worth_rules(std::string_view toml);
/// Those that are shipped.
const std::vector<WorthRule>& worth_rules();

struct Notice {
    std::string rule, title;
    std::vector<std::string> details;  ///< paths, addresses: the first few
    std::vector<EventId> events;       ///< one for each detail
    std::uint64_t count = 0;
};

/// In the rules' order, those that apply alone.
std::vector<Notice> worth_a_look(const Input& input, const std::vector<FileUse>& files, const std::vector<Connection>& connections,
    const std::vector<WorthRule>& rules = worth_rules());

/// Whether `path` fits a glob of the rules: `~` is a home folder, `*` stays within a name, `**` does not.
bool fits_glob(std::string_view glob, std::string_view path, const std::vector<std::string>& homes);

}
