// See theme.h.
#include "ui/theme.h"

#include "ui/flat_style.h"

#include <QApplication>
#include <QDBusInterface>
#include <QDBusReply>
#include <QDBusVariant>
#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetrics>
#include <QPalette>

#include <cmath>

namespace ringside::ui {

namespace {

Colours light_colours()
{
    return {.dark = false, .panel = 0xffffff, .window = 0xf4f5f7, .line = 0xd9dde3, .text = 0x1b1f24, .secondary = 0x5b6570, .faint = 0x626c78,
        .accent = 0x0a5fb4, .error = 0xb42318, .denied = 0x8a4300, .good = 0x176f31, .host = 0x6b4fb3, .file = 0x2559b3, .network = 0x116a44,
        .process = 0x7d5210, .other = 0x5b6570, .selection = 0xe3effc, .match = 0xfff4d0, .valid = 0xe3f5e6};
}

Colours dark_colours()
{
    return {.dark = true, .panel = 0x22262b, .window = 0x1a1d21, .line = 0x383e46, .text = 0xe6e9ed, .secondary = 0xa9b3be, .faint = 0x9aa5b1,
        .accent = 0x7cbaff, .error = 0xff958c, .denied = 0xffb366, .good = 0x6fdc8c, .host = 0xbda9f7, .file = 0x82b4ff, .network = 0x5fd39a,
        .process = 0xe6b450, .other = 0xa9b3be, .selection = 0x1f3a56, .match = 0x40381f, .valid = 0x203a28};
}

Colours& current()
{
    static Colours colours = light_colours();
    return colours;
}

QColor mixed(const QColor& a, const QColor& b, double part)
{
    return QColor::fromRgbF(float(a.redF() * (1 - part) + b.redF() * part), float(a.greenF() * (1 - part) + b.greenF() * part),
        float(a.blueF() * (1 - part) + b.blueF() * part));
}

QPalette palette_of(const Colours& c)
{
    QPalette palette;
    palette.setColor(QPalette::Window, c.window);
    palette.setColor(QPalette::WindowText, c.text);
    palette.setColor(QPalette::Base, c.panel);
    palette.setColor(QPalette::AlternateBase, mixed(c.panel, c.window, 0.55));
    palette.setColor(QPalette::Text, c.text);
    palette.setColor(QPalette::PlaceholderText, c.faint);
    palette.setColor(QPalette::Button, c.panel);
    palette.setColor(QPalette::ButtonText, c.text);
    palette.setColor(QPalette::BrightText, c.error);
    palette.setColor(QPalette::Highlight, c.selection);
    palette.setColor(QPalette::HighlightedText, c.text);
    palette.setColor(QPalette::Link, c.accent);
    palette.setColor(QPalette::LinkVisited, c.accent);
    palette.setColor(QPalette::ToolTipBase, c.panel);
    palette.setColor(QPalette::ToolTipText, c.text);
    palette.setColor(QPalette::Light, c.panel);
    palette.setColor(QPalette::Midlight, mixed(c.panel, c.line, 0.5));
    palette.setColor(QPalette::Mid, c.line);
    palette.setColor(QPalette::Dark, mixed(c.line, c.text, 0.2));
    palette.setColor(QPalette::Shadow, mixed(c.line, c.text, 0.4));
    for (QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, mixed(c.faint, c.window, 0.35));
    return palette;
}

}

Theme theme_of(const QString& name)
{
    return name == QStringLiteral("light") ? Theme::light : name == QStringLiteral("dark") ? Theme::dark : Theme::system;
}

const Colours& colours()
{
    return current();
}

bool desktop_is_dark()
{
    if (QDBusConnection bus = QDBusConnection::sessionBus(); bus.isConnected()) {
        QDBusInterface portal("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings", bus);
        portal.setTimeout(300); // a desktop without one must not hold up the start
        QDBusReply<QDBusVariant> reply = portal.call("Read", "org.freedesktop.appearance", "color-scheme");
        if (reply.isValid()) {
            QVariant value = reply.value().variant();
            while (value.canConvert<QDBusVariant>()) // Read wraps twice
                value = value.value<QDBusVariant>().variant();
            if (value.toUInt() != 0)
                return value.toUInt() == 1;
        }
    }
    static const bool dark_palette = QApplication::palette().color(QPalette::Window).lightness() < 128; // before it was ours
    return dark_palette;
}

void apply_theme(QApplication& application, Theme theme)
{
    bool dark = theme == Theme::dark || (theme == Theme::system && desktop_is_dark());
    current() = dark ? dark_colours() : light_colours();
    application.setStyle(new FlatStyle);
    application.setPalette(palette_of(current()));
}

void apply_text_scale(int steps)
{
    static const QFont desktop = QApplication::font(); // before it was ours
    QFont font = desktop;
    font.setPointSizeF(desktop.pointSizeF() * std::pow(1.1, steps));
    if (font != QApplication::font())
        QApplication::setFont(font);
}

QFont mono_font()
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    if (!QFontInfo(font).fixedPitch())
        font.setFamily("monospace");
    font.setStyleHint(QFont::Monospace);
    font.setPointSizeF(QApplication::font().pointSizeF());
    return font;
}

int row_height(const QFont& font)
{
    return std::max(22, QFontMetrics(font).height() + 6);
}

}
