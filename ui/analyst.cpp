// See analyst.h.
#include "ui/analyst.h"

#include "trace/filter_run.h"
#include "ui/worker.h"

namespace ringside::ui {

struct Analyst::State {
    explicit State(const std::string& path) : trace(path) { }

    trace::TraceFile trace;
    trace::analysis::TimelineIndex index;
    std::unique_ptr<trace::analysis::Processes> processes;
    std::size_t processes_at = 0;
    QString filter;
    std::size_t filtered_to = 0;
    std::vector<std::uint32_t> rows;
};

Analyst::Analyst(std::string path, std::shared_ptr<SharedColumns> columns, QObject* parent)
    : QObject(parent), path_(std::move(path)), columns_(std::move(columns)), worker_(std::make_unique<Worker>())
{
}

Analyst::~Analyst()
{
    for (auto& [dock, ticket] : tickets_)
        *ticket = true;
}

void Analyst::set_filter(const QString& text)
{
    filter_ = text;
}

void Analyst::cancel(QObject* dock)
{
    auto at = tickets_.find(dock);
    if (at == tickets_.end())
        return;
    *at->second = true;
    tickets_.erase(at);
    waiting_.erase(dock);
}

void Analyst::ask(QObject* dock, Work work)
{
    cancel(dock);
    auto ticket = std::make_shared<std::atomic<bool>>(false);
    tickets_[dock] = ticket;
    if (held_)
        waiting_[dock] = std::move(work);
    else
        post(dock, ticket, std::move(work));
}

void Analyst::release()
{
    held_ = false;
    for (auto& [dock, work] : std::exchange(waiting_, {}))
        post(dock, tickets_[dock], std::move(work));
}

void Analyst::post(QObject* dock, const Ticket& ticket, Work work)
{
    worker_->post([this, dock = QPointer<QObject>(dock), ticket, work = std::move(work), filter = filter_] {
        if (!*ticket)
            run(dock, ticket, work, filter);
    });
}

void Analyst::run(const QPointer<QObject>& dock, const Ticket& ticket, const Work& work, const QString& filter)
{
    try {
        if (!state_)
            state_ = std::make_unique<State>(path_);
        State& s = *state_;
        std::shared_lock lock(columns_->mutex);
        const trace::HotColumns& columns = columns_->columns;
        s.index.update(columns);
        if (!s.processes || s.processes_at != columns.size()) {
            s.processes = std::make_unique<trace::analysis::Processes>(s.trace);
            s.processes_at = columns.size();
        }
        bool filtered = !filter.isEmpty();
        if (filtered && (s.filter != filter || s.filtered_to != columns.size())) {
            auto compiled = trace::Filter::compile(filter.toStdString());
            s.rows.clear();
            if (auto* good = std::get_if<trace::Filter>(&compiled))
                trace::run_filter(*good, columns, s.trace, 0, *ticket, [&](std::span<const std::uint32_t> rows, std::size_t) { s.rows.insert(s.rows.end(), rows.begin(), rows.end()); });
            s.filter = *ticket ? QString() : filter;
            s.filtered_to = columns.size();
        }
        trace::analysis::Input input {s.trace, columns, filtered ? &s.rows : nullptr, ticket.get()};
        auto show = work({input, *s.processes, s.index});
        if (*ticket)
            return;
        deliver(this, [dock, ticket, show = std::move(show)] {
            if (dock && !*ticket && show)
                show();
        });
    } catch (const std::exception& error) {
        deliver(this, [this, message = QString::fromUtf8(error.what())] { Q_EMIT failed(message); });
    }
}

}
