// See flat_style.h.
#include "ui/flat_style.h"

#include "ui/theme.h"

#include <QPainter>
#include <QPainterPath>
#include <QStyleOptionMenuItem>
#include <QWidget>

namespace ringside::ui {

FlatStyle::FlatStyle() : QProxyStyle("Fusion") { }

int FlatStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_DockWidgetSeparatorExtent: return 5;
    case PM_SplitterWidth: return 5;
    case PM_ToolBarFrameWidth: return 0;
    case PM_ToolBarItemMargin: return 0;
    case PM_MenuBarPanelWidth: return 0;
    case PM_MenuBarItemSpacing: return 2;
    case PM_MenuBarVMargin: return 2;
    case PM_MenuBarHMargin: return 4;
    default: return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int FlatStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const
{
    if (hint == SH_EtchDisabledText || hint == SH_DitherDisabledText)
        return 0;
    return QProxyStyle::styleHint(hint, option, widget, data);
}

void FlatStyle::draw_line_edit(const QStyleOption* option, QPainter* painter) const
{
    const Colours& c = colours();
    bool focused = (option->state & State_HasFocus) != 0;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(focused ? c.accent : c.line, 1));
    painter->setBrush(option->palette.base());
    painter->drawRoundedRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    painter->restore();
}

void FlatStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const Colours& c = colours();
    QRect rect = option->rect;
    switch (element) {
    case PE_IndicatorDockWidgetResizeHandle:
        painter->fillRect(rect, c.panel);
        if (rect.width() < rect.height())
            painter->fillRect(QRect(rect.center().x(), rect.top(), 1, rect.height()), c.line);
        else
            painter->fillRect(QRect(rect.left(), rect.center().y(), rect.width(), 1), c.line);
        return;
    case PE_PanelLineEdit:
        if (option->state & State_Sunken) {
            draw_line_edit(option, painter);
            return;
        }
        break;
    case PE_FrameLineEdit: return;
    case PE_FrameStatusBarItem:
    case PE_FrameDockWidget: return;
    case PE_PanelStatusBar:
        painter->fillRect(rect, c.panel);
        painter->fillRect(QRect(rect.left(), rect.top(), rect.width(), 1), c.line);
        return;
    case PE_FrameFocusRect: {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(c.accent, 1.4));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 3, 3);
        painter->restore();
        return;
    }
    default: break;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void FlatStyle::draw_menu_bar_item(const QStyleOption* option, QPainter* painter) const
{
    const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
    if (!item)
        return;
    const Colours& c = colours();
    painter->fillRect(item->rect, c.panel);
    if (item->state & (State_Selected | State_Sunken)) {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(c.selection);
        painter->drawRoundedRect(QRectF(item->rect).adjusted(1, 2, -1, -3), 4, 4);
        painter->restore();
    }
    drawItemText(painter, item->rect.adjusted(0, 0, 0, -1), Qt::AlignCenter | Qt::TextShowMnemonic | Qt::TextSingleLine, item->palette,
        (item->state & State_Enabled) != 0, item->text, QPalette::WindowText);
    painter->fillRect(QRect(item->rect.left(), item->rect.bottom(), item->rect.width(), 1), c.line);
}

void FlatStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const Colours& c = colours();
    QRect rect = option->rect;
    switch (element) {
    case CE_MenuBarItem: draw_menu_bar_item(option, painter); return;
    case CE_MenuBarEmptyArea:
    case CE_ToolBar:
        painter->fillRect(rect, c.panel);
        painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), c.line);
        return;
    default: break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

}
