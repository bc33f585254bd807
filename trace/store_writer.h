// Writes batches of rows into a trace: one transaction a batch, prepared statements, no indexes.
#pragma once

#include "trace/batch.h"
#include "trace/sqlite.h"

#include <array>
#include <memory>
#include <string>

namespace ringside::trace {

class EventRowsModule;

/// From now on the log is on the disk before the trace is changed by it, so that a power cut leaves a trace that opens, up to a
/// checkpoint. Not within a transaction. Throws SqlError.
void make_durable(Database& database);

class StoreWriter {
public:
    /// Creates the file (mode 0600, never over an existing one unless `force`) with its tables, in WAL mode. Nobody sees a trace
    /// there before the first commit(): what it says of itself goes in with its tables. Throws Error.
    StoreWriter(const std::string& path, bool force);
    ~StoreWriter();
    StoreWriter(const StoreWriter&) = delete;
    StoreWriter& operator=(const StoreWriter&) = delete;

    /// Inserts what the batch holds beyond its applied_ marks, in an open transaction, and moves the marks. Throws SqlError;
    /// the transaction is rolled back then.
    void apply(Batch& batch);
    /// Ends the open transaction, if any. Throws SqlError.
    void commit();
    void rollback();

    struct Salvage {
        EventId last_event = 0; ///< the last event that is in the file
        SqlError error;         ///< why the next row could not be written
    };
    /// After a failed apply or commit: puts the batch in by halves, each in a transaction of its own, until one row fails.
    Salvage salvage(const Batch& batch, const SqlError& error);

    void set_meta(std::string_view key, std::string_view value);
    void set_meta(std::string_view key, std::int64_t value);
    Database& database() { return database_; }

private:
    void begin();
    void insert_events(std::span<const EventRow> rows);
    void insert_op(const Batch& batch, const OpRow& row);
    /// One transaction with the rows whose seq lies in [from, to). False: SQLite refused, and `error` says why.
    bool try_range(const Batch& batch, std::uint64_t from, std::uint64_t to, SqlError& error);

    Database database_;
    std::unique_ptr<EventRowsModule> rows_;
    Statement insert_events_;
    std::array<Statement, static_cast<std::size_t>(Op::count_)> statements_;
    Statement begin_, commit_;
    bool open_ = false;
};

}
