// See find_bar.h.
#include "ui/find_bar.h"

#include "trace/event_view.h"
#include "ui/event_conditions.h"
#include "ui/flat_button.h"
#include "ui/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>

namespace ringside::ui {

FindBar::FindBar(QWidget* parent) : QWidget(parent), line_(new QLineEdit), way_(new QComboBox)
{
    setAccessibleName(tr("Find"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(10, 4, 8, 5);
    layout->setSpacing(8);
    auto* label = new QLabel(tr("Find"));
    label->setBuddy(line_);
    line_->setAccessibleName(tr("What to find"));
    line_->setPlaceholderText(tr("A text, as the events show it"));
    line_->setFont(mono_font());
    line_->setFixedHeight(row_height(mono_font()) + 6);
    way_->addItem(tr("Text"));
    way_->addItem(tr("Filter"));
    way_->setAccessibleName(tr("How to find"));
    auto* previous = new FlatButton(FlatButton::Kind::plain, tr("Previous"));
    auto* next = new FlatButton(FlatButton::Kind::plain, tr("Next"));
    auto* close = new FlatButton(FlatButton::Kind::link, QStringLiteral("✕"));
    previous->setToolTip(tr("Find the previous one (Ctrl+B)"));
    next->setToolTip(tr("Find the next one (Ctrl+N, Enter)"));
    close->setAccessibleName(tr("Close Find"));
    layout->addWidget(label);
    layout->addWidget(line_, 1);
    for (QWidget* each : std::initializer_list<QWidget*> {way_, previous, next, close})
        layout->addWidget(each);
    connect(previous, &QAbstractButton::clicked, this, [this] { Q_EMIT find_asked(false); });
    connect(next, &QAbstractButton::clicked, this, [this] { Q_EMIT find_asked(true); });
    connect(close, &QAbstractButton::clicked, this, [this] {
        hide();
        Q_EMIT closed();
    });
    connect(way_, &QComboBox::currentIndexChanged, this, [this](int index) {
        line_->setPlaceholderText(index == 0 ? tr("A text, as the events show it") : tr("A filter, for example: errno == ENOENT"));
    });
    hide();
}

void FindBar::begin()
{
    show();
    line_->setFocus(Qt::ShortcutFocusReason);
    line_->selectAll();
}

QString FindBar::filter() const
{
    QString text = line_->text().trimmed();
    return text.isEmpty() || way_->currentIndex() == 1 ? text : filter_for_text(text);
}

void FindBar::keyPressEvent(QKeyEvent* event)
{
    bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (enter && line_->hasFocus()) {
        Q_EMIT find_asked(!(event->modifiers() & Qt::ShiftModifier));
    } else if (event->key() == Qt::Key_Escape) {
        hide();
        Q_EMIT closed();
    } else {
        QWidget::keyPressEvent(event);
    }
}

void FindBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), colours().window);
    painter.fillRect(QRect(0, height() - 1, width(), 1), colours().line);
}

QString filter_for_text(const QString& text)
{
    QString pattern = QStringLiteral("(?i)");
    for (QChar c : text) {
        bool letter = c.unicode() > 127 || c.isLetterOrNumber() || c == '_' || c == ' ';
        pattern += letter ? QString(c) : QString('\\') + c;
    }
    QString quoted = filter_quoted(pattern);
    QStringList parts;
    for (const char* field : {"args", "path", "syscall", "comm"})
        parts += QString::fromLatin1(field) + QStringLiteral(" ~ ") + quoted;
    if (trace::errno_number(text.toUpper().toStdString()) != 0)
        parts += QStringLiteral("errno == ") + text.toUpper();
    return parts.join(QStringLiteral(" || "));
}

}
