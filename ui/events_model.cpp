// See events_model.h.
#include "ui/events_model.h"

#include "ui/highlights.h"
#include "ui/mark_book.h"

#include <QDateTime>
#include <QLocale>
#include <QTimer>

#include <climits>

namespace ringside::ui {

namespace {

bool is_number(int column)
{
    return column == EventsModel::number || column == EventsModel::duration || column == EventsModel::size || column == EventsModel::blocked;
}

}

EventsModel::EventsModel(QObject* parent) : QAbstractTableModel(parent) { }
EventsModel::~EventsModel() = default;

void EventsModel::forget_blocks()
{
    ++generation_;
    blocks_.clear();
    recent_.clear();
}

void EventsModel::set_trace(const std::string& path)
{
    beginResetModel();
    loader_.reset();
    forget_blocks();
    own_matches().clear();
    order_ = marked_ = nullptr;
    filtered_ = false;
    running_ = false;
    latest_ = 0;
    since_latest_.invalidate();
    events_ = 0;
    if (!path.empty()) {
        loader_ = std::make_unique<RowLoader>(path);
        connect(loader_.get(), &RowLoader::loaded, this, &EventsModel::take);
        connect(loader_.get(), &RowLoader::missed, this, &EventsModel::miss);
        connect(loader_.get(), &RowLoader::failed, this, &EventsModel::failed);
    }
    endResetModel();
}

void EventsModel::set_event_count(trace::EventId count)
{
    count = std::min<trace::EventId>(count, INT_MAX);
    if (count <= events_)
        return;
    if (order_)
        set_order(nullptr);
    if (filtered_) {
        events_ = count;
        return;
    }
    if (events_ % block_rows != 0)
        mark_stale(events_ / block_rows); // it has more rows now
    beginInsertRows({}, static_cast<int>(events_), static_cast<int>(count) - 1);
    events_ = count;
    endInsertRows();
}

void EventsModel::set_running(bool running)
{
    if (running == running_)
        return;
    running_ = running;
    refresh_open();
}

void EventsModel::mark_stale(std::uint64_t block)
{
    auto at = blocks_.find(block);
    if (at != blocks_.end())
        at->second.stale = true;
}

void EventsModel::refresh_open()
{
    for (auto& [number, block] : blocks_) {
        if (!block.rows || block.stale || !std::ranges::any_of(*block.rows, &EventRow::open))
            continue;
        block.stale = true;
        int first = static_cast<int>(number) * block_rows;
        int last = std::min(first + block_rows, rowCount()) - 1;
        if (last >= first)
            Q_EMIT dataChanged(index(first, 0), index(last, column_count - 1)); // the view asks again for what it shows
    }
}

void EventsModel::begin_filter()
{
    beginResetModel();
    forget_blocks();
    own_matches().clear();
    order_ = nullptr;
    filtered_ = true;
    endResetModel();
}

void EventsModel::append_matches(std::span<const std::uint32_t> rows)
{
    if (!filtered_ || rows.empty())
        return;
    if (order_)
        set_order(nullptr);
    std::vector<std::uint32_t>& matches = own_matches();
    if (matches.size() % block_rows != 0)
        mark_stale(matches.size() / block_rows);
    auto first = static_cast<int>(matches.size());
    beginInsertRows({}, first, first + static_cast<int>(rows.size()) - 1);
    matches.insert(matches.end(), rows.begin(), rows.end());
    endInsertRows();
}

void EventsModel::insert_matches(std::span<const std::uint32_t> rows)
{
    if (!filtered_ || rows.empty())
        return;
    beginResetModel();
    forget_blocks();
    order_ = nullptr;
    std::vector<std::uint32_t>& matches = own_matches();
    std::size_t old = matches.size();
    matches.insert(matches.end(), rows.begin(), rows.end());
    std::inplace_merge(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(old), matches.end());
    matches.erase(std::unique(matches.begin(), matches.end()), matches.end());
    endResetModel();
}

void EventsModel::clear_filter()
{
    if (!filtered_)
        return;
    beginResetModel();
    forget_blocks();
    own_matches().clear();
    order_ = nullptr;
    filtered_ = false;
    endResetModel();
}

/// A sort may still read them in its thread: then it keeps those, and these become new ones.
std::vector<std::uint32_t>& EventsModel::own_matches()
{
    if (matches_.use_count() > 1)
        matches_ = std::make_shared<std::vector<std::uint32_t>>(*matches_);
    return *matches_;
}

void EventsModel::set_order(RowsPtr order)
{
    if (order == order_ || (order && order->size() != (filtered_ ? matches_->size() : static_cast<std::size_t>(events_))))
        return;
    beginResetModel();
    forget_blocks();
    order_ = std::move(order);
    endResetModel();
}

void EventsModel::everything_changed()
{
    if (int rows = rowCount(); rows > 0)
        Q_EMIT dataChanged(index(0, 0), index(rows - 1, column_count - 1));
}

void EventsModel::set_marked(RowsPtr rows)
{
    marked_ = std::move(rows);
    everything_changed();
}

bool EventsModel::is_match(trace::EventId event) const
{
    return marked_ && event != 0 && std::ranges::binary_search(*marked_, static_cast<std::uint32_t>(event - 1));
}

trace::EventId EventsModel::next_match(trace::EventId event, bool forward) const
{
    const std::vector<std::uint32_t>* rows = marked_ ? marked_.get() : filtered_ ? matches_.get() : nullptr;
    if (!rows)
        return 0;
    if (forward) {
        auto at = std::ranges::lower_bound(*rows, static_cast<std::uint32_t>(event));
        return at == rows->end() ? 0 : trace::EventId {*at} + 1;
    }
    auto at = std::ranges::lower_bound(*rows, static_cast<std::uint32_t>(event ? event - 1 : 0));
    return at == rows->begin() ? 0 : trace::EventId {*std::prev(at)} + 1;
}

void EventsModel::set_marks(const MarkBook* marks)
{
    marks_ = marks;
    if (marks_)
        connect(marks_, &MarkBook::changed, this, &EventsModel::everything_changed);
    everything_changed();
}

void EventsModel::set_time_format(TimeFormat format, std::uint64_t started_ns)
{
    time_format_ = format;
    started_ns_ = started_ns;
    everything_changed();
}

QString EventsModel::shown_time(const EventRow& row, int at) const
{
    auto since = [&](std::uint64_t ts) { return row.ts >= ts ? time_text(row.ts - ts) : '-' + time_text(ts - row.ts); };
    switch (time_format_) {
    case TimeFormat::since_previous: {
        const EventRow* before = at > 0 ? this->row(at - 1) : nullptr;
        return at == 0 ? time_text(0) : before ? since(before->ts) : QString();
    }
    case TimeFormat::since_reference:
        if (auto reference = marks_ ? marks_->reference_for(row.id) : std::nullopt)
            return since(*reference);
        break;
    case TimeFormat::date: {
        std::uint64_t ns = started_ns_ + row.ts;
        QDateTime second = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(ns / 1'000'000));
        return second.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz"));
    }
    case TimeFormat::from_start: break;
    }
    return row.time;
}

