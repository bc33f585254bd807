// Fusion without its gradients and frames: panels that meet in lines of one pixel.
#pragma once

#include <QProxyStyle>

namespace ringside::ui {

class FlatStyle : public QProxyStyle {
    Q_OBJECT

public:
    FlatStyle();

    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part, const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;

private:
    void draw_line_edit(const QStyleOption* option, QPainter* painter) const;
    void draw_tab(const QStyleOption* option, QPainter* painter) const;
    void draw_menu_bar_item(const QStyleOption* option, QPainter* painter) const;
};

}
