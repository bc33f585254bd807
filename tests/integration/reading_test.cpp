// What reads a trace, on files in every state: still being recorded, cut, from a newer version, altered, no file at all. As the caller, and
// for root also as user 1000.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace ringside::tests;

namespace {

const std::vector<std::vector<std::string>> readers {{"show"}, {"info"}, {"export", "--format", "csv"}, {"export", "--format", "strace"}, {"replay"}};

/// A directory of the user's with a recording in it.
class Traces {
public:
    Traces(const User& user, const std::vector<std::string>& program, const std::vector<std::string>& environment = {}) : user_(user)
    {
        if (!user.prefix.empty())
            REQUIRE(chown(scratch_.path().c_str(), 1000, 1000) == 0);
        if (!environment.empty()) {
            if (user_.prefix.empty())
                user_.prefix = {"/usr/bin/env"};
            user_.prefix.insert(user_.prefix.end(), environment.begin(), environment.end());
        }
        std::vector<std::string> arguments {"record", "-o", path("trace"), "--"};
        arguments.insert(arguments.end(), program.begin(), program.end());
        Finished done = ringside_in(user_, scratch_.path(), arguments);
        INFO(done.err);
        REQUIRE(done.status == 0);
    }
    std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }
    const std::string& directory() const { return scratch_.path(); }
    Finished ringside(std::vector<std::string> arguments) const { return ringside_in(user_, scratch_.path(), arguments); }
    Finished as_user(std::vector<std::string> command) const
    {
        command.insert(command.begin(), user_.prefix.begin(), user_.prefix.end());
        return run_process(command, scratch_.path(), 60);
    }
    /// SQL on a copy of the trace.
    std::string changed(const std::string& name, const std::string& sql) const
    {
        Finished done = as_user({"/bin/sh", "-c", "cp trace \"$1\" && sqlite3 \"$1\" \"$2\"", "sh", name, sql});
        INFO(sql << "\n" << done.err);
        REQUIRE(done.status == 0);
        return path(name);
    }
    /// All readers end with 125 and one line that holds `part`.
    void all_refuse(const std::string& file, const std::string& part) const
    {
        std::vector<std::vector<std::string>> all = readers;
        all.push_back({"query"});
        for (std::vector<std::string> arguments : all) {
            arguments.insert(arguments.begin() + 1, file);
            if (arguments.front() == "query")
                arguments.push_back("select 1");
            Finished done = ringside(arguments);
            INFO(user_.name << ": " << arguments.front() << " " << file << "\n" << done.out << done.err);
            CHECK_FALSE(done.timed_out);
            CHECK(done.status == 125);
            CHECK(is_one_complaint(done.err));
            CHECK(done.err.find(part) != std::string::npos);
        }
    }

private:
    User user_;
    ScratchDirectory scratch_;
};

std::vector<std::string> entries(const std::string& directory)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename());
    return names;
}

}

TEST_CASE("no trace at all, a FIFO, a half one, one of a newer version: 125 and one line, without waiting")
{
    for (const User& user : users()) {
        Traces traces(user, {"true"});
        REQUIRE(mkfifo(traces.path("fifo").c_str(), 0666) == 0);
        traces.all_refuse(traces.path("fifo"), "no regular file");
        std::ofstream(traces.path("empty"));
        traces.all_refuse(traces.path("empty"), "empty");
        traces.all_refuse(traces.directory(), "directory");
        std::filesystem::copy_file(traces.path("trace"), traces.path("half"));
        std::filesystem::resize_file(traces.path("half"), std::filesystem::file_size(traces.path("half")) / 2);
        REQUIRE(chmod(traces.path("half").c_str(), 0644) == 0);
        traces.all_refuse(traces.path("half"), "damaged");
        traces.all_refuse(traces.changed("newer", "pragma user_version = 999"), "newer Ringside");
    }
}

