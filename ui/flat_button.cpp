// See flat_button.h.
#include "ui/flat_button.h"

#include "ui/theme.h"

#include <QPainter>

namespace ringside::ui {

FlatButton::FlatButton(Kind kind, QWidget* parent) : QAbstractButton(parent), kind_(kind)
{
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    if (kind == Kind::link || kind == Kind::pill)
        setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

FlatButton::FlatButton(Kind kind, const QString& text, QWidget* parent) : FlatButton(kind, parent)
{
    setText(text);
}

void FlatButton::set_sign(const QString& sign, const QColor& colour)
{
    sign_ = sign;
    sign_colour_ = colour;
    updateGeometry();
    update();
}

void FlatButton::set_kind(Kind kind)
{
    kind_ = kind;
    updateGeometry();
    update();
}

void FlatButton::set_ink(const QColor& ink)
{
    ink_ = ink;
    update();
}

QFont FlatButton::shown_font() const
{
    QFont shown = font();
    if (kind_ == Kind::primary)
        shown.setWeight(QFont::DemiBold);
    if (kind_ == Kind::chip || kind_ == Kind::status)
        shown.setPointSizeF(shown.pointSizeF() * 0.93);
    return shown;
}

QSize FlatButton::sizeHint() const
{
    QFontMetrics metrics(shown_font());
    int width = metrics.horizontalAdvance(text()) + (sign_.isEmpty() ? 0 : metrics.horizontalAdvance(sign_ + ' '));
    switch (kind_) {
    case Kind::status: return {width + 16, metrics.height() + 10};
    case Kind::link: return {width + 8, metrics.height() + 6};
    case Kind::chip: return {width + 22, metrics.height() + 8};
    case Kind::pill: return {width + 28, metrics.height() + 12};
    default: return {width + 26, metrics.height() + 14};
    }
}

void FlatButton::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    qreal radius = kind_ == Kind::chip || kind_ == Kind::pill ? frame.height() / 2 : 5;
    QColor ink = c.text;
    if (kind_ == Kind::primary && isEnabled()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(isDown() ? c.accent.darker(115) : underMouse() ? c.accent.lighter(108) : c.accent);
        painter.drawRoundedRect(frame, radius, radius);
        ink = c.dark ? QColor(0x10, 0x20, 0x30) : QColor(Qt::white);
    } else if (kind_ == Kind::link) {
        ink = c.accent;
    } else if (kind_ == Kind::status) {
        ink = ink_.isValid() ? ink_ : c.secondary;
        if (underMouse() || isDown()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(c.selection);
            painter.drawRoundedRect(frame.adjusted(0, 2, 0, -2), radius, radius);
        }
    } else {
        bool on = isChecked() || kind_ == Kind::pill;
        painter.setPen(QPen(on ? c.accent : c.line, 1));
        painter.setBrush(on || isDown() || (underMouse() && isEnabled()) ? c.selection : c.panel);
        painter.drawRoundedRect(frame, radius, radius);
    }
    if (!isEnabled())
        ink = palette().color(QPalette::Disabled, QPalette::ButtonText);
    painter.setFont(shown_font());
    QFontMetrics metrics = painter.fontMetrics();
    QString sign = sign_.isEmpty() ? QString() : sign_ + ' ';
    int sign_width = metrics.horizontalAdvance(sign), width = sign_width + metrics.horizontalAdvance(text());
    int left = kind_ == Kind::link ? 4 : (this->width() - width) / 2;
    painter.setPen(sign_colour_.isValid() && isEnabled() ? sign_colour_ : ink);
    painter.drawText(QRect(left, 0, sign_width + 2, height()), Qt::AlignVCenter | Qt::AlignLeft, sign);
    painter.setPen(ink);
    QRect text_rect(left + sign_width, 0, this->width(), height());
    painter.drawText(text_rect, Qt::AlignVCenter | Qt::AlignLeft, text());
    if (kind_ == Kind::link && underMouse())
        painter.drawLine(left, height() / 2 + metrics.ascent() / 2 + 2, left + width, height() / 2 + metrics.ascent() / 2 + 2);
    if (hasFocus() && kind_ != Kind::pill) {
        painter.setPen(QPen(kind_ == Kind::primary ? (c.dark ? c.text : c.text) : c.accent, 1.6));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(frame.adjusted(1.5, 1.5, -1.5, -1.5), radius - 1, radius - 1);
    }
}

}
