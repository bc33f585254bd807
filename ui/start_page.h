// What the window shows before there is a trace: run a program, or open one of the recordings that lie here.
#pragma once

#include <QWidget>

#include <memory>

class QTreeWidget;
class QTreeWidgetItem;
class QLabel;

namespace ringside::ui {

class RunForm;
class Worker;

class StartPage : public QWidget {
    Q_OBJECT

public:
    explicit StartPage(QWidget* parent = nullptr);
    ~StartPage() override;

    RunForm& form() { return *form_; }
    /// Looks anew for recordings; how each ended is filled in as it is read.
    void load_recent();
    /// Runs the guided example.
    void show_example();

Q_SIGNALS:
    void open_asked();
    void trace_chosen(const QString& path);

private:
    void delete_recording(const QTreeWidgetItem* item);

    RunForm* form_;
    QWidget* recent_box_;
    QTreeWidget* recent_;
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

}
