// The window and its filter: conditions from cells, its parts, saved ones, matches that are marked, the order of the rows.
#include "ui/main_window.h"

#include "ui/event_conditions.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/filter_store.h"
#include "ui/flat_button.h"
#include "ui/menu_item.h"
#include "ui/message_bar.h"
#include "ui/saved_filters_dialog.h"
#include "ui/status_line.h"

#include <QActionGroup>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QMenu>
#include <QToolBar>

namespace ringside::ui {

namespace {

/// As an item of a menu: short, and without keys in it.
QString item_text(const QString& filter)
{
    QString text = filter.size() > 70 ? filter.left(69) + QChar(0x2026) : filter;
    return text.replace('&', QStringLiteral("&&"));
}

}

void MainWindow::connect_filter()
{
    connect(filter_, &FilterLine::step_asked, this, &MainWindow::step_match);
    connect(filter_, &FilterLine::save_asked, this, &MainWindow::save_this_filter);
    connect(filter_, &FilterLine::menu_asked, this, &MainWindow::filter_menu);
    connect(view_, &EventsView::sort_asked, this, &MainWindow::sort_clicked);
    connect(mode_button_, &QAbstractButton::clicked, this, [this] {
        QMenu menu;
        auto* group = new QActionGroup(&menu);
        for (const auto& [text, marking] : {std::pair {tr("Only Matches"), false}, {tr("All, Marked"), true}}) {
            QAction* action = menu.addAction(text);
            action->setCheckable(true);
            action->setChecked(marking == marking_);
            group->addAction(action);
            connect(action, &QAction::triggered, this, [this, marking = marking] { mark_matches(marking); });
        }
        menu.exec(mode_button_->mapToGlobal(QPoint(0, mode_button_->height())));
    });
}

void MainWindow::make_filter_menus(QMenu* analyze)
{
    analyze->addSeparator();
    for (bool apply : {true, false}) {
        QMenu* menu = analyze->addMenu(apply ? tr("&Apply as Filter") : tr("&Prepare a Filter"));
        connect(menu, &QMenu::aboutToShow, this, [this, menu, apply] { fill_condition_menu(menu, apply); });
        trace_actions_ += menu->menuAction();
    }
    marking_action_ = analyze->addAction(tr("All Events, &Matches Marked"));
    marking_action_->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    marking_action_->setCheckable(true);
    connect(marking_action_, &QAction::triggered, this, &MainWindow::mark_matches);
    trace_actions_ += marking_action_;
    trace_actions_ += add(analyze, tr("Sa&ve This Filter…"), {}, this, [this] { save_this_filter(); });
    add(analyze, tr("Save&d Filters…"), {}, this, [this] { manage_filters(); });
}

/// The cell that is the current one, as a condition.
void MainWindow::fill_condition_menu(QMenu* menu, bool apply)
{
    menu->clear();
    QModelIndex index = view_->currentIndex();
    const EventRow* row = index.isValid() ? model_->row(index.row()) : nullptr;
    QString condition = row ? condition_for(*row, index.column()) : QString();
    if (condition.isEmpty()) {
        menu->addAction(tr("Select a cell first"))->setEnabled(false);
        return;
    }
    menu->addSection(item_text(condition));
    for (const FilterChange& change : filter_changes(filter_->applied(), condition))
        connect(menu->addAction(change.name), &QAction::triggered, this, [this, apply, text = change.text] {
            if (apply)
                filter_->apply(text);
            else
                prepare_filter(text);
        });
}

void MainWindow::filter_menu(const QPoint& below)
{
    QMenu menu;
    if (quick_bar_->isHidden()) {
        menu.addSection(tr("Quick filters"));
        for (auto& [chip, condition] : quick_) {
            QAction* action = menu.addAction(chip->text());
            action->setCheckable(true);
            action->setChecked(chip->isChecked());
            connect(action, &QAction::triggered, this, [this, text = condition](bool on) { toggle_quick_filter(text, on); });
        }
        for (const QString& part : parts_off_)
            connect(menu.addAction(QStringLiteral("☐ ") + item_text(part)), &QAction::triggered, this, [this, part] { switch_part_on(part); });
    }
    auto parts = trace::filter_parts(filter_->applied().toStdString());
    if (parts.size() > 1) {
        menu.addSection(tr("Parts of this filter"));
        for (const std::string& part : parts) {
            QString text = QString::fromStdString(part);
            QAction* action = menu.addAction(item_text(text));
            action->setCheckable(true);
            action->setChecked(true);
            connect(action, &QAction::triggered, this, [this, text] { switch_part_off(text); });
        }
    }
    if (SavedFilters saved = saved_filters(); !saved.empty()) {
        menu.addSection(tr("Saved"));
        for (const auto& [name, filter] : saved) {
            QAction* action = menu.addAction(item_text(name));
            action->setToolTip(filter.toHtmlEscaped());
            connect(action, &QAction::triggered, this, [this, filter = filter] { filter_->apply(filter); });
        }
        menu.setToolTipsVisible(true);
    }
    QStringList history = filter_history().mid(0, 12);
    if (!history.isEmpty()) {
        menu.addSection(tr("Applied before"));
        for (const QString& filter : history)
            connect(menu.addAction(item_text(filter)), &QAction::triggered, this, [this, filter] { filter_->apply(filter); });
    }
    menu.addSeparator();
    QAction* save = menu.addAction(tr("Save This Filter…"));
    save->setEnabled(!filter_->applied().isEmpty());
    connect(save, &QAction::triggered, this, &MainWindow::save_this_filter);
    connect(menu.addAction(tr("Saved Filters…")), &QAction::triggered, this, &MainWindow::manage_filters);
    menu.exec(below);
}

void MainWindow::save_this_filter()
{
    QString filter = filter_->applied();
    if (filter.isEmpty())
        return messages_->show_message(MessageBar::Kind::note, tr("There is no filter to save. Apply one first."));
    bool ok = false;
    QString name = QInputDialog::getText(this, tr("Save this filter"), tr("A name for: %1").arg(filter), QLineEdit::Normal, filter.left(40), &ok).trimmed();
    if (!ok || name.isEmpty())
        return;
    save_filter(name, filter);
    messages_->show_message(MessageBar::Kind::note, tr("Saved: %1. It is in the menu at the end of the filter line.").arg(name));
}

void MainWindow::manage_filters()
{
    SavedFiltersDialog dialog(this);
    connect(&dialog, &SavedFiltersDialog::chosen, this, [this](const QString& filter) {
        if (document_)
            filter_->apply(filter);
    });
    dialog.exec();
}

void MainWindow::switch_part_off(const QString& part)
{
    if (!filter_has(filter_->applied(), part))
        return;
    if (!parts_off_.contains(part))
        parts_off_ += part;
    show_parts_off();
    filter_->apply(filter_without(filter_->applied(), part));
}

void MainWindow::switch_part_on(const QString& part)
{
    parts_off_.removeAll(part);
    show_parts_off();
    filter_->apply(filter_with(filter_->applied(), part));
}

void MainWindow::show_parts_off()
{
    for (FlatButton* chip : part_chips_)
        chip->deleteLater(); // it may be the one that was clicked
    part_chips_.clear();
    for (const QString& part : parts_off_) {
        auto* chip = new FlatButton(FlatButton::Kind::chip, part.size() > 36 ? part.left(35) + QChar(0x2026) : part);
        chip->set_sign(QStringLiteral("☐"));
        chip->setAccessibleName(tr("Part of the filter, off: %1").arg(part));
        chip->setToolTip(tr("This part of the filter is off. A click puts it back; the menu key forgets it."));
        chip->setContextMenuPolicy(Qt::CustomContextMenu);
        connect(chip, &QAbstractButton::clicked, this, [this, part] { switch_part_on(part); });
        connect(chip, &QWidget::customContextMenuRequested, this, [this, part, chip](const QPoint& at) {
            QMenu menu;
            QAction* on = menu.addAction(tr("Put Back"));
            QAction* forget = menu.addAction(tr("Forget"));
            QAction* chosen = menu.exec(chip->mapToGlobal(at));
            if (chosen == on) {
                switch_part_on(part);
            } else if (chosen == forget) {
                parts_off_.removeAll(part);
                show_parts_off();
            }
        });
        chips_->addWidget(chip);
        chip->show();
        part_chips_ += chip;
    }
}

void MainWindow::mark_matches(bool marking)
{
    marking_ = marking;
    marking_action_->setChecked(marking);
    mode_button_->setText(marking ? tr("All, marked ▾") : tr("Only matches ▾"));
    mode_button_->updateGeometry();
    apply_filter(filter_->applied());
}

/// What the filter matches, to be marked among all.
void MainWindow::collect_matches()
{
    auto compiled = trace::Filter::compile(trace::shown_filter(filter_->applied().toStdString()));
    auto* filter = std::get_if<trace::Filter>(&compiled);
    if (!marking_ || filter_->applied().isEmpty() || !filter || !document_) {
        collect_number_ = 0;
        if (model_->marked())
            model_->set_marked(nullptr);
        return;
    }
    collect_number_ = document_->scanner().collect(*filter);
}

void MainWindow::step_match(bool forward)
{
    if (filter_->applied().isEmpty())
        return messages_->show_message(MessageBar::Kind::note, tr("There is no filter. Type one above, or press F4 for the next problem."));
    if (trace::EventId event = model_->next_match(focus_.event(), forward))
        focus_.set_event(event);
    else
        messages_->show_message(MessageBar::Kind::note, forward ? tr("No match after this event.") : tr("No match before this event."));
}

/// Up, down, and back to the order of time.
void MainWindow::sort_clicked(int column)
{
    if (sort_column_ != column)
        sort_by(column, Qt::AscendingOrder);
    else if (sort_order_ == Qt::AscendingOrder)
        sort_by(column, Qt::DescendingOrder);
    else
        sort_by(-1, Qt::AscendingOrder);
}

void MainWindow::sort_by(int column, Qt::SortOrder order)
{
    if (!document_)
        return;
    if (document_->running() && column >= 0)
        return messages_->show_message(MessageBar::Kind::note, tr("Events can be sorted when the program has ended."));
    sort_column_ = EventsModel::is_optional(column) ? -1 : column;
    sort_order_ = order;
    view_->show_sorting(sort_column_, order);
    sort_again();
}

/// The rows that are shown now, in the order that was asked for.
void MainWindow::sort_again()
{
    if (!document_ || document_->running())
        return;
    if (sort_column_ < 0) {
        document_->scanner().stop_sort();
        sort_number_ = 0;
        if (!model_->in_order_of_time()) {
            model_->set_order(nullptr);
            view_->show_event(focus_.event());
        }
        return;
    }
    using trace::SortBy;
    constexpr SortBy by[] = {SortBy::id, SortBy::id, SortBy::process, SortBy::call, SortBy::path, SortBy::result, SortBy::duration, SortBy::host_calls};
    static_assert(std::size(by) == EventsModel::notes);
    status_->set_work(tr("Sorting…"));
    sort_number_ = document_->scanner().sort(by[sort_column_], sort_order_ == Qt::DescendingOrder, model_->matches());
}

}
