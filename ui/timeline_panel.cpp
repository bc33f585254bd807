// See timeline_panel.h.
#include "ui/timeline_panel.h"

#include "trace/decode/decoder.h"
#include "trace/syscall_table.h"
#include "ui/event_row.h"
#include "ui/flat_button.h"
#include "ui/numbers.h"
#include "ui/time_focus.h"
#include "ui/timeline_view.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>

namespace ringside::ui {

namespace {

using namespace trace::analysis;

RowGroup group_of(int nr)
{
    const trace::SyscallInfo* info = trace::find_syscall(nr);
    if (!info)
        return RowGroup::other;
    if (info->in_group(trace::group::network))
        return RowGroup::network;
    if (info->in_group(trace::group::file | trace::group::desc))
        return RowGroup::file;
    return info->in_group(trace::group::process | trace::group::signal) ? RowGroup::process : RowGroup::other;
}

std::shared_ptr<const TimelinePicture> picture_of(const Analyst::Scope& scope, TimeRange range, int pixels, std::size_t first, std::size_t last)
{
    auto picture = std::make_shared<TimelinePicture>();
    const trace::HotColumns& columns = scope.input.columns;
    for (std::size_t i = 0; i < scope.index.lanes().size(); ++i) {
        const TimelineIndex::Lane& from = scope.index.lanes()[i];
        Lane lane {from.thread, from_utf8(scope.processes.thread_label(from.thread)), {}};
        if (i >= first && i < last)
            for (const Bar& bar : bars(columns, from, range, pixels)) {
                const trace::SyscallInfo* info = trace::find_syscall(columns.nr[bar.row]);
                QString call = info ? from_utf8(info->name) : QStringLiteral("?");
                lane.bars.push_back({bar, bar.count > 1 ? QStringLiteral("%1").arg(bar.count) : call, static_cast<std::uint8_t>(group_of(columns.nr[bar.row]))});
            }
        picture->lanes.push_back(std::move(lane));
    }
    return picture;
}

}

TimelinePanel::TimelinePanel(TimeFocus* time, QWidget* parent)
    : ViewPanel(tr("Timeline"), "timeline", parent), time_(time), lanes_(new TimelineView(time)), about_(new QLabel), waker_(new FlatButton(FlatButton::Kind::link)),
      zoom_(new FlatButton(FlatButton::Kind::chip, tr("Zoom to range (Z)"))), filter_(new FlatButton(FlatButton::Kind::chip, tr("Filter by range (F)"))), all_(new FlatButton(FlatButton::Kind::chip, tr("All (0)")))
{
    auto* view = base_page();
    auto* layout = new QVBoxLayout(view);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(10, 4, 10, 4);
    head->setSpacing(7);
    about_->setTextFormat(Qt::PlainText);
    about_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    about_->setForegroundRole(QPalette::PlaceholderText);
    about_->setMinimumWidth(60);
    head->addWidget(about_);
    head->addWidget(waker_);
    head->addStretch(1);
    for (FlatButton* button : {zoom_, filter_, all_})
        head->addWidget(button);
    layout->addLayout(head);
    layout->addWidget(lanes_, 1);
    view->setFocusProxy(lanes_);
    set_view(view);
    waker_->hide();
    connect(lanes_, &TimelineView::event_chosen, this, &TimelinePanel::event_chosen);
    connect(lanes_, &TimelineView::filter_asked, this, &TimelinePanel::filter_asked);
    connect(lanes_, &TimelineView::wanted, this, &TimelinePanel::refresh);
    connect(time_, &TimeFocus::changed, this, [this] {
        bool range = time_->marked().length() != 0, zoomed = time_->shown() != time_->whole();
        zoom_->setEnabled(range);
        filter_->setEnabled(range || zoomed);
        all_->setEnabled(zoomed);
        refresh();
    });
    auto press = [this](int key) {
        QKeyEvent event(QEvent::KeyPress, key, Qt::NoModifier);
        QCoreApplication::sendEvent(lanes_, &event);
    };
    connect(zoom_, &QAbstractButton::clicked, this, [press] { press(Qt::Key_Z); });
    connect(filter_, &QAbstractButton::clicked, this, [press] { press(Qt::Key_F); });
    connect(all_, &QAbstractButton::clicked, this, [press] { press(Qt::Key_0); });
    connect(waker_, &QAbstractButton::clicked, this, [this] { Q_EMIT event_chosen(woken_by_); });
    for (FlatButton* button : {zoom_, filter_, all_})
        button->setEnabled(false);
}

void TimelinePanel::ask(Analyst& analyst)
{
    auto [first, last] = lanes_->seen_lanes();
    analyst.ask(this, [this, first = first, last = last, pixels = lanes_->time_pixels(), shown = time_->shown()](const Analyst::Scope& scope) -> std::function<void()> {
        TimeRange whole = whole_range(scope.input.columns);
        TimeRange range = shown.length() ? shown : whole;
        auto picture = picture_of(scope, range, pixels, first, last);
        return [this, picture, whole] {
            set_note(counted(picture->lanes.size(), tr("1 thread"), tr("%1 threads")));
            time_->set_whole(whole);
            if (picture->lanes.empty())
                return show_nothing(tr("Run or open a trace."));
            lanes_->set_picture(picture);
            show_view();
        };
    });
}

void TimelinePanel::show_event(trace::EventId event)
{
    if (!analyst() || event == 0)
        return;
    analyst()->ask(&event_asker_, [this, event](const Analyst::Scope& scope) -> std::function<void()> {
        auto row = scope.input.trace.event(event);
        if (!row)
            return {};
        auto done = row->done ? scope.input.trace.event(row->done) : std::nullopt;
        trace::EventId waker = done ? done->waker : 0;
        QString text = from_utf8(trace::event_name(*row)) + QStringLiteral(" · ") + duration_text(row->dur);
        if (done) {
            std::string what = row->object ? scope.input.trace.object(row->object).path : std::string();
            text = what.empty() ? tr("%1 waited %2").arg(from_utf8(trace::event_name(*row)), duration_text(row->dur))
                                : tr("%1 waited %2 for %3").arg(from_utf8(trace::event_name(*row)), duration_text(row->dur), from_utf8(what));
            if (!waker)
                text += tr(", until time passed or the outside answered");
        }
        QString woke;
        if (auto other = waker ? scope.input.trace.event(waker) : std::nullopt)
            woke = tr("Woken by event %1, %2 of %3").arg(number_text(waker), from_utf8(trace::event_name(*other)), from_utf8(scope.processes.label(scope.processes.of(other->thread))));
        return [this, ts = row->ts, thread = row->thread, text, woke, waker] {
            lanes_->set_event_time(ts, thread);
            Q_EMIT event_time(ts, true);
            about_->setText(text);
            woken_by_ = waker;
            waker_->setText(woke);
            waker_->updateGeometry();
            waker_->setVisible(waker != 0);
        };
    });
}

QString TimelinePanel::about() const
{
    return about_->text() + (waker_->isHidden() ? QString() : ' ' + waker_->text());
}

}
