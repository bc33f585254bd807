// See touched.h.
#include "trace/analysis/touched.h"

#include "trace/syscall_table.h"

#include <algorithm>

namespace ringside::trace::analysis {

namespace {

void add_once(std::vector<std::string>& list, const std::string& text)
{
    if (!text.empty() && std::ranges::find(list, text) == list.end())
        list.push_back(text);
}

}

Touched touched(const Input& input, const std::vector<FileUse>& files, const std::vector<Connection>& connections)
{
    Touched result;
    result.files = count(files);
    for (const FileUse& file : files)
        if (file.is(file_use::written | file_use::created | file_use::changed))
            result.written.push_back(file.path);
    auto access = input.trace.access();
    Statement rows = access.database.prepare("SELECT event, path FROM exec ORDER BY event");
    while (rows.step()) {
        EventId event = rows.number(0);
        if (!input.has(event))
            continue;
        std::string path = input.trace.string(static_cast<StringId>(rows.integer(1)));
        ++result.programs_run;
        add_once(result.programs, path.substr(path.rfind('/') + 1));
    }
    for (const Connection& connection : connections) {
        ++result.sockets;
        if (connection.state == Connection::State::failed)
            add_once(result.refused, connection.peer.empty() ? connection.protocol + " socket" : connection.peer);
        else if (connection.state == Connection::State::listening)
            add_once(result.listening, connection.local);
        else if (connection.state == Connection::State::connected && connection.peer != "pair")
            add_once(result.connected, connection.peer);
    }
    return result;
}

}
