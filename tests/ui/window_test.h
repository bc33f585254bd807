// The real window, on Qt's offscreen platform.
#pragma once

#include <QObject>

namespace ringside::test {

class WindowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_mistake_in_the_filter_is_shown_where_it_is();
    void completion_offers_names_and_inserts_them();
    void escape_clears_the_filter_and_keeps_the_event();
    void quick_filters_compose();
    void places_visited_are_gone_back_to();
    void problems_are_reached_by_key();
    void what_was_done_with_a_descriptor_is_walked_through();
    void each_part_of_the_status_leads_somewhere();
    void the_inspector_takes_a_call_apart();
    void rows_are_copied_as_strace_writes_them();
    void a_letter_does_not_search_millions_of_rows();
    void files_that_are_no_traces_give_one_line();
    void a_growing_trace_is_followed();
    void the_end_of_a_run_is_in_sight();
    void a_program_is_recorded();
    void a_program_that_does_not_exist_says_so();
    void what_is_typed_reaches_the_program();
    void the_window_is_never_held_up();
};

}
