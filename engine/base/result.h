// Result<T>: a value or an errno. All of the kernel returns it; nothing in the Sentry throws.
#pragma once

#include "engine/base/errno.h"

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace ringside {

template<typename T = void>
class [[nodiscard]] Result {
public:
    using Value = T;
    Result(Errno error) : state_(std::in_place_index<1>, error) { }
    template<typename U = T>
        requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, Errno> && !std::is_same_v<std::remove_cvref_t<U>, Result>)
    Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) { }

    bool ok() const { return state_.index() == 0; }

    Errno error() const { return *std::get_if<1>(&state_); }
    T& value() & { return *std::get_if<0>(&state_); }
    const T& value() const& { return *std::get_if<0>(&state_); }
    T&& value() && { return std::move(*std::get_if<0>(&state_)); }
    template<typename U>
    T value_or(U&& other) &&
    {
        return ok() ? std::move(*this).value() : static_cast<T>(std::forward<U>(other));
    }

private:
    std::variant<T, Errno> state_;
};

template<>
class [[nodiscard]] Result<void> {
public:
    using Value = void;
    Result() = default;
    Result(Errno error) : error_(error) { }
    bool ok() const { return !error_; }
    Errno error() const { return *error_; }
    void value() const { }

private:
    std::optional<Errno> error_;
};

}

/// Evaluates to the value of a Result; returns its error from the enclosing function where it has none.
#define TRY(expression)                                        \
    __extension__({                                            \
        auto ringside_try_result = (expression);               \
        if (!ringside_try_result.ok())                         \
            return ringside_try_result.error();                \
        std::move(ringside_try_result).value();                \
    })
