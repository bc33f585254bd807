// The dock that answers before anything was asked: why the program failed, what it touched, what is worth a look.
#pragma once

#include "trace/analysis/summary.h"
#include "ui/view_panel.h"

class QBoxLayout;
class QTextBrowser;

namespace ringside::ui {

class SummaryPanel : public ViewPanel {
    Q_OBJECT

public:
    explicit SummaryPanel(QWidget* parent = nullptr);

    /// What is shown, for the message at a program's end and for tests; null while there is none.
    const trace::analysis::Summary* summary() const { return summary_.get(); }
    std::shared_ptr<const trace::analysis::Summary> shared_summary() const { return summary_; }
    /// While the program runs: what it has done so far.
    void show_running(const QString& sentence);
    /// The three columns as text, for tests.
    QString text() const;
    void take_focus() override;

Q_SIGNALS:
    void export_asked();
    void view_asked(const QString& dock); ///< "files", "network", …
    void ready();

protected:
    void ask(Analyst& analyst) override;
    bool wanted_unseen() const override { return !running(); } ///< the window says unasked why a program failed
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fill();
    void follow(const QUrl& link);

    QBoxLayout* columns_;
    QTextBrowser *why_, *touched_, *worth_;
    std::shared_ptr<const trace::analysis::Summary> summary_;
};

/// "python3 14 exited with 1".
QString ending_text(const std::string& name, int status);
/// "/etc/report.conf does not exist (3 places tried)"; empty where no cause was found.
QString cause_text(const trace::analysis::Why& why);
/// "no network", as the person's language has it.
QString reason_words(trace::analysis::SandboxReason reason);

}
