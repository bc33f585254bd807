// Filters made from a cell of the events table.
#pragma once

#include "ui/event_row.h"

#include <QString>

#include <vector>

namespace ringside::ui {

/// What the cell says, as a condition of the filter language: "errno == ENOENT". Empty where there is nothing to say.
QString condition_for(const EventRow& row, int column);

struct FilterChange {
    QString name; ///< "Selected", "… and not"
    QString text; ///< the filter that it makes
};
/// Selected, not selected; and with a filter in force: and, or, and not, or not.
std::vector<FilterChange> filter_changes(const QString& filter, const QString& condition);

}
