// See mark_book.h.
#include "ui/mark_book.h"

#include "ui/worker.h"

namespace ringside::ui {

MarkBook::MarkBook(QObject* parent) : QObject(parent), worker_(std::make_unique<Worker>())
{
    pause_.setSingleShot(true);
    pause_.setInterval(400);
    connect(&pause_, &QTimer::timeout, this, &MarkBook::save);
}

MarkBook::~MarkBook()
{
    open({}, false);
}

void MarkBook::open(const std::string& path, bool running)
{
    if (dirty_ && !running_ && !path_.empty()) {
        try {
            trace::write_marks(path_, marks_); // a few rows
        } catch (const trace::Error&) { // was said when it was tried before
        }
    }
    pause_.stop();
    path_ = path;
    running_ = running;
    dirty_ = false;
    marks_.clear();
    references_.clear();
    Q_EMIT changed();
    if (path.empty())
        return;
    worker_->post([this, path] {
        trace::Marks marks;
        try {
            trace::TraceFile file(path);
            marks = trace::read_marks(file);
        } catch (const trace::Error&) { // the document says it
        }
        deliver(this, [this, path, marks] {
            if (path != path_)
                return;
            for (const auto& [event, mark] : marks)
                marks_.try_emplace(event, mark); // what was said meanwhile stays
            find_times();
            Q_EMIT changed();
        });
    });
}

void MarkBook::recording_ended()
{
    running_ = false;
    if (dirty_)
        pause_.start();
}

trace::Mark MarkBook::mark(trace::EventId event) const
{
    auto at = marks_.find(event);
    return at == marks_.end() ? trace::Mark() : at->second;
}

void MarkBook::change(trace::EventId event, const trace::Mark& mark)
{
    if (event == 0 || path_.empty() || mark == this->mark(event))
        return;
    if (mark.empty())
        marks_.erase(event);
    else
        marks_[event] = mark;
    dirty_ = true;
    find_times();
    Q_EMIT changed();
    if (!running_)
        pause_.start();
}

void MarkBook::toggle_mark(trace::EventId event)
{
    trace::Mark mark = this->mark(event);
    mark.marked = !mark.marked;
    change(event, mark);
}

void MarkBook::toggle_reference(trace::EventId event)
{
    trace::Mark mark = this->mark(event);
    mark.time_reference = !mark.time_reference;
    change(event, mark);
}

void MarkBook::set_note(trace::EventId event, const QString& note)
{
    trace::Mark mark = this->mark(event);
    mark.note = note.trimmed().toStdString();
    change(event, mark);
}

trace::EventId MarkBook::next(trace::EventId event, bool forward) const
{
    if (forward) {
        auto at = marks_.upper_bound(event);
        return at == marks_.end() ? 0 : at->first;
    }
    auto at = marks_.lower_bound(event);
    return at == marks_.begin() ? 0 : std::prev(at)->first;
}

std::optional<std::uint64_t> MarkBook::reference_for(trace::EventId event) const
{
    auto at = references_.upper_bound(event);
    return at == references_.begin() ? std::nullopt : std::optional(std::prev(at)->second);
}

/// The times of references that are new: one row each, read in the worker's thread.
void MarkBook::find_times()
{
    std::vector<trace::EventId> unknown;
    std::erase_if(references_, [&](const auto& each) { return !mark(each.first).time_reference; });
    for (const auto& [event, mark] : marks_)
        if (mark.time_reference && !references_.contains(event))
            unknown.push_back(event);
    if (unknown.empty())
        return;
    worker_->post([this, path = path_, unknown] {
        std::map<trace::EventId, std::uint64_t> times;
        try {
            trace::TraceFile file(path);
            for (trace::EventId id : unknown)
                if (auto event = file.event(id))
                    times[id] = event->ts;
        } catch (const trace::Error&) {
        }
        deliver(this, [this, path, times] {
            if (path != path_)
                return;
            for (auto [event, ts] : times)
                if (mark(event).time_reference)
                    references_[event] = ts;
            Q_EMIT changed();
        });
    });
}

void MarkBook::save()
{
    if (!dirty_ || running_ || path_.empty())
        return;
    dirty_ = false;
    worker_->post([this, path = path_, marks = marks_] {
        QString failure;
        try {
            trace::write_marks(path, marks);
        } catch (const trace::Error& error) {
            failure = QString::fromUtf8(error.what());
        }
        deliver(this, [this, failure] {
            if (failure.isEmpty())
                Q_EMIT saved();
            else
                Q_EMIT failed(failure);
        });
    });
}

}
