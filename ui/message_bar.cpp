// See message_bar.h.
#include "ui/message_bar.h"

#include "ui/flat_button.h"
#include "ui/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

namespace ringside::ui {

MessageBar::MessageBar(QWidget* parent)
    : QWidget(parent)
    , what_(new QLabel)
    , why_(new QLabel)
    , action_(new FlatButton(FlatButton::Kind::link))
    , close_(new FlatButton(FlatButton::Kind::link, QStringLiteral("✕")))
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(14, 5, 8, 6);
    layout->setSpacing(10);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    what_->setFont(bold);
    what_->setTextFormat(Qt::PlainText); // names in it may be a stranger's
    why_->setTextFormat(Qt::PlainText);
    what_->setWordWrap(true);
    what_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addWidget(what_, 1);
    layout->addWidget(why_);
    layout->addWidget(action_);
    layout->addWidget(close_);
    close_->setAccessibleName(tr("Close this message"));
    connect(close_, &QAbstractButton::clicked, this, &MessageBar::dismiss);
    connect(action_, &QAbstractButton::clicked, this, [this] {
        if (auto act = act_)
            act();
    });
    hide();
}

void MessageBar::show_message(Kind kind, const QString& what, const QString& why, const QString& action, std::function<void()> act)
{
    kind_ = kind;
    act_ = std::move(act);
    what_->setText(kind == Kind::mistake ? QStringLiteral("✕  ") + what : what);
    why_->setText(why);
    why_->setVisible(!why.isEmpty());
    action_->setText(action);
    action_->setVisible(!action.isEmpty());
    setAccessibleName(what + ' ' + why);
    show();
    update();
}

void MessageBar::dismiss()
{
    hide();
}

QString MessageBar::text() const
{
    return isHidden() ? QString() : what_->text() + (why_->text().isEmpty() ? QString() : ' ' + why_->text());
}

void MessageBar::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.fillRect(rect(), c.match);
    painter.fillRect(QRect(0, height() - 1, width(), 1), c.line);
    if (kind_ == Kind::mistake)
        painter.fillRect(QRect(0, 0, 3, height()), c.error);
}

}
