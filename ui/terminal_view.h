// The terminal as it is seen: paints a TerminalScreen, takes the keys, selects and copies text, scrolls back.
// It takes every key but F6, Shift+F6 and Ctrl+Shift+C/V, so that Tab completes in the program's shell.
#pragma once

#include "ui/terminal_screen.h"

#include <QAbstractScrollArea>
#include <QTimer>

#include <optional>

namespace ringside::ui {

class TerminalView : public QAbstractScrollArea {
    Q_OBJECT

public:
    explicit TerminalView(QWidget* parent = nullptr);

    TerminalScreen& screen() { return screen_; }
    /// Keys go to the program; else it is a picture of what was printed, and Tab leaves it.
    void set_live(bool live);
    bool is_live() const { return live_; }
    /// What stands where nothing was printed.
    void set_note(const QString& note);
    /// All lines, those that scrolled off included.
    QString text() const;
    QString selected_text() const;
    void copy();
    QSize cell_size() const { return cell_; }
    /// Where the first column begins, in the viewport.
    QPoint origin() const;
    /// `fitted` follows when it is seen and its layout has come to rest, also where its size stays.
    void settle() { settle_.start(); }

Q_SIGNALS:
    /// The screen has this many rows and columns now.
    void resized(int rows, int columns);
    /// The screen is as large as the pane.
    void fitted();

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void inputMethodEvent(QInputMethodEvent* event) override;
    QVariant inputMethodQuery(Qt::InputMethodQuery query) const override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    struct Place {
        int line = 0, column = 0;
        auto operator<=>(const Place&) const = default;
    };
    void adopt_theme();
    void fit();
    void changed();
    Place place_at(const QPoint& position) const;
    bool is_selected(int line, int column) const;
    void paint_line(QPainter& painter, int line, int y) const;
    void paste();

    TerminalScreen screen_;
    QSize cell_ {8, 16};
    int ascent_ = 12;
    bool live_ = false;
    QString note_;
    std::optional<std::pair<Place, Place>> selection_; ///< where it began and where it is
    QTimer settle_; ///< a layout that is being made has sizes that nobody is to see
};

}