TEST_CASE("a cut trace in a folder that may not be written is read with its log")
{
    for (const User& user : users()) {
        Traces traces(user, {"true"});
        Finished cut = traces.as_user({"/bin/sh", "-c",
            R"(mkdir kept; "$1" record -o kept/cut -- sh -c 'echo begun; sleep 1000' > out 2>&1 & pid=$!
            while ! grep -q begun out; do sleep 0.1; done; sleep 0.5; kill -KILL $pid; wait $pid; rm -f kept/cut-shm; ls kept; chmod 555 kept)", "sh", RINGSIDE_PROGRAM});
        INFO(user.name << "\n" << cut.out << cut.err);
        REQUIRE(cut.out.find("cut-wal") != std::string::npos);
        // root writes anywhere: as somebody who may read it all the same
        std::string reader = R"(cd kept && "$1" info cut && "$1" show cut)";
        if (user.prefix.empty() && is_root())
            reader = "chown -R 1000 . && chmod 755 . && exec setpriv --reuid=1000 --regid=1000 --clear-groups /bin/sh -c '" + reader + "' sh \"$1\"";
        Finished done = traces.as_user({"/bin/sh", "-c", reader, "sh", RINGSIDE_PROGRAM});
        INFO(done.out << done.err);
        CHECK(done.status == 0);
        CHECK_THAT(done.out, Catch::Contains("cut: the recording ringside was killed") && Catch::Contains("execve(") && Catch::Contains("begun"));
    }
}

TEST_CASE("a trace that is still being recorded can be read by everything")
{
    for (const User& user : users()) {
        Traces traces(user, {"true"});
        Finished done = traces.as_user({"/bin/sh", "-c",
            R"("$1" record -o live -- sh -c 'echo begun; sleep 1000' > live-out 2>&1 & pid=$!
            while ! grep -q begun live-out; do sleep 0.1; done; sleep 0.5
            "$1" info live && "$1" show live > shown && "$1" export live --format jsonl > exported && "$1" query live 'select count(*) from event'
            status=$?; kill -TERM $pid; wait $pid; echo status $status; grep -c execve shown exported)", "sh", RINGSIDE_PROGRAM});
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.out.find("status 0") != std::string::npos);
        CHECK(done.out.find("still being recorded") != std::string::npos);
        CHECK(done.out.find("shown:0") == std::string::npos);
        CHECK(done.out.find("exported:0") == std::string::npos);
    }
}

TEST_CASE("an export that finds no room leaves nothing behind and says so in one line")
{
    for (const User& user : users()) {
        Traces traces(user, {"ls", "/usr/lib"});
        auto before = entries(traces.directory()).size();
        Finished done = traces.as_user({"/usr/bin/prlimit", "--fsize=4096", RINGSIDE_PROGRAM, "export", "trace", "--format", "csv", "-o", "out.csv"});
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.status == 125);
        CHECK(is_one_complaint(done.err));
        CHECK(done.err.find("out.csv") != std::string::npos);
        CHECK(entries(traces.directory()).size() == before);
    }
    if (!root_for("an export to a full disk"))
        return;
    Traces traces(users().front(), {"ls", "/usr/lib"});
    Finished done = traces.as_user({"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
        R"(mkdir full && mount -t tmpfs -o size=8k tmpfs full && "$1" export trace --format csv -o full/out.csv; echo status $?; ls full | wc -l)", "sh", RINGSIDE_PROGRAM});
    if (done.err.find("unshare") != std::string::npos || done.err.find("mount:") != std::string::npos) {
        tell_skipped("an export to a full disk", "no tmpfs can be mounted in a namespace: " + done.err);
        return;
    }
    INFO(done.out << done.err);
    CHECK(done.out == "status 125\n0\n");
    CHECK(is_one_complaint(done.err));
    CHECK(done.err.find("No space left on device") != std::string::npos);
}

TEST_CASE("a recording without CPUID trapped is refused on another model of processor")
{
    for (const User& user : users()) {
        Traces traces(user, {"true"}, {"RINGSIDE_TEST_NATIVE_CPUID=1"});
        CHECK(traces.ringside({"replay", "trace"}).status == 0);
        Finished done = traces.ringside({"replay", traces.changed("other", "update meta set value = 'AnotherModel 1' where key = 'processor_model'")});
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.status == 125);
        CHECK(is_one_complaint(done.err));
        CHECK(done.err.find("another model of processor") != std::string::npos);
    }
}

TEST_CASE("memory at a process' end is compared in replay: one wrong hash stops it, with the range")
{
    User user = users().back();
    Traces traces(user, {"sh", "-c", "x=$(ls /etc | wc -l); echo $x"});
    Finished same = traces.ringside({"replay", "trace"});
    INFO(same.out << same.err);
    CHECK(same.status == 0);
    // A digest's first range, as it is, with another hash.
    Finished hex = traces.as_user({"/usr/bin/sqlite3", traces.path("trace"), "select count(*) from data where arg = 250"});
    CHECK(std::stoi(hex.out) >= 3);
    std::string other = traces.changed("other",
        "update data set bytes = cast(substr(bytes, 1, 16) || x'0102030405060708' as blob) where arg = 250 and bytes is not null and blob is null");
    Finished done = traces.ringside({"replay", other});
    INFO(done.out << done.err);
    CHECK(done.status == 1);
    CHECK((done.out + done.err).find("memory differs at the end of process") != std::string::npos);
}

TEST_CASE("the note about what a trace holds comes when a recording has begun, once, and at a terminal alone")
{
    for (const User& user : users()) {
        Traces traces(user, {"true"});
        Finished done = traces.as_user({"/usr/bin/env", "HOME=" + traces.directory(), "XDG_STATE_HOME=", "/usr/bin/script", "-qec",
            std::string(RINGSIDE_PROGRAM) + " record -o first -- /no/such/program; " + RINGSIDE_PROGRAM + " record -o second -- true; "
                + RINGSIDE_PROGRAM + " record -o third -- true; echo all done", "/dev/null"});
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.out.find("all done") != std::string::npos);
        auto note = done.out.find("note: a trace holds");
        CHECK(note != std::string::npos);
        CHECK(note > done.out.find("/no/such/program"));
        CHECK(done.out.find("note: a trace holds", note + 1) == std::string::npos);
    }
}
