// See event_row.h. Words and numbers come from the decoder; here they get their places, signs and units.
#include "ui/event_row.h"

#include "trace/analysis/text.h"
#include "trace/syscall_table.h"
#include "ui/highlights.h"
#include "ui/numbers.h"

#include <QCoreApplication>
#include <QLocale>

namespace ringside::ui {

namespace {

using trace::EventKind;
using trace::Token;

QString words(const char* text)
{
    return QCoreApplication::translate("Events", text);
}

RowGroup group_of(const trace::Event& event)
{
    switch (event.kind) {
    case EventKind::exec:
    case EventKind::exit:
    case EventKind::stop: return RowGroup::process;
    case EventKind::signal: return event.flags & trace::event_flag::fatal ? RowGroup::fault : RowGroup::process;
    case EventKind::fault: return RowGroup::fault;
    case EventKind::syscall:
    case EventKind::resume: break;
    default: return RowGroup::other;
    }
    const trace::SyscallInfo* info = trace::find_syscall(event.nr);
    if (!info)
        return RowGroup::other;
    if (info->in_group(trace::group::network))
        return RowGroup::network;
    if (info->in_group(trace::group::process))
        return RowGroup::process;
    return info->in_group(trace::group::file | trace::group::desc) ? RowGroup::file : RowGroup::other;
}

void append(RichText& to, std::string_view piece, Token token)
{
    QString text = from_utf8(piece);
    if (token != Token::plain)
        to.spans.push_back({static_cast<int>(to.text.size()), static_cast<int>(text.size()), token});
    to.text += text;
}

trace::Line joined(const std::vector<trace::Node>& nodes)
{
    trace::Line line;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (i)
            line.add(", ");
        trace::render(nodes[i], line);
    }
    return line;
}

bool never_returns(const trace::Event& event)
{
    const trace::SyscallInfo* info = trace::find_syscall(event.nr);
    return info && info->ret == trace::ReturnKind::never;
}

}

RichText rich_text(const trace::Line& line)
{
    RichText rich;
    std::string_view text = line.text;
    std::size_t at = 0;
    for (const trace::Span& span : line.spans) {
        append(rich, text.substr(at, span.begin - at), Token::plain);
        append(rich, text.substr(span.begin, span.end - span.begin), span.token);
        at = span.end;
    }
    append(rich, text.substr(at), Token::plain);
    return rich;
}

QString duration_text(std::uint64_t ns)
{
    return from_utf8(trace::analysis::duration_text(ns));
}

