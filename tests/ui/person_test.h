// What a person does with the events of a trace: filters, finds, sorts, marks, copies. Driven through the real window; each test
// ends in what a person would see.
#pragma once

#include <QObject>

namespace ringside::test {

class PersonTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void names_of_this_trace_are_completed();
    void enter_filters_though_names_are_offered();
    void filters_of_before_come_back();
    void parts_of_a_filter_are_switched_off_and_on();
    void every_cell_becomes_a_filter();
    void matches_are_marked_among_all();
    void a_text_is_found_forward_and_back();
    void numbers_and_times_are_gone_to();
    void highlights_have_a_sign_and_can_be_off();
    void marks_and_notes_are_kept_in_the_trace();
    void marks_of_a_live_trace_are_kept_at_its_end();
    void marks_of_what_cannot_be_written_are_shown();
    void times_count_from_a_reference();
    void rows_are_sorted_within_the_filter();
    void rows_are_copied_as_cells_and_json();
};

}
