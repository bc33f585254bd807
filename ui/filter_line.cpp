// See filter_line.h. trace/ counts columns in bytes of UTF-8, Qt in UTF-16 units: both are converted here.
#include "ui/filter_line.h"

#include "ui/filter_store.h"
#include "ui/flat_button.h"
#include "ui/theme.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

namespace ringside::ui {

namespace {

constexpr int note_role = Qt::UserRole;

class CandidateDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {420, row_height(mono_font())}; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& c = colours();
        painter->fillRect(option.rect, option.state & QStyle::State_Selected ? c.selection : c.panel);
        QRect rect = option.rect.adjusted(8, 0, -8, 0);
        painter->setFont(mono_font());
        painter->setPen(c.text);
        QString word = index.data().toString();
        painter->drawText(rect, Qt::AlignVCenter, word);
        rect.setLeft(rect.left() + painter->fontMetrics().horizontalAdvance(word) + 16);
        painter->setFont(option.font);
        painter->setPen(c.faint);
        painter->drawText(rect, Qt::AlignVCenter | Qt::AlignRight, painter->fontMetrics().elidedText(index.data(note_role).toString(), Qt::ElideRight, rect.width()));
    }
};

int units(const QByteArray& utf8, std::size_t bytes)
{
    return static_cast<int>(QString::fromUtf8(utf8.left(static_cast<qsizetype>(bytes))).size());
}

}

FilterLine::FilterLine(QWidget* parent) : QLineEdit(parent), completer_(new QCompleter(this)), candidates_(new QStandardItemModel(this))
{
    setAccessibleName(tr("Filter"));
    setPlaceholderText(tr("Filter, for example: path ~ \"conf\" && ret < 0"));
    setFont(mono_font());
    setFixedHeight(row_height(mono_font()) + 10);
    completer_->setModel(candidates_);
    completer_->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    completer_->setWidget(this);
    completer_->setMaxVisibleItems(12);
    completer_->popup()->setItemDelegate(new CandidateDelegate(completer_->popup()));
    pause_.setSingleShot(true);
    pause_.setInterval(600);
    const std::tuple<FlatButton**, QString, QString> buttons[] = {{&previous_, QStringLiteral("↑"), tr("Previous match (Shift+F3)")}, {&next_, QStringLiteral("↓"), tr("Next match (F3)")},
        {&save_, QStringLiteral("☆"), tr("Save this filter")}, {&menu_, QStringLiteral("▾"), tr("Saved filters, and those of before (↑)")}, {&clear_, QStringLiteral("✕"), tr("Clear the filter (Esc)")}};
    for (const auto& [button, sign, name] : buttons) {
        *button = new FlatButton(FlatButton::Kind::status, sign, this);
        (*button)->setAccessibleName(name);
        (*button)->setToolTip(name);
        (*button)->setFocusPolicy(Qt::NoFocus); // each has a key
        (*button)->setCursor(Qt::ArrowCursor);
    }
    connect(previous_, &QAbstractButton::clicked, this, [this] { Q_EMIT step_asked(false); });
    connect(next_, &QAbstractButton::clicked, this, [this] { Q_EMIT step_asked(true); });
    connect(save_, &QAbstractButton::clicked, this, &FilterLine::save_asked);
    connect(menu_, &QAbstractButton::clicked, this, [this] { Q_EMIT menu_asked(mapToGlobal(QPoint(menu_->geometry().left(), height()))); });
    connect(clear_, &QAbstractButton::clicked, this, &FilterLine::clear_filter);
    connect(this, &QLineEdit::textChanged, this, &FilterLine::place_margins);
    connect(&pause_, &QTimer::timeout, this, [this] { check(true); });
    connect(this, &QLineEdit::textEdited, this, &FilterLine::edited);
    connect(completer_, qOverload<const QString&>(&QCompleter::activated), this, &FilterLine::insert_completion);
    place_margins();
}

void FilterLine::place_margins()
{
    QFontMetrics metrics(font());
    bool in_force = !applied_.isEmpty();
    previous_->setVisible(in_force);
    next_->setVisible(in_force);
    save_->setVisible(in_force);
    clear_->setVisible(in_force || !text().isEmpty());
    int x = width() - 4;
    for (FlatButton* button : {clear_, menu_, save_, next_, previous_}) {
        if (button->isHidden())
            continue;
        int button_width = metrics.horizontalAdvance('m') + 12;
        x -= button_width;
        button->setGeometry(x, 2, button_width, height() - 4);
    }
    buttons_width_ = width() - x;
    int right = metrics.horizontalAdvance(!count_.isEmpty() ? count_ : text().isEmpty() ? QStringLiteral("Ctrl+/") : QString());
    setTextMargins(applied_.isEmpty() ? 6 : metrics.horizontalAdvance(QStringLiteral("✓ ")) + 6, 0, right + buttons_width_ + 6, 0);
}

