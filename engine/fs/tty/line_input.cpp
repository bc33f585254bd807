// The line discipline's input: what is typed, until it is read.
#include "engine/fs/tty/line_discipline.h"

#include <algorithm>
#include <cctype>
#include <csignal>

namespace ringside::fs {

void LineDiscipline::change(const Settings& settings)
{
    tcflag_t changed = settings_.values.c_lflag ^ settings.values.c_lflag;
    bool flow_control_ends = settings_.input(IXON) && !settings.input(IXON);
    settings_ = settings;
    if (changed & (ICANON | EXTPROC)) {
        line_ends_.reset();
        if (!canonical() || head_ == tail_) {
            canon_head_ = tail_;
        } else {
            // What was typed before counts as a line that end-of-file has pushed.
            line_ends_.set((head_ - 1) % buffer_size);
            canon_head_ = head_;
        }
        erasing_ = false;
        literal_next_ = false;
    }
    if (flow_control_ends)
        start();
}

void LineDiscipline::start()
{
    line_.set_stopped(false);
    send_echoes();
}

std::size_t LineDiscipline::room()
{
    std::size_t used = head_ - tail_;
    std::size_t left = used < buffer_size ? buffer_size - used : 0;
    if (settings_.input(PARMRK))
        left = (left + 2) / 3;
    if (left > 1)
        return left - 1;
    // A line that is too long: one byte more overwrites the last, so that erase characters are still seen.
    bool overflow = canonical() && canon_head_ == tail_;
    if (overflow && left == 0)
        --head_;
    return overflow ? 1 : 0;
}

std::size_t LineDiscipline::receive(std::span<const unsigned char> bytes)
{
    // Echo goes out when all of it has been looked at: a signal character takes the echo before it along.
    std::size_t taken = 0;
    while (taken < bytes.size() && room() > 0)
        receive_one(bytes[taken++]);
    send_echoes();
    return taken;
}

void LineDiscipline::put(unsigned char c)
{
    at(head_) = c;
    line_ends_.reset(head_ % buffer_size);
    ++head_;
}

void LineDiscipline::end_line(unsigned char c)
{
    at(head_) = c;
    line_ends_.set(head_ % buffer_size);
    canon_head_ = ++head_;
}

void LineDiscipline::receive_one(unsigned char c)
{
    if (settings_.local(EXTPROC)) {
        put(c);
        return;
    }
    if (settings_.input(ISTRIP))
        c &= 0x7f;
    if (settings_.input(IUCLC) && settings_.local(IEXTEN))
        c = static_cast<unsigned char>(std::tolower(c));
    if (literal_next_) {
        literal_next_ = false;
        receive_ordinary(c);
        return;
    }
    if (c == disabled_character) {
        receive_ordinary(c);
        return;
    }
    if (receive_flow_control(c) || receive_signal(c))
        return;
    if (c == '\r') {
        if (settings_.input(IGNCR))
            return;
        if (settings_.input(ICRNL))
            c = '\n';
    } else if (c == '\n' && settings_.input(INLCR)) {
        c = '\r';
    }
    if (canonical() && (receive_edit(c) || receive_line_end(c)))
        return;
    receive_ordinary(c);
}

void LineDiscipline::receive_ordinary(unsigned char c)
{
    if (line_.stopped() && settings_.input(IXON) && settings_.input(IXANY))
        start();
    if (settings_.local(ECHO)) {
        finish_erasing();
        if (c == '\n') {
            echo_raw('\n');
        } else {
            if (canon_head_ == head_)
                queue_echo({Echo::set_column});
            echo(c);
        }
    }
    if (c == 0377 && settings_.input(PARMRK))
        put(c);
    put(c);
}

bool LineDiscipline::receive_flow_control(unsigned char c)
{
    if (!settings_.input(IXON))
        return false;
    if (settings_.is(c, VSTART)) {
        start();
        return true;
    }
    if (settings_.is(c, VSTOP)) {
        line_.set_stopped(true);
        return true;
    }
    return false;
}

bool LineDiscipline::receive_signal(unsigned char c)
{
    if (!settings_.local(ISIG))
        return false;
    struct Key {
        std::size_t which;
        int signo;
    };
    for (auto [which, signo] : {Key {VINTR, SIGINT}, {VQUIT, SIGQUIT}, {VSUSP, SIGTSTP}}) {
        if (settings_.is(c, which)) {
            signal_typed(signo, c);
            return true;
        }
    }
    return false;
}

void LineDiscipline::signal_typed(int signo, unsigned char c)
{
    line_.raise(signo);
    if (!settings_.local(NOFLSH)) {
        echoes_.clear();
        line_.drop_output();
        flush_input();
    }
    if (settings_.input(IXON))
        line_.set_stopped(false);
    if (settings_.local(ECHO))
        echo(c);
    send_echoes();
}

void LineDiscipline::flush_input()
{
    tail_ = canon_head_ = head_ = 0;
    line_ends_.reset();
    erasing_ = false;
}

bool LineDiscipline::receive_edit(unsigned char c)
{
    bool extended = settings_.local(IEXTEN);
    if (settings_.is(c, VERASE) || settings_.is(c, VKILL) || (settings_.is(c, VWERASE) && extended)) {
        erase(c);
        return true;
    }
    if (settings_.is(c, VLNEXT) && extended) {
        literal_next_ = true;
        if (settings_.local(ECHO)) {
            finish_erasing();
            if (settings_.local(ECHOCTL)) {
                echo_raw('^');
                echo_raw('\b');
            }
        }
        return true;
    }
    if (settings_.is(c, VREPRINT) && settings_.local(ECHO) && extended) {
        finish_erasing();
        echo(c);
        reprint();
        return true;
    }
    return false;
}

void LineDiscipline::reprint()
{
    echo_raw('\n');
    for (std::size_t position = canon_head_; position != head_; ++position)
        echo(at(position));
}

bool LineDiscipline::receive_line_end(unsigned char c)
{
    if (c == '\n') {
        if (settings_.local(ECHO) || settings_.local(ECHONL))
            echo_raw('\n');
        end_line(c);
        return true;
    }
    if (settings_.is(c, VEOF)) {
        end_line(disabled_character);
        return true;
    }
    if (settings_.is(c, VEOL) || (settings_.is(c, VEOL2) && settings_.local(IEXTEN))) {
        if (settings_.local(ECHO)) {
            if (canon_head_ == head_)
                queue_echo({Echo::set_column});
            echo(c);
        }
        if (c == 0377 && settings_.input(PARMRK))
            put(c);
        end_line(c);
        return true;
    }
    return false;
}

void LineDiscipline::erase(unsigned char c)
{
    if (head_ == canon_head_)
        return;
    bool single = settings_.is(c, VERASE);
    bool word = !single && settings_.is(c, VWERASE);
    if (!single && !word) { // the whole line
        if (!settings_.local(ECHO)) {
            head_ = canon_head_;
            return;
        }
        if (!settings_.local(ECHOK) || !settings_.local(ECHOKE) || !settings_.local(ECHOE)) {
            head_ = canon_head_;
            finish_erasing();
            echo(settings_.character(VKILL));
            if (settings_.local(ECHOK))
                echo_raw('\n');
            return;
        }
    }
    bool seen_word = false;
    while (head_ != canon_head_) {
        std::size_t start = head_;
        do
            --start;
        while (is_continuation(at(start)) && start != canon_head_);
        unsigned char first = at(start);
        if (is_continuation(first))
            break; // never half of a character
        if (word) {
            if (std::isalnum(first) || first == '_')
                seen_word = true;
            else if (seen_word)
                break;
        }
        std::size_t bytes = head_ - start;
        head_ = start;
        if (settings_.local(ECHO))
            echo_erased(first, bytes, single);
        if (single)
            break;
    }
    if (head_ == canon_head_ && settings_.local(ECHO))
        finish_erasing();
}

void LineDiscipline::echo_erased(unsigned char c, std::size_t bytes, bool single)
{
    if (settings_.local(ECHOPRT)) {
        if (!erasing_) {
            echo_raw('\\');
            erasing_ = true;
        }
        echo(c);
        for (std::size_t i = 1; i < bytes; ++i) {
            echo_raw(at(head_ + i));
            queue_echo({Echo::back});
        }
    } else if (single && !settings_.local(ECHOE)) {
        echo(settings_.character(VERASE));
    } else if (c == '\t') {
        echo_erased_tab();
    } else {
        int columns = std::iscntrl(c) ? (settings_.local(ECHOCTL) ? 2 : 0) : 1;
        for (; columns > 0; --columns)
            for (unsigned char blank : {'\b', ' ', '\b'})
                echo_raw(blank);
    }
}

void LineDiscipline::echo_erased_tab()
{
    // Columns since the line's start, or since the tab before: they say how far this tab went.
    unsigned columns = 0;
    for (std::size_t position = head_; position != canon_head_;) {
        unsigned char c = at(--position);
        if (c == '\t') {
            queue_echo({Echo::erase_tab, 0, true, columns});
            return;
        }
        if (std::iscntrl(c))
            columns += settings_.local(ECHOCTL) ? 2 : 0;
        else if (!is_continuation(c))
            ++columns;
    }
    queue_echo({Echo::erase_tab, 0, false, columns});
}

bool LineDiscipline::available(std::size_t minimum) const
{
    if (canonical() && !settings_.local(EXTPROC))
        return canon_head_ != tail_;
    return head_ - tail_ >= std::max<std::size_t>(minimum, 1);
}

std::size_t LineDiscipline::readable_bytes() const
{
    if (!canonical() || settings_.local(EXTPROC))
        return head_ - tail_;
    std::size_t count = 0;
    for (std::size_t position = tail_; position != canon_head_; ++position) {
        bool end_of_file = line_ends_[position % buffer_size] && buffer_[position % buffer_size] == disabled_character;
        count += end_of_file ? 0 : 1;
    }
    return count;
}

std::size_t LineDiscipline::take(std::span<std::byte> to)
{
    std::size_t done = 0;
    if (!canonical() || settings_.local(EXTPROC)) {
        for (; done < to.size() && tail_ != head_; ++done)
            to[done] = std::byte {at(tail_++)};
        canon_head_ = std::max(canon_head_, tail_);
        return done;
    }
    auto eats_end = [&] {
        if (tail_ == canon_head_ || !line_ends_[tail_ % buffer_size] || at(tail_) != disabled_character)
            return false;
        line_ends_.reset(tail_++ % buffer_size);
        return true;
    };
    while (done < to.size() && tail_ != canon_head_) {
        if (eats_end())
            return done;
        bool last = line_ends_[tail_ % buffer_size];
        line_ends_.reset(tail_ % buffer_size);
        to[done++] = std::byte {at(tail_++)};
        if (last)
            return done;
    }
    if (done > 0)
        eats_end(); // a read that ends right before it
    return done;
}

}
