// The dock with what the sandbox asked of the host: a bar by host call, a table by call and cause, and what others would have let through.
#pragma once

#include "trace/analysis/host.h"
#include "ui/view_panel.h"

class QLabel;

namespace ringside::ui {

class TreeTable;
class HostBar;

class HostPanel : public ViewPanel {
    Q_OBJECT

public:
    explicit HostPanel(QWidget* parent = nullptr);
    TreeTable& table() { return *table_; }
    /// For tests: the line of comparison.
    QString sentence() const;

protected:
    void ask(Analyst& analyst) override;

private:
    TreeTable* table_;
    HostBar* bar_;
    QLabel* sentence_;
};

}