void FilterLine::resizeEvent(QResizeEvent* event)
{
    QLineEdit::resizeEvent(event);
    place_margins();
}

QStringList FilterLine::candidates() const
{
    QStringList list;
    for (int row = 0; row < candidates_->rowCount(); ++row)
        list += candidates_->item(row)->text();
    return list;
}

/// One filter further back (step 1) among those that were applied, or forward again; past the newest stands what was being typed.
void FilterLine::recall(int step)
{
    QStringList history = filter_history();
    if (recalled_ < 0)
        typed_ = text();
    int at = std::clamp(recalled_ + step, -1, static_cast<int>(history.size()) - 1);
    if (recalled_ < 0 && at == 0 && history.value(0) == text() && history.size() > 1)
        at = 1; // it stands there already
    if (at == recalled_)
        return;
    recalled_ = at;
    setText(at < 0 ? typed_ : history[at]);
    check(false);
}

void FilterLine::set_count(const QString& count)
{
    count_ = count;
    place_margins();
    update();
}

void FilterLine::apply(const QString& text)
{
    setText(text);
    confirm();
}

void FilterLine::edited()
{
    if (preedit_)
        return;
    recalled_ = -1;
    check(false);
    pause_.start();
    complete(false);
}

void FilterLine::set_mistake(std::optional<trace::FilterError> mistake, bool speak)
{
    mistake_ = std::move(mistake);
    update();
    if (mistake_ && speak) {
        spoken_ = true;
        Q_EMIT mistake_changed(QString::fromStdString(mistake_->message()));
    } else if (!mistake_ && spoken_) {
        spoken_ = false;
        Q_EMIT mistake_changed({});
    }
}

void FilterLine::check(bool speak)
{
    auto compiled = trace::Filter::compile(text().toStdString());
    auto* error = std::get_if<trace::FilterError>(&compiled);
    if (!error)
        return set_mistake({}, false);
    // What ends too early is still being typed: that is no mistake before Enter.
    bool unfinished = error->column + error->length > text().toUtf8().toStdString().size() && hasFocus();
    if (unfinished)
        return set_mistake({}, false);
    set_mistake(*error, speak);
}

void FilterLine::confirm()
{
    pause_.stop();
    completer_->popup()->hide();
    auto compiled = trace::Filter::compile(text().toStdString());
    if (auto* error = std::get_if<trace::FilterError>(&compiled))
        return set_mistake(*error, true);
    set_mistake({}, false);
    auto& filter = std::get<trace::Filter>(compiled);
    applied_ = filter.matches_all() ? QString() : text().trimmed();
    if (applied_.isEmpty())
        count_.clear();
    else
        remember_filter(applied_);
    recalled_ = -1;
    place_margins();
    update();
    Q_EMIT applied_changed(applied_, filter);
}

void FilterLine::clear_filter()
{
    bool was_applied = !applied_.isEmpty();
    clear();
    set_mistake({}, false);
    if (was_applied)
        confirm();
    else
        Q_EMIT leave();
}

void FilterLine::complete(bool asked)
{
    QByteArray utf8 = text().toUtf8();
    auto cursor = static_cast<std::size_t>(text().left(cursorPosition()).toUtf8().size());
    trace::Completions found = trace::complete_filter(std::string_view(utf8.constData(), static_cast<std::size_t>(utf8.size())), cursor, values_.get());
    bool typing = found.end > found.begin;
    std::string_view word(utf8.constData() + found.begin, found.end - found.begin);
    bool complete = found.candidates.size() == 1 && found.candidates.front().text == word;
    if ((!typing && !asked) || found.candidates.empty() || complete) {
        candidates_->clear();
        completer_->popup()->hide();
        return;
    }
    replace_begin_ = found.begin;
    replace_end_ = found.end;
    candidates_->clear();
    for (const trace::Completion& candidate : found.candidates) {
        auto* item = new QStandardItem(QString::fromStdString(candidate.text));
        item->setData(QString::fromStdString(candidate.note), note_role);
        candidates_->appendRow(item);
    }
    QRect place = cursorRect();
    place.moveLeft(std::max(0, place.left() - fontMetrics().horizontalAdvance(QString::fromUtf8(word.data(), static_cast<qsizetype>(word.size())))));
    place.setWidth(440);
    place.setBottom(height() - 2);
    completer_->complete(place);
}

