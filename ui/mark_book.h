// The marks, time references and notes of the open trace. They are kept in it; while it is being recorded, or where it cannot be
// written, they are kept here, and the person is told.
#pragma once

#include "trace/marks.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <optional>

namespace ringside::ui {

class Worker;

class MarkBook : public QObject {
    Q_OBJECT

public:
    explicit MarkBook(QObject* parent = nullptr);
    ~MarkBook() override; ///< writes what has not been written

    /// Another trace: its marks are read, by `changed`. Empty: none.
    void open(const std::string& path, bool running);
    /// The recording has ended: from now on they are kept in the trace.
    void recording_ended();

    trace::Mark mark(trace::EventId event) const;
    const trace::Marks& marks() const { return marks_; }
    /// `ts` as the event's time, which the references are told by.
    void toggle_mark(trace::EventId event);
    void toggle_reference(trace::EventId event);
    void set_note(trace::EventId event, const QString& note);
    /// The next marked, noted or referenced event after this one, or before it; 0: there is none.
    trace::EventId next(trace::EventId event, bool forward) const;
    /// The time of the last reference at or before this event.
    std::optional<std::uint64_t> reference_for(trace::EventId event) const;

Q_SIGNALS:
    void changed();
    /// They could not be kept: a sentence.
    void failed(const QString& message);
    /// All that was said is in the trace.
    void saved();

private:
    struct State;
    void change(trace::EventId event, const trace::Mark& mark);
    void save();
    void find_times();

    std::string path_;
    bool running_ = false;
    bool dirty_ = false;
    trace::Marks marks_;
    std::map<trace::EventId, std::uint64_t> references_; ///< event -> its time
    QTimer pause_; ///< a few changes become one write
    std::unique_ptr<Worker> worker_;
};

}
