// See event_delegate.h.
#include "ui/event_delegate.h"

#include "ui/events_model.h"
#include "ui/highlights.h"
#include "ui/mark_book.h"
#include "ui/theme.h"

#include <QApplication>
#include <QPainter>
#include <QTextLayout>

namespace ringside::ui {

namespace {

QColor group_colour(RowGroup group)
{
    const Colours& c = colours();
    switch (group) {
    case RowGroup::file: return c.file;
    case RowGroup::network: return c.network;
    case RowGroup::process: return c.process;
    case RowGroup::fault: return c.error;
    case RowGroup::other: break;
    }
    QColor pale = c.other;
    pale.setAlphaF(0.55F);
    return pale;
}

/// Strings and names in the text's colour; the rest steps back.
bool stands_out(trace::Token token)
{
    using trace::Token;
    return token == Token::string || token == Token::path || token == Token::signal || token == Token::syscall;
}

void draw_text(QPainter* painter, const QRect& rect, Qt::Alignment alignment, const QString& text)
{
    painter->drawText(rect, int(alignment | Qt::AlignVCenter) | Qt::TextSingleLine, painter->fontMetrics().elidedText(text, Qt::ElideRight, rect.width()));
}

}

EventDelegate::EventDelegate(QObject* parent) : QStyledItemDelegate(parent), mono_(mono_font()), mono_bold_(mono_), sans_(QApplication::font())
{
    mono_bold_.setWeight(QFont::DemiBold);
}

QColor EventDelegate::result_colour(ResultKind kind)
{
    const Colours& c = colours();
    switch (kind) {
    case ResultKind::error: return c.error;
    case ResultKind::expected: return c.secondary;
    case ResultKind::denied:
    case ResultKind::unsupported: return c.denied;
    case ResultKind::injected: return c.accent;
    case ResultKind::running:
    case ResultKind::unknown: return c.secondary;
    case ResultKind::plain: break;
    }
    return c.text;
}

QSize EventDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    QString text = index.data().toString();
    const QFont& font = index.column() == EventsModel::process ? sans_ : index.column() == EventsModel::call ? mono_bold_ : mono_;
    return {QFontMetrics(font).horizontalAdvance(text) + 2 * margin + 2, row_height(mono_)};
}

namespace {

struct Sign {
    QString text;
    QColor ink;
};

/// What stands before the row's number: the filter's match, what the person said of it, the first highlight. Never colour alone.
std::vector<Sign> signs_of(const EventsModel& model, const EventRow& row, const std::vector<int>& highlights)
{
    const Colours& c = colours();
    std::vector<Sign> signs;
    if (model.is_match(row.id))
        signs.push_back({QStringLiteral("▸"), c.good});
    trace::Mark mark = model.marks() ? model.marks()->mark(row.id) : trace::Mark();
    if (mark.time_reference)
        signs.push_back({QStringLiteral("T"), c.accent});
    if (!mark.note.empty())
        signs.push_back({QStringLiteral("¶"), c.accent});
    if (mark.marked)
        signs.push_back({QStringLiteral("◆"), c.accent});
    if (!highlights.empty())
        signs.push_back({highlight_rules()[static_cast<std::size_t>(highlights.front())].sign, highlight_ink(highlights.front())});
    if (signs.size() > 3)
        signs.resize(3);
    return signs;
}

}

void EventDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Colours& c = colours();
    const auto* model = static_cast<const EventsModel*>(index.model());
    const EventRow* row = model->row(index.row());
    bool selected = (option.state & QStyle::State_Selected) != 0;
    std::vector<int> highlights = row ? shown_highlights(*row) : std::vector<int>();
    QBrush background = selected ? QBrush(c.selection)
        : row && model->is_match(row->id) ? QBrush(c.match)
        : !highlights.empty() ? QBrush(highlight_ground(highlights.front()))
        : option.features & QStyleOptionViewItem::Alternate ? option.palette.alternateBase() : option.palette.base();
    painter->fillRect(option.rect, background);
    QRect inside = option.rect.adjusted(margin, 0, -margin, 0);
    painter->save();
    if (row)
        paint_cell(painter, inside, index, *row);
    if (index.column() == EventsModel::number) {
        if (row)
            painter->fillRect(QRect(option.rect.left(), option.rect.top(), 3, option.rect.height()), group_colour(row->group));
        if (selected && (option.state & QStyle::State_Active))
            painter->fillRect(QRect(option.rect.left() + 3, option.rect.top(), 2, option.rect.height()), c.accent);
        if (row) {
            painter->setFont(mono_);
            int step = painter->fontMetrics().horizontalAdvance('0') + 1, x = option.rect.left() + 6;
            for (const Sign& sign : signs_of(*model, *row, highlights)) {
                painter->setPen(sign.ink);
                painter->drawText(QRect(x, option.rect.top(), step + 4, option.rect.height()), Qt::AlignVCenter | Qt::TextSingleLine | Qt::TextDontClip, sign.text);
                x += step;
            }
        }
    }
    if (option.state & QStyle::State_HasFocus) { // the cell that a filter is made of
        painter->setPen(QPen(c.accent, 1));
        painter->drawLine(option.rect.left() + 4, option.rect.bottom(), option.rect.right() - 4, option.rect.bottom());
    }
    painter->restore();
}

