// All that the inspector shows of one event, gathered in a worker's thread.
#pragma once

#include "trace/analysis/sandbox.h"
#include "trace/decode/decoder.h"
#include "trace/queries.h"
#include "ui/disassembly.h"
#include "ui/event_row.h"

#include <QString>

#include <vector>

namespace ringside::ui {

/// One recorded copy of bytes, in or out.
struct RecordedBytes {
    QString name;              ///< of the argument: "buf"
    trace::Direction direction = trace::Direction::in;
    std::uint64_t address = 0;
    std::uint64_t length = 0;  ///< true length; more than bytes.size() where it was cut
    std::vector<std::byte> bytes;
};

struct Inspection {
    trace::Event event;
    trace::Decoded decoded;
    EventRow row;
    QString thread;                         ///< "python3 14, thread 15"
    std::vector<trace::HostCall> host_calls;
    std::vector<RecordedBytes> data;
    std::vector<Instruction> code;
    trace::EventId waker = 0;               ///< the event that ended its wait
    trace::EventId opened = 0;              ///< the event that its descriptor came from
    std::uint64_t page_bytes = 0;           ///< of mapped pages that became present with it
    std::optional<trace::analysis::SandboxReason> sandbox; ///< where the sandbox made it fail
    QString failure;
};

/// Bytes of one copy that are kept for the window; the rest is in the trace.
constexpr std::size_t inspected_bytes = 64 * 1024;

/// Throws trace::Error.
Inspection inspect(trace::TraceFile& trace, trace::EventId event, bool running);

/// "0000  2f 65 74 63  /etc", eight bytes a line, at most `most` lines.
std::vector<QString> hex_lines(const std::vector<std::byte>& bytes, std::size_t most);

}
