// A table or tree of things that were counted: files, calls, host calls, sockets. Made in a worker, sorted by any column, each row
// with the event that it is about and the filter that shows its events.
#pragma once

#include "trace/record.h"

#include <QAbstractItemModel>
#include <QTreeView>

#include <memory>
#include <vector>

namespace ringside::ui {

struct TreeRow {
    enum class Ink : std::uint8_t { plain, quiet, error, host, warning };

    QStringList cells;
    std::vector<double> keys;   ///< what numeric columns are sorted by; NaN or missing: the text
    trace::EventId event = 0;
    QString condition;          ///< in the filter language
    quint64 id = 0;             ///< the dock's own
    Ink ink = Ink::plain;
    std::vector<std::unique_ptr<TreeRow>> children;
    TreeRow* parent = nullptr;
    int row = 0;

    TreeRow* add(QStringList cells);
};

class TreeTableModel : public QAbstractItemModel {
    Q_OBJECT

public:
    struct Column {
        QString title;
        bool numeric = false;
        bool mono = false;
    };

    explicit TreeTableModel(QList<Column> columns, QObject* parent = nullptr);
    void set_rows(std::unique_ptr<TreeRow> root);
    const TreeRow* row_at(const QModelIndex& index) const;
    const QList<Column>& columns() const { return columns_; }

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

private:
    void sort_rows(TreeRow& of);

    QList<Column> columns_;
    std::unique_ptr<TreeRow> root_;
    int sort_column_ = -1;
    Qt::SortOrder sort_order_ = Qt::AscendingOrder;
};

class TreeTable : public QTreeView {
    Q_OBJECT

public:
    TreeTable(QList<TreeTableModel::Column> columns, const QString& name, QWidget* parent = nullptr);

    TreeTableModel& rows() { return *model_; }
    /// Keeps what is selected and unfolded where the same rows come again.
    void set_rows(std::unique_ptr<TreeRow> root);
    /// For tests and copying: the rows as tab-separated text.
    QString text(bool selected_alone = false) const;
    void fit_columns();

Q_SIGNALS:
    void chosen(const ringside::ui::TreeRow* row);
    void menu_asked(const ringside::ui::TreeRow* row, const QPoint& global);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void drawBranches(QPainter* painter, const QRect& rect, const QModelIndex& index) const override;

private:
    TreeTableModel* model_;
    bool fitted_ = false;
    bool quiet_ = false;
};

}
