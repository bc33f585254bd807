// The confinement from outside: its own tests from inside, what `ringside boundary` reads back, and nothing left behind. As the caller,
// and for root also as user 1000.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace ringside::tests;

TEST_CASE("the Sentry finds no way out, at either level")
{
    for (const User& user : users()) {
        for (const char* level : {"full", "reduced"}) {
            Finished done = run_ringside(user, {"boundary", "--test", "--confinement", level});
            INFO(user.name << " " << level << "\n" << done.out << done.err);
            CHECK(done.status == 0);
            CHECK(done.out.find("FAILED") == std::string::npos);
            CHECK(count_lines(done.out, "ok ") >= 45);
        }
    }
}

TEST_CASE("boundary shows level full, at most 32 host calls, and no process with a capability but the one to read, of root's Sentry")
{
    for (const User& user : users()) {
        Finished done = run_ringside(user, {"boundary"});
        INFO(user.name << "\n" << done.out << done.err);
        REQUIRE(done.status == 0);
        CHECK(done.out.find("Confinement: full.") == 0);
        std::size_t at = done.out.find("Host calls of the Sentry: ");
        REQUIRE(at != std::string::npos);
        CHECK(std::stoi(done.out.substr(at + 26)) <= 32);
        CHECK(count_lines(done.out, "ringside-stub (process") >= 1);
        bool reads_all = is_root() && user.prefix.empty();
        int sentries = count_lines(done.out, "  capabilities CAP_DAC_READ_SEARCH alone");
        CHECK(sentries == (reads_all ? 1 : 0));
        CHECK(count_lines(done.out, "  capabilities none, no_new_privs yes, seccomp filter") == count_lines(done.out, "ringside-") - sentries);
        CHECK(done.out.find("NO FILTER") == std::string::npos);
    }
}

TEST_CASE("root reads the filters back from every thread")
{
    if (!root_for("root reads the filters back from every thread"))
        return;
    Finished done = run_ringside(users().front(), {"boundary"});
    CHECK(done.out.find("Filters: read back from the running processes.") != std::string::npos);
    CHECK(done.out.find("can't be read back") == std::string::npos);
}

TEST_CASE("root reads everybody's files inside, and whom it turns into does not")
{
    if (!root_for("root reads everybody's files inside, and whom it turns into does not"))
        return;
    ScratchDirectory scratch;
    std::string folder = scratch.path() + "/closed", file = folder + "/file";
    REQUIRE(mkdir(folder.c_str(), 0700) == 0);
    std::ofstream(file) << "kept\n";
    REQUIRE(chmod(file.c_str(), 0600) == 0);
    REQUIRE(chown(file.c_str(), 1000, 1000) == 0);
    REQUIRE(chown(folder.c_str(), 1000, 1000) == 0);
    REQUIRE(chmod(scratch.path().c_str(), 0755) == 0);
    const std::string script = R"(as() { setpriv --reuid=$1 --regid=$1 --clear-groups "${@:2}"; }
cat $0; ls ${0%/*}; as 1000 cat $0; as 1001 cat $0; as 1001 ls ${0%/*}; as 1000 cat /etc/shadow; as 1000 ls /root
echo more >>$0; cat $0; as 1001 sh -c "echo x >>$0"; chmod 0 $0; cat $0)";
    const std::vector<std::string> command {"bash", "-c", script, file};
    std::vector<std::string> native {"/usr/bin/env"};
    native.insert(native.end(), command.begin(), command.end());
    for (const char* level : {"full", "reduced"}) {
        std::vector<std::string> arguments {"run", "--confinement", level, "--"};
        arguments.insert(arguments.end(), command.begin(), command.end());
        Finished inside = ringside_in(users().front(), scratch.path(), arguments);
        Finished outside = run_process(native, scratch.path(), 20);
        INFO(level);
        CHECK(inside.out == outside.out);
        CHECK(inside.err == outside.err);
        // As it was before the run outside, which has changed it.
        std::ofstream(file) << "kept\n";
        REQUIRE(chmod(file.c_str(), 0600) == 0);
    }
}

TEST_CASE("without user namespaces: 125 with what to do, and reduced works")
{
    for (const User& user : users()) {
        Finished full = without_user_namespaces(user, {"boundary", "--test"});
        INFO(user.name << "\n" << full.out << full.err);
        CHECK(full.status == 125);
        CHECK(full.err.find("--confinement=reduced") != std::string::npos);
        CHECK(count_lines(full.err, "ringside: ") == 1);
        CHECK(without_user_namespaces(user, {"boundary", "--test", "--confinement=reduced"}).status == 0);
    }
}
