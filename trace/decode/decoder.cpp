// Takes events apart and puts them into lines as strace writes them.
#include "trace/decode/decoder.h"

#include "trace/decode/context.h"
#include "trace/names.h"
#include "trace/special_data.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>

namespace ringside::trace {

namespace {

Context make_context(EventSource& source, const DecodeOptions& options, const Event& event)
{
    Context context {source, options, event, nullptr, source.process_of(event.thread), {}};
    if (event.kind == EventKind::syscall)
        context.info = find_syscall(event.nr);
    return context;
}

bool points_somewhere(const Context& context)
{
    if (context.info->name == "rt_sigreturn")
        return true; // to its frame, which is no argument
    for (std::size_t i = 0; i < context.info->arity; ++i)
        if (context.info->shape(i) != Shape::integer && context.event.args[i] != 0)
            return true;
    return false;
}

/// clone is shown in an order of its own, with names.
void add_clone(Context& context, Decoded& decoded)
{
    std::uint64_t flags = context.event.args[0];
    auto add = [&](std::string_view name, std::size_t index) {
        Node node = argument(context, index);
        node.name = name;
        node.named = true;
        decoded.args.push_back(std::move(node));
    };
    add("child_stack", 1);
    add("flags", 0);
    if (flags & CLONE_PARENT_SETTID)
        add("parent_tid", 2);
    if (flags & CLONE_SETTLS)
        add("tls", 4);
    if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) {
        Node node = address_node(context.event.args[3]);
        node.name = "child_tidptr";
        node.named = true;
        decoded.args.push_back(std::move(node));
    }
}

/// The first argument that strace prints when the call ends: the first that the kernel fills in.
std::size_t first_at_end(const SyscallInfo& info, std::size_t shown)
{
    for (std::size_t i = 0; i < shown; ++i) {
        const Arg& arg = info.slots[i];
        if (arg.flow == Flow::out && shape_of(arg.kind) == Shape::pointer)
            return i;
        if (arg.flow == Flow::inout && (arg.detail == "msghdr" || arg.detail == "mmsghdr"))
            return i;
    }
    return shown;
}

/// `{mask=[]}`: the signals blocked from then on, from the frame that the call reads (ucontext, 304 bytes, the mask at its end).
void add_sigreturn(const Context& context, Decoded& decoded)
{
    constexpr std::size_t ucontext_size = 304;
    std::uint64_t mask = 0;
    for (const DataChunk& chunk : context.data.chunks()) {
        if (chunk.direction != Direction::in || chunk.offset != 0 || chunk.bytes.size() != ucontext_size)
            continue;
        std::memcpy(&mask, chunk.bytes.data() + ucontext_size - sizeof mask, sizeof mask);
        Node frame = Node::group("{", ", ", "}");
        frame.field("mask", signal_set(mask));
        decoded.args.push_back(std::move(frame));
        return;
    }
}

void decode_call(Context& context, Decoded& decoded)
{
    const SyscallInfo& info = *context.info;
    decoded.name = info.name;
    if (info.name == "rt_sigreturn") {
        add_sigreturn(context, decoded);
        return;
    }
    if (info.name == "clone") {
        add_clone(context, decoded);
        decoded.resumed_at = decoded.args.size();
        return;
    }
    std::size_t shown = shown_arguments(context);
    for (std::size_t i = 0; i < shown; ++i) {
        // The upper half of an offset that fits one register (preadv and its kin) is always shown with it.
        if (info.slots[i].name == "offset_high" || (info.name == "getcpu" && i == 2 && context.event.args[2] == 0))
            continue;
        Node node = argument(context, i);
        node.name = info.slots[i].name;
        decoded.args.push_back(std::move(node));
    }
    decoded.resumed_at = std::min(first_at_end(info, shown), decoded.args.size());
}

void decode_unknown(const Event& event, Decoded& decoded)
{
    decoded.name = event_name(event);
    for (std::uint64_t value : event.args)
        decoded.args.push_back(hex_number(value));
    decoded.resumed_at = decoded.args.size();
}

void add_named(Decoded& decoded, std::string_view name, Node node)
{
    node.name = name;
    node.named = true;
    decoded.args.push_back(std::move(node));
}

/// The siginfo of a signal: alone, or in the frame on the program's stack (rt_sigframe: return address and ucontext, 312 bytes,
/// come before it). Empty in old traces, where there is no handler that asked for it.
std::string_view recorded_siginfo(const Context& context)
{
    constexpr std::size_t frame_size = 440, before_info = 312;
    for (const DataChunk& chunk : context.data.chunks()) {
        std::string_view bytes(reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
        if ((chunk.direction != Direction::out && chunk.arg != data_arg_siginfo) || chunk.offset != 0 || (bytes.size() != sizeof(siginfo_t) && bytes.size() != frame_size))
            continue;
        std::string_view info = bytes.substr(bytes.size() == frame_size ? before_info : 0);
        std::int32_t signo = 0;
        std::memcpy(&signo, info.data(), sizeof signo);
        if (signo == context.event.nr)
            return info;
    }
    return {};
}

Node signal_details(Context& context)
{
    const Event& event = context.event;
    if (std::string_view recorded = recorded_siginfo(context); !recorded.empty())
        return siginfo_node(context, recorded);
    siginfo_t info {};
    info.si_signo = event.nr;
    info.si_code = static_cast<int>(event.kind == EventKind::fault ? 0 : event.args[0]);
    Node node = Node::group("{", ", ", "}");
    node.field("si_signo", signal_node(static_cast<std::uint64_t>(event.nr)));
    std::string_view code = signal_code_name(event.nr, info.si_code);
    node.field("si_code", code.empty() ? number(info.si_code) : Node::leaf(std::string(code), Token::flag));
    bool fault = event.nr == SIGSEGV || event.nr == SIGBUS || event.nr == SIGILL || event.nr == SIGFPE || event.nr == SIGTRAP;
    if (fault && info.si_code > 0)
        node.field("si_addr", address_node(event.args[2]));
    else if (info.si_code <= 0 || event.nr == SIGCHLD)
        node.field("si_pid", number(static_cast<std::int32_t>(event.args[2])));
    return node;
}

void decode_other(Context& context, Decoded& decoded)
{
    const Event& event = context.event;
    decoded.name = event_kind_name(event.kind);
    switch (event.kind) {
    case EventKind::signal:
        add_named(decoded, "signal", signal_node(static_cast<std::uint64_t>(event.nr)));
        add_named(decoded, "info", signal_details(context));
        if (event.args[1])
            add_named(decoded, "handler", address_node(event.args[1]));
        break;
    case EventKind::fault:
        add_named(decoded, "signal", signal_node(static_cast<std::uint64_t>(event.nr)));
        add_named(decoded, "address", address_node(event.args[0]));
        add_named(decoded, "error_code", hex_number(event.args[1]));
        break;
    case EventKind::page_in:
        add_named(decoded, "address", address_node(event.args[0]));
        add_named(decoded, "length", unsigned_number(event.args[1]));
        break;
    case EventKind::instruction:
        decoded.name = event_name(event);
        if (event.has_ret())
            add_named(decoded, "result", hex_number(static_cast<std::uint64_t>(event.ret)));
        break;
    case EventKind::exit:
        add_named(decoded, "status", wait_status_node(static_cast<std::int32_t>(event.ret)));
        break;
    case EventKind::stop:
        add_named(decoded, "signal", signal_node(static_cast<std::uint64_t>(event.nr)));
        break;
    case EventKind::exec:
        if (auto exec = context.source.exec(event.id)) {
            add_named(decoded, "path", Node::leaf(quoted(exec->path, false), Token::path));
            Node argv = Node::group("[", ", ", "]");
            for (const std::string& arg : exec->argv) {
                if (argv.children.size() >= context.item_limit())
                    break;
                std::size_t limit = context.options.string_limit;
                argv.item(Node::leaf(quoted(std::string_view(arg).substr(0, limit), arg.size() > limit), Token::string));
            }
            add_named(decoded, "argv", std::move(argv));
        }
        break;
    default:
        if (event.path)
            add_named(decoded, "text", Node::leaf(quoted(context.source.string(event.path), false), Token::string));
        break;
    }
}

void append(Line& line, const Line& other)
{
    auto shift = static_cast<std::uint32_t>(line.text.size());
    line.text += other.text;
    for (Span span : other.spans)
        line.spans.push_back({span.begin + shift, span.end + shift, span.token});
}

void render_args(const Decoded& decoded, std::size_t from, std::size_t to, Line& line)
{
    for (std::size_t i = from; i < to; ++i) {
        if (i > from)
            line.add(", ");
        render(decoded.args[i], line);
    }
}

void render_extra(const Decoded& decoded, Line& line)
{
    if (decoded.extra.empty())
        return;
    line.add(" (");
    for (std::size_t i = 0; i < decoded.extra.size(); ++i) {
        if (i)
            line.add(", ");
        const Node& node = decoded.extra[i];
        if (!node.name.empty()) {
            line.add(node.name, Token::text);
            line.add(" ");
        }
        render(node, line);
    }
    line.add(")");
}

/// ")", blanks up to the column, "= result".
void render_end(const Decoded& decoded, const DecodeOptions& options, std::size_t column, Line& line)
{
    line.add(") ");
    std::size_t width = line.text.size() + column;
    if (width < options.align)
        line.add(std::string(options.align - width, ' '));
    line.add("= ");
    render(decoded.result, line);
    render_extra(decoded, line);
}

/// "--- SIGCHLD {…} ---", "+++ exited with 0 +++".
Line other_line(const Event& event, const Decoded& decoded)
{
    Line line;
    if (event.kind == EventKind::signal || event.kind == EventKind::stop) {
        line.add("--- ");
        if (event.kind == EventKind::stop)
            line.add(event.nr == SIGCONT ? "continued by " : "stopped by ");
        line.add(signal_name(event.nr), Token::signal);
        if (event.kind == EventKind::signal) {
            line.add(" ");
            Node info = decoded.args[1];
            info.named = false;
            render(info, line);
        }
        line.add(" ---");
        return line;
    }
    if (event.kind == EventKind::exit) {
        auto status = static_cast<int>(event.ret);
        line.add("+++ ");
        if (WIFSIGNALED(status)) {
            line.add("killed by ");
            line.add(signal_name(WTERMSIG(status)), Token::signal);
            if (WCOREDUMP(status))
                line.add(" (core dumped)");
        } else {
            line.add("exited with ");
            line.add(std::to_string(WEXITSTATUS(status)), Token::number);
        }
        line.add(" +++");
        return line;
    }
    // Kinds that strace does not know, in the same manner.
    line.add("*** ");
    line.add(decoded.name, Token::syscall);
    if (!decoded.args.empty())
        line.add(" ");
    render_args(decoded, 0, decoded.args.size(), line);
    line.add(" ***");
    return line;
}

}

Decoder::Decoder(EventSource& source, DecodeOptions options) : source_(source), options_(options) {}

Decoded Decoder::decode(const Event& event)
{
    Decoded decoded;
    if (event.kind == EventKind::resume) {
        if (auto call = source_.event(event.of); call && call->kind == EventKind::syscall)
            return decode(*call);
        decoded.name = "resume";
        return decoded;
    }
    Context context = make_context(source_, options_, event);
    if (event.kind != EventKind::syscall) {
        if (event.kind == EventKind::signal)
            context.data = GuestData(source_.data(event));
        decode_other(context, decoded);
        return decoded;
    }
    if (context.info && points_somewhere(context))
        context.data = GuestData(source_.data(event));
    if (context.info)
        decode_call(context, decoded);
    else
        decode_unknown(event, decoded);
    decoded.result = result_node(context);
    decoded.has_result = true;
    add_extra(context, decoded);
    return decoded;
}

Line Decoder::line(const Event& event) { return line_at(event, 0); }

Line Decoder::line_at(const Event& event, std::size_t column)
{
    if (event.kind == EventKind::resume) {
        auto call = source_.event(event.of);
        return call && call->kind == EventKind::syscall ? resumed(*call, column) : Line {};
    }
    Decoded decoded = decode(event);
    if (event.kind != EventKind::syscall)
        return other_line(event, decoded);
    Line line;
    line.add(decoded.name, Token::syscall);
    line.add("(");
    render_args(decoded, 0, decoded.args.size(), line);
    render_end(decoded, options_, column, line);
    return line;
}

Line Decoder::unfinished(const Event& event)
{
    // Only what is known on entry is shown, so that the two halves make the whole.
    Decoded decoded = decode(event);
    Line line;
    line.add(decoded.name, Token::syscall);
    line.add("(");
    std::size_t end = std::min(decoded.resumed_at, decoded.args.size());
    render_args(decoded, 0, end, line);
    if (end > 0 && end < decoded.args.size())
        line.add(", ");
    line.add(" <unfinished ...>", Token::comment);
    return line;
}

Line Decoder::resumed(const Event& call, std::size_t column)
{
    Decoded decoded = decode(call);
    Line line;
    line.add("<... ", Token::comment);
    line.add(decoded.name, Token::syscall);
    line.add(" resumed>", Token::comment);
    render_args(decoded, std::min(decoded.resumed_at, decoded.args.size()), decoded.args.size(), line);
    render_end(decoded, options_, column, line);
    return line;
}

Line Decoder::arguments(const Event& event)
{
    Decoded decoded = decode(event);
    Line line;
    render_args(decoded, 0, decoded.args.size(), line);
    return line;
}

Line Decoder::result(const Event& event)
{
    Decoded decoded = decode(event);
    Line line;
    if (!decoded.has_result)
        return line;
    Line text;
    render(decoded.result, text);
    append(line, text);
    render_extra(decoded, line);
    return line;
}

std::string event_name(const Event& event)
{
    switch (event.kind) {
    case EventKind::syscall:
    case EventKind::resume:
        if (const SyscallInfo* info = find_syscall(event.nr))
            return std::string(info->name);
        return fmt::format("syscall_{:#x}", static_cast<std::uint32_t>(event.nr));
    case EventKind::signal:
    case EventKind::fault:
    case EventKind::stop: return signal_name(event.nr);
    case EventKind::instruction:
        switch (static_cast<TrappedInstruction>(event.nr)) {
        case TrappedInstruction::rdtsc: return "rdtsc";
        case TrappedInstruction::rdtscp: return "rdtscp";
        case TrappedInstruction::cpuid: return "cpuid";
        }
        return "instruction";
    default: return std::string(event_kind_name(event.kind));
    }
}

std::string_view event_kind_name(EventKind kind)
{
    switch (kind) {
    case EventKind::syscall: return "syscall";
    case EventKind::resume: return "resume";
    case EventKind::signal: return "signal";
    case EventKind::fault: return "fault";
    case EventKind::page_in: return "page_in";
    case EventKind::instruction: return "instruction";
    case EventKind::exec: return "exec";
    case EventKind::exit: return "exit";
    case EventKind::stop: return "stop";
    case EventKind::preempt: return "preempt";
    case EventKind::policy: return "policy";
    case EventKind::marker: return "marker";
    }
    return {};
}

std::string_view verdict_name(Verdict verdict)
{
    switch (verdict) {
    case Verdict::served: return "served";
    case Verdict::denied: return "denied";
    case Verdict::injected: return "injected";
    case Verdict::unsupported: return "unsupported";
    }
    return {};
}

}
