// See marks.h. A row of table `mark` is one thing that was said of an event; its colour is "mark", "reference" or "note".
#include "trace/marks.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include <fmt/format.h>

namespace ringside::trace {

namespace {

constexpr std::size_t most_marks = 100'000, most_text = 16 * 1024;

}

Marks read_marks(TraceFile& trace)
{
    Marks marks;
    auto access = trace.access();
    Statement rows = access.database.prepare("SELECT event, text, colour FROM mark ORDER BY id LIMIT ?1");
    rows.bind(1, static_cast<std::int64_t>(most_marks));
    while (rows.step()) {
        EventId event = rows.number(0);
        if (event == 0 || event > INT64_MAX)
            continue;
        Mark& mark = marks[event];
        std::string_view kind = rows.text(2);
        if (kind == "reference")
            mark.time_reference = true;
        else if (kind == "note")
            mark.note = rows.text(1).substr(0, most_text);
        else
            mark.marked = true;
    }
    std::erase_if(marks, [](const auto& each) { return each.second.empty(); });
    return marks;
}

void write_marks(const std::string& path, const Marks& marks)
{
    open_for_reading(path); // whether it is a trace, and one of ours: throws
    if (access(path.c_str(), W_OK) != 0)
        throw Error(fmt::format("{} cannot be written: {}.", path, strerror(errno)));
    try {
        Database database(path, SQLITE_OPEN_READWRITE);
        sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
        sqlite3_busy_timeout(database.handle(), 2000);
        database.exec("BEGIN IMMEDIATE; DELETE FROM mark");
        Statement insert = database.prepare("INSERT INTO mark(event, text, colour) VALUES(?1, ?2, ?3)");
        auto add = [&](EventId event, std::string_view text, std::string_view kind) {
            insert.bind(1, static_cast<std::int64_t>(event));
            insert.bind(2, text);
            insert.bind(3, kind);
            insert.run();
        };
        std::size_t written = 0;
        for (const auto& [event, mark] : marks) {
            if (++written > most_marks)
                break;
            if (mark.marked)
                add(event, "", "mark");
            if (mark.time_reference)
                add(event, "", "reference");
            if (!mark.note.empty())
                add(event, std::string_view(mark.note).substr(0, most_text), "note");
        }
        database.exec("COMMIT");
    } catch (const SqlError& error) {
        throw Error(fmt::format("{} cannot be written: {}.", path, error.what()));
    }
}

}
