// From words to a checked tree: or, and, not, parentheses, conditions. Every error names its column and what would do.
#include "trace/filter/expression.h"
#include "trace/filter/tokens.h"
#include "trace/names.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace ringside::trace::filter_detail {

namespace {

constexpr int depth_limit = 100;
constexpr std::size_t value_limit = 1000;
constexpr std::size_t pattern_limit = 1000;

/// Thrown inside this file alone; parse() turns it into its result.
struct Wrong {
    FilterError error;
};

[[noreturn]] void fail(const Word& word, std::string text) { throw Wrong {{word.begin + 1, word.length, std::move(text)}}; }

std::string shown(const Word& word) { return word.kind == TokenKind::end ? "The filter ends" : fmt::format("\"{}\"", word.text); }

std::string suggestion(const std::string& name) { return name.empty() ? std::string() : fmt::format(" Did you mean {}?", name); }

std::optional<Op> operator_of(const Word& word)
{
    static constexpr std::pair<std::string_view, Op> symbols[] = {
        {"==", Op::equal}, {"!=", Op::not_equal}, {"<", Op::less}, {"<=", Op::less_equal}, {">", Op::greater}, {">=", Op::greater_equal}, {"~", Op::matches},
    };
    static constexpr std::pair<std::string_view, Op> words[] = {
        {"matches", Op::matches}, {"glob", Op::glob}, {"contains", Op::contains}, {"in", Op::in}, {"eq", Op::equal},
        {"ne", Op::not_equal}, {"lt", Op::less}, {"le", Op::less_equal}, {"gt", Op::greater}, {"ge", Op::greater_equal},
    };
    if (word.kind == TokenKind::symbol)
        for (auto [text, op] : symbols)
            if (text == word.text)
                return op;
    if (word.kind == TokenKind::word)
        for (auto [text, op] : words)
            if (text == word.text)
                return op;
    return std::nullopt;
}

std::string_view type_word(Type type)
{
    switch (type) {
    case Type::syscall: return "system call";
    case Type::errno_: return "error name";
    case Type::signal: return "signal";
    case Type::group: return "group of calls";
    case Type::verdict: return "verdict";
    case Type::kind: return "kind of event";
    case Type::duration: return "time";
    case Type::size: return "size";
    default: return "number";
    }
}

struct Unit {
    std::string_view name;
    double factor;
};
constexpr Unit time_units[] = {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"μs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"m", 60e9}, {"h", 3600e9}};
constexpr Unit size_units[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"KB", 1e3}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
                               {"K", 1024}, {"M", 1048576}, {"G", 1073741824}};

std::string glob_to_regex(std::string_view glob)
{
    std::string regex;
    for (char c : glob) {
        if (c == '*')
            regex += ".*";
        else if (c == '?')
            regex += '.';
        else
            regex += re2::RE2::QuoteMeta(re2::StringPiece(&c, 1));
    }
    return regex;
}

class Parser {
public:
    explicit Parser(std::vector<Word> words) : words_(std::move(words)) {}

    ExpressionPtr filter()
    {
        ExpressionPtr all = any_of();
        if (peek().kind != TokenKind::end)
            fail(peek(), peek().text == ")" ? "This \")\" closes nothing." : fmt::format("{} cannot stand here. Expected && or ||.", shown(peek())));
        return all;
    }

private:
    const Word& peek() const { return words_[at_]; }
    const Word& take() { return words_[at_ + 1 < words_.size() ? at_++ : at_]; }
    bool take_if(std::string_view symbol, std::string_view word)
    {
        bool there = (peek().kind == TokenKind::symbol && peek().text == symbol) || (peek().kind == TokenKind::word && !word.empty() && peek().text == word);
        if (there)
            take();
        return there;
    }