/// A call that has not come back says for how long.
QString EventsModel::shown_result(const EventRow& row) const
{
    if (!row.open || !running_ || !since_latest_.isValid())
        return row.result;
    qint64 tenths = (static_cast<qint64>(latest_ - std::min(latest_, row.ts)) + since_latest_.nsecsElapsed()) / 100'000'000;
    return tenths < 10 ? row.result : row.result + QStringLiteral(" %1 s").arg(QLocale().toString(static_cast<double>(tenths) / 10, 'f', 1));
}

trace::EventId EventsModel::event_at(int row) const
{
    if (row < 0 || row >= rowCount())
        return 0;
    if (order_)
        return trace::EventId {(*order_)[static_cast<std::size_t>(row)]} + 1;
    return filtered_ ? trace::EventId{(*matches_)[static_cast<std::size_t>(row)]} + 1 : static_cast<trace::EventId>(row) + 1;
}

int EventsModel::row_of(trace::EventId event) const
{
    int count = rowCount();
    if (count == 0)
        return -1;
    if (order_) { // one look at each, some milliseconds for ten million
        auto wanted = static_cast<std::uint32_t>(event ? event - 1 : 0);
        auto at = std::ranges::find(*order_, wanted);
        if (at == order_->end())
            at = std::ranges::min_element(*order_, {}, [wanted](std::uint32_t row) { return row >= wanted ? row - wanted : UINT32_MAX; });
        return static_cast<int>(at - order_->begin());
    }
    if (!filtered_)
        return static_cast<int>(std::clamp<trace::EventId>(event, 1, static_cast<trace::EventId>(count))) - 1;
    auto at = std::ranges::lower_bound(*matches_, static_cast<std::uint32_t>(event ? event - 1 : 0));
    return std::min(static_cast<int>(at - matches_->begin()), count - 1);
}

