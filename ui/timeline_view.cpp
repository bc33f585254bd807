// See timeline_view.h.
#include "ui/timeline_view.h"

#include "ui/event_row.h"
#include "ui/numbers.h"
#include "ui/theme.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>

#include <cmath>

namespace ringside::ui {

using trace::analysis::TimeRange;

TimelineView::TimelineView(TimeFocus* time, QWidget* parent) : QAbstractScrollArea(parent), time_(time)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Timeline, a lane for each thread: arrows move in time, plus and minus zoom; Statistics has the numbers"));
    viewport()->setMouseTracking(true);
    connect(time_, &TimeFocus::changed, this, [this] { viewport()->update(); });
}

int TimelineView::names_width() const
{
    return fontMetrics().horizontalAdvance(QStringLiteral("python3 12345/12345 ")) + 12;
}

int TimelineView::ruler_height() const
{
    return row_height(font());
}

int TimelineView::time_pixels() const
{
    return std::max(1, viewport()->width() - names_width() - 8);
}

std::pair<std::size_t, std::size_t> TimelineView::seen_lanes() const
{
    auto first = static_cast<std::size_t>(verticalScrollBar()->value());
    return {first, first + static_cast<std::size_t>(std::max(1, viewport()->height() / row_height(font()) + 1))};
}

void TimelineView::set_picture(std::shared_ptr<const TimelinePicture> picture)
{
    picture_ = std::move(picture);
    update_scroll_bar();
    viewport()->update();
}

void TimelineView::update_scroll_bar()
{
    int lanes = picture_ ? static_cast<int>(picture_->lanes.size()) : 0;
    int fit = std::max(1, (viewport()->height() - ruler_height()) / row_height(font()));
    verticalScrollBar()->setRange(0, std::max(0, lanes - fit));
    verticalScrollBar()->setPageStep(fit);
}

void TimelineView::set_event_time(std::uint64_t ts, trace::ThreadId thread)
{
    event_ts_ = ts;
    event_thread_ = thread;
    viewport()->update();
}

TimeScale TimelineView::scale() const
{
    return {time_->shown(), double(names_width()), double(time_pixels())};
}