    ExpressionPtr joined(Expression::Kind kind, std::string_view symbol, std::string_view word, ExpressionPtr (Parser::*part)())
    {
        std::vector<ExpressionPtr> parts {(this->*part)()};
        while (take_if(symbol, word))
            parts.push_back((this->*part)());
        if (parts.size() == 1)
            return parts.front();
        auto node = std::make_shared<Expression>();
        node->kind = kind;
        node->parts = std::move(parts);
        return node;
    }
    ExpressionPtr any_of() { return joined(Expression::Kind::or_, "||", "or", &Parser::all_of); }
    ExpressionPtr all_of() { return joined(Expression::Kind::and_, "&&", "and", &Parser::negation); }

    ExpressionPtr negation()
    {
        const Word& start = peek();
        if (++depth_ > depth_limit)
            fail(start, "The filter is nested too deeply.");
        ExpressionPtr result;
        if (take_if("!", "not")) {
            auto node = std::make_shared<Expression>();
            node->kind = Expression::Kind::not_;
            node->parts.push_back(negation());
            result = node;
        } else if (take_if("(", "")) {
            result = any_of();
            if (!take_if(")", ""))
                fail(peek(), peek().kind == TokenKind::end ? "A \")\" is missing." : fmt::format("{} cannot stand here. Expected \")\", && or ||.", shown(peek())));
        } else {
            result = condition();
        }
        --depth_;
        return result;
    }

    const FieldInfo& field()
    {
        const Word& word = peek();
        if (word.kind == TokenKind::end)
            fail(word, "The filter ends where a field is expected, as in: syscall == openat");
        if (word.kind != TokenKind::word)
            fail(word, fmt::format("{} is no field. Expected a field such as syscall, path or errno.", shown(word)));
        const FieldInfo* info = find_field(word.text);
        if (!info) {
            std::vector<std::string_view> names;
            for (const FieldInfo& known : fields())
                names.push_back(known.name);
            std::string near = nearest(word.text, names);
            if (find_value_field(word.text))
                near = fmt::format("{} == {}", find_value_field(word.text)->name, word.text);
            fail(word, fmt::format("\"{}\" is no field.{}", word.text, suggestion(near)));
        }
        take();
        return *info;
    }

    /// "Did you mean …?" where something is near; else all there is, where that is little.
    static std::string help(std::string_view word, const std::vector<std::string_view>& names)
    {
        constexpr std::size_t few = 16;
        std::string near = nearest(word, names);
        if (!near.empty() || names.empty() || names.size() > few)
            return suggestion(near);
        return fmt::format(" Expected {}.", fmt::join(names, ", "));
    }

    /// A value written where a field belongs: "openat" for "syscall == openat".
    static const FieldInfo* find_value_field(std::string_view word)
    {
        for (std::string_view name : {"syscall", "errno", "signal", "group", "verdict", "kind"}) {
            const FieldInfo* info = find_field(name);
            if (value_of(info->type, word))
                return info;
        }
        return nullptr;
    }

    ExpressionPtr condition()
    {
        auto node = std::make_shared<Expression>();
        node->kind = Expression::Kind::condition;
        std::optional<Quantifier> quantifier;
        if (peek().kind == TokenKind::word && (peek().text == "any" || peek().text == "all"))
            quantifier = take().text == "all" ? Quantifier::all : Quantifier::any;
        const FieldInfo& info = field();
        node->field = info.field;
        node->type = info.type;
        const Word& sign = peek();
        std::optional<Op> op = operator_of(sign);
        if (!op) {
            if (sign.kind == TokenKind::end || (sign.kind == TokenKind::symbol && (sign.text == "&&" || sign.text == "||" || sign.text == ")")) ||
                (sign.kind == TokenKind::word && (sign.text == "and" || sign.text == "or")))
                return node; // the field alone: there is a value
            fail(sign, fmt::format("{} cannot stand here. Expected an operator after {}: == != < <= > >= ~ glob contains in.", shown(sign), info.name));
        }
        node->op = *op;
        // As in Wireshark 4: "fd != 3" says it of all descriptors, "fd == 3" of any.
        node->quantifier = quantifier.value_or(*op == Op::not_equal ? Quantifier::all : Quantifier::any);
        if (info.type == Type::flag)
            fail(sign, fmt::format("\"{0}\" is true or false and takes no operator. Write {0} or !{0}.", info.name));
        take();
        check_operator(info, *op, sign);
        if (*op == Op::in)
            set(*node, info);
        else if (*op == Op::matches || *op == Op::glob || *op == Op::contains)
            text_condition(*node);
        else
            value(*node, info);
        return node;
    }

