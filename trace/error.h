// What goes wrong with a trace, said so that it can be shown to a person as it is.
#pragma once

#include <stdexcept>
#include <string>

namespace ringside::trace {

/// what() is one line for a person, without a program's name before it.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}
