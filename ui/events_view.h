// The events table. Rows have one fixed height, and what costs seconds at ten million rows (a letter typed, select all as
// single cells) is overridden. Follows the end of a growing trace until the person scrolls away from it.
#pragma once

#include "trace/record.h"

#include <QTableView>

namespace ringside::ui {

class EventsModel;
class FlatButton;

class EventsView : public QTableView {
    Q_OBJECT

public:
    explicit EventsView(EventsModel* model, QWidget* parent = nullptr);

    /// Selects the event's row, or the next one where a filter hides it, and scrolls there. Says nothing to others.
    void show_event(trace::EventId event);
    /// While on, new rows are scrolled to, and a pill counts them where the person looks elsewhere.
    void set_live(bool live);
    /// Other rows are asked for: a run that has ended is no longer followed to its end.
    void settle() { settling_ = false; }
    void follow_end(bool follow);
    bool follows_end() const { return follow_; }
    /// The selected events, at most `limit`, in order.
    std::vector<trace::EventId> selected_events(std::size_t limit) const;
    void fit_columns();
    /// After the application's font has changed.
    void adopt_font();
    /// The time's column, as wide as its format needs.
    void fit_time();
    /// ▲ or ▼ in a header; column -1: none.
    void show_sorting(int column, Qt::SortOrder order);
    /// A menu of the columns; what is chosen is remembered with the layout.
    void choose_columns(const QPoint& global);

    void keyboardSearch(const QString& search) override;
    void selectAll() override;

Q_SIGNALS:
    void event_chosen(ringside::trace::EventId event);
    void follow_changed(bool follow);
    /// A column's header was clicked.
    void sort_asked(int column);

protected:
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void rows_added();
    void scrolled(int value);
    void place_pill();

    EventsModel* model_;
    FlatButton* pill_;
    /// Rows that come are scrolled to.
    bool follows_rows() const { return (live_ || settling_) && follow_; }
    bool live_ = false;
    bool settling_ = false; ///< it was followed to its end, and the last rows may still come
    bool follow_ = true;
    bool quiet_ = false;        ///< the current row is being set from outside
    bool scrolling_ = false;    ///< by us
    int seen_rows_ = 0;         ///< rows that there were when the end was last in sight
};

}
