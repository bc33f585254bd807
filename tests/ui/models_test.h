// The parts of the window that need no window.
#pragma once

#include <QObject>

namespace ringside::test {

class ModelsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void command_lines_are_split_as_a_shell_does();
    void times_and_bytes_are_readable();
    void code_is_read_backwards_from_a_call();
    void rows_arrive_without_the_model_waiting();
    void rows_say_what_the_decoder_says();
    void filtered_rows_keep_their_events();
    void a_filter_over_the_trace_finds_what_each_event_says();
    void a_filter_follows_a_growing_trace();
    void a_document_grows_and_ends();
    void processes_form_a_tree();
    void cells_become_filters();
};

}
