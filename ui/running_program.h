// A program that this window records: a session in a thread of its own, and a pty as the program's terminal.
#pragma once

#include "engine/session/session.h"

#include <QObject>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

class QSocketNotifier;

namespace ringside::ui {

class RunningProgram : public QObject {
    Q_OBJECT

public:
    /// `options.stdio` is set here.
    explicit RunningProgram(session::SessionOptions options, QObject* parent = nullptr);
    ~RunningProgram() override; ///< kills what still runs

    void start();
    /// SIGTERM; the second time all is killed.
    void stop();
    void kill();
    /// What a person types: the terminal's keys for signals (Ctrl+C, Ctrl+Z, Ctrl+\) act as its settings say.
    void type(const QByteArray& bytes);
    /// The terminal has this size now; the program is told.
    void resize(int rows, int columns);
    bool stopping() const { return stop_asked_; }
    bool is_over() const { return over_; }
    bool is_killed() const { return kill_asked_; }
    bool is_started() const { return started_; }

Q_SIGNALS:
    void output(const QByteArray& bytes);
    /// The program has ended, its trace is whole, and all of its output has been given.
    void ended(const ringside::session::Outcome& outcome);

private:
    bool open_terminal();
    void send(int signo);
    void run();
    void read_output();
    void write_input();

    session::SessionOptions options_;
    int master_ = -1, slave_ = -1;
    int rows_ = 25, columns_ = 100;
    QSocketNotifier* readable_ = nullptr;
    QSocketNotifier* writable_ = nullptr;
    QByteArray input_; ///< that the pty has not taken yet
    std::mutex mutex_; ///< of session_
    std::unique_ptr<session::Session> session_;
    std::atomic<bool> stop_asked_ = false;
    std::atomic<bool> kill_asked_ = false;
    bool over_ = false;
    bool started_ = false;
    std::thread thread_;
};

/// "exited with 1", "ended by SIGSEGV", "was not started".
QString outcome_text(const session::Outcome& outcome);

}
