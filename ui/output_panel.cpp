// See output_panel.h.
#include "ui/output_panel.h"

#include "ui/terminal_view.h"

#include <QScrollBar>
#include <QVBoxLayout>

namespace ringside::ui {

namespace {

constexpr qsizetype piece = 16 * 1024; ///< bytes that are emulated in one turn of the loop

}

OutputPanel::OutputPanel(QWidget* parent) : Panel(tr("Terminal"), "terminal", parent), view_(new TerminalView)
{
    auto* page = base_page();
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(view_);
    setWidget(page);
    connect(&view_->screen(), &TerminalScreen::typed, this, [this](const QByteArray& bytes) {
        if (view_->is_live())
            Q_EMIT typed(bytes);
    });
    connect(view_, &TerminalView::resized, this, [this](int rows, int columns) {
        if (!recorded_.isEmpty())
            show_again();
        Q_EMIT resized(rows, columns);
    });
    connect(&feeding_, &QTimer::timeout, this, &OutputPanel::feed);
}

void OutputPanel::begin(const QString& command)
{
    recorded_.clear();
    waiting_.clear();
    fed_ = 0;
    view_->screen().reset();
    view_->set_live(true);
    view_->screen().write("$ " + command.toUtf8().replace('\n', "\r\n") + "\r\n\r\n");
    set_note(tr("running"));
}

void OutputPanel::add(const QByteArray& bytes)
{
    waiting_ += bytes;
    if (!feeding_.isActive())
        feed();
}

void OutputPanel::feed()
{
    view_->screen().write(waiting_.mid(fed_, piece));
    fed_ += piece;
    if (fed_ < waiting_.size()) {
        if (!feeding_.isActive())
            feeding_.start(0);
        return;
    }
    feeding_.stop();
    waiting_.clear();
    fed_ = 0;
    if (!recorded_.isEmpty())
        view_->verticalScrollBar()->setValue(0); // it is read from its beginning
}

void OutputPanel::end(const QString& how)
{
    while (!waiting_.isEmpty())
        feed();
    view_->set_live(false);
    set_note(how);
}

void OutputPanel::show_closed(const QString& note)
{
    recorded_.clear();
    waiting_.clear();
    fed_ = 0;
    feeding_.stop();
    view_->set_live(false);
    view_->screen().reset();
    view_->set_note(note);
    set_note({});
}

void OutputPanel::show_recorded(const QByteArray& bytes)
{
    show_closed({});
    recorded_ = bytes;
    recorded_.replace("\r\n", "\n").replace("\n", "\r\n");
    show_again();
    set_note(tr("as recorded"));
}

void OutputPanel::show_again()
{
    view_->screen().reset();
    waiting_ = recorded_;
    fed_ = 0;
    feed();
}

QString OutputPanel::text() const
{
    return view_->text();
}

void OutputPanel::take_focus()
{
    show();
    raise();
    view_->setFocus(Qt::TabFocusReason);
}

}
