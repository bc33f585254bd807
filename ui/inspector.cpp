// See inspector.h.
#include "ui/inspector.h"

#include "trace/syscall_table.h"
#include "ui/event_delegate.h"
#include "ui/inspector_state.h"
#include "ui/summary_panel.h"
#include "ui/theme.h"
#include "ui/worker.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLocale>
#include <QPainter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTabBar>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace ringside::ui {

class Inspector::Delegate : public QStyledItemDelegate {
public:
    Delegate() : mono_(mono_font()), sans_(QGuiApplication::font()) { sans_.setWeight(QFont::DemiBold); }

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const override
    {
        bool is_section = index.siblingAtColumn(0).data(role_kind).toInt() == section_item;
        return {10, is_section ? row_height(mono_) + 10 : QFontMetrics(mono_).height() + 4};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& c = colours();
        auto kind = static_cast<Kind>(index.siblingAtColumn(0).data(role_kind).toInt());
        bool selected = (option.state & QStyle::State_Selected) != 0;
        if (selected || kind == marked_item)
            painter->fillRect(option.rect, c.selection);
        QRect rect = option.rect.adjusted(index.column() == 0 ? 4 : 6, 0, -6, 0);
        painter->setFont(kind == section_item ? sans_ : mono_);
        painter->setPen(kind == section_item || (index.column() == 0 && kind == plain_item) ? c.secondary : kind == host_item && index.column() == 0 ? c.host : c.text);
        if (kind == section_item) {
            painter->drawText(rect.adjusted(0, 6, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, index.data().toString());
            if (index.row() > 0)
                painter->fillRect(QRect(0, option.rect.top() + 3, option.rect.right() + 1, 1), c.line);
            return;
        }
        if (index.column() == 1 && !index.data(role_strong).toBool() && kind == host_item)
            painter->setPen(c.secondary);
        QString text = index.data().toString();
        auto most = static_cast<qsizetype>(rect.width() / std::max(1, painter->fontMetrics().averageCharWidth()) + 2);
        painter->drawText(rect, Qt::AlignVCenter | Qt::TextSingleLine, painter->fontMetrics().elidedText(text.left(most + 1), Qt::ElideRight, rect.width()));
    }

private:
    QFont mono_, sans_;
};

/// The call's name and its result, larger than the rest.
class InspectorHead : public QWidget {
public:
    explicit InspectorHead(QWidget* parent = nullptr) : QWidget(parent) { setFixedHeight(row_height(mono_font()) * 2 + 2); }

    void show_event(const Inspection& inspection)
    {
        name_ = inspection.row.call;
        result_ = inspection.row.result;
        kind_ = inspection.row.result_kind;
        number_ = inspection.row.id;
        std::string_view error = trace::errno_text(inspection.event.error());
        words_ = QString::fromUtf8(error.data(), static_cast<qsizetype>(error.size()));
        setAccessibleName(name_ + ' ' + result_ + ' ' + words_);
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Colours& c = colours();
        QPainter painter(this);
        painter.fillRect(rect(), c.panel);
        QFont big = mono_font();
        big.setPointSizeF(big.pointSizeF() * 1.15);
        big.setWeight(QFont::DemiBold);
        painter.setFont(big);
        painter.setPen(c.text);
        QRect upper(10, 7, width() - 20, height() / 2 - 6), lower(10, height() / 2 + 1, width() - 20, height() / 2 - 5);
        QString number = QLocale().toString(static_cast<qulonglong>(number_));
        painter.drawText(upper, Qt::AlignVCenter, name_);
        painter.setFont(mono_font());
        painter.setPen(c.faint);
        painter.drawText(upper, Qt::AlignVCenter | Qt::AlignRight, number);
        QFont bold = mono_font();
        bold.setWeight(QFont::DemiBold);
        painter.setFont(bold);
        painter.setPen(EventDelegate::result_colour(kind_));
        QString result = painter.fontMetrics().elidedText(result_, Qt::ElideRight, lower.width());
        painter.drawText(lower, Qt::AlignVCenter, result);
        int used = painter.fontMetrics().horizontalAdvance(result + ' ') + 4;
        painter.setFont(font());
        painter.setPen(c.secondary);
        QRect rest = lower.adjusted(used, 0, 0, 0);
        painter.drawText(rest, Qt::AlignVCenter, painter.fontMetrics().elidedText(words_, Qt::ElideRight, rest.width()));
    }

private:
    QString name_, result_, words_;
    ResultKind kind_ = ResultKind::plain;
    trace::EventId number_ = 0;
};

Inspector::Inspector(QWidget* parent)
    : Panel(tr("Inspector"), "inspector", parent)
    , tabs_(new QTabBar)
    , head_(new InspectorHead)
    , tree_(make_tree(tr("Call")))
    , state_tree_(make_tree(tr("State")))
    , stack_(new QStackedWidget)
    , pages_(new QStackedWidget)
{
    tabs_->addTab(tr("Call"));
    tabs_->addTab(tr("State"));
    tabs_->setAccessibleName(tr("What of the event"));
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    auto* call = new QWidget;
    auto* call_layout = new QVBoxLayout(call);
    call_layout->setContentsMargins(0, 0, 0, 0);
    call_layout->setSpacing(0);
    call_layout->addWidget(head_);
    call_layout->addWidget(tree_);
    pages_->addWidget(call);
    pages_->addWidget(state_tree_);
    auto* page = base_page();
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(tabs_);
    layout->addWidget(pages_);
    stack_->addWidget(empty_note(tr("Select an event. F4 goes to the first problem."), stack_));
    stack_->addWidget(page);
    setWidget(stack_);
    connect(tabs_, &QTabBar::currentChanged, this, [this](int index) {
        pages_->setCurrentIndex(index);
        ask_state();
    });
    for (QTreeWidget* tree : {tree_, state_tree_})
        connect(tree, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
            if (auto event = item->data(0, role_event).toULongLong())
                Q_EMIT event_chosen(event);
        });
}

