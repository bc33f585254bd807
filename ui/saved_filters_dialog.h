// The filters that the person saved: apply, rename, change, delete.
#pragma once

#include <QDialog>

class QTableWidget;

namespace ringside::ui {

class SavedFiltersDialog : public QDialog {
    Q_OBJECT

public:
    explicit SavedFiltersDialog(QWidget* parent = nullptr);

Q_SIGNALS:
    void chosen(const QString& filter);

private:
    void keep();

    QTableWidget* table_;
};

}
