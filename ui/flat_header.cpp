// See flat_header.h.
#include "ui/flat_header.h"

#include "ui/theme.h"

#include <QApplication>
#include <QPaintEvent>
#include <QPainter>

namespace ringside::ui {

FlatHeader::FlatHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent)
{
    setSectionsMovable(true);
    setSectionsClickable(false);
    setHighlightSections(false);
    setStretchLastSection(false);
    setMinimumSectionSize(36);
    setFont(QApplication::font()); // not the table's, which has one width
}

QSize FlatHeader::sizeHint() const
{
    return {QHeaderView::sizeHint().width(), row_height(font()) + 4};
}

void FlatHeader::paintEvent(QPaintEvent* event)
{
    QPainter painter(viewport());
    painter.fillRect(event->rect(), colours().panel);
    painter.fillRect(QRect(0, viewport()->height() - 1, viewport()->width(), 1), colours().line);
    painter.end();
    QHeaderView::paintEvent(event);
}

void FlatHeader::paintSection(QPainter* painter, const QRect& rect, int section) const
{
    const Colours& c = colours();
    painter->fillRect(rect, c.panel);
    painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), c.line);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter->setFont(bold);
    painter->setPen(c.secondary);
    auto alignment = static_cast<Qt::Alignment>(model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole).toInt());
    QRect inside = rect.adjusted(8, 0, -8, -1);
    QString text = model()->headerData(section, Qt::Horizontal).toString();
    if (isSortIndicatorShown() && sortIndicatorSection() == section)
        text += sortIndicatorOrder() == Qt::AscendingOrder ? QStringLiteral(" ▲") : QStringLiteral(" ▼");
    painter->drawText(inside, int(alignment), painter->fontMetrics().elidedText(text, Qt::ElideRight, inside.width()));
}

}
