// The dock with the program's terminal: a real one while the program runs, else a picture of what it printed.
#pragma once

#include "ui/panel.h"

#include <QByteArray>
#include <QTimer>

namespace ringside::ui {

class TerminalView;

class OutputPanel : public Panel {
    Q_OBJECT

public:
    explicit OutputPanel(QWidget* parent = nullptr);

    /// A program begins: what was there goes.
    void begin(const QString& command);
    void add(const QByteArray& bytes);
    void end(const QString& how);
    /// A trace that is not running here.
    void show_closed(const QString& note);
    /// What was printed when the trace was recorded, as the calls wrote it: no terminal has turned ends of lines into returns yet.
    void show_recorded(const QByteArray& bytes);
    QString text() const;
    TerminalView& terminal() { return *view_; }
    void take_focus() override;

Q_SIGNALS:
    void typed(const QByteArray& bytes);
    void resized(int rows, int columns);

private:
    void feed();
    void show_again();

    TerminalView* view_;
    QByteArray recorded_; ///< shown anew where the width changes: a terminal's lines are as wide as it is
    QByteArray waiting_;  ///< a piece a turn of the loop
    qsizetype fed_ = 0;
    QTimer feeding_;
};

}
