// See tree_table.h.
#include "ui/tree_table.h"

#include "ui/flat_header.h"
#include "ui/theme.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QSet>
#include <QStyledItemDelegate>

#include <algorithm>
#include <cmath>

namespace ringside::ui {

namespace {

class Delegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        return {QStyledItemDelegate::sizeHint(option, index).width() + 2 * margin, row_height(option.font)};
    }

    /// As wide a margin as the header has, so that both stand in one line.
    void paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const override
    {
        QStyleOptionViewItem option(given);
        initStyleOption(&option, index);
        bool selected = (option.state & QStyle::State_Selected) != 0;
        if (selected)
            painter->fillRect(option.rect, colours().selection);
        painter->setFont(option.font);
        painter->setPen(option.palette.color(QPalette::Text));
        bool first_of_tree = index.column() == 0 && static_cast<const QTreeView*>(option.widget)->rootIsDecorated();
        QRect inside = option.rect.adjusted(first_of_tree ? 2 : margin, 0, -margin, 0);
        painter->drawText(inside, int(option.displayAlignment) | Qt::TextSingleLine, QFontMetrics(option.font).elidedText(option.text, Qt::ElideRight, inside.width()));
    }

private:
    static constexpr int margin = 8;
};

QString path_of(const TreeRow* row)
{
    QString path;
    for (; row && row->parent; row = row->parent)
        path = row->cells.value(0) + '\n' + path;
    return path;
}

}

TreeRow* TreeRow::add(QStringList texts)
{
    auto child = std::make_unique<TreeRow>();
    child->cells = std::move(texts);
    child->parent = this;
    child->row = static_cast<int>(children.size());
    children.push_back(std::move(child));
    return children.back().get();
}

TreeTableModel::TreeTableModel(QList<Column> columns, QObject* parent) : QAbstractItemModel(parent), columns_(std::move(columns)), root_(std::make_unique<TreeRow>()) { }

void TreeTableModel::set_rows(std::unique_ptr<TreeRow> root)
{
    beginResetModel();
    root_ = std::move(root);
    if (sort_column_ >= 0)
        sort_rows(*root_);
    endResetModel();
}

const TreeRow* TreeTableModel::row_at(const QModelIndex& index) const
{
    return index.isValid() ? static_cast<const TreeRow*>(index.internalPointer()) : root_.get();
}

QModelIndex TreeTableModel::index(int row, int column, const QModelIndex& parent) const
{
    const TreeRow* of = row_at(parent);
    if (row < 0 || row >= static_cast<int>(of->children.size()) || column < 0 || column >= columnCount())
        return {};
    return createIndex(row, column, of->children[static_cast<std::size_t>(row)].get());
}

QModelIndex TreeTableModel::parent(const QModelIndex& child) const
{
    const TreeRow* of = child.isValid() ? row_at(child)->parent : nullptr;
    return of && of != root_.get() ? createIndex(of->row, 0, of) : QModelIndex();
}

int TreeTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.column() > 0 ? 0 : static_cast<int>(row_at(parent)->children.size());
}

int TreeTableModel::columnCount(const QModelIndex&) const
{
    return static_cast<int>(columns_.size());
}

QVariant TreeTableModel::data(const QModelIndex& index, int role) const
{
    const TreeRow* row = row_at(index);
    const Column& column = columns_[index.column()];
    switch (role) {
    case Qt::DisplayRole: return row->cells.value(index.column());
    case Qt::ToolTipRole: {
        QString text = row->cells.value(index.column());
        return text.size() > 30 ? QVariant(text.toHtmlEscaped()) : QVariant();
    }
    case Qt::TextAlignmentRole: return QVariant::fromValue(Qt::Alignment(Qt::AlignVCenter | (column.numeric ? Qt::AlignRight : Qt::AlignLeft)));
    case Qt::FontRole: return column.mono ? QVariant(mono_font()) : QVariant();
    case Qt::ForegroundRole: {
        const Colours& c = colours();
        switch (row->ink) {
        case TreeRow::Ink::quiet: return c.secondary;
        case TreeRow::Ink::error: return c.error;
        case TreeRow::Ink::host: return index.column() == 0 ? QVariant(c.host) : QVariant();
        case TreeRow::Ink::warning: return c.denied;
        case TreeRow::Ink::plain: return index.column() == 0 || column.numeric ? QVariant() : QVariant(c.secondary);
        }
        return {};
    }
    case Qt::AccessibleTextRole: return column.title + ' ' + row->cells.value(index.column());
    default: return {};
    }
}

QVariant TreeTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section >= columns_.size())
        return {};
    if (role == Qt::DisplayRole)
        return columns_[section].title;
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignVCenter | (columns_[section].numeric ? Qt::AlignRight : Qt::AlignLeft)));
    return {};
}

void TreeTableModel::sort(int column, Qt::SortOrder order)
{
    sort_column_ = column;
    sort_order_ = order;
    Q_EMIT layoutAboutToBeChanged();
    QModelIndexList before = persistentIndexList(), after;
    sort_rows(*root_);
    for (const QModelIndex& index : before)
        after.append(createIndex(row_at(index)->row, index.column(), index.internalPointer()));
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged();
}

