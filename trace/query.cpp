// SQL of a person on a trace (`ringside query`): a connection of its own, an authorizer that lets reading through and nothing else.
#include "trace/trace_file.h"

#include <cstring>

namespace ringside::trace {

namespace {

bool is_reading_pragma(const char* name)
{
    static constexpr const char* allowed[] = {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
        "page_count", "page_size", "application_id", "user_version", "freelist_count", "compile_options", "function_list"};
    for (const char* each : allowed)
        if (name && sqlite3_stricmp(name, each) == 0)
            return true;
    return false;
}

int authorize(void*, int action, const char* first, const char* second, const char*, const char*)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: return second && sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA: {
        // An argument makes most pragmas a change; of these it only names a table or index.
        bool takes_name = first && (std::strncmp(first, "table_", 6) == 0 || std::strncmp(first, "index_", 6) == 0);
        return is_reading_pragma(first) && (!second || takes_name) ? SQLITE_OK : SQLITE_DENY;
    }
    default: return SQLITE_DENY;
    }
}

SqlValue value_of(sqlite3_stmt* statement, int at)
{
    auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(statement, at)); };
    switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(statement, at);
    case SQLITE_FLOAT: return sqlite3_column_double(statement, at);
    case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, at));
        return std::string(text, size());
    }
    case SQLITE_BLOB: {
        const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement, at));
        return std::vector<std::byte>(bytes, bytes + size());
    }
    default: return std::monostate();
    }
}

}

void TraceFile::query(const std::string& sql, const std::function<void(const std::vector<std::string>&)>& names,
    const std::function<bool(const std::vector<SqlValue>&)>& row)
{
    Database database = open_for_reading(path_);
    sqlite3_set_authorizer(database.handle(), authorize, nullptr);
    const char* rest = sql.c_str();
    while (*rest != '\0') {
        sqlite3_stmt* raw = nullptr;
        int code = sqlite3_prepare_v2(database.handle(), rest, -1, &raw, &rest);
        Statement statement(raw);
        if (code == SQLITE_AUTH)
            throw Error("A trace can only be read: this statement would change something, or is not allowed.");
        if (code != SQLITE_OK)
            database.fail();
        if (!statement)
            continue; // a comment, or nothing
        std::vector<std::string> titles;
        for (int i = 0; i < statement.columns(); ++i)
            titles.emplace_back(sqlite3_column_name(raw, i));
        names(titles);
        std::vector<SqlValue> values(titles.size());
        while (statement.step()) {
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = value_of(raw, static_cast<int>(i));
            if (!row(values))
                return;
        }
    }
}

}
