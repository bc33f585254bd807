// The public face of the filter language.
#include "trace/filter/filter.h"

#include "trace/filter/expression.h"

namespace ringside::trace {

using filter_detail::Expression;

std::string FilterError::message() const { return "Column " + std::to_string(column) + ": " + text; }

Filter::Filter() : root_(std::make_shared<Expression>()) {}

std::variant<Filter, FilterError> Filter::compile(std::string_view text)
{
    auto parsed = filter_detail::parse(text);
    if (auto* error = std::get_if<FilterError>(&parsed))
        return *error;
    Filter filter;
    filter.text_ = text;
    filter.root_ = std::get<filter_detail::ExpressionPtr>(std::move(parsed));
    return filter;
}

bool Filter::matches_all() const { return root_->kind == Expression::Kind::all; }

bool Filter::needs_source() const { return !filter_detail::row_is_enough(*root_); }

bool Filter::matches(const Event& event, EventSource& source) const { return filter_detail::evaluate(*root_, event, source); }

std::string shown_filter(std::string_view text)
{
    constexpr std::string_view seen = "kind in {syscall, signal, fault, exec, exit, stop, policy, marker} && !(kind == exec && ret < 0)";
    if (text.find("kind") != text.npos)
        return std::string(text);
    return text.find_first_not_of(" \t") == text.npos ? std::string(seen) : fmt::format("{} && ({})", seen, text);
}

}
