// See panel.h.
#include "ui/panel.h"

#include "ui/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

namespace ringside::ui {

namespace {

class TitleBar : public QWidget {
public:
    using QWidget::QWidget;

    // What QDockWidget asks for; a fixed height does not reach it.
    QSize sizeHint() const override { return {80, row_height(mono_font()) + 5}; }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), colours().panel);
        painter.fillRect(QRect(0, height() - 1, width(), 1), colours().line);
    }
};

}

Panel::Panel(const QString& title, const QString& name, QWidget* parent) : QDockWidget(title, parent), note_(new QLabel)
{
    setObjectName(name);
    setFeatures(DockWidgetMovable | DockWidgetClosable); // not floatable: Wayland cannot place it
    auto* bar = new TitleBar;
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(9, 0, 9, 1);
    auto* label = new QLabel(title);
    QFont bold = label->font();
    bold.setWeight(QFont::DemiBold);
    label->setFont(bold);
    label->setForegroundRole(QPalette::WindowText);
    layout->addWidget(label);
    layout->addStretch();
    layout->addWidget(note_);
    note_->setForegroundRole(QPalette::PlaceholderText);
    setTitleBarWidget(bar);
    connect(this, &QDockWidget::visibilityChanged, this, [this](bool seen) { in_front_ = seen; });
}

void Panel::set_note(const QString& note)
{
    note_->setText(note);
}

void Panel::hide_title()
{
    class None : public QWidget {
        QSize sizeHint() const override { return {0, 0}; }
        QSize minimumSizeHint() const override { return {0, 0}; }
    };
    note_->setParent(this);
    note_->hide();
    setTitleBarWidget(new None);
}

QString Panel::note_text() const
{
    return note_->text();
}

void Panel::take_focus()
{
    show();
    raise();
    if (widget())
        widget()->setFocus(Qt::TabFocusReason);
}

QLabel* empty_note(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    label->setWordWrap(true);
    label->setContentsMargins(10, 8, 10, 8);
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setBackgroundRole(QPalette::Base);
    label->setAutoFillBackground(true);
    return label;
}

QWidget* base_page()
{
    auto* page = new QWidget;
    page->setBackgroundRole(QPalette::Base);
    page->setAutoFillBackground(true);
    return page;
}

}
