// See events_view.h.
#include "ui/events_view.h"

#include "ui/event_delegate.h"
#include "ui/events_model.h"
#include "ui/flat_button.h"
#include "ui/flat_header.h"
#include "ui/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLocale>
#include <QMenu>
#include <QScrollBar>

namespace ringside::ui {

EventsView::EventsView(EventsModel* model, QWidget* parent) : QTableView(parent), model_(model), pill_(new FlatButton(FlatButton::Kind::pill, viewport()))
{
    setAccessibleName(tr("Events"));
    setHorizontalHeader(new FlatHeader(this));
    setModel(model);
    setItemDelegate(new EventDelegate(this));
    setFont(mono_font());
    horizontalHeader()->setFont(QApplication::font());
    setFrameShape(NoFrame);
    setShowGrid(false);
    setAlternatingRowColors(true);
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setVerticalScrollMode(ScrollPerItem);
    setHorizontalScrollMode(ScrollPerPixel);
    setContextMenuPolicy(Qt::CustomContextMenu);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setMinimumSectionSize(row_height(mono_font()));
    verticalHeader()->setDefaultSectionSize(row_height(mono_font()));
    horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    horizontalHeader()->setSectionResizeMode(EventsModel::arguments, QHeaderView::Stretch);
    fit_columns();
    pill_->setFocusPolicy(Qt::NoFocus);
    pill_->hide();
    horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(horizontalHeader(), &QWidget::customContextMenuRequested, this, [this](const QPoint& at) { choose_columns(horizontalHeader()->mapToGlobal(at)); });
    horizontalHeader()->setSectionsClickable(true);
    connect(horizontalHeader(), &QHeaderView::sectionClicked, this, &EventsView::sort_asked);
    for (int column = 0; column < EventsModel::column_count; ++column)
        setColumnHidden(column, EventsModel::is_optional(column));
    connect(pill_, &QAbstractButton::clicked, this, [this] { follow_end(true); });
    connect(model, &QAbstractItemModel::rowsInserted, this, &EventsView::rows_added);
    connect(model, &QAbstractItemModel::modelReset, this, &EventsView::rows_added);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, &EventsView::scrolled);
}

void EventsView::choose_columns(const QPoint& global)
{
    QMenu menu;
    for (int column = 0; column < EventsModel::column_count; ++column) {
        QAction* action = menu.addAction(model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!isColumnHidden(column));
        action->setEnabled(isColumnHidden(column) || horizontalHeader()->hiddenSectionCount() + 1 < EventsModel::column_count); // one stays
        connect(action, &QAction::toggled, this, [this, column](bool shown) { setColumnHidden(column, !shown); });
    }
    menu.addSeparator();
    connect(menu.addAction(tr("As at First")), &QAction::triggered, this, [this] {
        for (int column = 0; column < EventsModel::column_count; ++column) {
            setColumnHidden(column, EventsModel::is_optional(column));
            horizontalHeader()->moveSection(horizontalHeader()->visualIndex(column), column);
        }
        fit_columns();
    });
    menu.exec(global);
}

void EventsView::fit_columns()
{
    QFontMetrics mono(mono_font());
    int margins = 2 * EventDelegate::margin + 4;
    auto chars = [&](int count) { return mono.horizontalAdvance(QString(count, '0')) + margins; };
    setColumnWidth(EventsModel::number, chars(6) + 2 * mono.horizontalAdvance('0') + 4); // signs stand before it
    setColumnWidth(EventsModel::time, chars(7));
    bool narrow = isVisible() && viewport()->width() < mono.horizontalAdvance('0') * 112; // the arguments need what there is
    setColumnWidth(EventsModel::process, chars(narrow ? 7 : 9));
    setColumnWidth(EventsModel::call, chars(narrow ? 10 : 13));
    setColumnWidth(EventsModel::result, chars(narrow ? 9 : 16));
    setColumnWidth(EventsModel::duration, chars(8));
    // Wide enough for the words of the header, too.
    setColumnWidth(EventsModel::host, std::max(chars(4), horizontalHeader()->sectionSizeHint(EventsModel::host)));
    setColumnWidth(EventsModel::notes, chars(24));
    setColumnWidth(EventsModel::thread, chars(6));
    setColumnWidth(EventsModel::path, chars(28));
    setColumnWidth(EventsModel::size, chars(9));
    setColumnWidth(EventsModel::blocked, chars(8));
    setColumnWidth(EventsModel::position, chars(14));
}

void EventsView::adopt_font()
{
    setFont(mono_font());
    horizontalHeader()->setFont(QApplication::font());
    delete itemDelegate();
    setItemDelegate(new EventDelegate(this));
    int height = row_height(mono_font());
    verticalHeader()->setMinimumSectionSize(height);
    verticalHeader()->setMaximumSectionSize(height);
    verticalHeader()->setDefaultSectionSize(height);
    verticalHeader()->setMaximumSectionSize(-1);
    fit_columns();
    fit_time();
}

