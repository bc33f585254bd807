// See event_conditions.h.
#include "ui/event_conditions.h"

#include "trace/filter/filter.h"
#include "ui/events_model.h"

#include <QCoreApplication>
#include <QMenu>
#include <QStringList>

#include <algorithm>

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

namespace {

/// What the row is, where its cell says nothing of its own.
QString kind_condition(const EventRow& row)
{
    if (row.kind == QStringLiteral("syscall"))
        return "syscall == " + row.call;
    return row.kind == QStringLiteral("signal") ? "signal == " + row.call : "kind == " + row.kind;
}

QString arguments_condition(const EventRow& row)
{
    if (QString path = path_in(row); !path.isEmpty())
        return "path == " + filter_quoted(path);
    QString text = row.arguments.text;
    if (text.isEmpty() || row.kind == QStringLiteral("resume"))
        return kind_condition(row);
    // What was cut for the table ends in dots that the arguments do not have.
    qsizetype dots = text.indexOf(QStringLiteral("..."));
    return "args contains " + filter_quoted((dots > 0 ? text.left(dots) : text).left(60));
}

QString result_condition(const EventRow& row)
{
    switch (row.result_kind) {
    case ResultKind::error:
    case ResultKind::expected:
    case ResultKind::denied:
    case ResultKind::unsupported:
        return row.kind == QStringLiteral("signal") ? QStringLiteral("fatal") : "errno == " + row.result.section(' ', 1, 1);
    case ResultKind::injected: return QStringLiteral("verdict == injected");
    case ResultKind::running:
    case ResultKind::unknown: return QStringLiteral("blocked");
    case ResultKind::plain: break;
    }
    bool whole = false;
    QString first = row.result.section(' ', 0, 0);
    qlonglong value = first.toLongLong(&whole, 10);
    if (whole)
        return QStringLiteral("ret == %1").arg(value);
    return row.kind == QStringLiteral("syscall") ? QStringLiteral("ret >= 0") : kind_condition(row);
}

/// What took as long as this or longer, in a unit that reads well.
QString duration_condition(const EventRow& row)
{
    QStringList parts = row.duration.split(' ');
    if (parts.size() != 2)
        return kind_condition(row);
    QString unit = parts[1] == QStringLiteral("µs") ? QStringLiteral("us") : parts[1];
    return "dur >= " + parts[0] + unit;
}

}

QString condition_for(const EventRow& row, int column)
{
    switch (column) {
    case EventsModel::number: return QStringLiteral("id >= %1").arg(row.id);
    case EventsModel::time: return QStringLiteral("t >= %1us").arg(row.ts / 1000);
    case EventsModel::process: return QStringLiteral("pid == %1").arg(row.pid);
    case EventsModel::call: return kind_condition(row);
    case EventsModel::arguments: return arguments_condition(row);
    case EventsModel::result: return result_condition(row);
    case EventsModel::duration: return duration_condition(row);
    case EventsModel::host: return row.host == QStringLiteral("·") ? QStringLiteral("host_calls == 0") : "host_calls == " + row.host;
    case EventsModel::notes: return QStringLiteral("id == %1").arg(row.id);
    case EventsModel::thread: return QStringLiteral("tid == %1").arg(row.thread);
    case EventsModel::path: return row.path.isEmpty() ? QStringLiteral("id == %1").arg(row.id) : "path == " + filter_quoted(row.path);
    case EventsModel::size: return row.size.isEmpty() ? QStringLiteral("id == %1").arg(row.id) : QStringLiteral("size >= %1").arg(QLocale().toLongLong(row.size));
    case EventsModel::blocked: return row.blocked.isEmpty() ? QStringLiteral("!blocked") : QStringLiteral("blocked");
    case EventsModel::position: return QStringLiteral("ip == 0x%1").arg(row.position, 0, 16);
    default: return {};
    }
}

namespace {

QStringList parts_of(const QString& filter)
{
    QStringList parts;
    for (const std::string& part : trace::filter_parts(filter.toStdString()))
        parts += QString::fromStdString(part);
    return parts;
}

}

QString filter_with(const QString& filter, const QString& part)
{
    if (filter.isEmpty())
        return part;
    QString with = filter + QStringLiteral(" && ") + part;
    bool holds = parts_of(with).size() == parts_of(filter).size() + parts_of(part).size(); // no "or" that takes the part in
    return holds ? with : '(' + filter + QStringLiteral(") && ") + part;
}

bool filter_has(const QString& filter, const QString& condition)
{
    QStringList parts = parts_of(filter);
    const QStringList wanted = parts_of(condition);
    return !wanted.isEmpty() && std::ranges::all_of(wanted, [&](const QString& part) { return parts.removeOne(part); });
}

QString filter_without(const QString& filter, const QString& condition)
{
    QStringList parts = parts_of(filter);
    for (const QString& part : parts_of(condition))
        parts.removeOne(part);
    return parts.join(QStringLiteral(" && "));
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
