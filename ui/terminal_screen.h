// A terminal without a window: takes what a program prints, keeps the screen and what scrolled off it, turns keys into bytes.
// The emulation (xterm's) is libvterm's; this is the one place that knows it.
#pragma once

#include <QByteArray>
#include <QColor>
#include <QObject>
#include <QString>

#include <deque>
#include <memory>
#include <vector>

namespace ringside::ui {

struct TerminalCell {
    char32_t first = 0;   ///< 0: blank, or the right half of a wide one
    QString combined;     ///< the whole, where marks are combined with it
    QRgb ink = 0, ground = 0;
    bool own_ink = false, own_ground = false; ///< not the terminal's own colours
    bool bold = false, italic = false, underlined = false, struck = false, reversed = false;
    std::int8_t width = 1;

    QString text() const;
};
using TerminalLine = std::vector<TerminalCell>;

class TerminalScreen : public QObject {
    Q_OBJECT

public:
    static constexpr std::size_t most_scrolled = 20'000; ///< lines

    explicit TerminalScreen(QObject* parent = nullptr);
    ~TerminalScreen() override;

    void write(const QByteArray& bytes);
    void reset();
    void resize(int rows, int columns);
    int rows() const { return rows_; }
    int columns() const { return columns_; }

    /// Lines that scrolled off and those of the screen, from the oldest.
    int line_count() const;
    TerminalLine line(int index) const;
    QString line_text(int index) const;
    int first_screen_line() const { return static_cast<int>(scrolled_.size()); }
    QPoint cursor() const { return cursor_; } ///< column, row of the screen
    bool cursor_shown() const { return cursor_shown_; }
    bool alternate() const { return alternate_; }
    bool wants_mouse() const { return mouse_ != 0; }
    const QString& title() const { return title_; }

    /// Keys, by `typed`: as the terminal's modes want them. False: none of the terminal's.
    bool key(int qt_key, Qt::KeyboardModifiers modifiers, const QString& text);
    void paste(const QString& text);
    void mouse(int row, int column, int button, bool pressed, Qt::KeyboardModifiers modifiers);
    /// The sixteen colours that programs name; the theme's.
    void set_colours(const QColor& ink, const QColor& ground, bool dark);

Q_SIGNALS:
    void changed();
    void typed(const QByteArray& bytes);
    void bell();

private:
    struct Engine;

    int rows_ = 25, columns_ = 80; // before the engine that begins with them
    std::deque<TerminalLine> scrolled_;
    std::unique_ptr<Engine> engine_;
    QPoint cursor_;
    bool cursor_shown_ = true, alternate_ = false;
    int mouse_ = 0;
    QString title_;
};

}