bool EventsModel::shows(trace::EventId event) const
{
    return event != 0 && event_at(row_of(event)) == event;
}

EventsModel::Block& EventsModel::touch(std::uint64_t number) const
{
    auto [at, added] = blocks_.try_emplace(number);
    Block& block = at->second;
    if (added) {
        recent_.push_front(number);
        block.used = recent_.begin();
        if (recent_.size() > cached_blocks) {
            blocks_.erase(recent_.back());
            recent_.pop_back();
        }
    } else {
        recent_.splice(recent_.begin(), recent_, block.used);
    }
    return block;
}

const EventRow* EventsModel::row(int row) const
{
    if (row < 0 || row >= rowCount() || !loader_)
        return nullptr;
    auto number = static_cast<std::uint64_t>(row / block_rows);
    Block& block = touch(number);
    auto place = static_cast<std::size_t>(row % block_rows);
    bool there = block.rows && place < block.rows->size();
    if ((!there || block.stale) && !block.requested) {
        block.requested = true;
        block.stale = false;
        request(number);
    }
    if (!there || (*block.rows)[place].id != event_at(row))
        return nullptr;
    return &(*block.rows)[place];
}

void EventsModel::request(std::uint64_t number) const
{
    RowLoader::Request request;
    request.block = number;
    request.generation = generation_;
    request.running = running_;
    std::uint64_t first = number * block_rows;
    std::uint64_t count = std::min<std::uint64_t>(block_rows, static_cast<std::uint64_t>(rowCount()) - first);
    if (filtered_ || order_) {
        const std::vector<std::uint32_t>& rows = order_ ? *order_ : *matches_;
        for (std::uint64_t i = first; i < first + count; ++i)
            request.ids.push_back(trace::EventId {rows[i]} + 1);
    } else {
        request.first = first + 1;
        request.count = count;
    }
    if (auto dropped = loader_->request(std::move(request)))
        if (auto at = blocks_.find(*dropped); at != blocks_.end())
            at->second.requested = false;
}

void EventsModel::take(std::uint64_t number, std::uint64_t generation, const EventBlockPtr& rows)
{
    if (generation != generation_)
        return;
    auto at = blocks_.find(number);
    if (at == blocks_.end())
        return;
    at->second.rows = rows;
    at->second.requested = false;
    for (const EventRow& row : *rows)
        if (running_ && row.ts > latest_) {
            latest_ = row.ts;
            since_latest_.start();
        }
    if (std::ranges::any_of(*rows, [](const EventRow& row) { return row.id == 0; }))
        miss(number, generation);
    int first = static_cast<int>(number) * block_rows;
    int last = std::min(first + block_rows, rowCount()) - 1;
    if (last >= first)
        Q_EMIT dataChanged(index(first, 0), index(last, column_count - 1));
}

void EventsModel::miss(std::uint64_t number, std::uint64_t generation)
{
    constexpr int most_misses = 20, pause = 150; // ms: the recorder's rows come in pieces
    auto at = blocks_.find(number);
    if (generation != generation_ || at == blocks_.end())
        return;
    at->second.requested = false;
    if (++at->second.misses > most_misses) {
        at->second.requested = !at->second.rows; // given up: nothing to show, and not asked for with every paint
        return;
    }
    QTimer::singleShot(pause, this, [this, number, generation] {
        if (generation != generation_)
            return;
        mark_stale(number);
        int first = static_cast<int>(number) * block_rows, last = std::min(first + block_rows, rowCount()) - 1;
        if (last >= first)
            Q_EMIT dataChanged(index(first, 0), index(last, column_count - 1)); // the view asks for what it shows
    });
}

