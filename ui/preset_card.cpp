// See preset_card.h.
#include "ui/preset_card.h"

#include "ui/theme.h"

#include <QPainter>

namespace ringside::ui {

PresetCard::PresetCard(const QString& name, const QString& sentence, QWidget* parent) : QAbstractButton(parent), sentence_(sentence)
{
    setText(name);
    setCheckable(true);
    setAutoExclusive(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleDescription(sentence);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize PresetCard::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(sentence_) + 32, 2 * fontMetrics().height() + 24};
}

QSize PresetCard::minimumSizeHint() const
{
    return {160, sizeHint().height()};
}

void PresetCard::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(isChecked() || hasFocus() ? c.accent : c.line, hasFocus() ? 1.6 : 1));
    painter.setBrush(isChecked() ? c.selection : c.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    int line = fontMetrics().height();
    QRectF ring(14, 11 + (line - 11) / 2.0, 11, 11);
    painter.setPen(QPen(isChecked() ? c.accent : c.secondary, 1.4));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(ring);
    if (isChecked()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(c.accent);
        painter.drawEllipse(ring.adjusted(3, 3, -3, -3));
    }
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(c.text);
    painter.drawText(QRect(33, 10, width() - 44, line + 2), Qt::AlignVCenter, text());
    painter.setFont(font());
    painter.setPen(c.secondary);
    QRect lower(14, 13 + line, width() - 26, line + 2);
    painter.drawText(lower, Qt::AlignVCenter, fontMetrics().elidedText(sentence_, Qt::ElideRight, lower.width()));
}

}