void EventDelegate::paint_cell(QPainter* painter, const QRect& rect, const QModelIndex& index, const EventRow& row) const
{
    const Colours& c = colours();
    painter->setFont(mono_);
    painter->setPen(c.secondary);
    switch (index.column()) {
    case EventsModel::number: draw_text(painter, rect, Qt::AlignRight, QLocale().toString(static_cast<qulonglong>(row.id))); break;
    case EventsModel::time: draw_text(painter, rect, Qt::AlignLeft, index.data().toString()); break;
    case EventsModel::process:
        painter->setFont(sans_);
        painter->setPen(row.internal ? c.secondary : c.text);
        draw_text(painter, rect, Qt::AlignLeft, row.process);
        break;
    case EventsModel::call:
        painter->setFont(row.internal ? mono_ : mono_bold_);
        painter->setPen(row.internal ? c.secondary : row.group == RowGroup::fault ? c.error : c.text);
        draw_text(painter, rect, Qt::AlignLeft, row.call);
        break;
    case EventsModel::arguments: paint_arguments(painter, rect, row); break;
    case EventsModel::result:
        painter->setPen(result_colour(row.result_kind));
        draw_text(painter, rect, Qt::AlignLeft, row.open ? index.data().toString() : row.result);
        break;
    case EventsModel::duration: draw_text(painter, rect, Qt::AlignRight, row.duration); break;
    case EventsModel::host:
        painter->setPen(row.host == QStringLiteral("·") ? c.faint : c.host);
        draw_text(painter, rect, Qt::AlignLeft, row.host);
        break;
    case EventsModel::notes:
        painter->setFont(sans_);
        painter->setPen(c.text);
        draw_text(painter, rect, Qt::AlignLeft, index.data().toString());
        break;
    default: draw_text(painter, rect, Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt()) & Qt::AlignHorizontal_Mask, index.data().toString());
    }
}

void EventDelegate::paint_arguments(QPainter* painter, const QRect& rect, const EventRow& row) const
{
    const Colours& c = colours();
    QFontMetrics metrics(mono_);
    // Cut before it is laid out: a column shows some 100 characters, an argument list may have thousands.
    auto most = static_cast<qsizetype>(rect.width() / std::max(1, metrics.averageCharWidth()) + 2);
    QString text = metrics.elidedText(row.arguments.text.left(most), Qt::ElideRight, rect.width());
    if (text.size() > 1 && row.arguments.text.size() > most && !text.endsWith(QChar(0x2026)))
        text = text.left(text.size() - 1) + QChar(0x2026);
    QTextLayout layout(text, mono_);
    QTextOption one_line;
    one_line.setWrapMode(QTextOption::NoWrap);
    layout.setTextOption(one_line);
    QList<QTextLayout::FormatRange> formats;
    QTextCharFormat strong;
    strong.setForeground(row.internal ? c.secondary : c.text);
    for (const TextSpan& span : row.arguments.spans)
        if (stands_out(span.token) && span.begin < text.size())
            formats.append({span.begin, std::min(span.length, static_cast<int>(text.size()) - span.begin), strong});
    layout.setFormats(formats);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    if (line.isValid())
        line.setLineWidth(1e6);
    layout.endLayout();
    painter->setPen(c.secondary);
    layout.draw(painter, QPointF(rect.left(), rect.top() + (rect.height() - line.height()) / 2));
}

}