QTreeWidget* Inspector::make_tree(const QString& name)
{
    auto* tree = new QTreeWidget;
    tree->setAccessibleName(name);
    tree->setColumnCount(2);
    tree->setHeaderHidden(true);
    tree->setItemDelegate(new Delegate);
    tree->itemDelegate()->setParent(tree);
    tree->setFrameShape(QFrame::NoFrame);
    tree->setIndentation(14);
    tree->setFont(mono_font());
    tree->setSelectionMode(QAbstractItemView::ExtendedSelection);
    tree->setAllColumnsShowFocus(true);
    tree->header()->setStretchLastSection(true);
    tree->header()->resizeSection(0, QFontMetrics(mono_font()).horizontalAdvance(QString(15, '0')));
    auto* copying = new QAction(tr("Copy"), tree);
    copying->setShortcut(QKeySequence::Copy);
    copying->setShortcutContext(Qt::WidgetShortcut);
    connect(copying, &QAction::triggered, this, [this, tree] { copy(tree); });
    tree->addAction(copying);
    tree->setContextMenuPolicy(Qt::ActionsContextMenu);
    return tree;
}


void Inspector::take_focus()
{
    show();
    raise();
    if (stack_->currentIndex() == 1)
        (tabs_->currentIndex() == 0 ? tree_ : state_tree_)->setFocus(Qt::TabFocusReason);
    else
        stack_->setFocus(Qt::TabFocusReason);
}

void Inspector::show_event(trace::EventId event, bool running)
{
    wanted_ = asked_ = event;
    running_ = running;
    object_ = opened_ = 0;
    if (event == 0 || !worker_) {
        stack_->setCurrentIndex(0);
        return;
    }
    worker_->post([this, event, running] {
        if (event != asked_ || !state_) // another one was chosen meanwhile
            return;
        auto result = std::make_shared<Inspection>();
        try {
            *result = inspect(state_->trace, event, running);
        } catch (const trace::Error& error) {
            result->failure = QString::fromUtf8(error.what());
        }
        deliver(this, [this, event, result] {
            if (event != wanted_)
                return;
            fill(*result);
            Q_EMIT shown(event, result->row.pid);
        });
    });
    ask_state();
}

QTreeWidgetItem* Inspector::section(const QString& title)
{
    auto* item = new QTreeWidgetItem(into_, {title});
    item->setData(0, role_kind, section_item);
    item->setFirstColumnSpanned(true);
    return item;
}

QTreeWidgetItem* Inspector::item(QTreeWidgetItem* parent, const QString& name, const QString& value)
{
    auto* item = parent ? new QTreeWidgetItem(parent, {name, value}) : new QTreeWidgetItem(into_, {name, value});
    if (value.size() > 20)
        item->setToolTip(1, value.left(2000).toHtmlEscaped());
    if (name.size() > 12)
        item->setToolTip(0, name.toHtmlEscaped());
    return item;
}

void Inspector::fill(const Inspection& inspection)
{
    tree_->setUpdatesEnabled(false);
    tree_->clear();
    into_ = tree_;
    object_ = inspection.event.object;
    opened_ = inspection.opened;
    head_->show_event(inspection);
    if (!inspection.failure.isEmpty()) {
        item(nullptr, tr("Not read"), inspection.failure);
    } else {
        add_arguments(inspection);
        add_facts(inspection);
        add_why(inspection);
        add_host_calls(inspection);
        add_bytes(inspection);
        add_code(inspection);
    }
    for (int i = 0; i < tree_->topLevelItemCount(); ++i)
        tree_->topLevelItem(i)->setExpanded(true);
    tree_->setUpdatesEnabled(true);
    stack_->setCurrentIndex(1);
}

