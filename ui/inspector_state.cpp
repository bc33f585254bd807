// The Inspector's tab State: what the process had just after the event, and since which event. See inspector.h.
#include "ui/inspector_state.h"

#include "trace/names.h"
#include "ui/worker.h"

#include <QLocale>
#include <QStackedWidget>
#include <QTabBar>
#include <QTreeWidget>

#include <sys/mman.h>

namespace ringside::ui {

namespace {

using trace::analysis::ProcessState;
using trace::analysis::Since;

QString event_text(trace::EventId event)
{
    return Inspector::tr("event %1").arg(QLocale().toString(static_cast<qulonglong>(event)));
}

QString size_text(std::uint64_t bytes)
{
    return bytes >= 10 << 20 ? QStringLiteral("%1 MiB").arg(bytes >> 20) : QStringLiteral("%1 KiB").arg(bytes >> 10);
}

QString kind_text(trace::ObjectKind kind)
{
    static constexpr const char* names[] = {"other", "file", "directory", "pipe", "fifo", "socket", "tty", "char device", "block device", "eventfd", "epoll", "timerfd", "signalfd", "memfd", "pidfd", "inotify"};
    auto index = static_cast<std::size_t>(kind);
    return QString::fromLatin1(index < std::size(names) ? names[index] : names[0]);
}

/// As /proc/PID/maps writes it.
QString mapping_text(const trace::MappingInfo& map)
{
    auto bit = [&](int which, QChar c) { return map.prot & which ? c : QChar('-'); };
    QString text = QStringLiteral("%1-%2 %3%4%5%6 %7").arg(map.start, 8, 16, QChar('0')).arg(map.end, 8, 16, QChar('0')).arg(bit(PROT_READ, 'r')).arg(bit(PROT_WRITE, 'w')).arg(bit(PROT_EXEC, 'x')).arg(map.flags & MAP_SHARED ? 's' : 'p').arg(size_text(map.end - map.start), 8);
    return map.object.path.empty() ? text : text + ' ' + QString::fromStdString(map.object.path);
}

}

Inspector::~Inspector() = default;

void Inspector::set_trace(const std::string& path, std::shared_ptr<SharedColumns> columns)
{
    worker_.reset();
    state_.reset();
    columns_ = std::move(columns);
    wanted_ = 0;
    object_ = opened_ = 0;
    summary_ = nullptr;
    stack_->setCurrentIndex(0);
    state_tree_->clear();
    if (path.empty())
        return;
    worker_ = std::make_unique<Worker>();
    worker_->post([this, path] {
        try {
            state_ = std::make_unique<State>(path);
        } catch (const trace::Error&) { // the document says it
        }
    });
}

void Inspector::show_tab(Tab tab)
{
    tabs_->setCurrentIndex(tab == Tab::call ? 0 : 1);
}

/// Worked out only where it is looked at.
void Inspector::ask_state()
{
    if (tabs_->currentIndex() != 1 || !worker_ || wanted_ == 0)
        return;
    worker_->post([this, wanted = wanted_, columns = columns_] {
        if (wanted != asked_ || !state_)
            return;
        auto state = std::make_shared<ProcessState>();
        QString failure;
        try {
            if (columns) {
                std::shared_lock lock(columns->mutex); // waits while a trace is being loaded
                state_->queries.update(columns->columns);
            }
            if (auto event = state_->trace.event(wanted))
                *state = state_->queries.at(*event);
        } catch (const trace::Error& error) {
            failure = QString::fromUtf8(error.what());
        }
        deliver(this, [this, wanted, state, failure] {
            if (wanted != wanted_)
                return;
            fill_state(*state, failure);
            Q_EMIT state_shown();
        });
    });
}

void Inspector::add_since(QTreeWidgetItem* parent, const QString& name, const Since& since)
{
    QString text = QString::fromStdString(since.text);
    QTreeWidgetItem* row = item(parent, name, since.event ? text + QStringLiteral("  · ") + event_text(since.event) : text);
    row->setData(0, role_event, QVariant::fromValue<qulonglong>(since.event));
}

QTreeWidgetItem* Inspector::add_wide(QTreeWidgetItem* parent, const QString& text, trace::EventId event)
{
    auto* row = new QTreeWidgetItem(parent, {text});
    row->setData(0, role_kind, wide_item);
    row->setData(0, role_event, QVariant::fromValue<qulonglong>(event));
    row->setFirstColumnSpanned(true);
    row->setToolTip(0, (text + QStringLiteral("\n") + (event ? tr("since event %1; Enter goes there").arg(QLocale().toString(static_cast<qulonglong>(event))) : QString())).toHtmlEscaped());
    return row;
}

void Inspector::fill_state(const ProcessState& state, const QString& failure)
{
    constexpr std::size_t most_shown = 2'000;
    state_tree_->setUpdatesEnabled(false);
    state_tree_->clear();
    into_ = state_tree_;
    if (!failure.isEmpty()) {
        item(nullptr, tr("Not read"), failure);
    } else {
        QTreeWidgetItem* process = section(tr("Process %1, just after event %2").arg(state.process).arg(QLocale().toString(static_cast<qulonglong>(wanted_))));
        add_since(process, tr("program"), state.program);
        add_since(process, tr("directory"), state.directory);
        for (const Since& each : state.credentials)
            add_since(process, &each == &state.credentials.front() ? tr("began as") : tr("then"), each);
        if (!state.mask.text.empty())
            add_since(process, tr("umask"), state.mask);
        QTreeWidgetItem* descriptors = section(tr("Descriptors · %1").arg(state.descriptors.size()));
        for (const trace::OpenDescriptor& each : state.descriptors) {
            if (static_cast<std::size_t>(descriptors->childCount()) == most_shown)
                break;
            QString what = QString::fromStdString(each.object.path);
            QString kind = kind_text(each.object.kind);
            QTreeWidgetItem* row = item(descriptors, QString::number(each.number), (what.isEmpty() ? kind : each.object.kind == trace::ObjectKind::file ? what : what + ' ' + kind) + (each.opened ? QStringLiteral("  · ") + event_text(each.opened) : QString()));
            row->setData(0, role_event, QVariant::fromValue<qulonglong>(each.opened));
        }
        QTreeWidgetItem* signal_items = section(tr("Signals · %1 not at their default").arg(state.signals.size()));
        for (const auto& [signo, action] : state.signals)
            add_since(signal_items, QString::fromStdString(trace::signal_name(signo)), action);
        if (!state.blocked.text.empty())
            add_since(signal_items, tr("blocked by"), state.blocked);
        QTreeWidgetItem* maps = section(tr("Memory map · %1").arg(state.mappings.size()));
        for (const trace::MappingInfo& each : state.mappings)
            if (static_cast<std::size_t>(maps->childCount()) < most_shown)
                add_wide(maps, mapping_text(each), each.from);
        for (QTreeWidgetItem* each : {descriptors, signal_items, maps})
            if (each->childCount() == 0)
                item(each, tr("none"), {});
    }
    for (int i = 0; i < state_tree_->topLevelItemCount(); ++i)
        state_tree_->topLevelItem(i)->setExpanded(true);
    state_tree_->setUpdatesEnabled(true);
}

}
