// The one line that says why.

#include "engine/boundary/failure.h"

#include <cstring>

namespace ringside::boundary {

std::string because(const std::string& what, int error, const std::string& advice)
{
    std::string text = what;
    if (error != 0)
        text += std::string(": ") + strerrordesc_np(error) + " (" + strerrorname_np(error) + ")";
    if (!advice.empty())
        text += "; " + advice;
    return text;
}

}