void FilterLine::insert_completion(const QString& word)
{
    QByteArray utf8 = text().toUtf8();
    int begin = units(utf8, replace_begin_), end = units(utf8, std::min<std::size_t>(replace_end_, static_cast<std::size_t>(utf8.size())));
    QString whole = text();
    setText(whole.left(begin) + word + whole.mid(end));
    setCursorPosition(begin + static_cast<int>(word.size()));
    check(false);
}

/// Tab completes while candidates are shown; otherwise it leaves the line, as everywhere.
bool FilterLine::event(QEvent* event)
{
    if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Tab && completer_->popup()->isVisible()) {
        QModelIndex chosen = completer_->popup()->currentIndex();
        insert_completion(chosen.isValid() ? chosen.data().toString() : candidates_->item(0)->text());
        completer_->popup()->hide();
        event->accept();
        return true;
    }
    return QLineEdit::event(event);
}

void FilterLine::keyPressEvent(QKeyEvent* event)
{
    QAbstractItemView* popup = completer_->popup();
    bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (popup->isVisible()) {
        bool chosen = popup->selectionModel()->hasSelection(); // the completer makes a row current that nobody chose
        if (event->key() == Qt::Key_Escape || (enter && chosen)) {
            event->ignore(); // the completer's
            return;
        }
    }
    if (enter) {
        confirm();
        return;
    }
    if (event->key() == Qt::Key_Escape) {
        clear_filter();
        return;
    }
    if (event->key() == Qt::Key_Up && !popup->isVisible()) {
        recall(1);
        return;
    }
    if (event->key() == Qt::Key_Down && !popup->isVisible()) {
        if (recalled_ >= 0)
            recall(-1);
        else
            complete(true);
        return;
    }
    if (event->key() == Qt::Key_Space && event->modifiers() == Qt::ControlModifier) {
        complete(true);
        return;
    }
    QLineEdit::keyPressEvent(event);
}

void FilterLine::inputMethodEvent(QInputMethodEvent* event)
{
    preedit_ = !event->preeditString().isEmpty();
    QLineEdit::inputMethodEvent(event);
    if (!preedit_ && !event->commitString().isEmpty())
        edited();
}

void FilterLine::focusOutEvent(QFocusEvent* event)
{
    QLineEdit::focusOutEvent(event);
    pause_.stop();
}

std::pair<int, int> FilterLine::mistake_range() const
{
    if (!mistake_)
        return {0, 0};
    QByteArray utf8 = text().toUtf8();
    int begin = units(utf8, mistake_->column - 1);
    int end = units(utf8, mistake_->column - 1 + std::max<std::size_t>(mistake_->length, 1));
    if (end <= begin) // the end of the text
        end = begin + 1;
    return {begin, end};
}

void FilterLine::paintEvent(QPaintEvent* event)
{
    const Colours& c = colours();
    bool in_force = !applied_.isEmpty() && text().trimmed() == applied_ && !mistake_;
    QPalette shown = palette();
    if (shown.color(QPalette::Base) != (in_force ? c.valid : c.panel)) {
        shown.setColor(QPalette::Base, in_force ? c.valid : c.panel);
        setPalette(shown);
    }
    QLineEdit::paintEvent(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(font());
    QFontMetrics metrics(font());
    if (mistake_ || in_force) {
        painter.setPen(QPen(mistake_ ? c.error : c.good, 1));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }
    if (!applied_.isEmpty()) {
        painter.setPen(in_force ? c.good : c.faint);
        painter.drawText(QRect(8, 0, 30, height()), Qt::AlignVCenter, in_force ? QStringLiteral("✓") : QStringLiteral("·"));
    }
    painter.setPen(c.faint);
    QString right = !count_.isEmpty() ? count_ : text().isEmpty() ? QStringLiteral("Ctrl+/") : QString();
    painter.drawText(rect().adjusted(0, 0, -buttons_width_ - 2, 0), Qt::AlignVCenter | Qt::AlignRight, right);
    if (!mistake_)
        return;
    auto [begin, end] = mistake_range();
    qreal origin = cursorRect().center().x() - metrics.horizontalAdvance(text().left(cursorPosition()));
    qreal from = origin + metrics.horizontalAdvance(text().left(begin));
    qreal to = std::max(from + metrics.horizontalAdvance('m'), origin + metrics.horizontalAdvance(text().left(end)));
    qreal y = (height() + metrics.height()) / 2.0 - 0.5;
    QPainterPath wave(QPointF(from, y));
    for (qreal x = from, up = 1; x < to; x += 3, up = -up)
        wave.quadTo(QPointF(x + 1.5, y - 2.6 * up), QPointF(x + 3, y));
    painter.setClipRect(rect().adjusted(4, 0, -4, 0));
    painter.setPen(QPen(c.error, 1.3));
    painter.drawPath(wave);
}

}