void TreeTableModel::sort_rows(TreeRow& of)
{
    auto at = static_cast<std::size_t>(std::max(sort_column_, 0));
    bool numeric = columns_.value(sort_column_).numeric;
    std::stable_sort(of.children.begin(), of.children.end(), [&](const auto& a, const auto& b) {
        const TreeRow& first = sort_order_ == Qt::AscendingOrder ? *a : *b;
        const TreeRow& second = sort_order_ == Qt::AscendingOrder ? *b : *a;
        if (numeric && first.keys.size() > at && second.keys.size() > at)
            return first.keys[at] < second.keys[at];
        return first.cells.value(sort_column_).localeAwareCompare(second.cells.value(sort_column_)) < 0;
    });
    int row = 0;
    for (auto& child : of.children) {
        child->row = row++;
        sort_rows(*child);
    }
}

TreeTable::TreeTable(QList<TreeTableModel::Column> columns, const QString& name, QWidget* parent)
    : QTreeView(parent), model_(new TreeTableModel(std::move(columns), this))
{
    setAccessibleName(name);
    setHeader(new FlatHeader(this));
    setModel(model_);
    setItemDelegate(new Delegate(this));
    setFrameShape(QFrame::NoFrame);
    setUniformRowHeights(true);
    setAlternatingRowColors(true);
    setSelectionMode(ExtendedSelection);
    setContextMenuPolicy(Qt::CustomContextMenu);
    setSortingEnabled(false);
    setAllColumnsShowFocus(true);
    header()->setSectionsClickable(true);
    header()->setSortIndicatorShown(true);
    header()->setStretchLastSection(!model_->columns().back().numeric);
    header()->setSortIndicator(-1, Qt::AscendingOrder);
    connect(header(), &QHeaderView::sortIndicatorChanged, model_, &TreeTableModel::sort);
    connect(this, &QWidget::customContextMenuRequested, this, [this](const QPoint& position) {
        if (QModelIndex index = indexAt(position); index.isValid())
            Q_EMIT menu_asked(model_->row_at(index), viewport()->mapToGlobal(position));
    });
}

void TreeTable::set_rows(std::unique_ptr<TreeRow> root)
{
    QSet<QString> open;
    QString current = currentIndex().isValid() ? path_of(model_->row_at(currentIndex())) : QString();
    std::function<void(const QModelIndex&)> remember = [&](const QModelIndex& parent) {
        for (int row = 0; row < model_->rowCount(parent) && open.size() < 2000; ++row)
            if (QModelIndex index = model_->index(row, 0, parent); isExpanded(index)) {
                open.insert(path_of(model_->row_at(index)));
                remember(index);
            }
    };
    remember({});
    quiet_ = true;
    model_->set_rows(std::move(root));
    std::function<void(const QModelIndex&)> restore = [&](const QModelIndex& parent) {
        for (int row = 0; row < std::min(model_->rowCount(parent), 5000); ++row) {
            QModelIndex index = model_->index(row, 0, parent);
            QString path = path_of(model_->row_at(index));
            if (path == current)
                setCurrentIndex(index);
            if (open.contains(path)) {
                setExpanded(index, true);
                restore(index);
            }
        }
    };
    if (!open.isEmpty() || !current.isEmpty())
        restore({});
    quiet_ = false;
    if (!fitted_ && model_->rowCount() > 0)
        fit_columns();
}

void TreeTable::fit_columns()
{
    fitted_ = true;
    auto is_number = [this](int column) { return model_->headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).value<Qt::Alignment>().testFlag(Qt::AlignRight); };
    for (int column = 0; column < model_->columnCount(); ++column) {
        resizeColumnToContents(column);
        if (column == 0 && rootIsDecorated())
            setColumnWidth(column, std::max(260, width() * 2 / 5)); // what is folded may be long
        else
            setColumnWidth(column, std::clamp(columnWidth(column) + 6, rootIsDecorated() && !is_number(column) ? 128 : 60, column == 0 ? std::max(220, width() * 2 / 5) : 220));
    }
}

QString TreeTable::text(bool selected_alone) const
{
    QStringList lines;
    std::function<void(const QModelIndex&)> take = [&](const QModelIndex& parent) {
        for (int row = 0; row < model_->rowCount(parent); ++row) {
            QModelIndex index = model_->index(row, 0, parent);
            if (!selected_alone || selectionModel()->isRowSelected(row, parent))
                lines.append(model_->row_at(index)->cells.join('\t'));
            take(index);
        }
    };
    take({});
    return lines.join('\n');
}

void TreeTable::keyPressEvent(QKeyEvent* event)
{
    if (event == QKeySequence::Copy) {
        QGuiApplication::clipboard()->setText(text(true));
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        Q_EMIT chosen(model_->row_at(currentIndex()));
        return;
    }
    QTreeView::keyPressEvent(event);
}

void TreeTable::currentChanged(const QModelIndex& current, const QModelIndex& previous)
{
    QTreeView::currentChanged(current, previous);
    if (!quiet_ && current.isValid() && hasFocus())
        Q_EMIT chosen(model_->row_at(current));
}

/// No lines: the sign of what can be unfolded, and nothing else.
void TreeTable::drawBranches(QPainter* painter, const QRect& rect, const QModelIndex& index) const
{
    if (selectionModel()->isRowSelected(index.row(), index.parent()))
        painter->fillRect(rect, colours().selection);
    if (model_->rowCount(index) == 0)
        return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(colours().secondary);
    QPointF centre(rect.right() - indentation() / 2.0, rect.center().y() + 0.5);
    if (isExpanded(index))
        painter->drawPolygon(QPolygonF({centre + QPointF(-4, -2), centre + QPointF(4, -2), centre + QPointF(0, 3)}));
    else
        painter->drawPolygon(QPolygonF({centre + QPointF(-2, -4), centre + QPointF(-2, 4), centre + QPointF(3, 0)}));
    painter->restore();
}

}
