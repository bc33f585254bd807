// The table of handlers, filled by the registrations of the families' files before main.

#include "engine/syscalls/handler.h"

namespace ringside::syscalls {

std::array<Entry, handler_count>& handlers()
{
    static std::array<Entry, handler_count> table {};
    return table;
}

}
