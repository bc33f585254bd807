// A table-valued function over EventRows in memory: `INSERT INTO event SELECT * FROM ringside_rows` puts thousands of rows in
// with one statement, which takes half the time of binding and stepping for each.
#pragma once

#include "trace/batch.h"
#include "trace/sqlite.h"

#include <span>

namespace ringside::trace {

class EventRowsModule {
public:
    /// Registers the function with the connection, which must not outlive this object's use.
    explicit EventRowsModule(Database& database);

    std::span<const EventRow> rows; ///< what the next statement reads
};

}
