// The dock that takes one event apart. Call: what was called, each argument down to its flags and fields, the host calls it
// caused, the bytes that went in and out, the code at the call. State: what the process had just after it.
#pragma once

#include "trace/analysis/state.h"
#include "trace/analysis/summary.h"
#include "ui/analyst.h"
#include "ui/inspection.h"
#include "ui/panel.h"

class QStackedWidget;
class QTabBar;
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

    enum class Tab { call, state };

    /// `columns`: those of the open trace, which State is told by.
    void set_trace(const std::string& path, std::shared_ptr<SharedColumns> columns = nullptr);
    void show_tab(Tab tab);
    /// Why the program failed: an event that is part of it says so. Null: not known yet.
    void set_summary(std::shared_ptr<const trace::analysis::Summary> summary);
    /// Of the event that is shown: what its descriptor is of, and the event that it came from. 0: none.
    trace::ObjectId object() const { return object_; }
    trace::EventId opened() const { return opened_; }
    /// 0: none.
    void show_event(trace::EventId event, bool running);
    void take_focus() override;
    /// For tests: the whole as text, a line an item.
    QString text() const;
    QString state_text() const;

Q_SIGNALS:
    /// What an item of State leads to.
    void event_chosen(ringside::trace::EventId event);
    void state_shown();
    void shown(ringside::trace::EventId event, ringside::trace::ProcessId process);

private:
    struct State;
    void fill(const Inspection& inspection);
    void add_arguments(const Inspection& inspection);
    void add_node(QTreeWidgetItem* parent, const trace::Node& node, int depth);
    void add_facts(const Inspection& inspection);
    void add_why(const Inspection& inspection);
    void add_link(QTreeWidgetItem* parent, const QString& name, trace::EventId event, const QString& text = {});
    void add_host_calls(const Inspection& inspection);
    void add_bytes(const Inspection& inspection);
    void add_code(const Inspection& inspection);
    QTreeWidgetItem* section(const QString& title);
    QTreeWidgetItem* item(QTreeWidgetItem* parent, const QString& name, const QString& value);
    void copy(QTreeWidget* from);
    QTreeWidget* make_tree(const QString& name);
    // inspector_state.cpp
    void ask_state();
    void fill_state(const trace::analysis::ProcessState& state, const QString& failure);
    void add_since(QTreeWidgetItem* parent, const QString& name, const trace::analysis::Since& since);
    QTreeWidgetItem* add_wide(QTreeWidgetItem* parent, const QString& text, trace::EventId event);

    static constexpr int role_kind = 0x0100, role_strong = 0x0101, role_event = 0x0102; ///< from Qt::UserRole on
    enum Kind { plain_item, section_item, wide_item, marked_item, host_item };
    class Delegate;

    QTabBar* tabs_;
    InspectorHead* head_;
    QTreeWidget *tree_, *state_tree_;
    QTreeWidget* into_ = nullptr; ///< the one that is being filled
    QStackedWidget *stack_, *pages_;
    std::shared_ptr<SharedColumns> columns_;
    std::shared_ptr<const trace::analysis::Summary> summary_;
    trace::ObjectId object_ = 0;
    trace::EventId opened_ = 0;
    bool running_ = false;
    trace::EventId wanted_ = 0;
    std::atomic<trace::EventId> asked_ = 0; ///< what is stale is not worked out
    std::unique_ptr<State> state_;   ///< of the worker's thread
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

}
