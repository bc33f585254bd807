// Causes and endings in words. See summary_panel.h.
#include "trace/names.h"
#include "ui/numbers.h"
#include "ui/summary_panel.h"

#include <QCoreApplication>

#include <cerrno>
#include <sys/wait.h>

namespace ringside::ui {

namespace {

QString words(const char* text)
{
    return QCoreApplication::translate("Summary", text);
}

}

QString ending_text(const std::string& name, int status)
{
    if (WIFSIGNALED(status))
        return words("%1 was ended by %2").arg(from_utf8(name), from_utf8(trace::signal_name(WTERMSIG(status))));
    return words("%1 exited with %2").arg(from_utf8(name)).arg(WEXITSTATUS(status));
}

QString cause_text(const trace::analysis::Why& why)
{
    using Kind = trace::analysis::Why::Kind;
    if (why.kind == Kind::killed)
        return why.sender.empty() ? words("the limit of memory was reached") : words("%1 sent it %2").arg(from_utf8(why.sender), from_utf8(trace::signal_name(why.signal)));
    if (why.kind == Kind::signal)
        return from_utf8(cause_phrase(why));
    if (why.kind != Kind::call)
        return {};
    QString phrase = why.cause.error == ENOENT && !why.cause.target.empty() ? words("%1 does not exist").arg(from_utf8(why.cause.target))
                                                                             : from_utf8(step_text(why.cause)) + QStringLiteral(": ") + from_utf8(trace::errno_text(why.cause.error));
    return why.tried.empty() ? phrase : words("%1 (%2 places tried)").arg(phrase).arg(why.tried.size() + 1);
}

QString reason_words(trace::analysis::SandboxReason reason)
{
    using Reason = trace::analysis::SandboxReason;
    switch (reason) {
    case Reason::unsupported: return words("not supported in the sandbox");
    case Reason::denied: return words("refused by a rule");
    case Reason::no_network: return words("no network");
    case Reason::process_limit: return words("the limit of processes was reached");
    }
    return {};
}

}
