// Writes a trace, or a part of it, into a file of another format, in a thread of its own, with progress and a way to stop.
#pragma once

#include "trace/export/export.h"
#include "ui/analyst.h"

#include <QObject>

namespace ringside::ui {

class Exporter : public QObject {
    Q_OBJECT

public:
    enum class Scope { selection, filter, all };
    struct Job {
        std::string trace;
        std::shared_ptr<SharedColumns> columns;
        QString target;
        trace::ExportFormat format = trace::ExportFormat::strace;
        Scope scope = Scope::all;
        QString filter;                      ///< as the window has it, what it hides left out
        std::vector<std::uint32_t> selected; ///< rows, rising
    };

    explicit Exporter(QObject* parent = nullptr);
    ~Exporter() override;

    void start(Job job);
    void cancel();
    bool busy() const { return busy_; }

Q_SIGNALS:
    void progress(int percent);
    /// Nothing is left behind where it was stopped or failed; then `message` says why.
    void done(bool written, const QString& message);

private:
    QString run(const Job& job);

    std::atomic<bool> cancel_ = false;
    bool busy_ = false;
    std::unique_ptr<Worker> worker_; ///< last: ends before what it uses
};

}
