// The dock that takes one event apart: what was called, each argument down to its flags and fields, the host calls it caused,
// the bytes that went in and out, the code at the call.
#pragma once

#include "ui/inspection.h"
#include "ui/panel.h"

class QStackedWidget;
class QTreeWidget;
class QTreeWidgetItem;

namespace ringside::ui {

class Worker;
class InspectorHead;

class Inspector : public Panel {
    Q_OBJECT

public:
    explicit Inspector(QWidget* parent = nullptr);
    ~Inspector() override;

    void set_trace(const std::string& path);
    /// 0: none.
    void show_event(trace::EventId event, bool running);
    void take_focus() override;
    /// For tests: the whole as text, a line an item.
    QString text() const;

Q_SIGNALS:
    void shown(ringside::trace::EventId event, ringside::trace::ProcessId process);

private:
    struct State;
    void fill(const Inspection& inspection);
    void add_arguments(const Inspection& inspection);
    void add_node(QTreeWidgetItem* parent, const trace::Node& node, int depth);
    void add_facts(const Inspection& inspection);
    void add_host_calls(const Inspection& inspection);
    void add_bytes(const Inspection& inspection);
    void add_code(const Inspection& inspection);
    QTreeWidgetItem* section(const QString& title);
    QTreeWidgetItem* item(QTreeWidgetItem* parent, const QString& name, const QString& value);
    void copy();

    InspectorHead* head_;
    QTreeWidget* tree_;
    QStackedWidget* stack_;
    trace::EventId wanted_ = 0;
    std::atomic<trace::EventId> asked_ = 0; ///< what is stale is not worked out
    std::unique_ptr<State> state_;   ///< of the worker's thread
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

}
