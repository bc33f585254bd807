// See terminal_view.h.
#include "ui/terminal_view.h"

#include "ui/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>

namespace ringside::ui {

namespace {

constexpr int margin = 6;

}

TerminalView::TerminalView(QWidget* parent) : QAbstractScrollArea(parent)
{
    setAccessibleName(tr("Terminal of the program"));
    setFrameShape(NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_InputMethodEnabled);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setCursor(Qt::IBeamCursor);
    settle_.setSingleShot(true);
    settle_.setInterval(60);
    connect(&settle_, &QTimer::timeout, this, &TerminalView::fit);
    connect(&screen_, &TerminalScreen::changed, this, &TerminalView::changed);
    adopt_theme();
}

void TerminalView::adopt_theme()
{
    setFont(mono_font());
    QFontMetrics metrics(font());
    cell_ = QSize(std::max(1, metrics.horizontalAdvance('M')), std::max(1, metrics.height()));
    ascent_ = metrics.ascent();
    screen_.set_colours(colours().text, colours().panel, colours().dark);
    fit();
}

void TerminalView::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::ApplicationFontChange) // setFont() above makes a FontChange
        adopt_theme();
}

QPoint TerminalView::origin() const
{
    return {margin, margin / 2};
}

void TerminalView::fit()
{
    int rows = (viewport()->height() - margin) / cell_.height(), columns = (viewport()->width() - 2 * margin) / cell_.width();
    if (rows < 2 || columns < 10 || !isVisible())
        return; // not laid out yet, or behind another dock
    bool other = rows != screen_.rows() || columns != screen_.columns();
    screen_.resize(rows, columns);
    changed();
    if (other)
        Q_EMIT resized(screen_.rows(), screen_.columns());
    Q_EMIT fitted();
}

void TerminalView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    settle_.start();
}

void TerminalView::set_live(bool live)
{
    live_ = live;
    if (live) {
        selection_.reset();
        note_.clear();
    }
    viewport()->update();
}

void TerminalView::set_note(const QString& note)
{
    note_ = note;
    viewport()->update();
}

void TerminalView::changed()
{
    QScrollBar* bar = verticalScrollBar();
    bool at_end = bar->value() >= bar->maximum();
    bar->setPageStep(screen_.rows());
    bar->setRange(0, screen_.first_screen_line());
    if (at_end)
        bar->setValue(bar->maximum());
    viewport()->update();
}

QString TerminalView::text() const
{
    QStringList lines;
    for (int line = 0; line < screen_.line_count(); ++line)
        lines += screen_.line_text(line);
    while (!lines.isEmpty() && lines.back().isEmpty())
        lines.removeLast();
    return lines.isEmpty() ? QString() : lines.join('\n') + '\n';
}

void TerminalView::paintEvent(QPaintEvent* event)
{
    const Colours& c = colours();
    QPainter painter(viewport());
    painter.fillRect(event->rect(), c.panel);
    painter.setFont(font());
    if (!note_.isEmpty()) {
        painter.setFont(QApplication::font());
        painter.setPen(c.faint);
        painter.drawText(viewport()->rect().adjusted(margin + 4, margin, -margin, -margin), int(Qt::AlignLeft | Qt::AlignTop) | Qt::TextWordWrap, note_);
        return;
    }
    int first = verticalScrollBar()->value();
    for (int row = 0; row < screen_.rows(); ++row)
        paint_line(painter, first + row, origin().y() + row * cell_.height());
    int cursor_line = screen_.first_screen_line() + screen_.cursor().y();
    if (!live_ || !screen_.cursor_shown() || cursor_line < first || cursor_line >= first + screen_.rows())
        return;
    QRect cursor(origin().x() + screen_.cursor().x() * cell_.width(), origin().y() + (cursor_line - first) * cell_.height(), cell_.width(), cell_.height());
    if (hasFocus()) {
        painter.fillRect(cursor, c.accent);
        TerminalLine line = screen_.line(cursor_line);
        auto column = static_cast<std::size_t>(screen_.cursor().x());
        painter.setPen(c.panel);
        if (column < line.size() && line[column].first)
            painter.drawText(cursor.left(), cursor.top() + ascent_, line[column].text());
    } else {
        painter.setPen(c.accent);
        painter.drawRect(cursor.adjusted(0, 0, -1, -1));
    }
}

