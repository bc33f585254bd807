// See filter_store.h.
#include "ui/filter_store.h"

#include <QSettings>

namespace ringside::ui {

namespace {

constexpr int most_remembered = 50;

}

QStringList filter_history()
{
    return QSettings().value("filter/history").toStringList();
}

void remember_filter(const QString& filter)
{
    QStringList all = filter_history();
    if (all.value(0) == filter)
        return;
    all.removeAll(filter);
    all.prepend(filter);
    QSettings().setValue("filter/history", all.mid(0, most_remembered));
}

SavedFilters saved_filters()
{
    SavedFilters filters;
    QSettings settings;
    int count = settings.beginReadArray("filter/saved");
    for (int i = 0; i < count; ++i) {
        settings.setArrayIndex(i);
        filters.emplace_back(settings.value("name").toString(), settings.value("filter").toString());
    }
    settings.endArray();
    return filters;
}

void set_saved_filters(const SavedFilters& filters)
{
    QSettings settings;
    settings.remove("filter/saved");
    settings.beginWriteArray("filter/saved", static_cast<int>(filters.size()));
    for (int i = 0; i < static_cast<int>(filters.size()); ++i) {
        settings.setArrayIndex(i);
        settings.setValue("name", filters[static_cast<std::size_t>(i)].first);
        settings.setValue("filter", filters[static_cast<std::size_t>(i)].second);
    }
    settings.endArray();
}

void save_filter(const QString& name, const QString& filter)
{
    SavedFilters filters = saved_filters();
    std::erase_if(filters, [&](const auto& each) { return each.first == name; });
    filters.emplace_back(name, filter);
    set_saved_filters(filters);
}

}
