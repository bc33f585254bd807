// See sqlite.h.
#include "trace/sqlite.h"

namespace ringside::trace {

namespace {

[[noreturn]] void throw_error(sqlite3* handle)
{
    throw SqlError(sqlite3_errcode(handle) & 0xff, sqlite3_errmsg(handle), sqlite3_extended_errcode(handle));
}

}

Database::Database(const std::string& path, int flags)
{
    sqlite3* handle = nullptr;
    int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK)
        throw SqlError(code & 0xff, handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

void Database::fail() const
{
    throw_error(handle());
}

void Database::exec(const char* sql)
{
    if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail();
}

Statement Database::prepare(std::string_view sql)
{
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        fail();
    return Statement(statement);
}

std::int64_t Database::value(std::string_view sql)
{
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

bool Statement::step()
{
    int code = sqlite3_step(get());
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    // The message belongs to the connection and would be lost with the reset.
    sqlite3* handle = sqlite3_db_handle(get());
    SqlError error(code & 0xff, sqlite3_errmsg(handle), sqlite3_extended_errcode(handle));
    reset();
    throw error;
}

void Statement::run()
{
    while (step()) { }
    reset();
}

std::string_view Statement::text(int at) const
{
    const unsigned char* text = sqlite3_column_text(get(), at);
    if (!text)
        return {};
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(get(), at))};
}

std::span<const std::byte> Statement::blob(int at) const
{
    const void* bytes = sqlite3_column_blob(get(), at);
    if (!bytes)
        return {};
    return {static_cast<const std::byte*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(get(), at))};
}

}