void TerminalView::paint_line(QPainter& painter, int number, int y) const
{
    const Colours& c = colours();
    TerminalLine line = screen_.line(number);
    for (std::size_t i = 0; i < line.size(); ++i) {
        const TerminalCell& cell = line[i];
        if (cell.width == 0)
            continue;
        auto column = static_cast<int>(i);
        QRect rect(origin().x() + column * cell_.width(), y, cell_.width() * cell.width, cell_.height());
        QColor ink = cell.own_ink ? QColor(cell.ink) : c.text, ground = cell.own_ground ? QColor(cell.ground) : c.panel;
        if (cell.reversed)
            std::swap(ink, ground);
        bool selected = is_selected(number, column);
        if (selected)
            ground = c.selection;
        if (selected || cell.own_ground || cell.reversed)
            painter.fillRect(rect, ground);
        if (cell.first == 0 || cell.first == ' ') {
            if (!cell.underlined)
                continue;
        }
        QFont shown = font();
        if (cell.bold || cell.italic || cell.underlined || cell.struck) {
            shown.setBold(cell.bold);
            shown.setItalic(cell.italic);
            shown.setUnderline(cell.underlined);
            shown.setStrikeOut(cell.struck);
        }
        painter.setFont(shown);
        painter.setPen(selected && !cell.own_ink ? c.text : ink);
        painter.drawText(rect.left(), y + ascent_, cell.text());
    }
}

TerminalView::Place TerminalView::place_at(const QPoint& position) const
{
    int row = (position.y() - origin().y()) / cell_.height(), column = (position.x() - origin().x() + cell_.width() / 2) / cell_.width();
    return {std::clamp(verticalScrollBar()->value() + row, 0, screen_.line_count() - 1), std::clamp(column, 0, screen_.columns())};
}

bool TerminalView::is_selected(int line, int column) const
{
    if (!selection_)
        return false;
    auto [from, to] = std::minmax(selection_->first, selection_->second);
    Place here {line, column};
    return from <= here && here < to;
}

QString TerminalView::selected_text() const
{
    if (!selection_ || selection_->first == selection_->second)
        return {};
    auto [from, to] = std::minmax(selection_->first, selection_->second);
    QStringList lines;
    for (int line = from.line; line <= to.line; ++line) {
        QString text;
        TerminalLine cells = screen_.line(line);
        for (std::size_t i = 0; i < cells.size(); ++i)
            if (is_selected(line, static_cast<int>(i)) && cells[i].width != 0)
                text += cells[i].text();
        while (text.endsWith(' '))
            text.chop(1);
        lines += text;
    }
    return lines.join('\n');
}

void TerminalView::copy()
{
    QString text = selected_text();
    QApplication::clipboard()->setText(text.isEmpty() ? this->text() : text);
}

void TerminalView::paste()
{
    if (live_)
        screen_.paste(QApplication::clipboard()->text());
}

/// Keys that are elsewhere the window's are the program's here.
bool TerminalView::event(QEvent* event)
{
    if (event->type() != QEvent::ShortcutOverride && event->type() != QEvent::KeyPress)
        return QAbstractScrollArea::event(event);
    auto* key = static_cast<QKeyEvent*>(event);
    bool control_shift = key->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier);
    bool ours = key->key() == Qt::Key_F6 || (control_shift && key->key() != Qt::Key_C && key->key() != Qt::Key_V) || (key->modifiers() & Qt::AltModifier && key->key() >= Qt::Key_0 && key->key() <= Qt::Key_9);
    if (event->type() == QEvent::ShortcutOverride) {
        if ((live_ && !ours) || (control_shift && key->key() == Qt::Key_C)) {
            event->accept();
            return true;
        }
    } else if (live_ && (key->key() == Qt::Key_Tab || key->key() == Qt::Key_Backtab)) {
        keyPressEvent(key); // QWidget would move the focus
        return true;
    }
    return QAbstractScrollArea::event(event);
}

