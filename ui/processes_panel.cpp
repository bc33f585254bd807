// See processes_panel.h.
#include "ui/processes_panel.h"

#include "ui/theme.h"

#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTreeView>

namespace ringside::ui {

namespace {

class Delegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override { return {60, row_height(option.font)}; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& c = colours();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(option.rect, c.selection);
        QRect rect = option.rect.adjusted(2, 0, -9, 0);
        QString name = index.data(ProcessesModel::name_role).toString(), state = index.data(ProcessesModel::state_role).toString();
        QString count = index.data(ProcessesModel::count_role).toString();
        QFontMetrics metrics(option.font);
        painter->save();
        painter->setFont(option.font);
        int count_width = count.isEmpty() ? 0 : metrics.horizontalAdvance(count) + 8;
        painter->setPen(c.secondary);
        painter->drawText(rect, Qt::AlignVCenter | Qt::AlignRight, count);
        rect.setRight(rect.right() - count_width);
        name = metrics.elidedText(name, Qt::ElideRight, rect.width());
        painter->setPen(c.text);
        painter->drawText(rect, Qt::AlignVCenter, name);
        rect.setLeft(rect.left() + metrics.horizontalAdvance(name) + 7);
        painter->setPen(index.data(ProcessesModel::failed_role).toBool() ? c.error : c.secondary);
        if (metrics.horizontalAdvance(state) > rect.width()) // "✕ exit 1" still says "✕ 1"
            state = index.data(ProcessesModel::failed_role).toBool() ? QStringLiteral("✕ ") + state.section(' ', -1) : state.section(' ', -1);
        if (metrics.horizontalAdvance(state) <= rect.width())
            painter->drawText(rect, Qt::AlignVCenter, state);
        painter->restore();
    }
};

}

ProcessesPanel::ProcessesPanel(QWidget* parent) : Panel(tr("Processes"), "processes", parent), tree_(new QTreeView)
{
    tree_->setAccessibleName(tr("Processes"));
    tree_->setModel(&model_);
    tree_->setItemDelegate(new Delegate(tree_));
    tree_->setHeaderHidden(true);
    tree_->setFrameShape(QFrame::NoFrame);
    tree_->setUniformRowHeights(true);
    tree_->setIndentation(14);
    tree_->setContextMenuPolicy(Qt::CustomContextMenu);
    setWidget(tree_);
    connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        if (!quiet_ && current.isValid())
            Q_EMIT process_chosen(current.data(ProcessesModel::id_role).toUInt());
    });
    connect(tree_, &QWidget::customContextMenuRequested, this, &ProcessesPanel::menu);
}

void ProcessesPanel::show_processes(const std::vector<trace::ProcessNode>& processes, bool running)
{
    bool more = static_cast<int>(processes.size()) != model_.count();
    model_.set_processes(processes, running);
    if (more && processes.size() < 2000)
        tree_->expandAll();
    set_note(QLocale().toString(model_.count()));
}

void ProcessesPanel::show_process(trace::ProcessId process)
{
    QModelIndex index = model_.index_of(process);
    quiet_ = true;
    if (index.isValid() && index != tree_->currentIndex())
        tree_->setCurrentIndex(index);
    quiet_ = false;
}

void ProcessesPanel::clear()
{
    model_.clear();
    set_note({});
}

void ProcessesPanel::menu(const QPoint& position)
{
    QModelIndex index = tree_->indexAt(position);
    if (!index.isValid())
        return;
    QString name = index.data(ProcessesModel::name_role).toString();
    QString id = index.data(ProcessesModel::id_role).toString();
    QMenu menu;
    QAction* only = menu.addAction(tr("Only %1").arg(name));
    QAction* without = menu.addAction(tr("Without %1").arg(name));
    QAction* chosen = menu.exec(tree_->viewport()->mapToGlobal(position));
    if (chosen == only)
        Q_EMIT filter_asked(QStringLiteral("pid == ") + id);
    else if (chosen == without)
        Q_EMIT filter_asked(QStringLiteral("pid != ") + id);
}

}
