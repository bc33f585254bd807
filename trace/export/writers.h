// The formats of export.h, one class each.
#pragma once

#include "trace/export/export.h"
#include "trace/syscall_table.h"

#include <memory>
#include <string>

namespace ringside::trace {

class EventWriter {
public:
    virtual ~EventWriter() = default;
    virtual void begin(std::string&) {}
    /// Appends the event's line, if the format has one for it. Events come by rising id.
    virtual void write(const Event& event, std::string& out) = 0;
    virtual void finish(std::string&) {}
    /// Whether the completing rows of calls that were written are wanted even where the filter does not match them.
    virtual bool wants_resumes() const { return false; }
};

std::unique_ptr<EventWriter> make_strace_writer(EventSource& source, const ExportOptions& options);
std::unique_ptr<EventWriter> make_jsonl_writer(EventSource& source, const ExportOptions& options);
std::unique_ptr<EventWriter> make_csv_writer(EventSource& source, const ExportOptions& options);
std::unique_ptr<EventWriter> make_perfetto_writer(EventSource& source, const ExportOptions& options);

/// Appends `bytes` as a JSON string: valid UTF-8 stays, control characters are escaped, and a byte that is no UTF-8 becomes
/// \u00XX, its Latin-1 character.
void append_json_string(std::string_view bytes, std::string& out);
/// Appends a CSV field (RFC 4180), in quotes where it must be.
void append_csv_field(std::string_view text, std::string& out);

}
