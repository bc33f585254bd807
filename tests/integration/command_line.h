// Running build/…/bin/ringside as its users would.
#pragma once

#include "tests/integration/child_process.h"

#include <string>
#include <vector>

namespace ringside::tests {

struct User {
    std::string name;
    std::vector<std::string> prefix; ///< a command that changes to the user
};

bool is_root();
/// Prints that `what` was not tested, and what is missing for it on this machine.
void tell_skipped(const std::string& what, const std::string& missing);
/// is_root(); says so where it is not, since `what` needs it.
bool root_for(const std::string& what);
/// The caller; for root also user 1000.
std::vector<User> users();
/// `ringside ARGUMENTS`, in a scratch directory that the user may write.
Finished run_ringside(const User& user, const std::vector<std::string>& arguments);
Finished ringside_in(const User& user, const std::string& directory, const std::vector<std::string>& arguments);
/// The same where unshare(CLONE_NEWUSER) fails.
Finished without_user_namespaces(const User& user, const std::vector<std::string>& arguments);
/// Lines that begin with `start`.
int count_lines(const std::string& text, const std::string& start);
/// Text that is one line, and begins with "ringside: ".
bool is_one_complaint(const std::string& text);

}