void EventsView::fit_time()
{
    int characters = model_->time_format() == EventsModel::TimeFormat::date ? 23 : 8;
    setColumnWidth(EventsModel::time, QFontMetrics(mono_font()).horizontalAdvance(QString(characters, '0')) + 2 * EventDelegate::margin + 4);
}

void EventsView::show_sorting(int column, Qt::SortOrder order)
{
    horizontalHeader()->setSortIndicatorShown(column >= 0);
    if (column >= 0)
        horizontalHeader()->setSortIndicator(column, order);
    horizontalHeader()->viewport()->update();
}

void EventsView::show_event(trace::EventId event)
{
    int row = model_->row_of(event);
    if (row < 0 || event == 0)
        return;
    quiet_ = true;
    if (model_->event_at(currentIndex().row()) != model_->event_at(row) || !selectionModel()->hasSelection())
        setCurrentIndex(model_->index(row, 0));
    quiet_ = false;
    if (follows_rows()) { // rows that came last may not be scrolled to yet: what is visible is judged with them
        executeDelayedItemsLayout();
        updateGeometries();
        follow_end(true);
    }
    bool visible = rowAt(viewport()->height() - 1) == -1 ? rowAt(0) <= row : rowAt(0) <= row && row < rowAt(viewport()->height() - 1);
    if (!visible) {
        follow_end(false);
        scrollTo(model_->index(row, 0), PositionAtCenter);
    }
}

void EventsView::set_live(bool live)
{
    settling_ = !live && follow_ && (live_ || settling_);
    live_ = live;
    seen_rows_ = model_->rowCount();
    if (live)
        follow_end(true);
    place_pill();
}

void EventsView::follow_end(bool follow)
{
    bool changed = follow != follow_;
    follow_ = follow;
    if (follow) {
        seen_rows_ = model_->rowCount();
        scrolling_ = true;
        scrollToBottom();
        scrolling_ = false;
    }
    place_pill();
    if (changed)
        Q_EMIT follow_changed(follow);
}

void EventsView::rows_added()
{
    if (follows_rows()) {
        // The scroll bar learns of the rows in a later turn of the loop.
        QMetaObject::invokeMethod(this, [this] { if (follows_rows()) follow_end(true); }, Qt::QueuedConnection);
    }
    place_pill();
}

void EventsView::scrolled(int value)
{
    if (scrolling_)
        return;
    settling_ = false;
    if (!live_)
        return;
    bool at_end = value >= verticalScrollBar()->maximum();
    if (at_end != follow_)
        follow_end(at_end);
}

void EventsView::place_pill()
{
    int fresh = model_->rowCount() - seen_rows_;
    bool wanted = live_ && !follow_ && fresh > 0;
    pill_->setVisible(wanted);
    if (!wanted)
        return;
    pill_->setText(tr("↓ %1 new · Follow (End)").arg(QLocale().toString(fresh)));
    pill_->resize(pill_->sizeHint());
    pill_->move((viewport()->width() - pill_->width()) / 2, viewport()->height() - pill_->height() - 10);
}

std::vector<trace::EventId> EventsView::selected_events(std::size_t limit) const
{
    std::vector<trace::EventId> events;
    QItemSelection ranges = selectionModel()->selection(); // not selectedRows(): it costs seconds for millions
    std::vector<std::pair<int, int>> rows;
    for (const QItemSelectionRange& range : ranges)
        rows.emplace_back(range.top(), range.bottom());
    std::ranges::sort(rows);
    for (auto [top, bottom] : rows)
        for (int row = top; row <= bottom && events.size() < limit; ++row)
            events.push_back(model_->event_at(row));
    return events;
}

void EventsView::currentChanged(const QModelIndex& current, const QModelIndex& previous)
{
    QTableView::currentChanged(current, previous);
    if (!quiet_ && current.isValid())
        Q_EMIT event_chosen(model_->event_at(current.row()));
}

void EventsView::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    rows_added(); // the end may be out of sight now
    place_pill();
}

void EventsView::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_End && live_ && event->modifiers() == Qt::NoModifier) {
        follow_end(true);
        return;
    }
    if (event->key() == Qt::Key_Home || event->key() == Qt::Key_End) { // rows, not columns: there is no cell cursor
        int row = event->key() == Qt::Key_Home ? 0 : model_->rowCount() - 1;
        if (row >= 0)
            setCurrentIndex(model_->index(row, 0));
        return;
    }
    QTableView::keyPressEvent(event);
}

void EventsView::keyboardSearch(const QString&) { }

void EventsView::selectAll()
{
    if (int rows = model_->rowCount(); rows > 0)
        selectionModel()->select(QItemSelection(model_->index(0, 0), model_->index(rows - 1, EventsModel::column_count - 1)), QItemSelectionModel::ClearAndSelect);
}

}
