// What may stand at the cursor of a filter: fields, operators, or the values of the field before it.
#include "trace/filter/expression.h"
#include "trace/filter/tokens.h"

#include "trace/event_view.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::trace {

using namespace filter_detail;

namespace {

constexpr std::size_t most = 200;

bool is_operator(const Word& word)
{
    static constexpr std::string_view all[] = {"==", "!=", "<", "<=", ">", ">=", "~", "matches", "glob", "contains", "in", "eq", "ne", "lt", "le", "gt", "ge"};
    return (word.kind == TokenKind::symbol || word.kind == TokenKind::word) && std::ranges::find(all, word.text) != std::end(all);
}

void offer(Completions& out, std::string_view prefix, std::string_view text, std::string_view note)
{
    if (out.candidates.size() < most && text.starts_with(prefix))
        out.candidates.push_back({std::string(text), std::string(note)});
}

void offer_fields(Completions& out, std::string_view prefix)
{
    for (const FieldInfo& info : fields())
        offer(out, prefix, info.name, info.note);
    for (std::string_view word : {"any", "all", "not"})
        offer(out, prefix, word, "");
}

void offer_operators(Completions& out, std::string_view prefix, const FieldInfo& info)
{
    if (info.type == Type::flag) {
        for (std::string_view word : {"&&", "||"})
            offer(out, prefix, word, "");
        return;
    }
    for (std::string_view word : {"==", "!=", "in"})
        offer(out, prefix, word, "");
    bool text = info.type == Type::text || info.type == Type::syscall || info.type == Type::process;
    if (text) {
        offer(out, prefix, "~", "regular expression");
        offer(out, prefix, "glob", "wildcards * and ?");
        offer(out, prefix, "contains", "a part of it");
    } else if (info.type == Type::number || info.type == Type::duration || info.type == Type::size) {
        for (std::string_view word : {"<", "<=", ">", ">="})
            offer(out, prefix, word, "");
    }
}

void offer_values(Completions& out, std::string_view prefix, const FieldInfo& info)
{
    for (std::string_view name : names_of(info.type == Type::number && info.field == Field::ret ? Type::errno_ : info.type)) {
        std::string_view note = info.type == Type::errno_ ? errno_text(errno_number(name)) : std::string_view {};
        offer(out, prefix, name, note);
    }
}

/// The field whose value stands at the end of `words`: "field op", "field in { a ,".
const FieldInfo* value_wanted(const std::vector<Word>& words)
{
    if (words.empty())
        return nullptr;
    std::size_t at = words.size() - 1;
    if (words[at].text == "{" || words[at].text == ",") {
        while (at > 0 && words[at].text != "{")
            --at;
        if (at == 0)
            return nullptr;
        --at;
    }
    return is_operator(words[at]) && at > 0 && words[at - 1].kind == TokenKind::word ? find_field(words[at - 1].text) : nullptr;
}

}

Completions complete_filter(std::string_view text, std::size_t cursor)
{
    Completions out;
    cursor = std::min(cursor, text.size());
    std::size_t begin = cursor;
    auto in_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
    while (begin > 0 && in_word(text[begin - 1]))
        --begin;
    std::size_t end = cursor;
    while (end < text.size() && in_word(text[end]))
        ++end;
    out.begin = begin;
    out.end = end;
    auto parsed = split(text.substr(0, begin));
    auto* words = std::get_if<std::vector<Word>>(&parsed);
    if (!words)
        return out; // inside a text in quotes
    words->pop_back();
    std::string_view prefix = text.substr(begin, cursor - begin);
    if (const FieldInfo* field = value_wanted(*words)) {
        offer_values(out, prefix, *field);
        return out;
    }
    if (words->empty()) {
        offer_fields(out, prefix);
        return out;
    }
    const Word& last = words->back();
    static constexpr std::string_view openers[] = {"(", "!", "&&", "||", "and", "or", "not", "any", "all"};
    if (std::ranges::find(openers, last.text) != std::end(openers) && last.kind != TokenKind::string) {
        offer_fields(out, prefix);
        return out;
    }
    bool after_operator = words->size() > 1 && is_operator((*words)[words->size() - 2]);
    const FieldInfo* field = last.kind == TokenKind::word && !after_operator ? find_field(last.text) : nullptr;
    if (field) {
        offer_operators(out, prefix, *field);
        return out;
    }
    for (std::string_view word : {"&&", "||", "and", "or"})
        offer(out, prefix, word, "");
    return out;
}

}
