// The words of the filter language, split by a PEGTL grammar.
#pragma once

#include "trace/filter/filter.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringside::trace::filter_detail {

enum class TokenKind : std::uint8_t {
    word,   ///< a field, a name, and, or, not, in, …
    number, ///< digits with an optional fraction and unit: 1.5s, 0x10, 64KiB
    string, ///< in quotes; `text` is without them, escapes resolved
    symbol, ///< == != < <= > >= ~ && || ! ( ) { } , ..
    end,
};

struct Word {
    TokenKind kind = TokenKind::end;
    std::string text;
    std::size_t begin = 0, length = 0; ///< in the filter's text
};

/// All tokens, the last of kind end; or what cannot be a token.
std::variant<std::vector<Word>, FilterError> split(std::string_view text);

}