void Inspector::add_node(QTreeWidgetItem* parent, const trace::Node& node, int depth)
{
    QString name = QString::fromUtf8(node.name);
    trace::Line line;
    trace::render(node, line);
    QString value = QString::fromUtf8(trace::to_text(node));
    QTreeWidgetItem* row = item(parent, name, value);
    // "3</etc/passwd>" and "-1 ENOENT (…)" are several pieces of one value; a set of flags is more than one.
    bool one_value = node.open.empty() && (node.separator != "|" || node.children.size() == 1);
    if (node.children.empty() || one_value || depth > 16)
        return; // the line says it all
    int index = 0;
    for (const trace::Node& child : node.children) {
        add_node(row, child, depth + 1);
        if (child.name.empty() && node.open == "[")
            row->child(row->childCount() - 1)->setText(0, QStringLiteral("[%1]").arg(index));
        ++index;
    }
}

void Inspector::add_arguments(const Inspection& inspection)
{
    QTreeWidgetItem* arguments = section(inspection.event.kind == trace::EventKind::syscall ? tr("Arguments") : tr("Details"));
    for (const trace::Node& node : inspection.decoded.args)
        add_node(arguments, node, 0);
    if (inspection.decoded.has_result) {
        add_node(arguments, inspection.decoded.result, 0);
        arguments->child(arguments->childCount() - 1)->setText(0, tr("result"));
        for (const trace::Node& node : inspection.decoded.extra)
            add_node(arguments, node, 0);
    }
    if (arguments->childCount() == 0)
        item(arguments, tr("none"), {});
    for (int i = 0; i < arguments->childCount(); ++i)
        arguments->child(i)->setExpanded(arguments->child(i)->childCount() <= 12);
}

void Inspector::add_facts(const Inspection& inspection)
{
    QTreeWidgetItem* facts = section(tr("When and who"));
    item(facts, tr("time"), inspection.row.time + QStringLiteral(" s"));
    item(facts, tr("duration"), inspection.row.duration);
    item(facts, tr("thread"), inspection.thread);
    if (inspection.event.ip)
        item(facts, tr("called at"), QStringLiteral("0x%1").arg(inspection.event.ip, 0, 16));
    if (inspection.opened)
        add_link(facts, tr("opened by"), inspection.opened);
    if (inspection.event.done)
        add_link(facts, tr("came back"), inspection.event.done);
    if (trace::EventId waker = inspection.waker ? inspection.waker : inspection.event.waker)
        add_link(facts, tr("woken by"), waker);
}

/// Enter or a double click goes there.
void Inspector::add_link(QTreeWidgetItem* parent, const QString& name, trace::EventId event, const QString& text)
{
    QTreeWidgetItem* row = item(parent, name, text.isEmpty() ? tr("event %1").arg(QLocale().toString(static_cast<qulonglong>(event))) : text);
    row->setData(0, role_event, static_cast<qulonglong>(event));
}

namespace {

struct Reason {
    trace::EventId event; ///< 0: of the event itself
    QString text;
};

QString text_of(const std::string& text) { return QString::fromStdString(text); }

/// The story that the event is part of: what was tried, what it led to.
void add_story(const trace::analysis::Why& why, trace::EventId event, std::vector<Reason>& reasons)
{
    using Kind = trace::analysis::Why::Kind;
    bool part = event == why.cause.event || event == why.said_event || event == why.end;
    for (const trace::analysis::Step& step : why.tried)
        part = part || step.event == event;
    if (!part || (why.kind != Kind::call && why.kind != Kind::signal))
        return;
    for (const trace::analysis::Step& step : why.tried)
        reasons.push_back({step.event, Inspector::tr("tried %1").arg(text_of(step.target))});
    if (why.cause.event)
        reasons.push_back({why.cause.event, cause_text(why)});
    if (!why.said.empty())
        reasons.push_back({why.said_event, Inspector::tr("it then wrote \"%1\"").arg(text_of(why.said))});
    if (why.end)
        reasons.push_back({why.end, ending_text(why.name, why.status)});
}

}

void Inspector::add_why(const Inspection& inspection)
{
    std::vector<Reason> reasons;
    if (summary_)
        add_story(summary_->why, inspection.event.id, reasons);
    if (inspection.row.result_kind == ResultKind::expected && inspection.event.failed())
        reasons.push_back({0, tr("Expected: programs go on after it.")});
    if (inspection.sandbox)
        reasons.push_back({0, tr("The sandbox, not the system: %1").arg(reason_words(*inspection.sandbox))});
    if (reasons.empty())
        return;
    QTreeWidgetItem* why = section(tr("Why"));
    for (const Reason& reason : reasons) {
        if (reason.event)
            add_link(why, '#' + QLocale().toString(static_cast<qulonglong>(reason.event)), reason.event, reason.text);
        else
            add_wide(why, reason.text, 0);
    }
}

