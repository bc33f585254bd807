// The filter language: `syscall == openat && path ~ "^/etc" && ret < 0`. Parsed, checked, then evaluated per event.
//
// Wireshark's display filters are the model. compile() either gives a filter that is known to be sound, or one message that
// points at a column. Evaluation is bounded: regular expressions are RE2 (linear), texts are capped.
#pragma once

#include "trace/event_view.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringside::trace {

/// Why a text is no filter. message() is what people see: `Column 11: "ENOET" is no error name. Did you mean ENOENT?`
struct FilterError {
    std::size_t column = 1; ///< from 1, in bytes of the text
    std::size_t length = 0; ///< of the piece that is wrong, for underlining; 0: the end of the text
    std::string text;       ///< `"ENOET" is no error name. Did you mean ENOENT?`

    std::string message() const;
};

struct HotColumns;

namespace filter_detail {
struct Expression;
}

/// A compiled filter; cheap to copy, may be used from several threads at once (each with an EventSource of its own).
class Filter {
public:
    /// Matches everything.
    Filter();

    /// Empty and blank texts match everything.
    static std::variant<Filter, FilterError> compile(std::string_view text);

    bool matches_all() const;
    const std::string& text() const { return text_; }
    /// Whether evaluation needs more than the event's own row (data, strings, descriptors): slow.
    bool needs_source() const;

    /// Whether this one event matches. `source` answers for texts and payload.
    bool matches(const Event& event, EventSource& source) const;

    /// Tests `count` rows from row `begin` of the columns (row i is event i + 1). Appends to `sure` the rows that match, and
    /// to `maybe` those that the columns alone cannot decide: ask matches() for them. Rows in neither do not match. Both
    /// ascend. `source` answers for what is few: which process a thread is of.
    void select(const HotColumns& columns, std::size_t begin, std::size_t count, EventSource& source,
                std::vector<std::uint32_t>& sure, std::vector<std::uint32_t>& maybe) const;

private:
    std::string text_;
    std::shared_ptr<const filter_detail::Expression> root_;
};

/// A word that would fit at the cursor.
struct Completion {
    std::string text;   ///< what replaces [begin, end)
    std::string note;   ///< a short explanation: "file descriptor", "No such file or directory"
};
struct Completions {
    std::size_t begin = 0, end = 0; ///< the piece of the text that a candidate replaces
    std::vector<Completion> candidates;
};
/// Values that occur in a trace, by the name of the field (known_values() finds them): offered before all that a field may be.
using KnownValues = std::map<std::string, std::vector<Completion>, std::less<>>;

/// What may stand at byte `cursor` of `text`: fields, operators, or values of the field before it, inside of quotes, too, where
/// values of the trace are known. At most 200.
Completions complete_filter(std::string_view text, std::size_t cursor, const KnownValues* known = nullptr);

/// The conditions that `&&` joins in `text`, as they are written; one where there is no `&&` outside of brackets, none where the
/// text is blank or no filter.
std::vector<std::string> filter_parts(std::string_view text);

/// The filter as people mean it: what is inside the machine (page-ins, trapped instructions, returns of calls that waited) is left out
/// unless the filter asks for kinds itself. The window and `ringside show -f` both show these rows.
std::string shown_filter(std::string_view text);

struct FilterField {
    std::string_view name;
    std::string_view type; ///< "number", "text", "duration", "size", "syscall", "errno", "flag", …
    std::string_view note;
};
/// All fields, for help, documentation and completion.
std::span<const FilterField> filter_fields();

}
