// See saved_filters_dialog.h.
#include "ui/saved_filters_dialog.h"

#include "ui/filter_store.h"
#include "ui/panel.h"
#include "ui/theme.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace ringside::ui {

SavedFiltersDialog::SavedFiltersDialog(QWidget* parent) : QDialog(parent), table_(new QTableWidget(0, 2))
{
    setWindowTitle(tr("Saved Filters"));
    resize(620, 320);
    table_->setAccessibleName(tr("Saved filters"));
    table_->setHorizontalHeaderLabels({tr("Name"), tr("Filter")});
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->setColumnWidth(0, 200);
    table_->setTabKeyNavigation(false);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    SavedFilters saved = saved_filters();
    table_->setRowCount(static_cast<int>(saved.size()));
    for (int row = 0; row < table_->rowCount(); ++row) {
        const auto& [name, filter] = saved[static_cast<std::size_t>(row)];
        table_->setItem(row, 0, new QTableWidgetItem(name));
        table_->setItem(row, 1, new QTableWidgetItem(filter));
        table_->item(row, 1)->setFont(mono_font());
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* apply = buttons->addButton(tr("Apply"), QDialogButtonBox::AcceptRole);
    auto* remove = buttons->addButton(tr("Delete"), QDialogButtonBox::ActionRole);
    auto* layout = new QVBoxLayout(this);
    if (saved.empty())
        layout->addWidget(empty_note(tr("No filter is saved yet. Apply one, then press ☆ at the end of the filter line."), this));
    layout->addWidget(table_);
    layout->addWidget(buttons);
    auto enable = [this, apply, remove] {
        apply->setEnabled(table_->currentRow() >= 0);
        remove->setEnabled(table_->currentRow() >= 0);
    };
    connect(table_, &QTableWidget::currentCellChanged, this, enable);
    enable();
    connect(table_, &QTableWidget::itemChanged, this, &SavedFiltersDialog::keep);
    connect(apply, &QPushButton::clicked, this, [this] {
        if (auto* item = table_->item(table_->currentRow(), 1)) {
            Q_EMIT chosen(item->text());
            accept();
        }
    });
    connect(remove, &QPushButton::clicked, this, [this] {
        table_->removeRow(table_->currentRow());
        keep();
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void SavedFiltersDialog::keep()
{
    SavedFilters filters;
    for (int row = 0; row < table_->rowCount(); ++row)
        filters.emplace_back(table_->item(row, 0)->text(), table_->item(row, 1)->text());
    set_saved_filters(filters);
}

}
