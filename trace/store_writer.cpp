// See store_writer.h.
#include "trace/store_writer.h"

#include "trace/event_rows.h"
#include "trace/interner.h"
#include "trace/schema.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ringside::trace {

namespace {

/// In the order of enum Op.
constexpr const char* op_sql[] = {
    "INSERT INTO string(id, text) VALUES(?1, ?2)",
    "INSERT INTO blob(id, hash, length, coding, bytes) VALUES(?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO data(id, arg, direction, capped, address, offset, length, blob, bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    "INSERT INTO process(id, parent, uid, gid, started) VALUES(?1, ?2, ?3, ?4, ?5)",
    "UPDATE process SET ended = ?2, status = ?3 WHERE id = ?1",
    "INSERT INTO thread(id, process, started) VALUES(?1, ?2, ?3)",
    "UPDATE thread SET ended = ?2, status = ?3 WHERE id = ?1",
    "INSERT INTO comm(thread, event, name) VALUES(?1, ?2, ?3)",
    "INSERT OR REPLACE INTO exec(event, process, path, argc, argv) VALUES(?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO object(id, kind, path, event) VALUES(?1, ?2, ?3, ?4)",
    "INSERT INTO fd(id, process, number, object, opened, closed) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    "UPDATE fd SET closed = ?2 WHERE id = ?1",
    "INSERT INTO mapping(id, process, start, \"end\", prot, flags, object, offset, \"from\", \"to\") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    "UPDATE mapping SET \"to\" = ?2 WHERE id = ?1",
    "INSERT INTO host_call(id, nr, count, ns) VALUES(?1, ?2, ?3, ?4)",
    "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)",
    "UPDATE event SET ret = ?2, dur = ?3, done = ?4 WHERE id = ?1",
};
static_assert(std::size(op_sql) == static_cast<std::size_t>(Op::count_));

/// The empty file, before SQLite sees it: its mode is what the journals get, too.
void create_file(const std::string& path, bool force)
{
    if (force) {
        struct stat status{};
        if (lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
            throw Error(fmt::format("{} is no regular file, so it is not overwritten.", path));
        for (const char* suffix : {"", "-wal", "-shm", "-journal"})
            unlink((path + suffix).c_str());
    }
    int fd = open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        throw FileExists(fmt::format("{} exists already. Give another name, or --force to overwrite it.", path));
    if (fd < 0)
        throw Error(fmt::format("{} cannot be created: {}.", path, strerror(errno)));
    close(fd);
}

bool is_utf8(std::span<const std::byte> bytes)
{
    std::size_t i = 0;
    auto at = [&](std::size_t n) { return static_cast<unsigned char>(bytes[n]); };
    while (i < bytes.size()) {
        unsigned char first = at(i);
        if (first == 0)
            return false; // legal, but most tools end a text there
        if (first < 0x80) {
            ++i;
            continue;
        }
        std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        if (first < 0xc2 || first > 0xf4 || i + length > bytes.size())
            return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((at(i + k) & 0xc0) != 0x80)
                return false;
        unsigned char second = at(i + 1);
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
            return false;
        i += length;
    }
    return true;
}

std::string_view as_text(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void bind_text(Statement& statement, int at, std::span<const std::byte> bytes)
{
    if (is_utf8(bytes))
        statement.bind(at, as_text(bytes));
    else
        statement.bind(at, bytes);
}

void bind_unless_zero(Statement& statement, int at, std::int64_t value)
{
    if (value != 0)
        statement.bind(at, value);
    else
        statement.bind_null(at);
}

}

StoreWriter::StoreWriter(const std::string& path, bool force)
{
    create_file(path, force);
    try {
        database_ = Database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
        sqlite3_busy_timeout(database_.handle(), 5000);
        // No fsync at first: a kill of any process loses nothing that was committed. See make_durable().
        database_.exec("PRAGMA synchronous = OFF; PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                       "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA cache_spill = OFF;");
        database_.exec("BEGIN");
        database_.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", application_id, format_version));
        database_.exec(schema_sql);
        fill_names(database_);
        open_ = true;
        rows_ = std::make_unique<EventRowsModule>(database_);
        // OR ROLLBACK: a failure ends the transaction anyway, and without a statement to undo SQLite keeps no second journal.
        insert_events_ = database_.prepare("INSERT OR ROLLBACK INTO main.event SELECT * FROM ringside_rows");
        for (std::size_t i = 0; i < statements_.size(); ++i)
            statements_[i] = database_.prepare(op_sql[i]);
        begin_ = database_.prepare("BEGIN IMMEDIATE");
        commit_ = database_.prepare("COMMIT");
    } catch (const SqlError& error) {
        database_ = Database();
        unlink(path.c_str());
        throw Error(fmt::format("{} cannot be written: {}.", path, error.what()));
    }
}

StoreWriter::~StoreWriter() = default;

void make_durable(Database& database)
{
    database.exec("PRAGMA synchronous = NORMAL");
}

void StoreWriter::begin()
{
    if (open_)
        return;
    begin_.run();
    open_ = true;
}

void StoreWriter::insert_events(std::span<const EventRow> rows)
{
    if (rows.empty())
        return;
    rows_->rows = rows;
    insert_events_.run();
}

void StoreWriter::insert_op(const Batch& batch, const OpRow& row)
{
    Statement& statement = statements_[static_cast<std::size_t>(row.op)];
    std::span<const std::byte> text = batch.text(row);
    const auto& value = row.value;
    auto bind_values = [&](int count) {
        for (int i = 0; i < count; ++i)
            statement.bind(i + 1, value[static_cast<std::size_t>(i)]);
    };
    std::array<std::byte, 16> hash; // bound by reference until the statement has run
    switch (row.op) {
    case Op::string:
        bind_values(1);
        bind_text(statement, 2, text);
        break;
    case Op::blob:
        statement.bind(1, value[0]);
        hash = stored_hash({static_cast<std::uint64_t>(value[2]), static_cast<std::uint64_t>(value[1])});
        statement.bind(2, hash);
        statement.bind(3, value[3]);
        statement.bind(4, value[4]);
        statement.bind(5, text);
        break;
    case Op::data:
        bind_values(7);
        if (value[1] == 255)
            statement.bind_null(2);
        bind_unless_zero(statement, 8, value[7]);
        if (value[7] != 0)
            statement.bind_null(9);
        else
            statement.bind(9, text);
        break;
    case Op::comm:
        bind_values(2);
        bind_text(statement, 3, text);
        break;
    case Op::exec:
        bind_values(4);
        statement.bind(5, text);
        break;
    case Op::fd:
        bind_values(5);
        bind_unless_zero(statement, 6, value[5]);
        break;
    case Op::mapping:
        bind_values(9);
        bind_unless_zero(statement, 7, value[6]);
        bind_unless_zero(statement, 10, value[9]);
        break;
    case Op::host_call:
        statement.bind(1, value[0]);
        statement.bind(2, value[2]);
        statement.bind(3, value[3]);
        statement.bind(4, value[4]);
        break;
    case Op::meta: {
        std::size_t key_end = as_text(text).find('\0');
        bind_text(statement, 1, text.first(key_end));
        bind_text(statement, 2, text.subspan(key_end + 1));
        break;
    }
    case Op::process_end:
    case Op::thread_end:
    case Op::thread: bind_values(3); break;
    case Op::process: bind_values(5); break;
    case Op::object:
    case Op::complete: bind_values(4); break;
    case Op::fd_close:
    case Op::mapping_close: bind_values(2); break;
    case Op::count_: return;
    }
    statement.run();
}

void StoreWriter::apply(Batch& batch)
{
    try {
        begin();
        insert_events(std::span<const EventRow>(batch.events).subspan(batch.applied_events));
        batch.applied_events = batch.events.size();
        for (; batch.applied_ops < batch.ops.size(); ++batch.applied_ops)
            insert_op(batch, batch.ops[batch.applied_ops]);
    } catch (const SqlError&) {
        rollback();
        throw;
    }
}

void StoreWriter::commit()
{
    if (!open_)
        return;
    try {
        commit_.run();
        open_ = false;
    } catch (const SqlError&) {
        rollback();
        throw;
    }
}

void StoreWriter::rollback()
{
    open_ = false;
    if (sqlite3_get_autocommit(database_.handle()) == 0)
        sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

bool StoreWriter::try_range(const Batch& batch, std::uint64_t from, std::uint64_t to, SqlError& error)
{
    auto events = std::ranges::subrange(std::ranges::lower_bound(batch.events, from, {}, &EventRow::id),
        std::ranges::lower_bound(batch.events, to, {}, &EventRow::id));
    auto ops = std::ranges::subrange(std::ranges::lower_bound(batch.ops, from, {}, &OpRow::seq),
        std::ranges::lower_bound(batch.ops, to, {}, &OpRow::seq));
    try {
        begin();
        insert_events({events.begin(), events.end()});
        for (const OpRow& row : ops)
            insert_op(batch, row);
        commit();
        return true;
    } catch (const SqlError& failure) {
        rollback();
        error = failure;
        return false;
    }
}

StoreWriter::Salvage StoreWriter::salvage(const Batch& batch, const SqlError& first_error)
{
    rollback();
    Salvage result{0, first_error};
    if (batch.empty())
        return result;
    std::uint64_t from = std::min(batch.events.empty() ? batch.ops.front().seq : batch.events.front().id,
        batch.ops.empty() ? batch.events.front().id : batch.ops.front().seq);
    std::uint64_t end = std::max(batch.events.empty() ? 0 : batch.events.back().id, batch.ops.empty() ? 0 : batch.ops.back().seq) + 1;
    // The rows before `from` are in; those of [from, bad) fail together.
    std::uint64_t bad = end;
    while (from < bad) {
        std::uint64_t middle = from + (bad - from + 1) / 2; // at least one
        if (try_range(batch, from, middle, result.error))
            from = middle;
        else if (middle == from + 1)
            break;
        else
            bad = middle;
    }
    result.last_event = from - 1;
    return result;
}

void StoreWriter::set_meta(std::string_view key, std::string_view value)
{
    Statement& statement = statements_[static_cast<std::size_t>(Op::meta)];
    statement.bind(1, key);
    statement.bind(2, value);
    statement.run();
}

void StoreWriter::set_meta(std::string_view key, std::int64_t value)
{
    Statement& statement = statements_[static_cast<std::size_t>(Op::meta)];
    statement.bind(1, key);
    statement.bind(2, value);
    statement.run();
}

}
