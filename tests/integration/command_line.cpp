// Running ringside in tests.

#include "tests/integration/command_line.h"

#include <cstdio>
#include <sstream>
#include <unistd.h>

namespace ringside::tests {

bool is_root()
{
    return geteuid() == 0;
}

void tell_skipped(const std::string& what, const std::string& missing)
{
    std::printf("skip: %s: %s%s", what.c_str(), missing.c_str(), missing.ends_with('\n') ? "" : "\n");
}

bool root_for(const std::string& what)
{
    if (!is_root())
        tell_skipped(what, "the tests do not run as root");
    return is_root();
}

std::vector<User> users()
{
    std::vector<User> result {{is_root() ? "root" : "the caller", {}}};
    if (is_root())
        result.push_back({"user 1000", {"/usr/bin/setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "/usr/bin/env", "PATH=/usr/bin:/bin"}});
    return result;
}

Finished ringside_in(const User& user, const std::string& directory, const std::vector<std::string>& arguments)
{
    std::vector<std::string> command = user.prefix;
    command.push_back(RINGSIDE_PROGRAM);
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_process(command, directory, 60);
}

Finished run_ringside(const User& user, const std::vector<std::string>& arguments)
{
    ScratchDirectory scratch;
    if (!user.prefix.empty() && chown(scratch.path().c_str(), 1000, 1000) != 0)
        return {};
    return ringside_in(user, scratch.path(), arguments);
}

Finished without_user_namespaces(const User& user, const std::vector<std::string>& arguments)
{
    // A limit of 0 in a namespace of our own: the host's stays as it is.
    std::string script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    User inner = user;
    inner.prefix.insert(inner.prefix.end(), {"/usr/bin/unshare", "--user", "--map-root-user", "/bin/sh", "-c", script, "sh"});
    // Without a change of user there is no scratch directory to give away.
    if (user.prefix.empty()) {
        ScratchDirectory scratch;
        return ringside_in(inner, scratch.path(), arguments);
    }
    return run_ringside(inner, arguments);
}

int count_lines(const std::string& text, const std::string& start)
{
    int count = 0;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        count += line.starts_with(start) ? 1 : 0;
    return count;
}

bool is_one_complaint(const std::string& text)
{
    return text.starts_with("ringside: ") && text.ends_with("\n") && text.find('\n') == text.size() - 1;
}

}
