// The open trace as the window's docks see it: what it is, how far it has come, its processes. Reads in a thread of its own and
// asks ten times a second while the trace is being recorded.
#pragma once

#include "trace/queries.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <string>
#include <vector>

namespace ringside::ui {

class Worker;
class Scanner;

class TraceDocument : public QObject {
    Q_OBJECT

public:
    explicit TraceDocument(std::string path, QObject* parent = nullptr);
    ~TraceDocument() override;

    /// Opens it; `opened` or `failed` follows.
    void open();
    const std::string& path() const { return path_; }
    trace::EventId events() const { return events_; }
    bool running() const { return running_; }
    /// The last thing that happened is a read of standard input that has not come back.
    bool waits_for_input() const { return waits_for_input_; }
    const trace::TraceInfo& info() const { return info_; }
    const std::vector<trace::ProcessNode>& processes() const { return processes_; }
    Scanner& scanner() { return *scanner_; }

    enum class CopyForm { text, tsv, json };
    /// The events as strace's lines, as the table's cells between tabs under their names, or as a JSON list, by `text_ready`.
    void copy(std::vector<trace::EventId> events, CopyForm form);
    /// The first event at this time or after it, by `time_found`.
    void event_at_time(std::uint64_t ts);
    /// The recorder of this very window has ended: the trace is whole.
    void recording_ended();

Q_SIGNALS:
    void opened();
    void failed(const QString& message);
    void grown(ringside::trace::EventId events);
    void processes_changed();
    void ended();
    void time_found(ringside::trace::EventId event);
    void text_ready(const QString& text);

private:
    struct State;
    struct Snapshot;
    void poll();
    void take(std::shared_ptr<const Snapshot> snapshot);

    std::string path_;
    bool running_ = false;
    bool waits_for_input_ = false;
    bool is_open_ = false;
    bool polling_ = false;
    int polls_ = 0;
    trace::EventId events_ = 0;
    trace::TraceInfo info_;
    std::vector<trace::ProcessNode> processes_;
    QTimer timer_;
    std::unique_ptr<Scanner> scanner_;
    std::unique_ptr<State> state_;   ///< of the worker's thread
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

/// A command from meta ("command": a JSON list) as a shell would take it.
QString command_text(const std::string& json);

}
