// Opening a trace that may be anything: another kind of file, damaged, from a newer version, or made to do harm.
#include "trace/trace_file.h"

#include "trace/schema.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

#include <fmt/format.h>

namespace ringside::trace {

namespace {

/// What a file starts like, for a person. Never called for a file that SQLite has open in this process: closing our descriptor
/// would drop SQLite's POSIX locks.
std::string starts_like(const std::string& path)
{
    struct Magic {
        std::string_view bytes;
        const char* name;
    };
    using namespace std::string_view_literals;
    static constexpr Magic magics[] = {{"\x1f\x8b"sv, "a gzip file"}, {"\x7f"
                                                                       "ELF"sv, "a program (ELF)"},
        {"PK\x03\x04"sv, "a zip file"}, {"\x28\xb5\x2f\xfd"sv, "a zstd file"}, {"\xfd"
                                                                             "7zXZ"sv, "an xz file"},
        {"BZh"sv, "a bzip2 file"}, {"\x89PNG"sv, "a picture (PNG)"}, {"\xff\xd8\xff"sv, "a picture (JPEG)"}, {"%PDF"sv, "a PDF file"},
        {"#!"sv, "a script"}, {"{"sv, "JSON text"}, {"<"sv, "XML or HTML text"}, {"\x0a\x0d\x0d\x0a"sv, "a pcapng file"}};
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    std::array<char, 64> buffer;
    ssize_t size = fd < 0 ? -1 : read(fd, buffer.data(), buffer.size());
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return {};
    std::string_view start(buffer.data(), static_cast<std::size_t>(size));
    for (const Magic& magic : magics)
        if (start.starts_with(magic.bytes))
            return magic.name;
    bool text = std::ranges::all_of(start, [](char c) { return (c >= 32 && c < 127) || c == '\n' || c == '\t' || c == '\r' || c < 0; });
    return text ? "text" : "";
}

void check_file(const std::string& path)
{
    struct stat status{};
    if (stat(path.c_str(), &status) != 0)
        throw Error(fmt::format("{} cannot be opened: {}.", path, strerror(errno)));
    if (S_ISDIR(status.st_mode))
        throw Error(fmt::format("{} is a directory, not a trace.", path));
    if (!S_ISREG(status.st_mode))
        throw Error(fmt::format("{} is no regular file, so no trace.", path));
    if (status.st_size == 0)
        throw Error(fmt::format("{} is empty: not a Ringside trace.", path));
    if (access(path.c_str(), R_OK) != 0)
        throw Error(fmt::format("{} cannot be opened: {}.", path, strerror(errno)));
}

std::string uri_of(const std::string& path, const char* query)
{
    std::string uri = "file:";
    for (char c : path) {
        if (c == '?' || c == '#' || c == '%')
            uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
        else
            uri += c;
    }
    return uri + query;
}

void harden(Database& database)
{
    sqlite3* handle = database.handle();
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 200);
    sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
    sqlite3_limit(handle, SQLITE_LIMIT_COLUMN, 200);
    sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
    sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_busy_timeout(handle, 2000);
    // A file that shrinks while it is mapped would kill us by SIGBUS: no mmap.
    database.exec("PRAGMA mmap_size = 0; PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -8192;");
}

/// name -> SQL of everything that our own schema has.
const std::unordered_map<std::string, std::string>& expected_schema()
{
    static const auto expected = [] {
        Database memory(":memory:", SQLITE_OPEN_READWRITE);
        memory.exec(schema_sql);
        std::unordered_map<std::string, std::string> result;
        Statement rows = memory.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL");
        while (rows.step())
            result.emplace(rows.text(0), rows.text(1));
        return result;
    }();
    return expected;
}

/// Only what we know is read by us, and it must be exactly that: no view, trigger or virtual table in a table's place.
void check_schema(Database& database, const std::string& path)
{
    std::size_t found = 0;
    Statement rows = database.prepare("SELECT type, name, sql FROM sqlite_schema");
    while (rows.step()) {
        auto known = expected_schema().find(std::string(rows.text(1)));
        if (known != expected_schema().end() && rows.text(2) == known->second)
            ++found;
        else if (known != expected_schema().end() || rows.text(0) == "trigger")
            throw Error(fmt::format("{} is damaged: its table \"{}\" is not as Ringside writes it.", path, rows.text(1)));
    }
    if (found != expected_schema().size())
        throw Error(fmt::format("{} is damaged: tables are missing.", path));
}

void check_content(Database& database, const std::string& path)
{
    std::int64_t id = database.value("PRAGMA application_id");
    std::int64_t version = database.value("PRAGMA user_version");
    if (id != application_id)
        throw Error(fmt::format("{} is not a Ringside trace. It is an SQLite database of another program.", path));
    if (version > format_version)
        throw Error(fmt::format(
            "{} is from a newer Ringside (format {}; this one reads up to {}). Update Ringside to open it.", path, version, format_version));
    if (version < 1)
        throw Error(fmt::format("{} is damaged: its format is {}.", path, version));
    struct stat file{}, log{};
    bool has_log = stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0;
    std::int64_t expected = database.value("PRAGMA page_count") * database.value("PRAGMA page_size");
    if (!has_log && stat(path.c_str(), &file) == 0 && file.st_size < expected)
        throw Error(fmt::format("{} is damaged: it is cut off after {} of {} bytes.", path, file.st_size, expected));
    check_schema(database, path);
}

}

Database open_for_reading(const std::string& path)
{
    check_file(path);
    auto attempt = [&](const char* query, bool alone = false) {
        Database database(uri_of(path, query), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI);
        if (alone) // the log's index is kept in our memory then; it must be said before anything is read
            database.exec("PRAGMA locking_mode = EXCLUSIVE;");
        sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        harden(database);
        check_content(database, path);
        return database;
    };
    try {
        try {
            return attempt("?mode=ro");
        } catch (const SqlError& error) {
            // In WAL mode, without the index of its log, in a folder that we may not write to: whoever wrote it has gone, or it would
            // be there. What a cut recording left in the log is read with it, without locks, which a file for reading does not give.
            struct stat log{}, index{};
            if ((error.code != SQLITE_CANTOPEN && error.code != SQLITE_READONLY) || stat((path + "-shm").c_str(), &index) == 0)
                throw;
            if (stat((path + "-wal").c_str(), &log) == 0)
                return attempt("?mode=ro&vfs=unix-none", true);
            return attempt("?mode=ro&immutable=1");
        }
    } catch (const SqlError& error) {
        if (error.code == SQLITE_NOTADB) {
            std::string like = starts_like(path);
            throw Error(fmt::format("{} is not a Ringside trace.{}", path, like.empty() ? "" : " It starts like " + like + "."));
        }
        if (error.code == SQLITE_CORRUPT)
            throw Error(fmt::format("{} is damaged: a part of it can't be read.", path));
        throw Error(fmt::format("{} cannot be opened: {}.", path, error.what()));
    }
}

}
