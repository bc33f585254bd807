// The five fixed highlight rules of the events table: a ground and a sign before the row's number. Each can be switched off.
#pragma once

#include "ui/event_row.h"

#include <QColor>

#include <array>
#include <vector>

namespace ringside::ui {

struct HighlightRule {
    QString name;      ///< as the quick filter of the same condition
    QString sign;      ///< one character
    const char* filter; ///< a condition of the filter language
};

constexpr std::size_t highlight_count = 5;
/// In the order of weight: a row's ground is that of the first that is on.
std::array<HighlightRule, highlight_count> highlight_rules();
/// The ground and the sign's colour in the theme in force.
QColor highlight_ground(int rule);
QColor highlight_ink(int rule);

/// Which rules are on; remembered.
bool highlight_shown(int rule);
void show_highlight(int rule, bool on);
/// The rules that the row meets and that are on.
std::vector<int> shown_highlights(const EventRow& row);

}
