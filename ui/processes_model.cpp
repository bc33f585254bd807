// See processes_model.h.
#include "ui/processes_model.h"

#include "trace/names.h"
#include "ui/event_row.h"

#include <QLocale>

#include <sys/wait.h>

namespace ringside::ui {

QString ended_text(int status)
{
    if (WIFSIGNALED(status))
        return QString::fromStdString(trace::signal_name(WTERMSIG(status)));
    return ProcessesModel::tr("exit %1").arg(WEXITSTATUS(status));
}

ProcessesModel::ProcessesModel(QObject* parent) : QAbstractItemModel(parent) { }

void ProcessesModel::clear()
{
    beginResetModel();
    entries_.clear();
    by_id_.clear();
    roots_.clear();
    totals_ = {};
    endResetModel();
}

void ProcessesModel::set_processes(const std::vector<trace::ProcessNode>& processes, bool running)
{
    running_ = running;
    for (const trace::ProcessNode& node : processes) { // by id: a parent comes before its children
        if (auto known = by_id_.find(node.id); known != by_id_.end()) {
            known->second->node = node;
            continue;
        }
        auto parent = by_id_.find(node.parent);
        Entry* above = parent == by_id_.end() ? nullptr : parent->second;
        std::vector<Entry*>& siblings = above ? above->children : roots_;
        auto row = static_cast<int>(siblings.size());
        beginInsertRows(above ? index_of(above) : QModelIndex(), row, row);
        Entry& entry = entries_.emplace_back(Entry {node, above, row, {}});
        by_id_[node.id] = &entry;
        siblings.push_back(&entry);
        endInsertRows();
    }
    for (Entry& entry : entries_)
        Q_EMIT dataChanged(index_of(&entry), index_of(&entry));
}

void ProcessesModel::set_totals(const Scanner::Totals& totals)
{
    totals_ = totals;
    for (Entry& entry : entries_)
        Q_EMIT dataChanged(index_of(&entry), index_of(&entry), {count_role, Qt::DisplayRole});
}

QModelIndex ProcessesModel::index_of(const Entry* entry) const
{
    return entry ? createIndex(entry->row, 0, const_cast<Entry*>(entry)) : QModelIndex();
}

QModelIndex ProcessesModel::index_of(trace::ProcessId process) const
{
    auto at = by_id_.find(process);
    return at == by_id_.end() ? QModelIndex() : index_of(at->second);
}

const std::vector<ProcessesModel::Entry*>& ProcessesModel::children_of(const QModelIndex& parent) const
{
    return parent.isValid() ? static_cast<Entry*>(parent.internalPointer())->children : roots_;
}

QModelIndex ProcessesModel::index(int row, int column, const QModelIndex& parent) const
{
    const std::vector<Entry*>& children = children_of(parent);
    if (row < 0 || column != 0 || row >= static_cast<int>(children.size()))
        return {};
    return index_of(children[static_cast<std::size_t>(row)]);
}

QModelIndex ProcessesModel::parent(const QModelIndex& child) const
{
    return child.isValid() ? index_of(static_cast<Entry*>(child.internalPointer())->parent) : QModelIndex();
}

int ProcessesModel::rowCount(const QModelIndex& parent) const
{
    return static_cast<int>(children_of(parent).size());
}

int ProcessesModel::columnCount(const QModelIndex&) const
{
    return 1;
}

QString ProcessesModel::state_of(const Entry& entry) const
{
    if (!entry.node.ended)
        return running_ ? tr("running") : tr("no end recorded");
    return (entry.node.status != 0 ? QStringLiteral("✕ ") : QString()) + ended_text(entry.node.status);
}

QVariant ProcessesModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const Entry& entry = *static_cast<const Entry*>(index.internalPointer());
    auto events = totals_.events_of.find(entry.node.id);
    QString count = events == totals_.events_of.end() ? QString() : QLocale().toString(static_cast<qulonglong>(events->second));
    QString name = QString::fromStdString(entry.node.name).left(64) + ' ' + QString::number(entry.node.id);
    switch (role) {
    case id_role: return entry.node.id;
    case state_role: return state_of(entry);
    case failed_role: return entry.node.ended && entry.node.status != 0;
    case count_role: return count;
    case name_role: return name;
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole: return tr("%1, %2, %3 events").arg(name, state_of(entry), count.isEmpty() ? QStringLiteral("0") : count);
    case Qt::ToolTipRole: {
        QStringList words;
        for (const std::string& word : entry.node.argv)
            words.append(QString::fromStdString(word).left(200));
        QString life = entry.node.ended ? tr("from %1 s to %2 s: %3").arg(time_text(entry.node.ts_started), time_text(entry.node.ts_ended), state_of(entry))
                                        : tr("from %1 s on: %2").arg(time_text(entry.node.ts_started), state_of(entry));
        return words.join(' ').left(1000).toHtmlEscaped() + QStringLiteral("<br>") + life.toHtmlEscaped();
    }
    default: return {};
    }
}

}
