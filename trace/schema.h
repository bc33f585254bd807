// The tables of a trace. Plain SQL that any SQLite tool understands: change it only together with the format's version.
#pragma once

#include "trace/sqlite.h"

namespace ringside::trace {

constexpr int application_id = 0x52696e67; ///< "Ring"
constexpr int format_version = 1;          ///< PRAGMA user_version

/// Creates all tables and views in an empty database.
extern const char* const schema_sql;

/// Indexes that readers like but never need: made after the end.
extern const char* const index_sql;

/// Fills the tables that name numbers: `syscall`, `errno`, `event_kind`, `verdict`, `object_kind`.
void fill_names(Database& database);

}
