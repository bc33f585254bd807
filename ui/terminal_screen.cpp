// See terminal_screen.h.
#include "ui/terminal_screen.h"

#include <QPoint>

#include <cstring>
#include <vterm.h>

namespace ringside::ui {

QString TerminalCell::text() const
{
    if (!combined.isEmpty())
        return combined;
    return first ? QString::fromUcs4(&first, 1) : QStringLiteral(" ");
}

/// libvterm's callbacks come with a pointer to the screen.
struct TerminalScreen::Engine {
    explicit Engine(TerminalScreen& owner, int rows, int columns) : screen_owner(owner), terminal(vterm_new(rows, columns))
    {
        vterm_set_utf8(terminal.get(), 1);
        vterm_output_set_callback(terminal.get(), &Engine::output, this);
        screen = vterm_obtain_screen(terminal.get());
        vterm_screen_set_callbacks(screen, &callbacks(), this);
        vterm_screen_enable_altscreen(screen, 1);
        vterm_screen_set_damage_merge(screen, VTERM_DAMAGE_SCREEN);
        vterm_screen_reset(screen, 1);
    }

    struct Free {
        void operator()(VTerm* old) const { vterm_free(old); }
    };

    static Engine& of(void* user) { return *static_cast<Engine*>(user); }
    static void output(const char* bytes, std::size_t length, void* user)
    {
        Q_EMIT of(user).screen_owner.typed(QByteArray(bytes, static_cast<qsizetype>(length)));
    }
    static int moved(VTermPos at, VTermPos, int, void* user)
    {
        of(user).screen_owner.cursor_ = QPoint(at.col, at.row);
        return 1;
    }
    static int property(VTermProp what, VTermValue* value, void* user)
    {
        TerminalScreen& owner = of(user).screen_owner;
        switch (what) {
        case VTERM_PROP_CURSORVISIBLE: owner.cursor_shown_ = value->boolean != 0; break;
        case VTERM_PROP_ALTSCREEN: owner.alternate_ = value->boolean != 0; break;
        case VTERM_PROP_MOUSE: owner.mouse_ = value->number; break;
        case VTERM_PROP_TITLE:
            owner.title_ = QString::fromUtf8(value->string, static_cast<qsizetype>(strnlen(value->string, 4096)));
            break;
        default: return 0;
        }
        return 1;
    }
    static int rang(void* user)
    {
        Q_EMIT of(user).screen_owner.bell();
        return 1;
    }
    static int push(int columns, const VTermScreenCell* cells, void* user)
    {
        Engine& engine = of(user);
        TerminalLine line;
        for (int i = 0; i < columns; ++i)
            line.push_back(engine.cell_of(cells[i]));
        while (!line.empty() && line.back().first == 0 && !line.back().own_ground)
            line.pop_back();
        auto& scrolled = engine.screen_owner.scrolled_;
        scrolled.push_back(std::move(line));
        if (scrolled.size() > most_scrolled)
            scrolled.pop_front();
        return 1;
    }
    /// The screen has become higher: the last line that scrolled off comes back.
    static int pop(int columns, VTermScreenCell* cells, void* user)
    {
        Engine& engine = of(user);
        auto& scrolled = engine.screen_owner.scrolled_;
        if (scrolled.empty())
            return 0;
        const TerminalLine& line = scrolled.back();
        for (int i = 0; i < columns; ++i)
            cells[i] = engine.plain_cell(static_cast<std::size_t>(i) < line.size() ? line[static_cast<std::size_t>(i)] : TerminalCell());
        scrolled.pop_back();
        return 1;
    }
    static const VTermScreenCallbacks& callbacks()
    {
        static const VTermScreenCallbacks table {nullptr, nullptr, moved, property, rang, nullptr, push, pop};
        return table;
    }

    TerminalCell cell_of(const VTermScreenCell& from) const
    {
        TerminalCell cell;
        cell.first = from.chars[0] == UINT32_MAX ? 0 : from.chars[0];
        cell.width = static_cast<std::int8_t>(std::max<int>(1, from.width));
        if (from.chars[0] == UINT32_MAX)
            cell.width = 0;
        if (cell.first && from.chars[1]) {
            int count = 1;
            while (count < VTERM_MAX_CHARS_PER_CELL && from.chars[count])
                ++count;
            for (int i = 0; i < count; ++i) {
                auto c = static_cast<char32_t>(from.chars[i]);
                cell.combined += QString::fromUcs4(&c, 1);
            }
        }
        cell.own_ink = !VTERM_COLOR_IS_DEFAULT_FG(&from.fg);
        cell.own_ground = !VTERM_COLOR_IS_DEFAULT_BG(&from.bg);
        VTermColor ink = from.fg, ground = from.bg;
        vterm_screen_convert_color_to_rgb(screen, &ink);
        vterm_screen_convert_color_to_rgb(screen, &ground);
        cell.ink = qRgb(ink.rgb.red, ink.rgb.green, ink.rgb.blue);
        cell.ground = qRgb(ground.rgb.red, ground.rgb.green, ground.rgb.blue);
        cell.bold = from.attrs.bold;
        cell.italic = from.attrs.italic;
        cell.underlined = from.attrs.underline != 0;
        cell.struck = from.attrs.strike;
        cell.reversed = from.attrs.reverse;
        return cell;
    }

