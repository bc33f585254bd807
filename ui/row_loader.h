// Reads and renders blocks of rows in a thread of its own, with a TraceFile and a Decoder of its own. The window asks for
// what it is about to paint; what was asked for last comes first, and what has scrolled away meanwhile is dropped.
#pragma once

#include "ui/event_row.h"

#include <QObject>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ringside::ui {

class Worker;

using EventBlock = std::vector<EventRow>;
using EventBlockPtr = std::shared_ptr<const EventBlock>;

class RowLoader : public QObject {
    Q_OBJECT

public:
    /// Rows of the block: `first`, first+1, … where `ids` is empty, else those of `ids`.
    struct Request {
        std::uint64_t block = 0;
        std::uint64_t generation = 0; ///< given back with the rows: the filter that they were asked for
        trace::EventId first = 0;
        std::size_t count = 0;
        std::vector<trace::EventId> ids;
        bool running = false;
    };

    explicit RowLoader(std::string path, QObject* parent = nullptr);
    ~RowLoader() override;

    /// Gives back the block that is no longer waited for in its place, if any: it can be asked for anew.
    std::optional<std::uint64_t> request(Request request);

Q_SIGNALS:
    void loaded(quint64 block, quint64 generation, ringside::ui::EventBlockPtr rows);
    /// What was asked for could not be read now.
    void missed(quint64 block, quint64 generation);
    void failed(const QString& message);

private:
    struct Reader;
    void serve();

    static constexpr std::size_t most_waiting = 6; ///< blocks; a screen needs two
    std::string path_;
    std::mutex mutex_;
    std::deque<Request> waiting_;
    std::unique_ptr<Reader> reader_; ///< of the worker's thread
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

}
