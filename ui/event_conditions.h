// Filters made from a cell of the events table.
#pragma once

#include "ui/event_row.h"

#include <QString>

#include <functional>
#include <vector>

class QMenu;

namespace ringside::ui {

/// What the cell says, as a condition of the filter language: "errno == ENOENT". Empty where there is nothing to say.
QString condition_for(const EventRow& row, int column);

/// A text between quotes of the filter language.
QString filter_quoted(QString text);

/// The filter narrowed by one more part: in parentheses where it would not hold together else.
QString filter_with(const QString& filter, const QString& part);

/// Whether each part of `condition` is a part of the filter, so that taking it away takes nothing else.
bool filter_has(const QString& filter, const QString& condition);
/// The filter without the parts of `condition`; what stands in quotes or parentheses is another part's.
QString filter_without(const QString& filter, const QString& condition);

struct FilterChange {
    QString name; ///< "Selected", "… and not"
    QString text; ///< the filter that it makes
};
/// Selected, not selected; and with a filter in force: and, or, and not, or not.
std::vector<FilterChange> filter_changes(const QString& filter, const QString& condition);

/// The same as two menus, `title` and "Prepare a Filter": the filter that is chosen there goes to `apply` or to `prepare`.
using TakesFilter = std::function<void(const QString& filter)>;
void add_filter_menus(QMenu& menu, const QString& title, const QString& filter, const QString& condition, const TakesFilter& apply, const TakesFilter& prepare);

}