int EventsModel::rowCount(const QModelIndex& parent) const
{
    if (parent.isValid())
        return 0;
    return static_cast<int>(filtered_ ? matches_->size() : events_);
}

int EventsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : column_count;
}

QString EventsModel::spoken_row(const EventRow& row) const
{
    QStringList rest;
    for (int rule : shown_highlights(row))
        rest += highlight_rules()[static_cast<std::size_t>(rule)].name;
    trace::Mark mark = marks_ ? marks_->mark(row.id) : trace::Mark();
    if (mark.marked)
        rest += tr("Marked");
    if (mark.time_reference)
        rest += tr("Time reference");
    if (!mark.note.empty())
        rest += QString::fromStdString(mark.note);
    return rest.isEmpty() ? spoken(row) : spoken(row) + QStringLiteral(". ") + rest.join(QStringLiteral(", "));
}

QString EventsModel::spoken(const EventRow& row)
{
    return tr("Event %1, %2: %3, %4, result %5").arg(QLocale().toString(static_cast<qulonglong>(row.id)), row.process, row.call, row.arguments.text,
        row.result.isEmpty() ? tr("none") : row.result);
}

/// What the signs before the number say.
QString EventsModel::gutter_text(const EventRow& row) const
{
    QStringList texts;
    if (is_match(row.id))
        texts += tr("The filter matches");
    trace::Mark mark = marks_ ? marks_->mark(row.id) : trace::Mark();
    if (mark.marked)
        texts += tr("Marked");
    if (mark.time_reference)
        texts += tr("Time reference");
    if (!mark.note.empty())
        texts += QString::fromStdString(mark.note).left(500).toHtmlEscaped();
    return texts.join(QStringLiteral("<br>"));
}

QVariant EventsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(is_number(index.column()) ? Qt::AlignRight | Qt::AlignVCenter : Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != Qt::AccessibleTextRole)
        return {};
    const EventRow* row = this->row(index.row());
    if (index.column() == number && role == Qt::DisplayRole)
        return QLocale().toString(static_cast<qulonglong>(event_at(index.row())));
    if (!row)
        return {};
    if (role == Qt::AccessibleTextRole && index.column() == number)
        return spoken_row(*row);
    if (role == Qt::ToolTipRole && index.column() == number)
        return gutter_text(*row);
    if (role == Qt::ToolTipRole)
        return index.column() == arguments || index.column() == result || index.column() == path ? QVariant(data(index, Qt::DisplayRole).toString().left(2000).toHtmlEscaped()) : QVariant();
    switch (index.column()) {
    case number: return QLocale().toString(static_cast<qulonglong>(row->id));
    case time: return shown_time(*row, index.row());
    case process: return row->process;
    case call: return row->call;
    case arguments: return row->arguments.text;
    case result: return shown_result(*row);
    case duration: return row->duration;
    case host: return row->host;
    case notes: return marks_ ? QString::fromStdString(marks_->mark(row->id).note).simplified() : QString();
    case thread: return QString::number(row->thread);
    case path: return row->path;
    case size: return row->size;
    case blocked: return row->blocked;
    case position: return row->position ? QStringLiteral("0x%1").arg(row->position, 0, 16) : QString();
    default: return {};
    }
}

QVariant EventsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(is_number(section) ? Qt::AlignRight | Qt::AlignVCenter : Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case number: return tr("No.");
    case time: return tr("Time");
    case process: return tr("Process");
    case call: return tr("Call");
    case arguments: return tr("Arguments");
    case result: return tr("Result");
    case duration: return tr("Duration");
    case host: return tr("Host");
    case notes: return tr("Notes");
    case thread: return tr("Thread");
    case path: return tr("Path");
    case size: return tr("Size");
    case blocked: return tr("Waited");
    case position: return tr("CPU position");
    default: return {};
    }
}

}
