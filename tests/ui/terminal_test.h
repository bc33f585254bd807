// The terminal: what it shows of what a program prints, what it sends of what a person types, and a program that talks to it.
#pragma once

#include <QObject>

namespace ringside::test {

class TerminalTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lines_colours_and_movements_are_shown();
    void what_scrolled_off_stays_readable();
    void a_full_screen_program_gives_the_screen_back();
    void keys_are_sent_as_a_terminal_sends_them();
    void text_is_selected_and_copied();
    void what_was_recorded_is_laid_out_anew_at_another_width();
    void a_program_learns_the_size_and_its_change();
    void the_first_size_it_sees_is_the_one_that_stays();
    void stop_becomes_kill_where_a_program_stays();
    void control_c_interrupts_and_keys_reach_the_program();
};

}
