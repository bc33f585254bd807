// The window and the program that it records.
#include "ui/main_window.h"

#include "ui/events_view.h"
#include "ui/flat_button.h"
#include "ui/message_bar.h"
#include "ui/output_panel.h"
#include "ui/run_dialog.h"
#include "ui/run_form.h"
#include "ui/running_program.h"
#include "ui/shell_words.h"
#include "ui/status_line.h"
#include "ui/summary_panel.h"
#include "ui/terminal_view.h"
#include "ui/theme.h"
#include "ui/trace_document.h"

#include <QFile>
#include <QFileInfo>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QTimer>

namespace ringside::ui {

namespace {

constexpr int until_kill = 3000; ///< ms that a program has after Stop

QString command_of(const session::SessionOptions& options)
{
    if (options.argv.size() == 3 && options.argv[0] == "sh" && options.argv[1] == "-c")
        return QString::fromStdString(options.argv[2]);
    QStringList words;
    for (const std::string& word : options.argv)
        words.append(shell_quoted(QString::fromStdString(word)));
    return words.join(' ');
}

}

void MainWindow::ask_run()
{
    RunDialog dialog(this);
    if (last_run_)
        dialog.form().set_command(command_of(*last_run_));
    if (dialog.exec() == QDialog::Accepted && dialog.options())
        run_program(*dialog.options());
}

void MainWindow::run_again()
{
    if (!last_run_ || program_)
        return;
    session::SessionOptions options = *last_run_;
    options.trace.path = new_trace_path(options.argv.front()).toStdString();
    run_program(options);
}

void MainWindow::run_program(const session::SessionOptions& options)
{
    if (!may_stop_program())
        return;
    program_.reset();
    close_trace();
    last_run_ = options;
    outcome_.clear();
    sandbox_failed_ = false;
    messages_->dismiss();
    program_ = std::make_unique<RunningProgram>(options);
    connect(program_.get(), &RunningProgram::output, output_, &OutputPanel::add);
    connect(program_.get(), &RunningProgram::ended, this, &MainWindow::program_ended);
    show_events();
    output_->begin(command_of(options));
    output_->raise();
    setWindowTitle(tr("%1 – Ringside").arg(command_of(options).left(80)));
    run_time_.start();
    clock_.start(1000);
    awaiting_recording_ = true;
    update_status();
    update_actions();
    start_when_laid_out();
}

/// The program is to find the terminal's size as it stays, so that it begins when the window has been laid out.
void MainWindow::start_when_laid_out()
{
    constexpr int longest_wait = 400; // ms: the terminal may be hidden
    auto start = [this, program = program_.get()] {
        if (program->is_started())
            return;
        TerminalScreen& screen = output_->terminal().screen();
        program->resize(screen.rows(), screen.columns());
        program->start();
        QTimer::singleShot(30, this, &MainWindow::try_open_recording);
    };
    connect(&output_->terminal(), &TerminalView::fitted, program_.get(), start);
    QTimer::singleShot(longest_wait, program_.get(), start);
    output_->terminal().settle();
}

/// The recorder makes the file in a thread of its own: it is opened as soon as it is a trace.
void MainWindow::try_open_recording()
{
    if (!awaiting_recording_ || !program_)
        return;
    if (!QFile::exists(QString::fromStdString(last_run_->trace.path))) {
        QTimer::singleShot(30, this, &MainWindow::try_open_recording);
        return;
    }
    auto document = std::make_unique<TraceDocument>(last_run_->trace.path);
    TraceDocument* opening = document.get();
    document->setParent(this); // until one of the two is told
    connect(opening, &TraceDocument::opened, this, [this, opening] {
        opening->disconnect(this);
        if (awaiting_recording_ && opening->path() == last_run_->trace.path)
            adopt(taken(opening));
        else
            opening->deleteLater(); // it is its signal that is being served
    });
    connect(opening, &TraceDocument::failed, this, [this, opening] {
        opening->deleteLater();
        QTimer::singleShot(50, this, &MainWindow::try_open_recording);
    });
    document.release()->open();
}

void MainWindow::tell_waiting()
{
    bool waits = program_ && document_ && document_->waits_for_input();
    if (waits == told_waiting_)
        return;
    told_waiting_ = waits;
    if (waits)
        messages_->show_message(MessageBar::Kind::note, tr("The program waits for input."), tr("Type it in Terminal."), tr("Go to Terminal"), [this] { output_->take_focus(); });
    else
        messages_->dismiss();
}

/// A full disk ends a recording: it is said while something can still be done.
void MainWindow::watch_disk()
{
    if (!document_ || !document_->running()) {
        disk_.stop();
        status_->set_space({});
        return;
    }
    QString path = QString::fromStdString(document_->path());
    auto bytes = static_cast<std::uint64_t>(QFileInfo(path).size() + std::max<qint64>(0, QFileInfo(path + QStringLiteral("-wal")).size()));
    if (trace_bytes_ != 0 && bytes >= trace_bytes_)
        growth_ = 0.7 * growth_ + 0.3 * static_cast<double>(bytes - trace_bytes_); // the timer's interval is a second
    trace_bytes_ = bytes;
    std::uint64_t left = free_space_(QFileInfo(path).path());
    QString size = QLocale().formattedDataSize(static_cast<qint64>(bytes), 1, QLocale::DataSizeSIFormat);
    status_->set_space(left == UINT64_MAX ? size : tr("%1, %2 left").arg(size, QLocale().formattedDataSize(static_cast<qint64>(left), 0, QLocale::DataSizeSIFormat)));
    QString warning = disk_warning(left, static_cast<std::uint64_t>(growth_));
    if (warning.isEmpty() || told_disk_)
        return;
    told_disk_ = true;
    messages_->show_message(MessageBar::Kind::note, warning, tr("What was recorded up to then is kept."), program_ ? tr("Stop") : QString(), [this] { stop(); });
}

void MainWindow::stop()
{
    if (!program_ || !stop_button_->isEnabled())
        return;
    program_->stop();
    if (!program_->is_killed()) { // it may end by itself; else the same button ends it
        stop_button_->setEnabled(false);
        QTimer::singleShot(until_kill, program_.get(), [this] {
            stop_button_->setText(tr("Kill"));
            stop_button_->updateGeometry();
            stop_button_->setEnabled(true);
        });
    }
    update_status();
}

bool MainWindow::may_stop_program()
{
    if (!program_ || program_->is_over())
        return true;
    QMessageBox box(QMessageBox::Question, tr("Ringside"), tr("The program is still running. Stop it?"), QMessageBox::NoButton, this);
    box.setInformativeText(tr("What was recorded up to now is kept."));
    auto* stop = box.addButton(tr("Stop it"), QMessageBox::DestructiveRole);
    box.addButton(tr("Let it run"), QMessageBox::RejectRole);
    box.exec();
    return box.clickedButton() == stop;
}

void MainWindow::program_ended(const session::Outcome& outcome)
{
    outcome_ = outcome_text(outcome);
    output_->end(outcome_);
    program_.release()->deleteLater(); // it is its signal that is being served
    if (awaiting_recording_ && QFile::exists(QString::fromStdString(last_run_->trace.path)))
        open_trace(QString::fromStdString(last_run_->trace.path)); // it was over before it was opened
    else if (document_)
        document_->recording_ended();
    awaiting_recording_ = false;
    clock_.stop();
    tell_waiting();
    view_->set_live(false);
    sandbox_failed_ = !outcome.message.empty();
    if (sandbox_failed_)
        messages_->show_message(MessageBar::Kind::mistake, QString::fromStdString(outcome.message));
    summary_->raise();
    update_status();
    update_actions();
    tell_end(); // the trace may have been whole, and summed up, before this was known
    Q_EMIT run_ended();
}

}
