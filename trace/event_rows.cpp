// See event_rows.h. https://www.sqlite.org/vtab.html
#include "trace/event_rows.h"

namespace ringside::trace {

namespace {

struct Table : sqlite3_vtab {
    EventRowsModule* module;
};

struct Cursor : sqlite3_vtab_cursor {
    const EventRow* at;
    const EventRow* end;
};

int connect(sqlite3* database, void* client, int, const char* const*, sqlite3_vtab** out, char**)
{
    int code = sqlite3_declare_vtab(database,
        "CREATE TABLE x(id, kind, ts, dur, thread, nr, ret, verdict, flags, host_calls, path, a0, a1, a2, a3, a4, a5, ip, object, of, "
        "done, waker, regs)");
    if (code == SQLITE_OK)
        *out = new Table{{}, static_cast<EventRowsModule*>(client)};
    return code;
}

int disconnect(sqlite3_vtab* table)
{
    delete static_cast<Table*>(table);
    return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info*)
{
    return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** out)
{
    *out = new Cursor{};
    return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor)
{
    delete static_cast<Cursor*>(cursor);
    return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**)
{
    auto* cursor = static_cast<Cursor*>(base);
    std::span<const EventRow> rows = static_cast<Table*>(base->pVtab)->module->rows;
    cursor->at = rows.data();
    cursor->end = rows.data() + rows.size();
    return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor)
{
    ++static_cast<Cursor*>(cursor)->at;
    return SQLITE_OK;
}

int eof(sqlite3_vtab_cursor* cursor)
{
    return static_cast<Cursor*>(cursor)->at == static_cast<Cursor*>(cursor)->end;
}

/// A result that is not set is NULL.
void give(sqlite3_context* context, std::uint64_t value)
{
    sqlite3_result_int64(context, static_cast<std::int64_t>(value));
}

void give_unless_zero(sqlite3_context* context, std::uint64_t value)
{
    if (value != 0)
        give(context, value);
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number)
{
    const EventRow& row = *static_cast<Cursor*>(cursor)->at;
    switch (number) {
    case 0: give(context, row.id); break;
    case 1: give(context, static_cast<std::uint64_t>(row.kind)); break;
    case 2: give(context, row.ts); break;
    case 3: give(context, row.dur); break;
    case 4: give(context, row.thread); break;
    case 5: sqlite3_result_int(context, row.nr); break;
    case 6:
        if ((row.flags & event_flag::has_ret) != 0)
            sqlite3_result_int64(context, row.ret);
        break;
    case 7: give(context, static_cast<std::uint64_t>(row.verdict)); break;
    case 8: give(context, row.flags & static_cast<unsigned>(~event_flag::has_ret)); break;
    case 9: give(context, row.host_calls); break;
    case 10: give_unless_zero(context, row.path); break;
    case 17: give_unless_zero(context, row.ip); break;
    case 18: give_unless_zero(context, row.object); break;
    case 19: give_unless_zero(context, row.of); break;
    case 20: give_unless_zero(context, row.done); break;
    case 21: give_unless_zero(context, row.waker); break;
    case 22: give_unless_zero(context, row.regs_hash); break;
    default: // 11..16
        if (number - 11 < row.arity)
            give(context, row.args[static_cast<std::size_t>(number - 11)]);
    }
    return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id)
{
    *id = static_cast<std::int64_t>(static_cast<Cursor*>(cursor)->at->id);
    return SQLITE_OK;
}

sqlite3_module make_module()
{
    sqlite3_module module{};
    module.xConnect = connect; // no xCreate: the name itself is the table
    module.xBestIndex = best_index;
    module.xDisconnect = disconnect;
    module.xOpen = open;
    module.xClose = close;
    module.xFilter = filter;
    module.xNext = next;
    module.xEof = eof;
    module.xColumn = column;
    module.xRowid = row_id;
    return module;
}

}

EventRowsModule::EventRowsModule(Database& database)
{
    static const sqlite3_module module = make_module();
    if (sqlite3_create_module(database.handle(), "ringside_rows", &module, this) != SQLITE_OK)
        database.fail();
}

}