void Inspector::set_summary(std::shared_ptr<const trace::analysis::Summary> summary)
{
    summary_ = std::move(summary);
    if (wanted_ != 0 && summary_)
        show_event(wanted_, running_);
}

void Inspector::add_host_calls(const Inspection& inspection)
{
    std::uint64_t count = 0;
    for (const trace::HostCall& call : inspection.host_calls)
        count += call.count;
    QTreeWidgetItem* calls = section(tr("Host calls it caused · %1").arg(QLocale().toString(static_cast<qulonglong>(count))));
    for (const trace::HostCall& call : inspection.host_calls) {
        const trace::SyscallInfo* info = trace::find_syscall(call.nr);
        QString name = info ? QString::fromUtf8(info->name.data(), static_cast<qsizetype>(info->name.size())) : QString::number(call.nr);
        QString value = call.count > 1 ? tr("%1 times, %2").arg(QLocale().toString(static_cast<qulonglong>(call.count)), duration_text(call.ns)) : duration_text(call.ns);
        item(calls, name, value)->setData(0, role_kind, host_item);
    }
    if (inspection.host_calls.empty())
        item(calls, tr("none"), {});
}

void Inspector::add_bytes(const Inspection& inspection)
{
    constexpr std::size_t lines_shown = 512;
    for (const RecordedBytes& data : inspection.data) {
        QString way = data.direction == trace::Direction::in ? tr("Bytes in, %1 · %2") : tr("Bytes out, %1 · %2");
        QTreeWidgetItem* bytes = section(way.arg(data.name, QLocale().toString(static_cast<qulonglong>(data.length))));
        auto add = [&](const QString& text) {
            auto* line = new QTreeWidgetItem(bytes, {text});
            line->setData(0, role_kind, wide_item);
            line->setFirstColumnSpanned(true);
        };
        for (const QString& line : hex_lines(data.bytes, lines_shown))
            add(line);
        std::uint64_t shown = std::min<std::uint64_t>(data.bytes.size(), lines_shown * 8);
        if (shown < data.length)
            add(tr("… %1 more, %2").arg(QLocale().toString(static_cast<qulonglong>(data.length - shown)),
                data.bytes.size() < data.length && data.bytes.size() < inspected_bytes ? tr("not recorded") : tr("not shown")));
    }
    if (inspection.page_bytes)
        item(section(tr("Mapped pages that became present")), tr("bytes"), QLocale().toString(static_cast<qulonglong>(inspection.page_bytes)));
}

void Inspector::add_code(const Inspection& inspection)
{
    if (inspection.event.kind != trace::EventKind::syscall)
        return;
    QTreeWidgetItem* code = section(tr("Code at the call"));
    if (inspection.code.empty()) {
        auto* line = new QTreeWidgetItem(code, {tr("The code was not recorded.")});
        line->setData(0, role_kind, wide_item);
        line->setFirstColumnSpanned(true);
    }
    for (const Instruction& instruction : inspection.code) {
        QString text = QStringLiteral("%1  %2 %3").arg(instruction.address, 0, 16).arg(instruction.mnemonic, -7).arg(instruction.operands);
        auto* line = new QTreeWidgetItem(code, {instruction.here ? text + QStringLiteral("  ◀") : text});
        line->setData(0, role_kind, instruction.here ? marked_item : wide_item);
        line->setFirstColumnSpanned(true);
    }
}

namespace {

QString text_of(const QTreeWidget* tree)
{
    QString all;
    std::function<void(QTreeWidgetItem*, int)> add = [&](QTreeWidgetItem* item, int depth) {
        all += QString(depth * 2, ' ') + item->text(0) + (item->text(1).isEmpty() ? QString() : ' ' + item->text(1)) + '\n';
        for (int i = 0; i < item->childCount(); ++i)
            add(item->child(i), depth + 1);
    };
    for (int i = 0; i < tree->topLevelItemCount(); ++i)
        add(tree->topLevelItem(i), 0);
    return all;
}

}

QString Inspector::text() const { return text_of(tree_); }
QString Inspector::state_text() const { return text_of(state_tree_); }

void Inspector::copy(QTreeWidget* from)
{
    QStringList lines;
    const QList<QTreeWidgetItem*> selected = from->selectedItems();
    for (const QTreeWidgetItem* item : selected)
        lines.append(item->text(1).isEmpty() ? item->text(0) : item->text(0) + '\t' + item->text(1));
    QGuiApplication::clipboard()->setText(lines.join('\n'));
}

}
