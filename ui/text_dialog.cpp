// See text_dialog.h.
#include "ui/text_dialog.h"

#include "trace/filter/filter.h"
#include "trace/trace_file.h"
#include "ui/numbers.h"
#include "ui/processes_model.h"
#include "ui/theme.h"
#include "ui/trace_document.h"

#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QLocale>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace ringside::ui {

namespace {

QString words(const char* text)
{
    return QCoreApplication::translate("TextDialog", text);
}

QString html_of(const QString& lead, const TextRows& rows)
{
    QString html = lead.isEmpty() ? QString() : QStringLiteral("<p>%1</p>").arg(lead.toHtmlEscaped());
    html += QStringLiteral("<table cellspacing=0 cellpadding=3>");
    for (const auto& [name, text] : rows) {
        if (text.isEmpty())
            html += QStringLiteral("<tr><td colspan=2 style='padding-top:10px'><b>%1</b></td></tr>").arg(name.toHtmlEscaped());
        else
            html += QStringLiteral("<tr><td style='white-space:nowrap; padding-right:18px; color:%1'>%2</td><td>%3</td></tr>")
                        .arg(colours().secondary.name(), name.toHtmlEscaped(), text.toHtmlEscaped());
    }
    return html + QStringLiteral("</table>");
}

}

void show_text(QWidget* parent, const QString& title, const QString& lead, const TextRows& rows)
{
    QDialog dialog(parent);
    dialog.setWindowTitle(title);
    auto* text = new QTextBrowser;
    text->setObjectName(QStringLiteral("dialog-text"));
    text->setFrameShape(QFrame::NoFrame);
    text->setAccessibleName(title);
    text->setTabChangesFocus(true);
    text->document()->setDocumentMargin(12);
    text->setHtml(html_of(lead, rows));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    auto* layout = new QVBoxLayout(&dialog);
    layout->addWidget(text);
    layout->addWidget(buttons);
    QSize whole = parent ? parent->size() : QSize(900, 700);
    dialog.resize(std::min(640, whole.width() - 40), std::min(620, whole.height() - 60));
    dialog.exec();
}

TextRows trace_properties(const QString& path, const trace::TraceInfo& info)
{
    auto meta = [&](const char* key) {
        auto at = info.meta.find(key);
        return at == info.meta.end() ? QString() : from_utf8(at->second);
    };
    TextRows rows {{words("File"), path}, {words("Size"), QLocale().formattedDataSize(static_cast<qint64>(info.file_bytes), 1, QLocale::DataSizeSIFormat)},
        {words("Command"), command_text(meta("command").toStdString())}, {words("Directory"), meta("cwd")}, {words("Recorded"), meta("start") + (meta("end_time").isEmpty() ? QString() : QStringLiteral(" – ") + meta("end_time"))},
        {words("Ended"), info.end_message.empty() ? from_utf8(info.end) + (info.exit_status ? QStringLiteral(", ") + ended_text(*info.exit_status) : QString()) : from_utf8(info.end_message)},
        {words("Events"), number_text(info.events)}, {words("Processes"), number_text(info.processes)}, {words("Threads"), number_text(info.threads)}, {words("Pieces of data"), number_text(info.data_rows)},
        {words("Sandbox"), meta("confinement")}, {words("Machine"), meta("host")}, {words("Format"), QString::number(info.format) + QStringLiteral(", Ringside ") + meta("ringside")}};
    std::erase_if(rows, [](const auto& row) { return row.second.isEmpty(); });
    return rows;
}

TextRows filter_reference()
{
    TextRows rows {{words("Put together"), QString()}, {QStringLiteral("==  !=  <  <=  >  >="), words("compare; a name, a number, a time such as 1ms, or a text in quotes")},
        {QStringLiteral("~  contains  in {a, b}"), words("a regular expression; a part of a text; one of several")}, {QStringLiteral("&&  ||  !  ( )"), words("and, or, not; and, or, not as words as well")},
        {QStringLiteral("path ~ \"conf\" && ret < 0"), words("an example: failed calls about a path with conf in it")}, {words("Fields"), QString()}};
    for (const trace::FilterField& field : trace::filter_fields())
        rows.emplace_back(from_utf8(field.name), field.note.empty() ? QStringLiteral("–") : from_utf8(field.note));
    return rows;
}

TextRows sandbox_words(const QString& confinement)
{
    TextRows rows {{words("System calls"), words("Every call of the program is answered by Ringside's own kernel, not by the host's.")},
        {words("Files"), words("It reads your files as you can. What it writes is kept in memory and gone at the end, except in folders that you allow it to change.")},
        {words("Network"), words("Programs in the sandbox reach each other; nothing outside is reached.")},
        {words("Processes"), words("It sees and signals only its own.")},
        {words("When it is in the way"), words("A failure that the sandbox caused is marked ⊘ or ⚠ and named in Summary, with the option that lifts it where there is one.")}};
    if (!confinement.isEmpty())
        rows.emplace_back(words("This recording"), words("sandbox: %1").arg(confinement));
    return rows;
}

}
