// See highlights.h.
#include "ui/highlights.h"

#include "ui/theme.h"

#include <QCoreApplication>
#include <QSettings>

namespace ringside::ui {

namespace {

/// Problems and what was refused are shown at first: the rest would colour most rows of many programs.
constexpr int first_shown = 0b00011;

int& shown()
{
    static int rules = QSettings().value("events/highlights", first_shown).toInt();
    return rules;
}

QString words(const char* text)
{
    return QCoreApplication::translate("MainWindow", text);
}

}

std::array<HighlightRule, highlight_count> highlight_rules()
{
    return {{
        {words("Problems"), QStringLiteral("✕"), "problem"},
        {words("Refused"), QStringLiteral("⊘"), "verdict == denied"},
        {words("Files written"), QStringLiteral("✎"), "group == file && args ~ \"O_(WRONLY|RDWR|CREAT)\""},
        {words("Network"), QStringLiteral("⇄"), "group == network"},
        {words("Waits over 1 ms"), QStringLiteral("◷"), "blocked && dur > 1ms"},
    }};
}

QColor highlight_ink(int rule)
{
    const Colours& c = colours();
    const QColor inks[] = {c.error, c.denied, c.file, c.network, c.process};
    return inks[rule];
}

QColor highlight_ground(int rule)
{
    // Pale enough that every text keeps 4.5:1 on it (tests/ui/contrast).
    const Colours& c = colours();
    QColor ink = highlight_ink(rule);
    float part = c.dark ? 0.10F : 0.07F;
    return QColor::fromRgbF(c.panel.redF() * (1 - part) + ink.redF() * part, c.panel.greenF() * (1 - part) + ink.greenF() * part,
        c.panel.blueF() * (1 - part) + ink.blueF() * part);
}

bool highlight_shown(int rule)
{
    return (shown() & (1 << rule)) != 0;
}

void show_highlight(int rule, bool on)
{
    shown() = on ? shown() | (1 << rule) : shown() & ~(1 << rule);
    QSettings().setValue("events/highlights", shown());
}

std::vector<int> shown_highlights(const EventRow& row)
{
    std::vector<int> rules;
    for (int rule = 0; rule < static_cast<int>(highlight_count); ++rule)
        if ((row.highlights & (1 << rule)) && highlight_shown(rule))
            rules.push_back(rule);
    return rules;
}

}
