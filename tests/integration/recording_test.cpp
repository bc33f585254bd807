// What a recording made on the command line holds.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

using namespace ringside::tests;

namespace {

/// A folder that the user may write, with one trace in it.
class Recorded {
public:
    Recorded(const User& user, const std::vector<std::string>& command)
        : user_(user)
    {
        if (!user.prefix.empty())
            REQUIRE(chown(scratch_.path().c_str(), 1000, 1000) == 0);
        std::vector<std::string> arguments {"record", "-o", path(), "--"};
        arguments.insert(arguments.end(), command.begin(), command.end());
        Finished done = ringside_in(user, scratch_.path(), arguments);
        INFO(done.out << done.err);
        REQUIRE(done.status == 0);
    }
    std::string path() const { return scratch_.path() + "/trace.ringside"; }
    const std::string& directory() const { return scratch_.path(); }
    Finished ask(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin() + 1, path());
        return ringside_in(user_, scratch_.path(), arguments);
    }
    /// The value of a query with one row and one column.
    std::string value(const std::string& sql) const { return ask({"query", sql, "--no-header"}).out; }

private:
    User user_;
    ScratchDirectory scratch_;
};

}

TEST_CASE("a trace begins with the execve of its program, as strace's does")
{
    for (const User& user : users()) {
        Recorded by_name(user, {"env", "-i", "A=1", "true", "x"});
        std::string first = by_name.ask({"show", "-v"}).out;
        first.resize(first.find('\n'));
        INFO(first);
        CHECK(first.find("execve(\"/") != std::string::npos);
        CHECK(first.find("/env\", [\"env\", \"-i\", \"A=1\", \"true\", \"x\"], [\"") != std::string::npos);
        CHECK(first.ends_with("= 0"));
        CHECK(by_name.value("select count(*) from event where kind = (select kind from event where id = 1) and nr = 59 and id = 1") == "1\n");

        // What was looked for along PATH and was not there is nobody's call.
        Recorded along_path(user, {"true"});
        CHECK(along_path.value("select count(*) from syscalls where name = 'execve'") == "1\n");
        CHECK(along_path.ask({"replay"}).out.find("all identical") != std::string::npos);
    }
}

TEST_CASE("an exec with thousands of arguments is a few rows, and all of them are there")
{
    User user = users().back();
    Recorded trace(user, {"sh", "-c", "exec /bin/echo $(seq 1 3000) > /dev/null"});
    std::string last = "select max(event) from exec";
    INFO(trace.value("select count(*) from data where direction = 0 and event = (" + last + ")"));
    CHECK(std::stoi(trace.value("select count(*) from data where direction = 0 and event = (" + last + ")")) < 40);
    std::string shown = trace.ask({"show", "-v", "-f", "syscall == execve"}).out;
    CHECK(shown.find("[\"/bin/echo\", \"1\", \"2\", \"3\",") != std::string::npos);
    CHECK(shown.find("\"2999\", \"3000\"], [\"") != std::string::npos);
    CHECK(trace.ask({"replay"}).out.find("all identical") != std::string::npos);
}

TEST_CASE("a long argument is cut at the cap, and its neighbours are whole")
{
    User user = users().back();
    Recorded trace(user, {"sh", "-c", "exec /bin/echo before \"$(printf '%9000s' x)\" after > /dev/null"});
    CHECK(trace.value("select length from data where capped and direction = 0 and event = (select max(event) from exec)") == "9001\n");
    std::string shown = trace.ask({"show", "-s", "8", "-f", "syscall == execve"}).out;
    CHECK(shown.find("[\"/bin/ech\"..., \"before\", \"        \"..., \"after\"]") != std::string::npos);
    CHECK(trace.ask({"replay"}).out.find("all identical") != std::string::npos);
}

TEST_CASE("the trace tells how many calls went through patched sites, and either way replays the other's recording")
{
    const std::vector<std::string> many {"sh", "-c", "i=0; while [ $i -lt 300 ]; do cd /; i=$((i + 1)); done"};
    for (const User& user : users()) {
        for (bool patched : {true, false}) {
            ScratchDirectory scratch;
            if (!user.prefix.empty())
                REQUIRE(chown(scratch.path().c_str(), 1000, 1000) == 0);
            std::string trace = scratch.path() + "/trace.ringside";
            std::vector<std::string> arguments {"record", "-o", trace};
            if (!patched)
                arguments.push_back("--no-patch");
            arguments.push_back("--");
            arguments.insert(arguments.end(), many.begin(), many.end());
            REQUIRE(ringside_in(user, scratch.path(), arguments).status == 0);
            auto meta = [&](const std::string& key) {
                return std::stoul("0" + ringside_in(user, scratch.path(), {"query", trace, "select value from meta where key = '" + key + "'", "--no-header"}).out);
            };
            CHECK((meta("calls_patched") >= 200) == patched);
            CHECK((meta("calls_patched") == 0) == !patched);
            CHECK(meta("calls_patched") + meta("calls_trapped") >= 300);
            CHECK(ringside_in(user, scratch.path(), {"info", trace}).out.find(" by patched sites, ") != std::string::npos);
            CHECK(ringside_in(user, scratch.path(), {"replay", trace}).out.find("identical") != std::string::npos);
            CHECK(ringside_in(user, scratch.path(), {"replay", "--no-patch", trace}).out.find("identical") != std::string::npos);
        }
    }
}

TEST_CASE("time asked for by the vDSO is recorded, and goes by patched sites as well")
{
    std::string bench = RINGSIDE_PROGRAM;
    bench.replace(bench.rfind('/') + 1, std::string::npos, "system-bench");
    for (const User& user : users()) {
        Recorded asked(user, {bench, "clock_gettime", "1000"});
        CHECK(std::stoul("0" + asked.value("select count(*) from syscalls where name = 'clock_gettime'")) >= 1000);
        CHECK(std::stoul("0" + asked.value("select value from meta where key = 'calls_patched'")) >= 900);
        CHECK(asked.ask({"replay"}).out.find("identical") != std::string::npos);
    }
}

TEST_CASE("tens of thousands of the host's files are walked and recorded beside a writable bind, to the end and as natively")
{
    for (const User& user : users()) {
        ScratchDirectory scratch;
        if (!user.prefix.empty())
            REQUIRE(chown(scratch.path().c_str(), 1000, 1000) == 0);
        std::vector<std::string> walk {"/usr/bin/find", "/usr", "-xdev", "-not", "-path", "*/__pycache__*"};
        std::vector<std::string> recorded {"record", "--bind", scratch.path() + ":" + scratch.path(), "--force", "-o", scratch.path() + "/walk.ringside", "--"};
        recorded.insert(recorded.end(), walk.begin(), walk.end());
        std::vector<std::string> native = user.prefix;
        native.insert(native.end(), walk.begin(), walk.end());
        Finished inside, outside = run_process(native, scratch.path(), 60);
        // What was walked must not have changed under the walk: then there is nothing to compare, and it is walked again.
        bool steady = false;
        for (int attempt = 0; attempt < 5 && !steady; ++attempt) {
            Finished before = outside;
            inside = ringside_in(user, scratch.path(), recorded);
            outside = run_process(native, scratch.path(), 60);
            steady = before.out == outside.out;
        }
        REQUIRE(steady);
        // A folder that the user may not read is complained of, and makes the status 1: root has none.
        CHECK(inside.status == outside.status);
        CHECK(inside.err == outside.err);
        CHECK(outside.out.size() > 1'000'000);
        bool same = inside.out == outside.out; // not to be printed
        CHECK(same);
    }
}
