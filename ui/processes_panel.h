// The dock with the tree of processes. A click looks at a process; filtering by it is a named action of the menu.
#pragma once

#include "ui/panel.h"
#include "ui/processes_model.h"

class QTreeView;

namespace ringside::ui {

class ProcessesPanel : public Panel {
    Q_OBJECT

public:
    explicit ProcessesPanel(QWidget* parent = nullptr);

    ProcessesModel& model() { return model_; }
    void show_processes(const std::vector<trace::ProcessNode>& processes, bool running);
    void show_process(trace::ProcessId process);
    void clear();

Q_SIGNALS:
    void process_chosen(ringside::trace::ProcessId process);
    void filter_asked(const QString& filter);

private:
    void menu(const QPoint& position);

    ProcessesModel model_;
    QTreeView* tree_;
    bool quiet_ = false;
};

}
