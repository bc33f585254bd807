// What makes the window comfortable: small screens, large letters, names for a screen reader, contrast, warnings in time, and the
// state of a process at an event. Driven through the real window.
#pragma once

#include <QObject>

namespace ringside::test {

class ComfortTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_small_screen_shows_enough();
    void letters_of_twice_the_size_are_whole();
    void whatever_takes_the_focus_has_a_name();
    void every_text_can_be_read_on_every_ground();
    void low_disk_is_said_before_it_is_full();
    void a_killed_window_comes_back();
    void settings_of_a_run_are_kept_by_name();
    void columns_can_be_added_and_stay();
    void the_state_of_a_process_is_told_at_an_event();
    void rows_stay_readable_while_marks_are_written();
    void ten_columns_of_keys_do_not_hold_the_window_up();
};

}
