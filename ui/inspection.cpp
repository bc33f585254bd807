// See inspection.h.
#include "ui/inspection.h"

#include "trace/special_data.h"
#include "trace/syscall_table.h"

#include <QCoreApplication>

#include <map>

namespace ringside::ui {

namespace {

QString argument_name(const trace::Event& event, std::uint8_t arg)
{
    const trace::SyscallInfo* info = event.kind == trace::EventKind::syscall ? trace::find_syscall(event.nr) : nullptr;
    if (info && arg < info->arity)
        return QString::fromUtf8(info->slots[arg].name.data(), static_cast<qsizetype>(info->slots[arg].name.size()));
    return QCoreApplication::translate("Inspector", "memory");
}

void take_data(trace::TraceFile& trace, const trace::Event& event, Inspection& result)
{
    for (trace::DataChunk& chunk : trace.data(event)) {
        if (chunk.arg == trace::data_arg_page) {
            result.page_bytes += chunk.bytes.size();
            continue;
        }
        if (chunk.arg >= trace::data_arg_special && chunk.arg <= trace::data_arg_registers)
            continue; // what replay needs of registers and memory
        RecordedBytes* last = result.data.empty() ? nullptr : &result.data.back();
        bool goes_on = last && chunk.offset != 0 && chunk.direction == last->direction && chunk.address == last->address + last->bytes.size();
        if (!goes_on) {
            result.data.push_back({argument_name(event, chunk.arg), chunk.direction, chunk.address, std::max<std::uint64_t>(chunk.length, chunk.bytes.size()), {}});
            last = &result.data.back();
        }
        std::size_t room = inspected_bytes - std::min(inspected_bytes, last->bytes.size());
        last->bytes.insert(last->bytes.end(), chunk.bytes.begin(), chunk.bytes.begin() + static_cast<std::ptrdiff_t>(std::min(room, chunk.bytes.size())));
    }
}

void take_code(trace::TraceFile& trace, const trace::Event& event, Inspection& result)
{
    constexpr std::uint64_t around = 48;
    if (event.ip < around || event.kind != trace::EventKind::syscall)
        return;
    trace::Queries queries(trace);
    trace::ProcessId process = trace.process_of(event.thread);
    std::uint64_t start = event.ip - around;
    std::vector<std::byte> code = queries.code_at(process, start, 2 * around, event.id);
    if (code.size() <= around) { // the pages before it were not touched
        start = event.ip;
        code = queries.code_at(process, start, around, event.id);
    }
    result.code = disassemble(code, start, event.ip, 4, 3);
}

/// Where the descriptor that the call begins with came from; just before the call, which may close it.
trace::EventId opened_by(trace::TraceFile& trace, const trace::Event& event, trace::ProcessId process)
{
    const trace::SyscallInfo* info = event.kind == trace::EventKind::syscall ? trace::find_syscall(event.nr) : nullptr;
    bool is_descriptor = info && info->arity > 0 && (info->slots[0].kind == trace::ArgKind::fd || info->slots[0].kind == trace::ArgKind::dirfd);
    if (!is_descriptor || event.id < 2)
        return 0;
    for (const trace::OpenDescriptor& open : trace::Queries(trace).descriptors_at(process, event.id - 1))
        if (open.number == static_cast<int>(event.args[0]))
            return open.opened;
    return 0;
}

}

Inspection inspect(trace::TraceFile& trace, trace::EventId id, bool running)
{
    Inspection result;
    auto event = trace.event(id);
    if (!event)
        return result;
    result.event = *event;
    if (event->kind == trace::EventKind::resume)
        if (auto call = trace.event(event->of); call && call->kind == trace::EventKind::syscall)
            event = call;
    trace::Decoder decoder(trace, {.string_limit = 4096, .verbose = true});
    result.decoded = decoder.decode(*event);
    result.row = RowRenderer(trace).render(*event, running);
    trace::ProcessId process = trace.process_of(event->thread);
    result.thread = result.row.process;
    if (process != event->thread)
        result.thread += QCoreApplication::translate("Inspector", ", of process %1").arg(process);
    result.host_calls = trace::Queries(trace).host_calls_of(event->id);
    if (event->failed())
        result.sandbox = trace::analysis::sandbox_reason(trace, *event);
    if (auto back = event->done ? trace.event(event->done) : std::nullopt)
        result.waker = back->waker;
    result.opened = opened_by(trace, *event, process);
    take_data(trace, *event, result);
    take_code(trace, *event, result);
    return result;
}

std::vector<QString> hex_lines(const std::vector<std::byte>& bytes, std::size_t most)
{
    constexpr std::size_t width = 8;
    std::vector<QString> lines;
    for (std::size_t at = 0; at < bytes.size() && lines.size() < most; at += width) {
        QString hex, text;
        for (std::size_t i = at; i < at + width; ++i) {
            if (i >= bytes.size()) {
                hex += QStringLiteral("   ");
                continue;
            }
            auto value = std::to_integer<unsigned>(bytes[i]);
            hex += QString::asprintf("%02x ", value);
            text += value >= 32 && value < 127 ? QChar(static_cast<char16_t>(value)) : QChar('.');
        }
        lines.push_back(QString::asprintf("%04zx  ", at) + hex + ' ' + text);
    }
    return lines;
}

}
