// See view_panel.h.
#include "ui/view_panel.h"

#include "ui/event_conditions.h"
#include "ui/flat_button.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace ringside::ui {

ViewPanel::ViewPanel(const QString& title, const QString& name, QWidget* parent)
    : Panel(title, name, parent), stack_(new QStackedWidget), sentence_(new QLabel), action_(new FlatButton(FlatButton::Kind::link))
{
    auto* page = base_page();
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(14, 12, 14, 12);
    layout->setSpacing(4);
    sentence_->setWordWrap(true);
    sentence_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    sentence_->setForegroundRole(QPalette::PlaceholderText);
    layout->addWidget(sentence_);
    layout->addWidget(action_);
    layout->addStretch();
    stack_->addWidget(page);
    setWidget(stack_);
    connect(action_, &QAbstractButton::clicked, this, [this] {
        if (auto act = act_) // it may be replaced meanwhile
            act();
    });
    connect(this, &QDockWidget::visibilityChanged, this, [this](bool seen) {
        seen_ = seen;
        ask_if_wanted();
    });
    slow_.setSingleShot(true);
    slow_.setInterval(250);
    connect(&slow_, &QTimer::timeout, this, [this] {
        show_note(tr("Counting…"), tr("Stop"), [this] {
            if (analyst_)
                analyst_->cancel(this);
            show_note(tr("Stopped before it was counted."), tr("Count again"), [this] { refresh(); });
        });
    });
    show_note(tr("Run or open a trace."));
}

void ViewPanel::set_view(QWidget* view)
{
    view_ = view;
    stack_->addWidget(view);
}

void ViewPanel::set_analyst(Analyst* analyst)
{
    if (analyst_)
        analyst_->cancel(this);
    analyst_ = analyst;
    slow_.stop();
    set_note({});
    stale_ = analyst != nullptr;
    if (!analyst)
        show_note(tr("Run or open a trace."));
    ask_if_wanted();
}

void ViewPanel::refresh()
{
    stale_ = true;
    ask_if_wanted();
}

void ViewPanel::ask_if_wanted()
{
    if (!stale_ || !analyst_ || !(seen_ || wanted_unseen()))
        return;
    if (running_ && asked_.isValid() && asked_.elapsed() < 10 * cost_)
        return; // counting a growing trace anew and anew must not hold up its rows: the next turn asks
    stale_ = false;
    asked_.start();
    if (!running_ || stack_->currentWidget() != view_)
        slow_.start();
    ask(*analyst_);
}

void ViewPanel::show_view()
{
    slow_.stop();
    cost_ = asked_.isValid() ? asked_.elapsed() : 0;
    stack_->setCurrentWidget(view_);
    Q_EMIT shown();
}

void ViewPanel::show_note(const QString& sentence, const QString& action, std::function<void()> act)
{
    slow_.stop();
    sentence_->setText(sentence);
    action_->setText(action);
    action_->updateGeometry();
    action_->setVisible(!action.isEmpty());
    act_ = std::move(act);
    stack_->setCurrentIndex(0);
}

void ViewPanel::show_nothing(const QString& sentence)
{
    if (filter().isEmpty())
        show_note(sentence);
    else
        show_note(tr("Nothing of this in the filter."), tr("Clear filter"), [this] { Q_EMIT clear_filter_asked(); });
    Q_EMIT shown();
}

QString ViewPanel::note() const
{
    return stack_->currentIndex() == 0 ? sentence_->text() : QString();
}

void ViewPanel::take_focus()
{
    show();
    raise();
    if (stack_->currentWidget() == view_)
        view_->setFocus(Qt::TabFocusReason);
    else if (action_->isVisible())
        action_->setFocus(Qt::TabFocusReason);
    else
        stack_->setFocus(Qt::TabFocusReason);
}

void ViewPanel::condition_menu(const QString& condition, const QPoint& global, trace::EventId event)
{
    QMenu menu;
    if (event)
        connect(menu.addAction(tr("Go to Event %1").arg(event)), &QAction::triggered, this, [this, event] { Q_EMIT event_chosen(event); });
    if (!condition.isEmpty()) {
        add_filter_menus(menu, tr("Apply as Filter"), filter(), condition, [this](const QString& text) { Q_EMIT filter_asked(text); }, [this](const QString& text) { Q_EMIT filter_prepared(text); });
        connect(menu.addAction(tr("Copy the Condition")), &QAction::triggered, this, [condition] { QGuiApplication::clipboard()->setText(condition); });
    }
    if (!menu.isEmpty())
        menu.exec(global);
}

}
