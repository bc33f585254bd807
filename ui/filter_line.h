// The filter line: Enter applies, Esc clears; a wave under what is wrong, completion of fields, names and values, those of this
// trace first; ↑ goes back through what was applied before; at its right end the count and what can be done with the filter.
#pragma once

#include "trace/filter/filter.h"

#include <QLineEdit>
#include <QTimer>

#include <memory>
#include <optional>

class QCompleter;
class QStandardItemModel;

namespace ringside::ui {

class FlatButton;

class FilterLine : public QLineEdit {
    Q_OBJECT

public:
    explicit FilterLine(QWidget* parent = nullptr);

    /// As if typed and confirmed.
    void apply(const QString& text);
    /// The text in force; empty: none.
    const QString& applied() const { return applied_; }
    /// What occurs in the open trace, for completion; null: nothing is known.
    void set_values(std::shared_ptr<const trace::KnownValues> values) { values_ = std::move(values); }
    /// What may be inserted at the cursor now. For tests.
    QStringList candidates() const;
    /// "3 of 12,480", at the right end.
    void set_count(const QString& count);
    /// What is wrong with the text, if anything.
    const std::optional<trace::FilterError>& mistake() const { return mistake_; }
    /// In QString's units: the piece under which the wave is.
    std::pair<int, int> mistake_range() const;

Q_SIGNALS:
    /// An empty text: no filter any more.
    void applied_changed(const QString& text, const ringside::trace::Filter& filter);
    /// A sentence about what is wrong, or empty.
    void mistake_changed(const QString& message);
    void leave();
    /// The arrows at its right end: to the match before or after.
    void step_asked(bool forward);
    /// ☆ and ▾: what to do with the filter, saved ones, those of before. `below`: where a menu belongs, on the screen.
    void save_asked();
    void menu_asked(const QPoint& below);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void edited();
    void check(bool speak);
    void confirm();
    void clear_filter();
    void complete(bool asked);
    void insert_completion(const QString& word);
    void set_mistake(std::optional<trace::FilterError> mistake, bool speak);
    void place_margins();
    void recall(int step);

    QCompleter* completer_;
    QStandardItemModel* candidates_;
    std::shared_ptr<const trace::KnownValues> values_;
    FlatButton *previous_, *next_, *save_, *menu_, *clear_;
    int buttons_width_ = 0;
    int recalled_ = -1; ///< which of the filters of before stands in the line
    QString typed_;     ///< what stood there before
    QTimer pause_; ///< a mistake is said when the person pauses, not while typing
    QString applied_, count_;
    std::optional<trace::FilterError> mistake_;
    bool spoken_ = false;
    bool preedit_ = false;
    std::size_t replace_begin_ = 0, replace_end_ = 0; ///< bytes that a candidate replaces
};

}