QString time_text(std::uint64_t ns)
{
    return QString::asprintf("%llu.%05llu", static_cast<unsigned long long>(ns / 1'000'000'000), static_cast<unsigned long long>(ns % 1'000'000'000 / 10'000));
}

QString sign_of(ResultKind kind)
{
    switch (kind) {
    case ResultKind::error: return QStringLiteral("✕ ");
    case ResultKind::expected: return QStringLiteral("△ ");
    case ResultKind::denied: return QStringLiteral("⊘ ");
    case ResultKind::unsupported: return QStringLiteral("⚠ ");
    case ResultKind::injected: return QStringLiteral("⚡ ");
    case ResultKind::running: return QStringLiteral("… ");
    default: return {};
    }
}

RowRenderer::RowRenderer(trace::EventSource& source)
    : source_(source)
    , decoder_(source, {.string_limit = 80})
    , problem_(std::get<trace::Filter>(trace::Filter::compile("problem")))
{
    for (const HighlightRule& rule : highlight_rules())
        highlights_.push_back(std::get<trace::Filter>(trace::Filter::compile(rule.filter)));
}

void RowRenderer::set_result(const trace::Event& event, const trace::Decoded& decoded, bool running, EventRow& row) const
{
    if (event.kind != EventKind::syscall) {
        if (event.kind == EventKind::signal && (event.flags & trace::event_flag::fatal)) {
            row.result_kind = ResultKind::error;
            row.result = sign_of(row.result_kind) + words("fatal");
        } else if (event.failed()) { // a name in PATH that is none, before the first program
            row.result_kind = ResultKind::expected;
            row.result = sign_of(row.result_kind) + from_utf8(trace::errno_name(event.error()));
        }
        return;
    }
    row.duration = event.has_ret() ? duration_text(event.dur) : QStringLiteral("–");
    if (!event.has_ret()) {
        bool waits = running && !never_returns(event);
        row.open = waits;
        row.result_kind = waits ? ResultKind::running : ResultKind::unknown;
        row.result = waits ? sign_of(row.result_kind) + words("running") : QStringLiteral("?");
        return;
    }
    if (!event.failed()) {
        QString text = rich_text(joined({decoded.result})).text;
        if (!decoded.extra.empty())
            text += " (" + rich_text(joined(decoded.extra)).text + ")";
        row.result = text;
        if (event.verdict == trace::Verdict::injected) {
            row.result_kind = ResultKind::injected;
            row.result = sign_of(row.result_kind) + text + ' ' + words("injected");
        }
        return;
    }
    std::string_view name = trace::errno_name(event.error());
    QString text = name.empty() ? QString::number(-event.error()) : from_utf8(name);
    switch (event.verdict) {
    case trace::Verdict::denied: row.result_kind = ResultKind::denied; break;
    case trace::Verdict::injected:
        row.result_kind = ResultKind::injected;
        text += ' ' + words("injected");
        break;
    case trace::Verdict::unsupported:
        row.result_kind = ResultKind::unsupported;
        text += ' ' + words("not supported");
        break;
    default: row.result_kind = problem_.matches(event, source_) ? ResultKind::error : ResultKind::expected;
    }
    row.result = sign_of(row.result_kind) + text;
}

EventRow RowRenderer::render(const trace::Event& event, bool running)
{
    EventRow row;
    row.id = event.id;
    row.ts = event.ts;
    row.time = time_text(event.ts);
    row.pid = source_.process_of(event.thread);
    std::string comm = source_.comm(event.thread, event.id);
    row.process = comm.empty() ? QString::number(event.thread) : from_utf8(comm) + ' ' + QString::number(event.thread);
    row.call = from_utf8(trace::event_name(event));
    row.kind = from_utf8(trace::event_kind_name(event.kind));
    row.group = group_of(event);
    row.host = event.host_calls ? QString::number(event.host_calls) : QStringLiteral("·");
    row.thread = event.thread;
    row.position = event.ip;
    row.path = from_utf8(event.path ? source_.string(event.path) : event.object ? source_.object(event.object).path : std::string());
    if (event.done && event.has_ret())
        row.blocked = duration_text(event.dur);
    const trace::SyscallInfo* info = event.kind == EventKind::syscall ? trace::find_syscall(event.nr) : nullptr;
    if (info && info->ret == trace::ReturnKind::size && event.has_ret() && event.ret >= 0)
        row.size = QLocale().toString(static_cast<qlonglong>(event.ret));
    row.duration = QStringLiteral("–");
    trace::Decoded decoded;
    if (event.kind == EventKind::resume) {
        // The call itself is shown whole where it began; this row says when it came back.
        row.internal = true;
        row.arguments.text = words("came back, called in event %1").arg(QLocale().toString(static_cast<qulonglong>(event.of)));
        return row;
    }
    decoded = decoder_.decode(event);
    row.internal = event.kind == EventKind::page_in || event.kind == EventKind::preempt || event.kind == EventKind::marker || event.kind == EventKind::instruction;
    if (event.kind == EventKind::signal || event.kind == EventKind::stop) {
        if (decoded.args.size() > 1)
            decoded.args[1].named = false;
        if (!decoded.args.empty())
            decoded.args.erase(decoded.args.begin()); // the name stands in the column before
    }
    row.arguments = rich_text(joined(decoded.args));
    set_result(event, decoded, running, row);
    for (std::size_t rule = 0; rule < highlights_.size(); ++rule)
        if (highlights_[rule].matches(event, source_))
            row.highlights |= static_cast<std::uint8_t>(1u << rule);
    return row;
}

}
