// See output_panel.h.
#include "ui/output_panel.h"

#include "ui/theme.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QVBoxLayout>

namespace ringside::ui {

OutputPanel::OutputPanel(QWidget* parent) : Panel(tr("Terminal"), "terminal", parent), view_(new QPlainTextEdit), input_(new QLineEdit)
{
    view_->setAccessibleName(tr("Output of the program"));
    view_->setReadOnly(true);
    view_->setFont(mono_font());
    view_->setFrameShape(QFrame::NoFrame);
    view_->setMaximumBlockCount(20'000);
    view_->setUndoRedoEnabled(false);
    view_->setLineWrapMode(QPlainTextEdit::WidgetWidth);
    view_->document()->setDocumentMargin(9);
    input_->setAccessibleName(tr("Type to the program"));
    input_->setPlaceholderText(tr("Type to the program, Enter sends · Ctrl+D ends its input · Ctrl+C interrupts it"));
    input_->setFont(mono_font());
    input_->setFixedHeight(row_height(mono_font()) + 6);
    input_->setTextMargins(6, 0, 6, 0);
    input_->hide();
    input_->installEventFilter(this);
    auto* page = base_page();
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(view_);
    auto* line = new QHBoxLayout;
    line->setContentsMargins(8, 2, 8, 6);
    line->addWidget(input_);
    layout->addLayout(line);
    setWidget(page);
    connect(input_, &QLineEdit::returnPressed, this, [this] {
        Q_EMIT typed(input_->text().toUtf8() + '\n');
        input_->clear();
    });
}

bool OutputPanel::eventFilter(QObject* object, QEvent* event)
{
    if (object == input_ && event->type() == QEvent::KeyPress) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->modifiers() == Qt::ControlModifier && key->key() == Qt::Key_D) {
            Q_EMIT typed(input_->text().isEmpty() ? QByteArray("\x04") : input_->text().toUtf8());
            input_->clear();
            return true;
        }
        if (key->modifiers() == Qt::ControlModifier && key->key() == Qt::Key_C && !input_->hasSelectedText()) {
            Q_EMIT interrupted();
            return true;
        }
    }
    return Panel::eventFilter(object, event);
}

void OutputPanel::begin(const QString& command)
{
    plain_ = PlainText();
    shown_line_ = 0;
    view_->setPlaceholderText({});
    view_->clear();
    view_->appendPlainText(QStringLiteral("$ ") + command);
    view_->appendPlainText({});
    input_->show();
    set_note(tr("running"));
}

void OutputPanel::add(const QByteArray& bytes)
{
    QString finished = plain_.take(bytes);
    QScrollBar* bar = view_->verticalScrollBar();
    bool at_end = bar->value() >= bar->maximum() - 2;
    QTextCursor cursor(view_->document());
    cursor.movePosition(QTextCursor::End);
    cursor.movePosition(QTextCursor::Left, QTextCursor::KeepAnchor, shown_line_);
    cursor.insertText(finished + plain_.line());
    shown_line_ = static_cast<int>(plain_.line().size());
    if (at_end)
        bar->setValue(bar->maximum());
}

void OutputPanel::end(const QString& how)
{
    input_->hide();
    set_note(how);
}

void OutputPanel::show_closed(const QString& note)
{
    input_->hide();
    view_->clear();
    view_->setPlaceholderText(note);
    set_note({});
}

void OutputPanel::show_recorded(const QByteArray& bytes)
{
    show_closed({});
    plain_ = PlainText();
    shown_line_ = 0;
    add(bytes);
    view_->moveCursor(QTextCursor::Start);
    set_note(tr("as recorded"));
}

QString OutputPanel::text() const
{
    return view_->toPlainText();
}

void OutputPanel::take_focus()
{
    show();
    raise();
    (input_->isVisible() ? static_cast<QWidget*>(input_) : view_)->setFocus(Qt::TabFocusReason);
}

}
