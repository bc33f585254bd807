// See overview_strip.h.
#include "ui/overview_strip.h"

#include "ui/event_row.h"
#include "ui/theme.h"

#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace ringside::ui {

using trace::analysis::TimeRange;

namespace {

constexpr int bar = 3; ///< px, one of them air

}

OverviewStrip::OverviewStrip(TimeFocus* time, QWidget* parent) : QWidget(parent), time_(time)
{
    setFixedHeight(36);
    setFocusPolicy(Qt::TabFocus);
    setAccessibleName(tr("Overview of the time: arrows move, Enter goes there"));
    setToolTip(tr("Events over time; problems are marked. Click to go there, drag to look closer in Timeline."));
    connect(time_, &TimeFocus::changed, this, qOverload<>(&QWidget::update));
}

void OverviewStrip::set_analyst(Analyst* analyst)
{
    analyst_ = analyst;
    density_ = {};
    event_known_ = false;
    refresh();
}

void OverviewStrip::refresh()
{
    if (!analyst_ || !isVisible())
        return update();
    analyst_->ask(this, [this, parts = std::max(1, width() / bar)](const Analyst::Scope& scope) -> std::function<void()> {
        TimeRange whole = trace::analysis::whole_range(scope.input.columns);
        auto made = std::make_shared<trace::analysis::Density>(trace::analysis::density(scope.input.columns, scope.index, whole, parts));
        return [this, made, whole] {
            density_ = std::move(*made);
            time_->set_whole(whole);
            update();
        };
    });
}

void OverviewStrip::set_event_time(std::uint64_t ts, bool known)
{
    event_ts_ = ts;
    event_known_ = known;
    update();
}

TimeScale OverviewStrip::scale() const
{
    return {time_->whole(), 0, double(std::max(1, width()))};
}

void OverviewStrip::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.fillRect(rect(), c.panel);
    painter.fillRect(QRect(0, height() - 1, width(), 1), c.line);
    const TimeRange& shown = time_->shown();
    TimeScale scale = this->scale();
    if (shown != time_->whole() && shown.length())
        painter.fillRect(QRectF(scale.x_of(shown.begin), 0, std::max(2.0, scale.x_of(shown.end) - scale.x_of(shown.begin)), height() - 1), c.selection);
    if (const TimeRange& marked = time_->marked(); marked.length())
        painter.fillRect(QRectF(scale.x_of(marked.begin), height() - 5, std::max(2.0, scale.x_of(marked.end) - scale.x_of(marked.begin)), 3), c.accent);
    QColor grey = c.faint;
    grey.setAlphaF(c.dark ? 0.75F : 0.55F);
    // The root tells quiet from busy where the fullest moment has a thousand times more.
    double most = std::sqrt(double(std::max(density_.most, 1U)));
    for (std::size_t i = 0; i < density_.events.size(); ++i) {
        if (density_.events[i] == 0)
            continue;
        double tall = std::max(1.0, std::sqrt(double(density_.events[i])) / most * (height() - 9));
        painter.fillRect(QRectF(double(i) * bar, height() - 4 - tall, bar - 1, tall), grey);
    }
    for (std::size_t i = 0; i < density_.problems.size(); ++i)
        if (density_.problems[i] != 0)
            painter.fillRect(QRectF(double(i) * bar, 3, 2, height() - 7), c.error);
    if (event_known_) {
        double x = scale.x_of(event_ts_);
        painter.fillRect(QRectF(x - 0.75, 0, 1.5, height() - 1), c.accent);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(c.accent);
        painter.drawPolygon(QPolygonF({QPointF(x - 4, 0), QPointF(x + 4, 0), QPointF(x, 5)}));
    }
    if (hasFocus()) {
        painter.setPen(QPen(c.accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(1, 1, -2, -2));
    }
}

void OverviewStrip::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    refresh();
}

void OverviewStrip::mousePressEvent(QMouseEvent* event)
{
    pressed_ = event->button() == Qt::LeftButton ? event->position().x() : -1;
    dragged_ = false;
}

void OverviewStrip::mouseMoveEvent(QMouseEvent* event)
{
    if (pressed_ < 0 || (!dragged_ && std::abs(event->position().x() - pressed_) < 4))
        return;
    dragged_ = true;
    auto [from, to] = std::minmax(pressed_, event->position().x());
    time_->show({scale().time_at(from), scale().time_at(to)});
}

void OverviewStrip::mouseReleaseEvent(QMouseEvent* event)
{
    if (pressed_ >= 0 && !dragged_)
        Q_EMIT time_chosen(scale().time_at(event->position().x()));
    pressed_ = -1;
}

void OverviewStrip::keyPressEvent(QKeyEvent* event)
{
    std::uint64_t step = std::max<std::uint64_t>(1, time_->whole().length() / static_cast<std::uint64_t>(std::max(1, width() / bar)));
    if (event->key() == Qt::Key_Left)
        set_event_time(event_ts_ > step ? event_ts_ - step : 0, true);
    else if (event->key() == Qt::Key_Right)
        set_event_time(std::min(event_ts_ + step, time_->whole().end), true);
    else if (event->key() == Qt::Key_Return)
        Q_EMIT time_chosen(event_ts_);
    else
        QWidget::keyPressEvent(event);
}

}
