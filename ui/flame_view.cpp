// See flame_view.h.
#include "ui/flame_view.h"

#include "ui/event_row.h"
#include "ui/numbers.h"
#include "ui/theme.h"

#include <QContextMenuEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

namespace ringside::ui {

using trace::analysis::Frame;

FlameView::FlameView(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Flame: time by process and call; the table beside it has the same numbers"));
}

void FlameView::set_frame(std::shared_ptr<const Frame> root)
{
    root_ = std::move(root);
    path_.clear();
    current_ = nullptr;
    update();
}

void FlameView::lay_out()
{
    boxes_.clear();
    if (root_ && root_->ns > 0)
        place(path_.empty() ? *root_ : *path_.back(), 8, width() - 16, 0);
}

void FlameView::place(const Frame& frame, double x, double width, int depth)
{
    int line = row_height(font());
    if (width < 1 || depth * line > height())
        return;
    boxes_.push_back({QRectF(x, 6 + depth * line, width, line - 2), &frame});
    double at = x;
    for (const Frame& child : frame.children) {
        double part = frame.ns ? width * double(child.ns) / double(frame.ns) : 0;
        place(child, at, part, depth + 1);
        at += part;
    }
}

void FlameView::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.fillRect(rect(), c.panel);
    lay_out();
    for (const Box& box : boxes_) {
        bool is_call = box.frame->children.empty();
        QColor ink = is_call ? c.file : c.process;
        QColor fill = ink;
        fill.setAlphaF(c.dark ? 0.30F : 0.14F);
        painter.fillRect(box.rect.adjusted(0, 0, box.rect.width() > 3 ? -1 : 0, 0), fill);
        if (box.frame == current_) {
            painter.setPen(QPen(c.accent, 1.5));
            painter.drawRect(box.rect.adjusted(0.75, 0.75, -1.75, -0.75));
        }
        if (box.rect.width() < 30)
            continue;
        QString text = (box.frame == root_.get() ? tr("All") : from_utf8(box.frame->name)) + QStringLiteral("  ") + duration_text(box.frame->ns);
        painter.setPen(c.text);
        painter.drawText(box.rect.adjusted(5, 0, -4, 0), Qt::AlignVCenter, painter.fontMetrics().elidedText(text, Qt::ElideRight, int(box.rect.width()) - 9));
    }
}

const FlameView::Box* FlameView::box_at(const QPointF& position) const
{
    for (const Box& box : boxes_)
        if (box.rect.contains(position))
            return &box;
    return nullptr;
}

void FlameView::mousePressEvent(QMouseEvent* event)
{
    const Box* box = box_at(event->position());
    if (!box || event->button() != Qt::LeftButton)
        return;
    current_ = box->frame;
    if (!path_.empty() && box->frame == path_.back())
        path_.pop_back(); // a click on what fills the view leaves it
    else if (!box->frame->children.empty() && box->frame != root_.get())
        path_.push_back(box->frame);
    update();
}

void FlameView::mouseMoveEvent(QMouseEvent* event)
{
    if (const Box* box = box_at(event->position()))
        QToolTip::showText(event->globalPosition().toPoint(),
            tr("%1: %2 in %3 calls").arg(from_utf8(box->frame->name), duration_text(box->frame->ns), number_text(box->frame->count)).toHtmlEscaped(), this);
    else
        QToolTip::hideText();
}

void FlameView::choose(int step_x, int step_y)
{
    auto at = std::find_if(boxes_.begin(), boxes_.end(), [this](const Box& box) { return box.frame == current_; });
    if (at == boxes_.end()) {
        current_ = boxes_.empty() ? nullptr : boxes_.front().frame;
        return;
    }
    QPointF to = at->rect.center() + QPointF(0, step_y * row_height(font()));
    if (step_x)
        to.setX(step_x > 0 ? at->rect.right() + 1 : at->rect.left() - 1);
    if (const Box* box = box_at(to))
        current_ = box->frame;
    else if (step_y > 0 && !at->frame->children.empty())
        current_ = &at->frame->children.front();
}

void FlameView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left: choose(-1, 0); break;
    case Qt::Key_Right: choose(1, 0); break;
    case Qt::Key_Up: choose(0, -1); break;
    case Qt::Key_Down: choose(0, 1); break;
    case Qt::Key_Return:
        if (current_ && !current_->children.empty())
            path_.push_back(current_);
        break;
    case Qt::Key_Backspace:
        if (!path_.empty())
            path_.pop_back();
        break;
    default: return QWidget::keyPressEvent(event);
    }
    if (current_)
        setAccessibleDescription(from_utf8(current_->name) + ' ' + duration_text(current_->ns));
    update();
}

void FlameView::contextMenuEvent(QContextMenuEvent* event)
{
    const Frame* frame = current_;
    if (const Box* box = event->reason() == QContextMenuEvent::Mouse ? box_at(event->pos()) : nullptr)
        frame = box->frame;
    if (frame && !frame->filter.empty())
        Q_EMIT menu_asked(from_utf8(frame->filter), event->globalPos());
}

}
