// See statistics_panel.h.
#include "ui/statistics_panel.h"

#include "trace/analysis/statistics.h"
#include "ui/event_row.h"
#include "ui/flame_view.h"
#include "ui/numbers.h"
#include "ui/tree_table.h"

#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

namespace ringside::ui {

namespace {

using namespace trace::analysis;

std::unique_ptr<TreeRow> call_rows(const Statistics& statistics)
{
    auto root = std::make_unique<TreeRow>();
    for (const CallLine& call : statistics.calls) {
        QStringList errors;
        for (auto [error, count] : call.errors)
            errors.append(from_utf8(trace::errno_name(error)) + ' ' + number_text(count));
        TreeRow* row = root->add({from_utf8(call.name), number_text(call.sum.count), some_text(call.sum.errors), duration_text(call.sum.total_ns), duration_text(call.sum.median_ns),
            duration_text(call.sum.p99_ns), call.waiting_ns ? duration_text(call.waiting_ns) : QString(), some_text(call.sum.host_calls), errors.join(QStringLiteral(", "))});
        row->keys = {0, double(call.sum.count), double(call.sum.errors), double(call.sum.total_ns), double(call.sum.median_ns), double(call.sum.p99_ns), double(call.waiting_ns), double(call.sum.host_calls)};
        row->condition = "syscall == " + from_utf8(call.name);
    }
    return root;
}

std::unique_ptr<TreeRow> process_rows(const Statistics& statistics)
{
    auto root = std::make_unique<TreeRow>();
    for (const ProcessLine& line : statistics.processes) {
        TreeRow* row = root->add({from_utf8(line.name), number_text(line.events), number_text(line.calls), some_text(line.problems), duration_text(line.total_ns),
            line.waiting_ns ? duration_text(line.waiting_ns) : QString(), some_text(line.host_calls)});
        row->keys = {0, double(line.events), double(line.calls), double(line.problems), double(line.total_ns), double(line.waiting_ns), double(line.host_calls)};
        row->condition = QStringLiteral("pid == %1").arg(line.process);
    }
    return root;
}

}

StatisticsPanel::StatisticsPanel(QWidget* parent)
    : ViewPanel(tr("Statistics"), "statistics", parent), tabs_(new QTabBar), pages_(new QStackedWidget),
      calls_(new TreeTable({{tr("Call"), false, true}, {tr("Count"), true}, {tr("Errors"), true}, {tr("Total"), true}, {tr("Median"), true}, {tr("99 %"), true}, {tr("Waiting"), true}, {tr("Host"), true},
                               {tr("Errors by name")}},
          tr("Statistics by call"))),
      processes_(new TreeTable({{tr("Process")}, {tr("Events"), true}, {tr("Calls"), true}, {tr("Problems"), true}, {tr("Total"), true}, {tr("Waiting"), true}, {tr("Host"), true}}, tr("Statistics by process"))),
      flame_(new FlameView)
{
    auto* view = new QWidget;
    auto* layout = new QVBoxLayout(view);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    tabs_->setExpanding(false);
    tabs_->setDrawBase(false);
    tabs_->setAccessibleName(tr("Kinds of statistics"));
    for (const QString& name : {tr("By call"), tr("By process"), tr("Flame")})
        tabs_->addTab(name);
    layout->addWidget(tabs_);
    layout->addWidget(pages_, 1);
    for (QWidget* page : {static_cast<QWidget*>(calls_), static_cast<QWidget*>(processes_), static_cast<QWidget*>(flame_)})
        pages_->addWidget(page);
    view->setFocusProxy(calls_);
    set_view(view);
    connect(tabs_, &QTabBar::currentChanged, this, &StatisticsPanel::choose);
    for (TreeTable* table : {calls_, processes_})
        table->setRootIsDecorated(false);
    for (TreeTable* table : {calls_, processes_})
        connect(table, &TreeTable::menu_asked, this, [this](const TreeRow* row, const QPoint& at) { condition_menu(row->condition, at, row->event); });
    connect(flame_, &FlameView::menu_asked, this, [this](const QString& condition, const QPoint& at) { condition_menu(condition, at, 0); });
}

void StatisticsPanel::choose(int tab)
{
    tabs_->setCurrentIndex(tab);
    pages_->setCurrentIndex(tab);
}

void StatisticsPanel::ask(Analyst& analyst)
{
    analyst.ask(this, [this](const Analyst::Scope& scope) -> std::function<void()> {
        Statistics sums = statistics(scope.input, scope.processes);
        auto calls = std::make_shared<std::unique_ptr<TreeRow>>(call_rows(sums)), processes = std::make_shared<std::unique_ptr<TreeRow>>(process_rows(sums));
        auto frame = std::make_shared<const Frame>(trace::analysis::flame(scope.input, scope.processes, true));
        return [this, calls, processes, frame, sum = sums.system_calls, problems = sums.problems] {
            set_note(tr("%1 calls, %2 problems").arg(number_text(sum), number_text(problems)));
            if (sum == 0)
                return show_nothing(tr("The program has made no call yet."));
            calls_->set_rows(std::move(*calls));
            processes_->set_rows(std::move(*processes));
            flame_->set_frame(frame);
            show_view();
        };
    });
}

}
