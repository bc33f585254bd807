// The filter line: Enter applies, Esc clears; a wave under what is wrong, completion of fields, names and values.
#pragma once

#include "trace/filter/filter.h"

#include <QLineEdit>
#include <QTimer>

#include <optional>

class QCompleter;
class QStandardItemModel;

namespace ringside::ui {

class FilterLine : public QLineEdit {
    Q_OBJECT

public:
    explicit FilterLine(QWidget* parent = nullptr);

    /// As if typed and confirmed.
    void apply(const QString& text);
    /// The text in force; empty: none.
    const QString& applied() const { return applied_; }
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

protected:
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

    QCompleter* completer_;
    QStandardItemModel* candidates_;
    QTimer pause_; ///< a mistake is said when the person pauses, not while typing
    QString applied_, count_;
    std::optional<trace::FilterError> mistake_;
    bool spoken_ = false;
    bool preedit_ = false;
    std::size_t replace_begin_ = 0, replace_end_ = 0; ///< bytes that a candidate replaces
};

}
