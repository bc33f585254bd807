// The events of a trace as a table: all of them, or those in a row map that a filter made. data() answers from a cache of
// blocks and never waits: a row that is not there yet is blank until RowLoader has brought it. Rows may stand in another order
// (a sort), and be marked (a filter that hides nothing).
#pragma once

#include "ui/row_loader.h"
#include "ui/scanner.h"

#include <QAbstractTableModel>
#include <QElapsedTimer>

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace ringside::ui {

class MarkBook;

class EventsModel : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { number, time, process, call, arguments, result, duration, host, notes, thread, path, size, blocked, position, column_count };
    /// Shown only where they are asked for.
    static bool is_optional(int column) { return column >= notes; }
    enum class TimeFormat { from_start, since_previous, since_reference, date };
    static constexpr int block_rows = 256;
    static constexpr std::size_t cached_blocks = 96;

    explicit EventsModel(QObject* parent = nullptr);
    ~EventsModel() override;

    /// Another trace, or none (empty).
    void set_trace(const std::string& path);
    /// Events there are. Called while the trace grows; rows are appended.
    void set_event_count(trace::EventId count);
    /// While it grows, calls without a result are asked for again by refresh_open().
    void set_running(bool running);
    void refresh_open();

    /// From now on only the rows of a map that is empty at first.
    void begin_filter();
    /// Rows (event id - 1) that follow those that are there.
    void append_matches(std::span<const std::uint32_t> rows);
    /// Rows that lie between those that are there: calls that came back later.
    void insert_matches(std::span<const std::uint32_t> rows);
    void clear_filter();
    bool filtered() const { return filtered_; }
    /// The filter's rows as far as they have come, null without one.
    RowsPtr matches() const { return filtered_ ? matches_ : nullptr; }
    /// The same rows in this order, until others come; null: that of time.
    void set_order(RowsPtr order);
    bool in_order_of_time() const { return !order_; }
    /// Rows of a filter that hides nothing (rising); null: there is none.
    void set_marked(RowsPtr rows);
    bool is_match(trace::EventId event) const;
    /// The next match after the event, or the one before it; 0: there is none.
    trace::EventId next_match(trace::EventId event, bool forward) const;
    const RowsPtr& marked() const { return marked_; }

    /// Not owned; may be null.
    void set_marks(const MarkBook* marks);
    const MarkBook* marks() const { return marks_; }
    /// `started_ns`: the recording's start since 1970.
    void set_time_format(TimeFormat format, std::uint64_t started_ns);
    TimeFormat time_format() const { return time_format_; }
    trace::EventId event_count() const { return events_; }

    /// 0 where there is no such row.
    trace::EventId event_at(int row) const;
    /// The row of an event; where a filter hides it, the next one after it, or the last. -1: there are no rows.
    int row_of(trace::EventId event) const;
    bool shows(trace::EventId event) const;
    /// The rendered row, or null while it is on its way (which this sets off).
    const EventRow* row(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// The row as a sentence, for a screen reader.
    static QString spoken(const EventRow& row);
    /// With its marks and highlights.
    QString spoken_row(const EventRow& row) const;

Q_SIGNALS:
    void failed(const QString& message);

private:
    struct Block {
        EventBlockPtr rows;
        bool stale = false;     ///< shown, but asked for again
        bool requested = false;
        int misses = 0;         ///< answers in which a row was missing
        std::list<std::uint64_t>::iterator used;
    };

    QString shown_result(const EventRow& row) const;
    void take(std::uint64_t block, std::uint64_t generation, const EventBlockPtr& rows);
    /// Rows that could not be read now are asked for again, for a while.
    void miss(std::uint64_t block, std::uint64_t generation);
    void request(std::uint64_t block) const;
    Block& touch(std::uint64_t block) const;
    void forget_blocks();
    void mark_stale(std::uint64_t block);
    std::vector<std::uint32_t>& own_matches();
    void everything_changed();
    QString shown_time(const EventRow& row, int at) const;
    QString gutter_text(const EventRow& row) const;

    std::unique_ptr<RowLoader> loader_;
    trace::EventId events_ = 0;
    bool running_ = false;
    std::uint64_t latest_ = 0;   ///< the highest time of a row that was shown while it is recorded
    QElapsedTimer since_latest_; ///< so that it can be said what time it is in the trace
    bool filtered_ = false;
    std::shared_ptr<std::vector<std::uint32_t>> matches_ = std::make_shared<std::vector<std::uint32_t>>();
    RowsPtr order_, marked_;
    const MarkBook* marks_ = nullptr;
    TimeFormat time_format_ = TimeFormat::from_start;
    std::uint64_t started_ns_ = 0;
    std::uint64_t generation_ = 0;
    mutable std::unordered_map<std::uint64_t, Block> blocks_;
    mutable std::list<std::uint64_t> recent_; ///< the block used last first
};

}
