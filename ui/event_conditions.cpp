// See event_conditions.h.
#include "ui/event_conditions.h"

#include "ui/events_model.h"

#include <QCoreApplication>
#include <QMenu>

namespace ringside::ui {

namespace {

QString words(const char* text)
{
    return QCoreApplication::translate("Filter", text);
}

QString path_in(const EventRow& row)
{
    for (const TextSpan& span : row.arguments.spans)
        if (span.token == trace::Token::path)
            return row.arguments.text.mid(span.begin, span.length).remove('"').remove('<').remove('>');
    return {};
}

}

QString filter_quoted(QString text)
{
    return '"' + text.replace('\\', QStringLiteral("\\\\")).replace('"', QStringLiteral("\\\"")) + '"';
}

QString condition_for(const EventRow& row, int column)
{
    bool is_call = row.kind == QStringLiteral("syscall");
    switch (column) {
    case EventsModel::number: return QStringLiteral("id >= %1").arg(row.id);
    case EventsModel::time: return QStringLiteral("t >= %1us").arg(row.ts / 1000);
    case EventsModel::process: return QStringLiteral("pid == %1").arg(row.pid);
    case EventsModel::call: return is_call ? "syscall == " + row.call : row.kind == QStringLiteral("signal") ? "signal == " + row.call : "kind == " + row.kind;
    case EventsModel::arguments: return path_in(row).isEmpty() ? QString() : "path == " + filter_quoted(path_in(row));
    case EventsModel::result:
        if (row.result_kind == ResultKind::error || row.result_kind == ResultKind::expected || row.result_kind == ResultKind::denied || row.result_kind == ResultKind::unsupported)
            return "errno == " + row.result.section(' ', 1, 1);
        return is_call ? QStringLiteral("ret >= 0") : QString();
    case EventsModel::duration: return is_call ? QStringLiteral("dur > 1ms") : QString();
    case EventsModel::host: return QStringLiteral("host_calls > 0");
    default: return {};
    }
}

std::vector<FilterChange> filter_changes(const QString& filter, const QString& condition)
{
    std::vector<FilterChange> changes {{words("Selected"), condition}, {words("Not Selected"), "!(" + condition + ")"}};
    if (filter.isEmpty())
        return changes;
    QString both = '(' + filter + ')';
    changes.push_back({words("… and"), both + " && " + condition});
    changes.push_back({words("… or"), both + " || " + condition});
    changes.push_back({words("… and not"), both + " && !(" + condition + ")"});
    changes.push_back({words("… or not"), both + " || !(" + condition + ")"});
    return changes;
}

void add_filter_menus(QMenu& menu, const QString& title, const QString& filter, const QString& condition, const TakesFilter& apply, const TakesFilter& prepare)
{
    QMenu* now = menu.addMenu(title);
    QMenu* later = menu.addMenu(words("Prepare a Filter"));
    for (const FilterChange& change : filter_changes(filter, condition)) {
        QObject::connect(now->addAction(change.name), &QAction::triggered, now, [apply, text = change.text] { apply(text); });
        QObject::connect(later->addAction(change.name), &QAction::triggered, later, [prepare, text = change.text] { prepare(text); });
    }
}

}
