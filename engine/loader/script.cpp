// Parsing the `#!` line, with the corner cases of fs/binfmt_script.c: what is cut off after 256 bytes, what blanks and NULs end.

#include "engine/loader/script.h"

#include <algorithm>
#include <string_view>

namespace ringside::loader {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view terminators("\0 \t", 3);

}

Result<ScriptLine> parse_script(const Head& head)
{
    std::string_view text(head.data(), head.size());
    if (!text.starts_with("#!"))
        return Errno(ENOEXEC);
    // A newline behind a NUL is not seen.
    std::size_t end = text.find('\n');
    if (std::size_t nul = text.find('\0'); nul < end)
        end = std::string_view::npos;
    if (end == std::string_view::npos) {
        std::size_t name = text.find_first_not_of(blanks, 2);
        if (name == std::string_view::npos)
            return Errno(ENOEXEC);
        // Without anything behind it the name may be cut off. The argument may be: the interpreter reads the file itself.
        if (text.find_first_of(terminators, name) == std::string_view::npos)
            return Errno(ENOEXEC);
        end = text.size() - 1;
    }
    while (end > 2 && blanks.find(text[end - 1]) != std::string_view::npos)
        --end;
    std::string_view line = text.substr(0, end);
    std::size_t name = line.find_first_not_of(blanks, 2);
    if (name == std::string_view::npos)
        return Errno(ENOEXEC);
    std::size_t name_end = std::min(line.find_first_of(terminators, name), line.size());
    ScriptLine script {std::string(line.substr(name, name_end - name)), {}};
    if (name_end < line.size() && line[name_end] != '\0') {
        std::size_t argument = line.find_first_not_of(blanks, name_end);
        if (argument != std::string_view::npos) {
            std::string_view rest = line.substr(argument);
            script.argument = std::string(rest.substr(0, rest.find('\0')));
        }
    }
    return script;
}

}
