// The status bar: how the program ended, how many events, whether they are complete and replayable, the sandbox's level, host
// calls, the file. Each part is a button.
#pragma once

#include <QStatusBar>

namespace ringside::ui {

class FlatButton;

class StatusLine : public QStatusBar {
    Q_OBJECT

public:
    enum class State { running, good, bad, unknown };

    explicit StatusLine(QWidget* parent = nullptr);

    void set_state(State state, const QString& text);
    void set_events(const QString& text);
    /// While it is recorded: how large it is, and what the disk has left.
    void set_space(const QString& text);
    void set_replay(const QString& text);
    void set_sandbox(const QString& text);
    void set_host_calls(const QString& text);
    void set_file(const QString& name, const QString& path);
    /// Long work that goes on, and a ✕ that stops it; empty: none.
    void set_work(const QString& text);
    /// For tests and screen readers: all parts in one line.
    QString text() const;

Q_SIGNALS:
    void state_clicked();
    void events_clicked();
    void replay_clicked();
    void sandbox_clicked();
    void host_clicked();
    void file_clicked();
    void work_stopped();

private:
    FlatButton *state_, *events_, *space_, *replay_, *sandbox_, *host_, *file_, *work_;
};

}
