// One row of the events table, rendered: made in a worker thread by RowRenderer, painted by EventDelegate.
#pragma once

#include "trace/decode/decoder.h"
#include "trace/event_view.h"
#include "trace/filter/filter.h"

#include <QString>

#include <cstdint>
#include <vector>

namespace ringside::ui {

/// A piece of a QString; `token` as the decoder says.
struct TextSpan {
    int begin = 0;
    int length = 0;
    trace::Token token = trace::Token::plain;
};

struct RichText {
    QString text;
    std::vector<TextSpan> spans;
};

/// What the result says at a glance; each has a sign and a colour.
enum class ResultKind : std::uint8_t { plain, error, expected, denied, unsupported, injected, running, unknown };

/// The colour at the row's left edge.
enum class RowGroup : std::uint8_t { other, file, network, process, fault };

struct EventRow {
    trace::EventId id = 0;   ///< 0: the trace has no such row
    trace::ProcessId pid = 0;
    std::uint64_t ts = 0;
    QString time, process, call, result, duration, host;
    trace::ThreadId thread = 0;
    QString path, size, blocked; ///< empty: there is none
    std::uint64_t position = 0;  ///< of the instruction that called
    QString kind;            ///< "syscall", "signal", … as filters say it
    RichText arguments;
    ResultKind result_kind = ResultKind::plain;
    RowGroup group = RowGroup::other;
    std::uint8_t highlights = 0; ///< a bit for each rule of highlights.h that it meets
    bool internal = false; ///< no call of the program: page-ins and the like, shown faintly
    bool open = false;     ///< has not come back: worth another look while the trace grows
};

/// The decoder's text with its spans, counted in QString's units.
RichText rich_text(const trace::Line& line);
/// "1.9 µs", "412 µs", "3.2 ms", "12.04 s".
QString duration_text(std::uint64_t ns);
/// Seconds since the recording began: "0.41290".
QString time_text(std::uint64_t ns);
/// With the sign of its kind: "✕ ENOENT".
QString sign_of(ResultKind kind);

class RowRenderer {
public:
    explicit RowRenderer(trace::EventSource& source);

    /// `running`: the trace is being recorded, so that a call without a result may still get one.
    EventRow render(const trace::Event& event, bool running);

private:
    void set_result(const trace::Event& event, const trace::Decoded& decoded, bool running, EventRow& row) const;

    trace::EventSource& source_;
    trace::Decoder decoder_;
    trace::Filter problem_;
    std::vector<trace::Filter> highlights_;
};

}
