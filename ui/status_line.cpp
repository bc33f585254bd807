// See status_line.h.
#include "ui/status_line.h"

#include "ui/flat_button.h"
#include "ui/theme.h"

namespace ringside::ui {

StatusLine::StatusLine(QWidget* parent) : QStatusBar(parent)
{
    setSizeGripEnabled(false);
    setContentsMargins(6, 1, 6, 0);
    auto part = [this](bool right) {
        auto* button = new FlatButton(FlatButton::Kind::status, this);
        right ? addPermanentWidget(button) : addWidget(button);
        button->hide();
        return button;
    };
    state_ = part(false);
    events_ = part(false);
    space_ = part(false);
    replay_ = part(false);
    sandbox_ = part(false);
    host_ = part(false);
    work_ = part(true);
    file_ = part(true);
    connect(state_, &QAbstractButton::clicked, this, &StatusLine::state_clicked);
    connect(events_, &QAbstractButton::clicked, this, &StatusLine::events_clicked);
    connect(space_, &QAbstractButton::clicked, this, &StatusLine::file_clicked);
    connect(replay_, &QAbstractButton::clicked, this, &StatusLine::replay_clicked);
    connect(sandbox_, &QAbstractButton::clicked, this, &StatusLine::sandbox_clicked);
    state_->setToolTip(tr("How the program ended: Summary"));
    events_->setToolTip(tr("What was called: Statistics"));
    space_->setToolTip(tr("Size of the trace and room on its disk"));
    replay_->setToolTip(tr("This run can be replayed: ringside replay FILE"));
    sandbox_->setToolTip(tr("What the sandbox does"));
    host_->setToolTip(tr("What was asked of the host: Host"));
    connect(host_, &QAbstractButton::clicked, this, &StatusLine::host_clicked);
    connect(work_, &QAbstractButton::clicked, this, &StatusLine::work_stopped);
    connect(file_, &QAbstractButton::clicked, this, &StatusLine::file_clicked);
}

namespace {

void set_part(FlatButton* button, const QString& text)
{
    button->setText(text);
    button->updateGeometry();
    button->setVisible(!text.isEmpty());
}

}

void StatusLine::set_state(State state, const QString& text)
{
    const Colours& c = colours();
    set_part(state_, text);
    state_->set_sign(state == State::running ? QStringLiteral("●") : state == State::bad ? QStringLiteral("✕") : QString(),
        state == State::bad ? c.error : state == State::running ? c.accent : QColor());
    state_->set_ink(state == State::bad ? c.error : c.text);
}

void StatusLine::set_events(const QString& text) { set_part(events_, text); }
void StatusLine::set_space(const QString& text) { set_part(space_, text); }
void StatusLine::set_replay(const QString& text) { set_part(replay_, text); }
void StatusLine::set_sandbox(const QString& text) { set_part(sandbox_, text); }

void StatusLine::set_host_calls(const QString& text)
{
    set_part(host_, text);
    host_->set_ink(colours().host);
}

void StatusLine::set_work(const QString& text)
{
    set_part(work_, text.isEmpty() ? QString() : text + QStringLiteral("  ✕"));
    work_->setToolTip(tr("Click to stop"));
    work_->set_ink(colours().accent);
}

void StatusLine::set_file(const QString& name, const QString& path)
{
    set_part(file_, name);
    file_->setToolTip(path.toHtmlEscaped());
}

QString StatusLine::text() const
{
    QStringList parts;
    for (const FlatButton* part : {state_, events_, space_, replay_, sandbox_, host_, file_})
        if (!part->text().isEmpty())
            parts.append(part->text());
    return parts.join(QStringLiteral(" · "));
}

}