void TimelineView::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), c.panel);
    TimeScale scale = this->scale();
    if (const TimeRange& marked = time_->marked(); marked.length())
        painter.fillRect(QRectF(scale.x_of(marked.begin), 0, scale.x_of(marked.end) - scale.x_of(marked.begin), viewport()->height()), c.selection);
    paint_ruler(painter);
    int line = row_height(font());
    if (picture_) {
        auto [first, last] = seen_lanes();
        for (std::size_t i = first; i < std::min(last, picture_->lanes.size()); ++i)
            paint_lane(painter, picture_->lanes[i], ruler_height() + double(i - first) * line, line);
    }
    if (event_thread_ != 0 && time_->shown().contains(event_ts_))
        painter.fillRect(QRectF(scale.x_of(event_ts_) - 0.75, 0, 1.5, viewport()->height()), c.accent);
    painter.fillRect(QRect(names_width() - 4, 0, 1, viewport()->height()), c.line);
    if (hasFocus()) {
        painter.setPen(QPen(c.accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(viewport()->rect().adjusted(1, 1, -2, -2));
    }
}

void TimelineView::paint_ruler(QPainter& painter) const
{
    const Colours& c = colours();
    const TimeRange& shown = time_->shown();
    if (shown.length() == 0)
        return;
    // Steps of 1, 2 or 5, so far apart that their texts have room.
    double least = double(shown.length()) * (fontMetrics().horizontalAdvance(QStringLiteral("0.000000000")) + 20) / time_pixels();
    double step = std::pow(10, std::floor(std::log10(std::max(1.0, least))));
    for (double factor : {1.0, 2.0, 5.0, 10.0})
        if (step * factor >= least) {
            step *= factor;
            break;
        }
    int digits = std::clamp(9 - static_cast<int>(std::floor(std::log10(step))), 0, 9);
    painter.setPen(c.secondary);
    TimeScale scale = this->scale();
    for (double ts = std::ceil(double(shown.begin) / step) * step; ts < double(shown.end); ts += step) {
        double x = scale.x_of(static_cast<std::uint64_t>(ts));
        painter.fillRect(QRectF(x, ruler_height() - 4, 1, viewport()->height()), c.line);
        painter.drawText(QRectF(x + 4, 0, 200, ruler_height() - 2), Qt::AlignVCenter, QString::number(ts / 1e9, 'f', digits) + QStringLiteral(" s"));
    }
    painter.fillRect(QRect(0, ruler_height() - 1, viewport()->width(), 1), c.line);
}

void TimelineView::paint_lane(QPainter& painter, const Lane& lane, double y, int line) const
{
    const Colours& c = colours();
    painter.setPen(lane.thread == event_thread_ ? c.text : c.secondary);
    painter.drawText(QRectF(10, y, names_width() - 18, line), Qt::AlignVCenter, painter.fontMetrics().elidedText(lane.name, Qt::ElideRight, names_width() - 18));
    painter.save();
    painter.setClipRect(QRectF(names_width(), y, time_pixels() + 8, line));
    TimeScale scale = this->scale();
    const QColor groups[] = {c.other, c.file, c.network, c.process, c.error};
    for (const LaneBar& bar : lane.bars) {
        double left = std::max(scale.x_of(bar.bar.begin), double(names_width()) - 1), right = std::min(scale.x_of(bar.bar.end), double(viewport()->width()));
        QRectF box(left, y + 4, std::max(1.5, right - left), line - 8);
        QColor ink = bar.bar.problem ? c.error : groups[std::min<std::size_t>(bar.group, 4)];
        if (bar.bar.waited && bar.bar.count == 1) {
            painter.fillRect(box, c.panel);
            painter.fillRect(box, QBrush(ink, Qt::BDiagPattern)); // hatched: it waited
            painter.setPen(QPen(ink, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
        } else {
            QColor fill = ink;
            fill.setAlphaF(bar.bar.count > 1 ? 0.55F : 0.85F);
            painter.fillRect(box, fill);
        }
        if (bar.bar.problem)
            painter.fillRect(QRectF(left, y + 1, std::max(2.0, box.width()), 2), c.error);
        if (box.width() > 34 && bar.bar.waited) {
            QString text = painter.fontMetrics().elidedText(bar.name, Qt::ElideRight, int(box.width()) - 10);
            QRectF place(box.left() + 4, y + 3, painter.fontMetrics().horizontalAdvance(text) + 4, line - 6);
            painter.fillRect(place, c.panel);
            painter.setPen(c.text);
            painter.drawText(place.adjusted(2, 0, 0, 0), Qt::AlignVCenter, text);
        } else if (box.width() > 34) {
            painter.setPen(c.panel);
            painter.drawText(box.adjusted(4, -2, -2, 2), Qt::AlignVCenter, painter.fontMetrics().elidedText(bar.name, Qt::ElideRight, int(box.width()) - 6));
        }
    }
    painter.restore();
}

const LaneBar* TimelineView::bar_at(const QPointF& position) const
{
    if (!picture_ || position.x() < names_width() || position.y() < ruler_height())
        return nullptr;
    auto at = seen_lanes().first + static_cast<std::size_t>((position.y() - ruler_height()) / row_height(font()));
    if (at >= picture_->lanes.size())
        return nullptr;
    const Lane& lane = picture_->lanes[at];
    const LaneBar* nearest = nullptr;
    double best = 4;
    TimeScale scale = this->scale();
    for (const LaneBar& bar : lane.bars) {
        double left = scale.x_of(bar.bar.begin), right = std::max(left + 1.5, scale.x_of(bar.bar.end));
        double away = position.x() < left ? left - position.x() : position.x() > right ? position.x() - right : 0;
        if (away < best) {
            best = away;
            nearest = &bar;
        }
    }
    return nearest;
}

bool TimelineView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        if (const LaneBar* bar = bar_at(help->pos())) {
            QString text = bar->bar.count > 1 ? tr("%1 calls from event %2 on").arg(number_text(bar->bar.count), number_text(bar->bar.row + 1))
                                              : tr("%1, event %2, %3%4").arg(bar->name, number_text(bar->bar.row + 1), duration_text(bar->bar.end - bar->bar.begin), bar->bar.waited ? tr(", waited") : QString());
            QToolTip::showText(help->globalPos(), text.toHtmlEscaped(), viewport());
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void TimelineView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    update_scroll_bar();
    Q_EMIT wanted();
}

void TimelineView::scrollContentsBy(int, int)
{
    viewport()->update();
    Q_EMIT wanted();
}

void TimelineView::zoom(double factor, double at_x)
{
    const TimeRange& shown = time_->shown();
    double part = scale().part_at(at_x), length = double(shown.length());
    double next = std::max(1000.0, length * factor);
    double begin = double(shown.begin) + part * (length - next);
    time_->show({static_cast<std::uint64_t>(std::max(0.0, begin)), static_cast<std::uint64_t>(std::max(0.0, begin) + next)});
}

void TimelineView::step(int by)
{
    const TimeRange& shown = time_->shown();
    auto part = static_cast<std::int64_t>(shown.length() / 8) * by;
    std::int64_t begin = std::max<std::int64_t>(0, static_cast<std::int64_t>(shown.begin) + part);
    time_->show({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(begin) + shown.length()});
}

void TimelineView::wheelEvent(QWheelEvent* event)
{
    if (event->modifiers() & Qt::ControlModifier)
        zoom(event->angleDelta().y() > 0 ? 0.8 : 1.25, event->position().x());
    else if (event->modifiers() & Qt::ShiftModifier || event->angleDelta().x() != 0)
        step(event->angleDelta().x() + event->angleDelta().y() > 0 ? -1 : 1);
    else
        QAbstractScrollArea::wheelEvent(event);
}

void TimelineView::mousePressEvent(QMouseEvent* event)
{
    pressed_ = event->position().x();
    dragged_ = false;
    panning_ = event->button() == Qt::MiddleButton;
}

void TimelineView::mouseMoveEvent(QMouseEvent* event)
{
    if (pressed_ < 0 || !(event->buttons() & (Qt::LeftButton | Qt::MiddleButton)))
        return;
    double x = event->position().x();
    if (!dragged_ && std::abs(x - pressed_) < 4)
        return;
    dragged_ = true;
    if (panning_) {
        const TimeRange& shown = time_->shown();
        double by = (pressed_ - x) / time_pixels() * double(shown.length());
        double begin = std::max(0.0, double(shown.begin) + by);
        time_->show({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(begin) + shown.length()});
        pressed_ = x;
        return;
    }
    auto [from, to] = std::minmax(pressed_, x);
    time_->mark({scale().time_at(from), scale().time_at(to)});
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event)
{
    bool click = pressed_ >= 0 && !dragged_ && event->button() == Qt::LeftButton;
    pressed_ = -1;
    if (!click)
        return;
    time_->mark({});
    if (const LaneBar* bar = bar_at(event->position()))
        Q_EMIT event_chosen(bar->bar.row + 1);
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const LaneBar* bar = bar_at(event->position())) {
        std::uint64_t length = std::max<std::uint64_t>(1000, (bar->bar.end - bar->bar.begin) * 3 / 2);
        std::uint64_t middle = bar->bar.begin + (bar->bar.end - bar->bar.begin) / 2;
        time_->show({middle > length / 2 ? middle - length / 2 : 0, middle + length / 2});
    }
}

void TimelineView::keyPressEvent(QKeyEvent* event)
{
    double middle = names_width() + time_pixels() / 2.0;
    switch (event->key()) {
    case Qt::Key_Left: return step(-1);
    case Qt::Key_Right: return step(1);
    case Qt::Key_Plus:
    case Qt::Key_Equal: return zoom(0.5, middle);
    case Qt::Key_Minus: return zoom(2, middle);
    case Qt::Key_Home:
    case Qt::Key_0: return time_->show(time_->whole());
    case Qt::Key_Z:
        if (time_->marked().length()) {
            time_->show(time_->marked());
            time_->mark({});
        }
        return;
    case Qt::Key_F:
        if (TimeRange range = time_->marked().length() ? time_->marked() : time_->shown(); range.length())
            Q_EMIT filter_asked(QStringLiteral("t >= %1us && t <= %2us").arg(range.begin / 1000).arg((range.end + 999) / 1000));
        return;
    default: QAbstractScrollArea::keyPressEvent(event);
    }
}

}
