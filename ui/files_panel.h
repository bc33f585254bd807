// The dock with the files that the program used: a tree of folders, with bytes, what was done, and by whom.
#pragma once

#include "ui/view_panel.h"

namespace ringside::ui {

class TreeTable;
struct TreeRow;

class FilesPanel : public ViewPanel {
    Q_OBJECT

public:
    explicit FilesPanel(QWidget* parent = nullptr);
    TreeTable& table() { return *table_; }

protected:
    void ask(Analyst& analyst) override;

private:
    TreeTable* table_;
};

}
