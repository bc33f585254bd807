// What may stand at the cursor of a filter: fields, operators, or the values of the field before it.
#include "trace/filter/expression.h"
#include "trace/filter/tokens.h"

#include "trace/event_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

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

std::string in_quotes(std::string_view text)
{
    std::string quoted = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

const std::vector<Completion>* known_of(const KnownValues* known, std::string_view field)
{
    if (!known)
        return nullptr;
    auto at = known->find(field);
    return at == known->end() ? nullptr : &at->second;
}

/// A text in quotes that is being written: what begins like it, then what has it inside.
void offer_texts(Completions& out, std::string_view typed, const std::vector<Completion>& values)
{
    for (bool begins : {true, false})
        for (const Completion& value : values)
            if (out.candidates.size() < most && value.text.find(typed) != std::string::npos && value.text.starts_with(typed) == begins)
                out.candidates.push_back({in_quotes(value.text), value.note});
}

void offer_values(Completions& out, std::string_view prefix, const FieldInfo& info, const KnownValues* known)
{
    const std::vector<Completion>* seen = known_of(known, info.name);
    bool text = info.type == Type::text || info.type == Type::process;
    if (seen && text) {
        offer_texts(out, prefix, *seen);
        return;
    }
    std::set<std::string_view> offered;
    for (std::size_t i = 0; seen && i < seen->size(); ++i) {
        offer(out, prefix, (*seen)[i].text, (*seen)[i].note);
        offered.insert((*seen)[i].text);
    }
    for (std::string_view name : names_of(info.type == Type::number && info.field == Field::ret ? Type::errno_ : info.type)) {
        std::string_view note = info.type == Type::errno_ ? errno_text(errno_number(name)) : std::string_view {};
        if (!offered.contains(name))
            offer(out, prefix, name, note);
    }
}

/// Where the quotes begin that are open at the cursor; npos: there are none.
std::size_t open_quote(std::string_view before)
{
    std::size_t open = std::string_view::npos;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (open != std::string_view::npos && before[i] == '\\')
            ++i;
        else if (before[i] == '"')
            open = open == std::string_view::npos ? i : std::string_view::npos;
    }
    return open;
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

namespace {

/// The cursor is in a text in quotes that begins at `quote`.
void complete_text(Completions& out, std::string_view text, std::size_t quote, std::size_t cursor, const KnownValues& known)
{
    auto parsed = split(text.substr(0, quote));
    auto* words = std::get_if<std::vector<Word>>(&parsed);
    if (!words)
        return;
    words->pop_back();
    const FieldInfo* field = value_wanted(*words);
    bool pattern = !words->empty() && (words->back().text == "~" || words->back().text == "matches");
    const std::vector<Completion>* values = field && !pattern ? known_of(&known, field->name) : nullptr;
    if (!values)
        return;
    out.begin = quote;
    out.end = cursor;
    if (cursor < text.size() && text[cursor] == '"')
        ++out.end;
    offer_texts(out, text.substr(quote + 1, cursor - quote - 1), *values);
}

}

Completions complete_filter(std::string_view text, std::size_t cursor, const KnownValues* known)
{
    Completions out;
    cursor = std::min(cursor, text.size());
    if (std::size_t quote = open_quote(text.substr(0, cursor)); quote != std::string_view::npos) {
        out.begin = out.end = cursor;
        if (known)
            complete_text(out, text, quote, cursor, *known);
        return out;
    }
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
        offer_values(out, prefix, *field, known);
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

std::vector<std::string> filter_parts(std::string_view text)
{
    auto parsed = split(text);
    auto* words = std::get_if<std::vector<Word>>(&parsed);
    if (!words || words->size() < 2 || !std::holds_alternative<Filter>(Filter::compile(text)))
        return {};
    std::vector<std::string> parts;
    std::size_t begin = 0;
    int depth = 0;
    auto take = [&](std::size_t end) {
        std::string_view piece = text.substr(begin, end - begin);
        std::size_t first = piece.find_first_not_of(" \t\n"), last = piece.find_last_not_of(" \t\n");
        parts.emplace_back(piece.substr(first, last - first + 1));
    };
    for (const Word& word : *words) {
        if (word.kind == TokenKind::string)
            continue;
        if (word.text == "(" || word.text == "{")
            ++depth;
        if (word.text == ")" || word.text == "}")
            --depth;
        if (depth == 0 && (word.text == "||" || word.text == "or"))
            return {std::string(text)}; // it binds less than all else
        if (word.kind == TokenKind::end || (depth == 0 && (word.text == "&&" || word.text == "and"))) {
            take(word.begin);
            begin = word.begin + word.length;
        }
    }
    return parts;
}

}