void TerminalView::keyPressEvent(QKeyEvent* event)
{
    bool control_shift = event->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier);
    if ((control_shift && event->key() == Qt::Key_C) || (!live_ && event->matches(QKeySequence::Copy)))
        return copy();
    if (control_shift && event->key() == Qt::Key_V)
        return paste();
    if (event->modifiers() == Qt::ShiftModifier && (event->key() == Qt::Key_PageUp || event->key() == Qt::Key_PageDown)) {
        verticalScrollBar()->triggerAction(event->key() == Qt::Key_PageUp ? QAbstractSlider::SliderPageStepSub : QAbstractSlider::SliderPageStepAdd);
        return;
    }
    if (!live_ || event->key() == Qt::Key_F6) {
        QAbstractScrollArea::keyPressEvent(event);
        return;
    }
    selection_.reset();
    if (screen_.key(event->key(), event->modifiers(), event->text()))
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    else
        event->ignore();
}

void TerminalView::inputMethodEvent(QInputMethodEvent* event)
{
    if (live_ && !event->commitString().isEmpty())
        screen_.key(0, {}, event->commitString());
    event->accept();
}

QVariant TerminalView::inputMethodQuery(Qt::InputMethodQuery query) const
{
    if (query == Qt::ImEnabled)
        return live_;
    if (query == Qt::ImCursorRectangle)
        return QRect(origin().x() + screen_.cursor().x() * cell_.width(), origin().y() + screen_.cursor().y() * cell_.height(), cell_.width(), cell_.height());
    return QAbstractScrollArea::inputMethodQuery(query);
}

void TerminalView::mousePressEvent(QMouseEvent* event)
{
    Place place = place_at(event->pos());
    if (live_ && screen_.wants_mouse() && !(event->modifiers() & Qt::ShiftModifier)) {
        screen_.mouse(place.line - screen_.first_screen_line(), place.column, event->button() == Qt::LeftButton ? 1 : event->button() == Qt::MiddleButton ? 2 : 3, true, event->modifiers());
        return;
    }
    if (event->button() == Qt::LeftButton) {
        selection_ = {place, place};
    } else if (event->button() == Qt::MiddleButton && live_ && QApplication::clipboard()->supportsSelection()) {
        screen_.paste(QApplication::clipboard()->text(QClipboard::Selection));
    }
    viewport()->update();
}

void TerminalView::mouseMoveEvent(QMouseEvent* event)
{
    if (!selection_ || !(event->buttons() & Qt::LeftButton))
        return;
    selection_->second = place_at(event->pos());
    viewport()->update();
}

void TerminalView::mouseReleaseEvent(QMouseEvent* event)
{
    Place place = place_at(event->pos());
    if (live_ && screen_.wants_mouse() && !selection_)
        screen_.mouse(place.line - screen_.first_screen_line(), place.column, event->button() == Qt::LeftButton ? 1 : event->button() == Qt::MiddleButton ? 2 : 3, false, event->modifiers());
    if (selection_ && QApplication::clipboard()->supportsSelection() && !selected_text().isEmpty())
        QApplication::clipboard()->setText(selected_text(), QClipboard::Selection);
}

/// A double click selects the word.
void TerminalView::mouseDoubleClickEvent(QMouseEvent* event)
{
    Place place = place_at(event->pos() - QPoint(cell_.width() / 2, 0));
    TerminalLine line = screen_.line(place.line);
    auto is_word = [&](int column) {
        return column >= 0 && static_cast<std::size_t>(column) < line.size() && line[static_cast<std::size_t>(column)].first > ' ';
    };
    int begin = place.column, end = place.column;
    while (is_word(begin - 1))
        --begin;
    while (is_word(end))
        ++end;
    selection_ = {Place {place.line, begin}, Place {place.line, end}};
    viewport()->update();
}

void TerminalView::showEvent(QShowEvent* event)
{
    QAbstractScrollArea::showEvent(event);
    settle_.start();
}

void TerminalView::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void TerminalView::focusOutEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void TerminalView::contextMenuEvent(QContextMenuEvent* event)
{
    QMenu menu;
    menu.addAction(selected_text().isEmpty() ? tr("Copy All") : tr("Copy"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), this, &TerminalView::copy);
    QAction* pasting = menu.addAction(tr("Paste"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_V), this, &TerminalView::paste);
    pasting->setEnabled(live_);
    menu.exec(event->globalPos());
}

}
