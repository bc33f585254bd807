// The tree of processes: who started whom, how each ended, how many events it has.
#pragma once

#include "trace/queries.h"
#include "ui/scanner.h"

#include <QAbstractItemModel>

#include <deque>
#include <unordered_map>
#include <vector>

namespace ringside::ui {

class ProcessesModel : public QAbstractItemModel {
    Q_OBJECT

public:
    enum Role { id_role = Qt::UserRole, state_role, failed_role, count_role, name_role };

    explicit ProcessesModel(QObject* parent = nullptr);

    /// Processes that are known stay where they are: what is new is inserted, so that nothing folds while a program runs.
    void set_processes(const std::vector<trace::ProcessNode>& processes, bool running);
    void set_totals(const Scanner::Totals& totals);
    void clear();
    int count() const { return static_cast<int>(entries_.size()); }
    QModelIndex index_of(trace::ProcessId process) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    struct Entry {
        trace::ProcessNode node;
        Entry* parent = nullptr;
        int row = 0;
        std::vector<Entry*> children;
    };

    const std::vector<Entry*>& children_of(const QModelIndex& parent) const;
    QString state_of(const Entry& entry) const;
    QModelIndex index_of(const Entry* entry) const;

    std::deque<Entry> entries_; ///< never moved
    std::unordered_map<trace::ProcessId, Entry*> by_id_;
    std::vector<Entry*> roots_;
    Scanner::Totals totals_;
    bool running_ = false;
};

/// "exit 1", "SIGSEGV", from a status as wait4(2) gives it.
QString ended_text(int status);

}
