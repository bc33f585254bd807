// What a process said before its end: what it wrote to standard error, or to standard output where it said nothing there.
#pragma once

#include "trace/analysis/input.h"

#include <string>
#include <string_view>
#include <vector>

namespace ringside::trace::analysis {

struct Message {
    EventId event = 0;
    ProcessId process = 0;
    int fd = 0;
    std::string text;
};

/// Messages in order of time, and their text joined: programs write one line in several calls.
class Messages {
public:
    explicit Messages(std::vector<Message> messages);

    bool empty() const { return messages_.empty(); }
    /// What was said after this event.
    std::string_view after(EventId event) const;
    /// The first message after this event, 0: none.
    EventId first_after(EventId event) const;
    /// The last line that is not empty and contains `word` (any, where it is empty) and was said after `event`.
    struct Said {
        std::string text;
        EventId event = 0;
    };
    Said line_with(std::string_view word, EventId event) const;

private:
    std::vector<Message> messages_;
    std::vector<std::size_t> begin_; ///< of each in joined_
    std::string joined_;
};

/// Of the writes among `rows` (rising) those to descriptor 2 or to the object of error_output(), or to 1 where there are none of them; the
/// last 200 at most.
Messages messages_of(const Input& input, const Processes& processes, const std::vector<std::uint32_t>& rows, ObjectId error_output);

/// Whether `text` contains `word` as a whole: no letter or digit on either side of it.
bool says(std::string_view text, std::string_view word);

}
