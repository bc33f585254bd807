// A filter after parsing and checking: a tree of conditions whose values have the right type.
#pragma once

#include "trace/filter/filter.h"

#include <memory>
#include <re2/re2.h>
#include <string>
#include <vector>

namespace ringside::trace::filter_detail {

enum class Field : std::uint8_t {
    id, t, ts, syscall, nr, pid, tid, comm, process, fd, ret, errno_, path, args, dur, size, group, verdict, kind, signal,
    host_calls, ip, waker, arg0, arg1, arg2, arg3, arg4, arg5, problem, blocked, failed, restarted, fatal, object,
};

enum class Type : std::uint8_t { number, duration, size, text, syscall, errno_, signal, group, verdict, kind, process, flag };

struct FieldInfo {
    std::string_view name;
    Field field;
    Type type;
    std::string_view type_name;
    std::string_view note;
};
std::span<const FieldInfo> fields();
const FieldInfo* find_field(std::string_view name);

enum class Op : std::uint8_t { exists, equal, not_equal, less, less_equal, greater, greater_equal, matches, glob, contains, in };
enum class Quantifier : std::uint8_t { any, all };

struct Range {
    std::int64_t low, high; ///< both included
};

struct Expression {
    enum class Kind : std::uint8_t { all, condition, and_, or_, not_ } kind = Kind::all;
    std::vector<std::shared_ptr<const Expression>> parts; ///< of and, or, not

    // A condition.
    Field field = Field::id;
    Type type = Type::number;
    Op op = Op::exists;
    Quantifier quantifier = Quantifier::any;
    std::vector<Range> numbers;     ///< what a number is compared with
    std::vector<std::string> texts; ///< what a text is compared with
    std::shared_ptr<const re2::RE2> pattern;
};
using ExpressionPtr = std::shared_ptr<const Expression>;

/// Whether values of the type are compared as numbers.
constexpr bool is_numeric(Type type) { return type != Type::text && type != Type::process && type != Type::flag; }

std::variant<ExpressionPtr, FilterError> parse(std::string_view text);
bool evaluate(const Expression& expression, const Event& event, EventSource& source);
/// Whether the condition can be answered from the event's row alone.
bool row_is_enough(const Expression& expression);

bool is_problem(const Event& event, EventSource& source);
/// Whether the text is what the condition wants.
bool text_fits(const Expression& condition, std::string_view text);
/// Compares one number with what the condition wants.
bool number_fits(const Expression& condition, std::int64_t value);

/// The nearest of `names` to a word that is none of them, or empty.
std::string nearest(std::string_view word, const std::vector<std::string_view>& names);
/// All words that a value of this type may be: syscall names, errno names… empty for free text.
std::vector<std::string_view> names_of(Type type);
/// The number that such a word stands for.
std::optional<std::int64_t> value_of(Type type, std::string_view word);

}
