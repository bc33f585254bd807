// A thin hold on SQLite's C interface: connections and prepared statements that close themselves, and errors as exceptions.
#pragma once

#include "trace/error.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace ringside::trace {

/// An error of SQLite. `code` is the primary result code: SQLITE_FULL, SQLITE_CORRUPT, …; `extended` the more exact one.
class SqlError : public Error {
public:
    SqlError(int code, const std::string& message, int extended = 0)
        : Error(message)
        , code(code)
        , extended(extended)
    {
    }
    int code;
    int extended;
};

class Statement;

class Database {
public:
    Database() = default;
    /// flags: SQLITE_OPEN_… Throws SqlError.
    Database(const std::string& path, int flags);

    /// Runs statements without results. Throws SqlError.
    void exec(const char* sql);
    void exec(const std::string& sql) { exec(sql.c_str()); }
    Statement prepare(std::string_view sql);
    /// The first column of the first row; 0 where there is none.
    std::int64_t value(std::string_view sql);

    sqlite3* handle() const { return handle_.get(); }
    explicit operator bool() const { return handle_ != nullptr; }
    [[noreturn]] void fail() const;

private:
    struct Closer {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, Closer> handle_;
};

/// Columns count from 0, parameters from 1, as in SQLite. Spans and texts of columns live until the next step().
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement)
        : statement_(statement)
    {
    }

    void bind(int at, std::int64_t value) { sqlite3_bind_int64(get(), at, value); }
    void bind_null(int at) { sqlite3_bind_null(get(), at); }
    /// Not copied: must live until the statement was stepped and reset.
    void bind(int at, std::span<const std::byte> blob) { sqlite3_bind_blob64(get(), at, blob.data(), blob.size(), SQLITE_STATIC); }
    void bind(int at, std::string_view text) { sqlite3_bind_text64(get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8); }

    /// True: there is a row. Throws SqlError.
    bool step();
    /// A statement without result: steps it, and makes it ready for the next time. Throws SqlError.
    void run();
    void reset() { sqlite3_reset(get()); }

    int columns() const { return sqlite3_column_count(get()); }
    bool is_null(int at) const { return sqlite3_column_type(get(), at) == SQLITE_NULL; }
    std::int64_t integer(int at) const { return sqlite3_column_int64(get(), at); }
    std::uint64_t number(int at) const { return static_cast<std::uint64_t>(integer(at)); }
    std::string_view text(int at) const;
    std::span<const std::byte> blob(int at) const;

    sqlite3_stmt* get() const { return statement_.get(); }
    explicit operator bool() const { return statement_ != nullptr; }

private:
    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

}
