// The dock that counts: calls with errors and times, processes, and a flame of where the time went.
#pragma once

#include "ui/view_panel.h"

class QTabBar;
class QStackedWidget;

namespace ringside::ui {

class TreeTable;
class FlameView;

class StatisticsPanel : public ViewPanel {
    Q_OBJECT

public:
    explicit StatisticsPanel(QWidget* parent = nullptr);
    TreeTable& calls() { return *calls_; }
    TreeTable& processes() { return *processes_; }
    void choose(int tab);

protected:
    void ask(Analyst& analyst) override;

private:
    QTabBar* tabs_;
    QStackedWidget* pages_;
    TreeTable *calls_, *processes_;
    FlameView* flame_;
};

}
