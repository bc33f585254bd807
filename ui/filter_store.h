// Filters that outlive the window: those that were applied, newest first, and those that the person saved under a name.
#pragma once

#include <QString>
#include <QStringList>

#include <utility>
#include <vector>

namespace ringside::ui {

QStringList filter_history();
/// At most 50 are kept, each once.
void remember_filter(const QString& filter);

using SavedFilters = std::vector<std::pair<QString, QString>>; ///< name and filter
SavedFilters saved_filters();
void set_saved_filters(const SavedFilters& filters);
/// Replaces the one of that name, if any.
void save_filter(const QString& name, const QString& filter);

}
