// The line discipline's output: OPOST, and echo.
#include "engine/fs/tty/line_discipline.h"

#include <cctype>

namespace ringside::fs {

bool LineDiscipline::process_output(unsigned char c)
{
    constexpr unsigned tab = 8;
    std::size_t room = line_.output_room();
    if (room == 0)
        return false;
    switch (c) {
    case '\n':
        if (settings_.output(ONLRET))
            column_ = 0;
        if (settings_.output(ONLCR)) {
            if (room < 2)
                return false;
            column_ = 0;
            line_.emit('\r');
        }
        canon_column_ = column_;
        break;
    case '\r':
        if (settings_.output(ONOCR) && column_ == 0)
            return true;
        if (settings_.output(OCRNL)) {
            c = '\n';
            if (settings_.output(ONLRET))
                canon_column_ = column_ = 0;
            break;
        }
        canon_column_ = column_ = 0;
        break;
    case '\t': {
        unsigned spaces = tab - column_ % tab;
        if ((settings_.values.c_oflag & TABDLY) == XTABS) {
            if (room < spaces)
                return false;
            column_ += spaces;
            for (unsigned i = 0; i < spaces; ++i)
                line_.emit(' ');
            return true;
        }
        column_ += spaces;
        break;
    }
    case '\b':
        if (column_ > 0)
            --column_;
        break;
    default:
        if (!std::iscntrl(c)) {
            if (settings_.output(OLCUC))
                c = static_cast<unsigned char>(std::toupper(c));
            if (!is_continuation(c))
                ++column_;
        }
    }
    line_.emit(c);
    return true;
}

std::size_t LineDiscipline::write(std::span<const std::byte> bytes)
{
    send_echoes();
    std::size_t done = 0;
    for (; done < bytes.size(); ++done) {
        auto c = std::to_integer<unsigned char>(bytes[done]);
        if (settings_.output(OPOST)) {
            if (!process_output(c))
                break;
        } else {
            if (line_.output_room() == 0)
                break;
            line_.emit(c);
        }
    }
    return done;
}

void LineDiscipline::echo(unsigned char c)
{
    queue_echo({settings_.local(ECHOCTL) && std::iscntrl(c) && c != '\t' ? Echo::character : Echo::raw, c});
}

void LineDiscipline::echo_raw(unsigned char c)
{
    queue_echo({Echo::raw, c});
}

void LineDiscipline::queue_echo(Echo echo)
{
    if (echoes_.size() == echo_limit)
        echoes_.pop_front(); // a terminal that nobody reads: the oldest echo is lost, as in Linux
    echoes_.push_back(echo);
    if (echoes_.size() >= echo_batch)
        send_echoes();
}

void LineDiscipline::send_echoes()
{
    while (!echoes_.empty() && send_echo(echoes_.front()))
        echoes_.pop_front();
}

bool LineDiscipline::send_echo(const Echo& echo)
{
    constexpr unsigned tab = 8;
    constexpr unsigned char control_bit = 0100;
    std::size_t room = line_.output_room();
    switch (echo.kind) {
    case Echo::raw:
        if (settings_.output(OPOST))
            return process_output(echo.c);
        if (room == 0)
            return false;
        line_.emit(echo.c);
        return true;
    case Echo::character:
        if (room < 2)
            return false;
        line_.emit('^');
        line_.emit(echo.c ^ control_bit);
        column_ += 2;
        return true;
    case Echo::erase_tab: {
        unsigned columns = echo.columns + (echo.after_tab ? 0 : canon_column_);
        unsigned back = tab - columns % tab;
        if (room < back)
            return false;
        for (; back > 0; --back) {
            line_.emit('\b');
            if (column_ > 0)
                --column_;
        }
        return true;
    }
    case Echo::set_column:
        canon_column_ = column_;
        return true;
    case Echo::back:
        if (column_ > 0)
            --column_;
        return true;
    }
    return true;
}

void LineDiscipline::finish_erasing()
{
    if (!erasing_)
        return;
    echo_raw('/');
    erasing_ = false;
}

}