    /// Back to the engine's form; the colours that are the terminal's own stay so.
    VTermScreenCell plain_cell(const TerminalCell& from) const
    {
        VTermScreenCell cell {};
        cell.chars[0] = from.first;
        cell.width = 1;
        cell.attrs.bold = from.bold;
        cell.attrs.italic = from.italic;
        cell.attrs.underline = from.underlined;
        cell.attrs.strike = from.struck;
        cell.attrs.reverse = from.reversed;
        vterm_state_get_default_colors(vterm_obtain_state(terminal.get()), &cell.fg, &cell.bg);
        auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
        if (from.own_ink)
            vterm_color_rgb(&cell.fg, byte(qRed(from.ink)), byte(qGreen(from.ink)), byte(qBlue(from.ink)));
        if (from.own_ground)
            vterm_color_rgb(&cell.bg, byte(qRed(from.ground)), byte(qGreen(from.ground)), byte(qBlue(from.ground)));
        return cell;
    }

    TerminalScreen& screen_owner;
    std::unique_ptr<VTerm, Free> terminal;
    VTermScreen* screen = nullptr;
};

TerminalScreen::TerminalScreen(QObject* parent) : QObject(parent), engine_(std::make_unique<Engine>(*this, rows_, columns_)) { }
TerminalScreen::~TerminalScreen() = default;

void TerminalScreen::write(const QByteArray& bytes)
{
    vterm_input_write(engine_->terminal.get(), bytes.constData(), static_cast<std::size_t>(bytes.size()));
    vterm_screen_flush_damage(engine_->screen);
    Q_EMIT changed();
}

void TerminalScreen::reset()
{
    scrolled_.clear();
    vterm_screen_reset(engine_->screen, 1);
    cursor_ = {};
    cursor_shown_ = true;
    alternate_ = false;
    mouse_ = 0;
    title_.clear();
    Q_EMIT changed();
}

void TerminalScreen::resize(int rows, int columns)
{
    rows = std::clamp(rows, 2, 500);
    columns = std::clamp(columns, 10, 1000);
    if (rows == rows_ && columns == columns_)
        return;
    rows_ = rows;
    columns_ = columns;
    vterm_set_size(engine_->terminal.get(), rows, columns);
    vterm_screen_flush_damage(engine_->screen);
    VTermPos at {};
    vterm_state_get_cursorpos(vterm_obtain_state(engine_->terminal.get()), &at);
    cursor_ = QPoint(at.col, at.row);
    Q_EMIT changed();
}

int TerminalScreen::line_count() const
{
    return static_cast<int>(scrolled_.size()) + rows_;
}

TerminalLine TerminalScreen::line(int index) const
{
    if (index < 0 || index >= line_count())
        return {};
    if (static_cast<std::size_t>(index) < scrolled_.size())
        return scrolled_[static_cast<std::size_t>(index)];
    TerminalLine line;
    for (int column = 0; column < columns_; ++column) {
        VTermScreenCell cell {};
        vterm_screen_get_cell(engine_->screen, {index - first_screen_line(), column}, &cell);
        line.push_back(engine_->cell_of(cell));
    }
    return line;
}

QString TerminalScreen::line_text(int index) const
{
    QString text;
    for (const TerminalCell& cell : line(index))
        if (cell.width != 0)
            text += cell.text();
    while (text.endsWith(' '))
        text.chop(1);
    return text;
}

namespace {

VTermModifier modifiers_of(Qt::KeyboardModifiers modifiers)
{
    int all = VTERM_MOD_NONE;
    if (modifiers & Qt::ShiftModifier)
        all |= VTERM_MOD_SHIFT;
    if (modifiers & Qt::AltModifier)
        all |= VTERM_MOD_ALT;
    if (modifiers & Qt::ControlModifier)
        all |= VTERM_MOD_CTRL;
    return static_cast<VTermModifier>(all);
}

VTermKey named_key(int key)
{
    switch (key) {
    case Qt::Key_Return:
    case Qt::Key_Enter: return VTERM_KEY_ENTER;
    case Qt::Key_Tab:
    case Qt::Key_Backtab: return VTERM_KEY_TAB;
    case Qt::Key_Backspace: return VTERM_KEY_BACKSPACE;
    case Qt::Key_Escape: return VTERM_KEY_ESCAPE;
    case Qt::Key_Up: return VTERM_KEY_UP;
    case Qt::Key_Down: return VTERM_KEY_DOWN;
    case Qt::Key_Left: return VTERM_KEY_LEFT;
    case Qt::Key_Right: return VTERM_KEY_RIGHT;
    case Qt::Key_Insert: return VTERM_KEY_INS;
    case Qt::Key_Delete: return VTERM_KEY_DEL;
    case Qt::Key_Home: return VTERM_KEY_HOME;
    case Qt::Key_End: return VTERM_KEY_END;
    case Qt::Key_PageUp: return VTERM_KEY_PAGEUP;
    case Qt::Key_PageDown: return VTERM_KEY_PAGEDOWN;
    default: break;
    }
    if (key >= Qt::Key_F1 && key <= Qt::Key_F20)
        return static_cast<VTermKey>(VTERM_KEY_FUNCTION_0 + (key - Qt::Key_F1 + 1));
    return VTERM_KEY_NONE;
}

}

bool TerminalScreen::key(int qt_key, Qt::KeyboardModifiers modifiers, const QString& text)
{
    VTerm* terminal = engine_->terminal.get();
    if (VTermKey named = named_key(qt_key); named != VTERM_KEY_NONE) {
        VTermModifier held = modifiers_of(modifiers);
        if (qt_key == Qt::Key_Backtab)
            held = VTERM_MOD_SHIFT;
        vterm_keyboard_key(terminal, named, held);
        return true;
    }
    bool control = (modifiers & Qt::ControlModifier) != 0;
    if (control && qt_key >= Qt::Key_Space && qt_key <= Qt::Key_AsciiTilde) {
        // Ctrl with a letter is a control character whatever Shift says; Qt's own text would be empty on some platforms.
        auto c = static_cast<std::uint32_t>(qt_key >= Qt::Key_A && qt_key <= Qt::Key_Z ? qt_key - Qt::Key_A + 'a' : qt_key);
        vterm_keyboard_unichar(terminal, c, static_cast<VTermModifier>(modifiers_of(modifiers) & ~VTERM_MOD_SHIFT));
        return true;
    }
    if (text.isEmpty())
        return false;
    auto alt = static_cast<VTermModifier>(modifiers_of(modifiers) & VTERM_MOD_ALT);
    for (char32_t c : text.toUcs4())
        vterm_keyboard_unichar(terminal, c, alt);
    return true;
}

void TerminalScreen::paste(const QString& text)
{
    VTerm* terminal = engine_->terminal.get();
    vterm_keyboard_start_paste(terminal);
    // Control characters in what is pasted would be keys: only lines and tabs are.
    for (char32_t c : QString(text).replace(QStringLiteral("\r\n"), QStringLiteral("\n")).toUcs4()) {
        if (c == '\n')
            vterm_keyboard_key(terminal, VTERM_KEY_ENTER, VTERM_MOD_NONE);
        else if (c == '\t' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)))
            vterm_keyboard_unichar(terminal, c, VTERM_MOD_NONE);
    }
    vterm_keyboard_end_paste(terminal);
}

