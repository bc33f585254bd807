// See messages.h.
#include "trace/analysis/messages.h"

#include "trace/printed.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <cctype>

namespace ringside::trace::analysis {

namespace {

constexpr std::size_t most_messages = 200;
constexpr std::size_t most_bytes = 16 * 1024; // of one message

bool is_word(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

}

bool says(std::string_view text, std::string_view word)
{
    for (std::size_t at = text.find(word); !word.empty() && at != text.npos; at = text.find(word, at + 1)) {
        bool before = at == 0 || !is_word(text[at - 1]) || !is_word(word.front());
        bool after = at + word.size() == text.size() || !is_word(text[at + word.size()]) || !is_word(word.back());
        if (before && after)
            return true;
    }
    return false;
}

Messages::Messages(std::vector<Message> messages) : messages_(std::move(messages))
{
    for (const Message& message : messages_) {
        begin_.push_back(joined_.size());
        joined_ += message.text;
    }
}

std::string_view Messages::after(EventId event) const
{
    auto at = std::ranges::upper_bound(messages_, event, {}, &Message::event);
    if (at == messages_.end())
        return {};
    return std::string_view(joined_).substr(begin_[static_cast<std::size_t>(at - messages_.begin())]);
}

EventId Messages::first_after(EventId event) const
{
    auto at = std::ranges::upper_bound(messages_, event, {}, &Message::event);
    return at == messages_.end() ? 0 : at->event;
}

Messages::Said Messages::line_with(std::string_view word, EventId event) const
{
    std::string_view text = after(event);
    std::size_t base = joined_.size() - text.size();
    while (!text.empty()) {
        while (text.ends_with('\n') || text.ends_with('\r'))
            text.remove_suffix(1);
        std::size_t begin = text.rfind('\n');
        begin = begin == text.npos ? 0 : begin + 1;
        std::string_view line = text.substr(begin);
        if (line.find_first_not_of(" \t") != line.npos && (word.empty() || says(line, word))) {
            auto at = std::ranges::upper_bound(begin_, base + begin);
            return {std::string(line.substr(0, 400)), messages_[static_cast<std::size_t>(at - begin_.begin()) - 1].event};
        }
        text = text.substr(0, begin);
    }
    return {};
}

Messages messages_of(const Input& input, const Processes& processes, const std::vector<std::uint32_t>& rows, ObjectId error_output)
{
    std::vector<Message> errors, others;
    for (auto at = rows.rbegin(); at != rows.rend() && errors.size() < most_messages; ++at) {
        int nr = input.columns.nr[*at];
        bool writes = input.columns.is_call(*at) && (nr == call_nr("write") || nr == call_nr("writev")) && input.columns.has_ret(*at) && input.columns.ret[*at] > 0;
        auto event = writes ? input.trace.event(EventId {*at} + 1) : std::nullopt;
        if (!event || (event->args[0] != 1 && event->args[0] != 2))
            continue;
        // `echo >&2` of a shell writes to 1, which is then the same.
        auto& list = event->args[0] == 2 || (error_output != 0 && event->object == error_output) ? errors : others;
        std::string text = written_bytes(input.trace, *event).substr(0, most_bytes);
        if (list.size() < most_messages && !text.empty()) // nothing is kept of what went to /dev/null
            list.push_back({event->id, processes.of(event->thread), static_cast<int>(event->args[0]), std::move(text)});
    }
    auto& list = errors.empty() ? others : errors;
    std::ranges::reverse(list);
    return Messages(std::move(list));
}

}
