// See flat_style.h.
#include "ui/flat_style.h"

#include "ui/theme.h"

#include <QPainter>
#include <QPainterPath>
#include <QStyleOptionMenuItem>
#include <QStyleOptionSlider>
#include <QWidget>

#include <algorithm>

namespace ringside::ui {

FlatStyle::FlatStyle() : QProxyStyle("Fusion") { }

int FlatStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_TabBarBaseHeight:
    case PM_TabBarBaseOverlap:
    case PM_TabBarTabShiftVertical: return 0;
    case PM_TabBarTabHSpace: return 26;
    case PM_TabBarTabVSpace: return 11;
    case PM_DockWidgetSeparatorExtent: return 5;
    case PM_SplitterWidth: return 5;
    case PM_ScrollBarExtent: return 12;
    case PM_ScrollBarSliderMin: return 28;
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
    if (hint == SH_EtchDisabledText || hint == SH_DitherDisabledText || hint == SH_UnderlineShortcut)
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
    case PE_FrameTabBarBase:
        painter->fillRect(rect, c.window);
        painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), c.line);
        return;
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
    drawItemText(painter, item->rect.adjusted(0, 0, 0, -1), Qt::AlignCenter | Qt::TextHideMnemonic | Qt::TextSingleLine, item->palette,
        (item->state & State_Enabled) != 0, item->text, QPalette::WindowText);
    painter->fillRect(QRect(item->rect.left(), item->rect.bottom(), item->rect.width(), 1), c.line);
}

void FlatStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const Colours& c = colours();
    QRect rect = option->rect;
    switch (element) {
    case CE_TabBarTabShape: draw_tab(option, painter); return;
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

/// The tab in front joins its page; the others are words over the window's colour.
void FlatStyle::draw_tab(const QStyleOption* option, QPainter* painter) const
{
    const Colours& c = colours();
    QRect rect = option->rect;
    bool front = (option->state & State_Selected) != 0, over = (option->state & State_MouseOver) != 0;
    painter->fillRect(rect, front ? c.panel : over ? c.selection : c.window);
    painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), front ? c.panel : c.line);
    if (!front)
        return;
    painter->fillRect(QRect(rect.left(), rect.top(), rect.width(), 2), c.accent);
    painter->fillRect(QRect(rect.left(), rect.top(), 1, rect.height()), c.line);
    painter->fillRect(QRect(rect.right(), rect.top(), 1, rect.height()), c.line);
    if (option->state & State_HasFocus) {
        painter->setPen(QPen(c.accent, 1.5));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(rect.adjusted(3, 4, -4, -4));
    }
}

/// No arrows: the bar is the groove, in which the slider stands for what is in sight.
QRect FlatStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part, const QWidget* widget) const
{
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (control != CC_ScrollBar || !bar)
        return QProxyStyle::subControlRect(control, option, part, widget);
    QRect rect = bar->rect;
    bool lies = bar->orientation == Qt::Horizontal;
    int length = lies ? rect.width() : rect.height();
    double range = double(bar->maximum) - bar->minimum;
    int slider = range <= 0 ? length : std::clamp(static_cast<int>(bar->pageStep / (range + bar->pageStep) * length), std::min(28, length), length);
    int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - slider, bar->upsideDown);
    auto span = [&](int from, int size) { return lies ? QRect(rect.left() + from, rect.top(), size, rect.height()) : QRect(rect.left(), rect.top() + from, rect.width(), size); };
    switch (part) {
    case SC_ScrollBarGroove: return rect;
    case SC_ScrollBarSlider: return span(start, slider);
    case SC_ScrollBarSubPage: return span(0, start);
    case SC_ScrollBarAddPage: return span(start + slider, length - start - slider);
    default: return {};
    }
}

void FlatStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (control != CC_ScrollBar || !bar) {
        QProxyStyle::drawComplexControl(control, option, painter, widget);
        return;
    }
    painter->fillRect(bar->rect, option->palette.base());
    if (bar->maximum <= bar->minimum)
        return;
    QRectF slider = QRectF(subControlRect(control, option, SC_ScrollBarSlider, widget)).adjusted(3, 3, -3, -3);
    bool held = (bar->activeSubControls & SC_ScrollBarSlider) && (bar->state & (State_Sunken | State_MouseOver));
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(held ? colours().faint : option->palette.color(QPalette::Dark));
    painter->drawRoundedRect(slider, 3, 3);
    painter->restore();
}

}