void TerminalScreen::mouse(int row, int column, int button, bool pressed, Qt::KeyboardModifiers modifiers)
{
    vterm_mouse_move(engine_->terminal.get(), row, column, modifiers_of(modifiers));
    if (button > 0)
        vterm_mouse_button(engine_->terminal.get(), button, pressed, modifiers_of(modifiers));
}

void TerminalScreen::set_colours(const QColor& ink, const QColor& ground, bool dark)
{
    auto colour_of = [](QRgb rgb) {
        VTermColor colour {};
        vterm_color_rgb(&colour, static_cast<std::uint8_t>(qRed(rgb)), static_cast<std::uint8_t>(qGreen(rgb)), static_cast<std::uint8_t>(qBlue(rgb)));
        return colour;
    };
    // Each of them can be read on the theme's ground.
    static constexpr QRgb on_light[16] = {0x1b1f24, 0xb42318, 0x176f31, 0x7d5210, 0x0a5fb4, 0x6b4fb3, 0x0b6a78, 0x5b6570, 0x4d5661, 0x9c1c12, 0x0f5c26, 0x6a4409, 0x084e96, 0x583d9c, 0x075763, 0x1b1f24};
    static constexpr QRgb on_dark[16] = {0x8a95a1, 0xff958c, 0x6fdc8c, 0xe6b450, 0x82b4ff, 0xbda9f7, 0x6fd3df, 0xd4d9df, 0xa9b3be, 0xffb0a9, 0x93ebaa, 0xf2cb7c, 0xa7caff, 0xd3c5fb, 0x97e3ec, 0xffffff};
    VTermState* state = vterm_obtain_state(engine_->terminal.get());
    VTermColor default_ink = colour_of(ink.rgb()), default_ground = colour_of(ground.rgb());
    vterm_state_set_default_colors(state, &default_ink, &default_ground);
    for (int i = 0; i < 16; ++i) {
        VTermColor colour = colour_of((dark ? on_dark : on_light)[i]);
        vterm_state_set_palette_color(state, i, &colour);
    }
    Q_EMIT changed();
}

}
