// See summary_panel.h. Each column is a page of text with links: it can be read, selected, copied, and walked through by Tab.
#include "ui/summary_panel.h"

#include "ui/flat_button.h"
#include "ui/numbers.h"
#include "ui/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QResizeEvent>
#include <QTextBrowser>
#include <QUrl>

namespace ringside::ui {

namespace {

using namespace trace::analysis;

constexpr int narrow = 560; ///< below it the columns lie under each other

QString coloured(const QString& html, const QColor& colour)
{
    return QStringLiteral("<span style='color:%1'>%2</span>").arg(colour.name(), html);
}

QString quiet(const QString& text) { return coloured(text.toHtmlEscaped(), colours().secondary); }

QString mono(const QString& html)
{
    return QStringLiteral("<span style='font-family:\"%1\"'>%2</span>").arg(mono_font().family(), html);
}

QString link(const QString& target, const QString& html)
{
    return QStringLiteral("<a href='%1' style='color:%2; text-decoration:none'>%3</a>").arg(target, colours().accent.name(), html);
}

QString event_link(trace::EventId event, const QString& html)
{
    return link(QStringLiteral("event:%1").arg(event), html);
}

/// Two columns: a quiet label and what it says.
class Table {
public:
    void row(const QString& label, const QString& html)
    {
        rows_ += QStringLiteral("<tr><td style='padding:0 14px 3px 0; white-space:nowrap'>%1</td><td style='padding:0 0 3px 0'>%2</td></tr>").arg(quiet(label), html);
    }
    QString html() const { return QStringLiteral("<table cellspacing=0 cellpadding=0>") + rows_ + QStringLiteral("</table>"); }

private:
    QString rows_;
};

QString heading(const QString& html)
{
    return QStringLiteral("<p style='margin:0 0 7px 0; font-weight:600; font-size:large'>%1</p><p style='margin:0; font-size:4pt'>&nbsp;</p>").arg(html);
}

QString tr_(const char* text)
{
    return SummaryPanel::tr(text);
}

QString joined(const std::vector<std::string>& list, std::size_t most)
{
    QStringList words;
    for (std::size_t i = 0; i < std::min(list.size(), most); ++i)
        words.append(from_utf8(list[i]).toHtmlEscaped());
    QString text = words.join(QStringLiteral(", "));
    return list.size() > most ? tr_("%1 and %2 more").arg(text).arg(list.size() - most) : text;
}

QString step_html(const Step& step)
{
    QString call = from_utf8(step.call).toHtmlEscaped();
    if (!step.target.empty())
        call += QStringLiteral(" \"%1\"").arg(from_utf8(step.target).toHtmlEscaped());
    return mono(event_link(step.event, call));
}

QString step_failure(const Step& step)
{
    return step_html(step) + QStringLiteral(" → ") + from_utf8(trace::errno_text(step.error)).toHtmlEscaped() + ' ' + quiet(tr_("event %1").arg(number_text(step.event)));
}

QString why_html(const Why& why)
{
    using Kind = Why::Kind;
    QString title;
    if (why.kind == Kind::running || why.kind == Kind::unknown)
        title = (why.kind == Kind::running ? tr_("%1 is running") : tr_("The recording stopped while %1 was running")).arg(from_utf8(why.name)).toHtmlEscaped();
    else if (why.status == 0)
        title = ending_text(why.name, why.status).toHtmlEscaped();
    else
        title = coloured(QStringLiteral("✕ "), colours().error) + ending_text(why.name, why.status).toHtmlEscaped();
    Table table;
    if (why.failed != why.program && (why.kind == Kind::call || why.kind == Kind::signal || why.kind == Kind::killed))
        table.row(tr_("Began in"), ending_text(why.failed_name, why.failed_status).toHtmlEscaped());
    if (why.kind == Kind::call)
        table.row(tr_("Likely cause"), step_failure(why.cause));
    else if (why.kind == Kind::signal || why.kind == Kind::killed)
        table.row(tr_("Cause"), why.cause.event ? event_link(why.cause.event, cause_text(why).toHtmlEscaped()) : cause_text(why).toHtmlEscaped());
    QStringList tried;
    for (std::size_t i = 0; i < std::min<std::size_t>(why.tried.size(), 8); ++i)
        tried.append(mono(event_link(why.tried[i].event, from_utf8(why.tried[i].target).toHtmlEscaped())));
    if (!tried.isEmpty())
        table.row(tr_("Tried first"), tried.join(QStringLiteral(", ")));
    for (std::size_t i = 0; i < why.last.size(); ++i)
        table.row(i ? QString() : tr_("Failed last"), step_failure(why.last[i]));
    if (!why.said.empty())
        table.row(tr_("It said"), mono(event_link(why.said_event, from_utf8(why.said).toHtmlEscaped())));
    for (std::size_t i = 0; i < std::min<std::size_t>(why.sandbox.size(), 6); ++i) {
        const SandboxFailure& failure = why.sandbox[i];
        QString what = counted(failure.count, tr_("1 call failed because of the sandbox, not the program:"), tr_("%1 calls failed because of the sandbox, not the program:"));
        QString text = coloured(QStringLiteral("⊘ ") + what.toHtmlEscaped(), colours().denied) + ' ' + from_utf8(failure.process).toHtmlEscaped() + QStringLiteral(", ") + mono(event_link(failure.event, from_utf8(failure.call)))
            + (failure.target.empty() ? QString() : ' ' + from_utf8(failure.target).toHtmlEscaped()) + QStringLiteral(", ") + reason_words(failure.reason).toHtmlEscaped() + '.';
        if (!failure.option.empty())
            text += ' ' + quiet(tr_("Option: %1").arg(from_utf8(failure.option)));
        table.row(i ? QString() : tr_("Sandbox"), text);
    }
    QString unclear = why.kind == Kind::unclear ? QStringLiteral("<p style='margin:0 0 6px 0'>%1</p>").arg(tr_("No single cause found.").toHtmlEscaped()) : QString();
    return heading(title) + unclear + table.html();
}

QString touched_html(const Touched& touched)
{
    Table table;
    auto files = [](std::uint64_t count) { return counted(count, tr_("1 file"), tr_("%1 files")); };
    table.row(tr_("Read"), link(QStringLiteral("view:files"), files(touched.files.read)) + ' ' + quiet(counted(touched.files.libraries, tr_("1 library"), tr_("%1 libraries"))));
    QString written = link(QStringLiteral("view:files"), files(touched.files.written));
    if (!touched.written.empty())
        written += ' ' + coloured(mono(joined(touched.written, 4)), colours().secondary);
    table.row(tr_("Written"), written);
    if (touched.files.removed)
        table.row(tr_("Removed"), files(touched.files.removed));
    table.row(tr_("Run"), counted(touched.programs_run, tr_("1 program"), tr_("%1 programs")) + ' ' + coloured(mono(joined(touched.programs, 4)), colours().secondary));
    if (!touched.connected.empty())
        table.row(tr_("Connected"), link(QStringLiteral("view:network"), mono(joined(touched.connected, 3))));
    if (!touched.listening.empty())
        table.row(tr_("Listening"), link(QStringLiteral("view:network"), mono(joined(touched.listening, 3))));
    if (!touched.refused.empty())
        table.row(tr_("Refused"), link(QStringLiteral("view:network"), mono(joined(touched.refused, 3))));
    return heading(tr_("Touched")) + table.html();
}

QString worth_html(const std::vector<Notice>& worth)
{
    QString html = heading(tr_("Worth a look"));
    for (const Notice& notice : worth) {
        QString details;
        for (std::size_t i = 0; i < std::min<std::size_t>(notice.details.size(), 3); ++i)
            details += (i ? QStringLiteral(", ") : QString()) + mono(event_link(notice.events[i], from_utf8(notice.details[i]).toHtmlEscaped()));
        if (notice.count > 3)
            details += ' ' + quiet(tr_("and %1 more").arg(notice.count - 3));
        html += QStringLiteral("<p style='margin:0 0 5px 0'>%1 %2<br>%3</p>")
                    .arg(coloured(QStringLiteral("△"), colours().denied), QCoreApplication::translate("Worth", notice.title.c_str()).toHtmlEscaped(), details);
    }
    if (worth.empty())
        html += quiet(tr_("Nothing unusual."));
    return html;
}

QTextBrowser* page(const QString& name)
{
    auto* browser = new QTextBrowser;
    browser->setFrameShape(QFrame::NoFrame);
    browser->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    browser->setMinimumSize(60, 24);
    browser->setOpenLinks(false);
    browser->setAccessibleName(name);
    browser->document()->setDocumentMargin(0);
    browser->setTabChangesFocus(false); // Tab goes from link to link, and then on
    browser->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return browser;
}

}

SummaryPanel::SummaryPanel(QWidget* parent)
    : ViewPanel(tr("Summary"), "summary", parent), columns_(new QHBoxLayout), why_(page(tr("Why"))), touched_(page(tr("Touched"))), worth_(page(tr("Worth a look")))
{
    auto* view = base_page();
    view->setLayout(columns_);
    columns_->setContentsMargins(0, 0, 0, 0);
    columns_->setSpacing(0);
    auto* right = new QWidget;
    auto* right_layout = new QVBoxLayout(right);
    right_layout->setContentsMargins(0, 0, 0, 0);
    right_layout->setSpacing(6);
    right_layout->addWidget(worth_, 1);
    auto* report = new FlatButton(FlatButton::Kind::plain, tr("Export report…"));
    connect(report, &QAbstractButton::clicked, this, &SummaryPanel::export_asked);
    right_layout->addWidget(report);
    int part = 0;
    for (QWidget* column : {static_cast<QWidget*>(why_), static_cast<QWidget*>(touched_), right}) {
        auto* box = new QWidget;
        auto* layout = new QVBoxLayout(box);
        layout->setContentsMargins(16, 12, 12, 10);
        layout->addWidget(column);
        if (part > 0) {
            auto* line = new QFrame;
            line->setFixedWidth(1);
            line->setBackgroundRole(QPalette::Mid);
            line->setAutoFillBackground(true);
            line->setFrameShape(QFrame::NoFrame);
            columns_->addWidget(line);
        }
        columns_->addWidget(box, part++ == 0 ? 6 : 5);
    }
    set_view(view);
    for (QTextBrowser* browser : {why_, touched_, worth_})
        connect(browser, &QTextBrowser::anchorClicked, this, &SummaryPanel::follow);
}

void SummaryPanel::ask(Analyst& analyst)
{
    if (running())
        return show_note(tr("The summary appears when the program ends."));
    // Why is of the whole trace; so is the rest here: the other docks follow the filter.
    analyst.ask(this, [this](const Analyst::Scope& scope) -> std::function<void()> {
        auto made = std::make_shared<const Summary>(trace::analysis::summary(scope.input.whole(), scope.processes));
        return [this, made] {
            summary_ = made;
            fill();
            show_view();
            Q_EMIT ready();
        };
    });
}

void SummaryPanel::show_running(const QString& sentence)
{
    summary_.reset();
    show_note(sentence);
}

void SummaryPanel::fill()
{
    if (!summary_)
        return;
    why_->setHtml(why_html(summary_->why));
    touched_->setHtml(touched_html(summary_->touched));
    worth_->setHtml(worth_html(summary_->worth));
}

QString SummaryPanel::text() const
{
    return why_->toPlainText() + '\n' + touched_->toPlainText() + '\n' + worth_->toPlainText();
}

void SummaryPanel::take_focus()
{
    ViewPanel::take_focus();
    if (note().isEmpty())
        why_->setFocus(Qt::TabFocusReason);
}

void SummaryPanel::follow(const QUrl& link)
{
    if (link.scheme() == QStringLiteral("event"))
        Q_EMIT event_chosen(link.path().toULongLong());
    else if (link.scheme() == QStringLiteral("view"))
        Q_EMIT view_asked(link.path());
}

void SummaryPanel::resizeEvent(QResizeEvent* event)
{
    ViewPanel::resizeEvent(event);
    // On top of each other only where there is room for three: beside each other they can at least be read.
    bool stacked = event->size().width() < narrow && event->size().height() > event->size().width() / 2;
    columns_->setDirection(stacked ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

void SummaryPanel::changeEvent(QEvent* event)
{
    ViewPanel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        fill(); // its colours are in the text
}

}
