// The docks, driven through the real window: each test ends in what a person would see.
#pragma once

#include <QObject>

namespace ringside::test {

class DocksTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void docks_of_no_trace_say_what_to_do();
    void docks_follow_the_filter();
    void numbers_agree();
    void the_timeline_zooms_and_filters();
    void exports_are_read_by_their_own_consumers();
    void why_a_program_failed_is_told_unasked();
    void what_went_over_loopback_is_read_in_both_directions();
    void the_home_can_be_hidden();
};

}