    static bool takes_text(Type type) { return type == Type::text || type == Type::process || type == Type::syscall; }

    static void check_operator(const FieldInfo& info, Op op, const Word& sign)
    {
        bool on_text = op == Op::matches || op == Op::glob || op == Op::contains;
        if (on_text && !takes_text(info.type))
            fail(sign, fmt::format("\"{}\" is for texts; {} is a {}. Use == or in.", sign.text, info.name, info.type_name));
        bool ordering = op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
        bool ordered = info.type == Type::number || info.type == Type::duration || info.type == Type::size || info.type == Type::errno_;
        if (ordering && !ordered)
            fail(sign, fmt::format("\"{}\" is for numbers; {} is a {}. Use ==, != or in.", sign.text, info.name, info.type_name));
    }

    void text_condition(Expression& node)
    {
        const Word& word = peek();
        if (word.kind != TokenKind::string && word.kind != TokenKind::word && word.kind != TokenKind::number)
            fail(word, fmt::format("{}, but a text in quotes is expected here.", word.kind == TokenKind::end ? "The filter ends" : fmt::format("This is \"{}\"", word.text)));
        take();
        if (word.text.size() > pattern_limit)
            fail(word, fmt::format("This text is too long (more than {} bytes).", pattern_limit));
        node.texts.push_back(word.text);
        if (node.op == Op::contains)
            return;
        re2::RE2::Options options(re2::RE2::Quiet);
        options.set_encoding(re2::RE2::Options::EncodingLatin1); // a path is bytes
        options.set_max_mem(1 << 20);
        options.set_dot_nl(true);
        std::string regex = node.op == Op::glob ? glob_to_regex(word.text) : word.text;
        if (node.op == Op::glob) {
            regex.insert(0, "^(?:");
            regex += ")$";
            options.set_never_nl(false);
        }
        auto pattern = std::make_shared<re2::RE2>(regex, options);
        if (!pattern->ok())
            fail(word, fmt::format("This is no regular expression: {}.", pattern->error()));
        node.pattern = std::move(pattern);
    }

    void set(Expression& node, const FieldInfo& info)
    {
        if (!take_if("{", ""))
            fail(peek(), fmt::format("{} cannot stand here. Expected \"{{\", as in: {} in {{…}}", shown(peek()), info.name));
        for (;;) {
            if (node.numbers.size() + node.texts.size() >= value_limit)
                fail(peek(), fmt::format("More than {} values.", value_limit));
            value(node, info);
            if (take_if("}", ""))
                return;
            if (!take_if(",", ""))
                fail(peek(), peek().kind == TokenKind::end ? "A \"}\" is missing." : fmt::format("{} cannot stand here. Expected \",\" or \"}}\".", shown(peek())));
        }
    }

    void value(Expression& node, const FieldInfo& info)
    {
        const Word& word = peek();
        if (word.kind == TokenKind::end || word.kind == TokenKind::symbol)
            fail(word, word.kind == TokenKind::end ? fmt::format("The filter ends where a value for {} is expected.", info.name)
                                                   : fmt::format("{} cannot stand here. Expected a value for {}.", shown(word), info.name));
        take();
        if (info.type == Type::text || (info.type == Type::process && word.kind != TokenKind::number)) {
            node.texts.push_back(word.text);
            return;
        }
        std::int64_t low = scalar(info, word);
        std::int64_t high = low;
        if (node.op == Op::in && peek().kind == TokenKind::symbol && peek().text == "..") {
            take();
            const Word& end = take();
            if (end.kind == TokenKind::end || end.kind == TokenKind::symbol)
                fail(end, "The range has no end.");
            high = scalar(info, end);
            if (high < low)
                fail(end, "The range ends before it begins.");
        }
        node.numbers.push_back({low, high});
    }

