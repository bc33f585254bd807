// The token grammar.
#include "trace/filter/tokens.h"

#include <charconv>
#include <tao/pegtl.hpp>

namespace ringside::trace::filter_detail {

namespace {

namespace peg = tao::pegtl;

// A bare word may be a name or a path: it begins with a letter, "_", "/" or ".".
struct word_first : peg::sor<peg::ranges<'a', 'z', 'A', 'Z', '_', '_', '/', '/'>, peg::range<'\x80', '\xff'>> {};
struct word_rest : peg::sor<peg::ranges<'a', 'z', 'A', 'Z', '0', '9', '_', '_', '/', '/', '-', '-', ':', ':', '@', '@', '+'>, peg::range<'\x80', '\xff'>,
                            peg::seq<peg::one<'.'>, peg::not_at<peg::one<'.'>>>> {};
struct bare_word : peg::seq<peg::sor<word_first, peg::seq<peg::one<'.'>, peg::at<word_rest>>>, peg::star<word_rest>> {};
struct unit : peg::plus<peg::sor<peg::alpha, peg::range<'\x80', '\xff'>>> {};
struct hex_number : peg::seq<peg::one<'0'>, peg::one<'x', 'X'>, peg::plus<peg::xdigit>> {};
struct decimal : peg::seq<peg::plus<peg::digit>, peg::opt<peg::seq<peg::one<'.'>, peg::plus<peg::digit>>>, peg::opt<unit>> {};
struct number : peg::seq<peg::opt<peg::one<'-'>>, peg::sor<hex_number, decimal>> {};
struct escape : peg::seq<peg::one<'\\'>, peg::any> {};
struct quoted_body : peg::star<peg::sor<escape, peg::not_one<'"', '\\'>>> {};
struct quoted : peg::seq<peg::one<'"'>, quoted_body, peg::one<'"'>> {};
struct open_quote : peg::seq<peg::one<'"'>, quoted_body, peg::opt<peg::one<'\\'>>, peg::eof> {};
struct symbol : peg::sor<peg::string<'=', '='>, peg::string<'!', '='>, peg::string<'<', '='>, peg::string<'>', '='>, peg::string<'&', '&'>,
                         peg::string<'|', '|'>, peg::string<'.', '.'>, peg::one<'<', '>', '~', '!', '(', ')', '{', '}', ','>> {};
struct blank : peg::plus<peg::space> {};
struct token : peg::sor<blank, quoted, open_quote, number, symbol, bare_word> {};
struct tokens : peg::star<token> {};

struct Splitting {
    std::vector<Word> words;
    std::optional<FilterError> error;
};

int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Resolves escapes. One that is not known stays as it is, so that "\.so$" is the regular expression that it looks like.
std::string unescaped(std::string_view body)
{
    std::string text;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] != '\\' || i + 1 == body.size()) {
            text += body[i];
            continue;
        }
        char c = body[++i];
        switch (c) {
        case 'n': text += '\n'; break;
        case 't': text += '\t'; break;
        case 'r': text += '\r'; break;
        case '0': text += '\0'; break;
        case '"': text += '"'; break;
        case '\\': text += '\\'; break;
        case 'x':
            if (i + 2 < body.size() && hex_digit(body[i + 1]) >= 0 && hex_digit(body[i + 2]) >= 0) {
                text += static_cast<char>(hex_digit(body[i + 1]) * 16 + hex_digit(body[i + 2]));
                i += 2;
                break;
            }
            [[fallthrough]];
        default:
            text += '\\';
            text += c;
        }
    }
    return text;
}

template <class Rule>
struct action : peg::nothing<Rule> {};

template <TokenKind kind>
struct keep {
    template <class Input>
    static void apply(const Input& in, Splitting& splitting)
    {
        splitting.words.push_back({kind, in.string(), in.position().byte, in.size()});
    }
};
template <>
struct action<bare_word> : keep<TokenKind::word> {};
template <>
struct action<number> : keep<TokenKind::number> {};
template <>
struct action<symbol> : keep<TokenKind::symbol> {};
template <>
struct action<quoted> {
    template <class Input>
    static void apply(const Input& in, Splitting& splitting)
    {
        std::string_view all = in.string_view();
        splitting.words.push_back({TokenKind::string, unescaped(all.substr(1, all.size() - 2)), in.position().byte, in.size()});
    }
};
template <>
struct action<open_quote> {
    template <class Input>
    static void apply(const Input& in, Splitting& splitting)
    {
        splitting.error = FilterError {in.position().byte + 1, in.size(), "This text has no closing quote."};
    }
};

constexpr std::size_t text_limit = 16 * 1024;

}

std::variant<std::vector<Word>, FilterError> split(std::string_view text)
{
    if (text.size() > text_limit)
        return FilterError {text_limit, 0, "The filter is too long (more than 16 KiB)."};
    peg::memory_input in(text.data(), text.data() + text.size(), "filter");
    Splitting splitting;
    peg::parse<tokens, action>(in, splitting);
    if (splitting.error)
        return *splitting.error;
    if (!in.empty()) {
        std::size_t at = in.position().byte;
        std::string piece(1, text[at]);
        if (piece == "=")
            return FilterError {at + 1, 1, "\"=\" is no operator. Did you mean ==?"};
        if (piece == "&" || piece == "|")
            return FilterError {at + 1, 1, "\"" + piece + "\" is no operator. Did you mean " + piece + piece + "?"};
        if (piece == "'")
            return FilterError {at + 1, 1, "Texts stand in double quotes: \"…\"."};
        bool printable = text[at] > ' ' && text[at] < 0x7f;
        return FilterError {at + 1, 1, printable ? "\"" + piece + "\" cannot stand here." : "This character cannot stand here."};
    }
    splitting.words.push_back({TokenKind::end, {}, text.size(), 0});
    return std::move(splitting.words);
}

}
