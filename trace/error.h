// What goes wrong with a trace, said so that it can be shown to a person as it is.
#pragma once

#include <stdexcept>
#include <string>

namespace ringside::trace {

/// what() is one line for a person, without a program's name before it. Names from a hostile trace may be part of it: control
/// characters are replaced, so that they reach no terminal.
class Error : public std::runtime_error {
public:
    explicit Error(std::string message)
        : std::runtime_error(printable(std::move(message)))
    {
    }

private:
    static std::string printable(std::string message)
    {
        for (char& c : message)
            if ((c >= 0 && c < 32) || c == 127)
                c = '?';
        return message;
    }
};

/// A file that was to be made is there already.
class FileExists : public Error {
public:
    using Error::Error;
};

}
