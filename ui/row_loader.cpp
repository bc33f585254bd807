// See row_loader.h.
#include "ui/row_loader.h"

#include "trace/trace_file.h"
#include "ui/worker.h"

namespace ringside::ui {

struct RowLoader::Reader {
    explicit Reader(const std::string& path) : trace(path), renderer(trace) { }
    trace::TraceFile trace;
    RowRenderer renderer;
};

RowLoader::RowLoader(std::string path, QObject* parent) : QObject(parent), path_(std::move(path)), worker_(std::make_unique<Worker>()) { }

RowLoader::~RowLoader() = default;

std::optional<std::uint64_t> RowLoader::request(Request request)
{
    std::optional<std::uint64_t> dropped;
    {
        std::scoped_lock lock(mutex_);
        std::erase_if(waiting_, [&](const Request& old) { return old.block == request.block || old.generation != request.generation; });
        waiting_.push_front(std::move(request));
        if (waiting_.size() > most_waiting) {
            dropped = waiting_.back().block;
            waiting_.pop_back();
        }
    }
    worker_->post([this] { serve(); });
    return dropped;
}

void RowLoader::serve()
{
    Request request;
    {
        std::scoped_lock lock(mutex_);
        if (waiting_.empty())
            return;
        request = std::move(waiting_.front());
        waiting_.pop_front();
    }
    auto rows = std::make_shared<EventBlock>();
    try {
        if (!reader_)
            reader_ = std::make_unique<Reader>(path_);
        std::size_t count = request.ids.empty() ? request.count : request.ids.size();
        rows->resize(count);
        auto place = [&](std::size_t index, const trace::Event& event) {
            if (index < count)
                (*rows)[index] = reader_->renderer.render(event, request.running);
        };
        if (request.ids.empty()) {
            for (const trace::Event& event : reader_->trace.events(request.first, request.count)) {
                if (worker_->stopping())
                    return;
                place(event.id - request.first, event);
            }
        }
        for (std::size_t i = 0; i < request.ids.size() && !worker_->stopping(); ++i)
            if (auto event = reader_->trace.event(request.ids[i]))
                place(i, *event);
    } catch (const trace::Error& error) {
        deliver(this, [this, block = request.block, generation = request.generation, message = QString::fromUtf8(error.what())] {
            Q_EMIT missed(block, generation);
            Q_EMIT failed(message);
        });
        return;
    }
    deliver(this, [this, block = request.block, generation = request.generation, rows = EventBlockPtr(std::move(rows))] {
        Q_EMIT loaded(block, generation, rows);
    });
}

}