    static std::int64_t scalar(const FieldInfo& info, const Word& word)
    {
        if (word.kind == TokenKind::number)
            return number_of(info, word);
        if (auto known = value_of(info.type, word.text))
            return *known;
        if (info.field == Field::ret)
            if (int error = static_cast<int>(value_of(Type::errno_, word.text).value_or(0)))
                return -error;
        if (info.field == Field::nr)
            if (auto nr = value_of(Type::syscall, word.text))
                return *nr;
        std::vector<std::string_view> names = names_of(info.field == Field::ret ? Type::errno_ : info.type);
        if (names.empty())
            fail(word, fmt::format("\"{}\" is no {}. {} is compared with a {}.", word.text, type_word(info.type), info.name, info.type_name));
        fail(word, fmt::format("\"{}\" is no {}.{}", word.text, type_word(info.field == Field::ret ? Type::errno_ : info.type), help(word.text, names)));
    }

    static std::int64_t number_of(const FieldInfo& info, const Word& word)
    {
        std::string_view text = word.text;
        bool negative = text.starts_with('-');
        if (negative)
            text.remove_prefix(1);
        if (text.starts_with("0x") || text.starts_with("0X")) {
            std::uint64_t value = 0;
            auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
            if (error != std::errc {} || end != text.data() + text.size())
                fail(word, fmt::format("\"{}\" is too large.", word.text));
            return static_cast<std::int64_t>(negative ? 0 - value : value);
        }
        std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
        std::string_view unit = text.substr(digits), figures = text.substr(0, digits);
        double factor = unit_factor(info, word, unit);
        if (figures.find('.') == std::string_view::npos && factor == 1) {
            std::int64_t value = 0;
            auto [end, error] = std::from_chars(figures.data(), figures.data() + figures.size(), value);
            if (error != std::errc {})
                fail(word, fmt::format("\"{}\" is too large.", word.text));
            return negative ? -value : value;
        }
        double value = 0;
        std::from_chars(figures.data(), figures.data() + figures.size(), value);
        value *= factor;
        if (unit.empty() && info.type != Type::duration && value != std::floor(value))
            fail(word, fmt::format("\"{}\" is not whole; {} is.", word.text, info.name));
        if (!(value < 9.2e18))
            fail(word, fmt::format("\"{}\" is too large.", word.text));
        auto whole = static_cast<std::int64_t>(std::llround(value));
        return negative ? -whole : whole;
    }

    static double unit_factor(const FieldInfo& info, const Word& word, std::string_view unit)
    {
        std::span<const Unit> units;
        if (info.type == Type::duration)
            units = time_units;
        else if (info.type == Type::size)
            units = size_units;
        if (unit.empty()) {
            if (info.type != Type::duration || word.text == "0")
                return 1;
            if (info.field == Field::dur)
                fail(word, fmt::format("\"{0}\" has no unit. Write {0}ns, {0}us, {0}ms or {0}s.", word.text));
            return 1e9; // a time is in seconds, as it is shown
        }
        for (const Unit& known : units)
            if (known.name == unit)
                return known.factor;
        if (units.empty())
            fail(word, fmt::format("\"{}\" is no number.", word.text));
        fail(word, info.type == Type::duration ? fmt::format("\"{}\" is no unit of time. Expected ns, us, ms, s or min.", unit)
                                               : fmt::format("\"{}\" is no unit of size. Write {}KiB, or B, MiB, GiB, KB, MB, GB.", unit, word.text.substr(0, word.text.size() - unit.size())));
    }

    std::vector<Word> words_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}

std::variant<ExpressionPtr, FilterError> parse(std::string_view text)
{
    auto words = split(text);
    if (auto* error = std::get_if<FilterError>(&words))
        return *error;
    auto& list = std::get<std::vector<Word>>(words);
    if (list.size() == 1) {
        return ExpressionPtr(std::make_shared<Expression>()); // nothing: everything
    }
    try {
        return Parser(std::move(list)).filter();
    } catch (const Wrong& wrong) {
        return wrong.error;
    }
}

}
