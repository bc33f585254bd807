// What people get wrong: one clear line each, the exit status that a shell would give, never a crash. As the caller, and for root also
// as user 1000.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace ringside::tests;

namespace {

void expect(const User& user, const std::string& directory, const std::vector<std::string>& arguments, int status, const std::string& part)
{
    Finished done = ringside_in(user, directory, arguments);
    std::string line;
    for (const std::string& argument : arguments)
        line += argument + " ";
    INFO(user.name << ": ringside " << line << "\n" << done.out << done.err);
    CHECK(done.status == status);
    CHECK(is_one_complaint(done.err));
    CHECK(done.err.find(part) != std::string::npos);
    CHECK(done.out.empty());
}

/// A line for the shell, which finds ringside as "$1".
Finished in_shell(const User& user, const std::string& directory, const std::string& line)
{
    std::vector<std::string> command = user.prefix;
    command.insert(command.end(), {"/bin/bash", "-c", line, "bash", RINGSIDE_PROGRAM});
    return run_process(command, directory, 60);
}

/// A scratch directory with things that are not what they should be.
class Wrong {
public:
    explicit Wrong(const User& user)
    {
        std::ofstream(path("text")) << "this is no program\n";
        std::ofstream(path("no-permission")) << "#!/bin/sh\n";
        std::ofstream(path("truncated")) << "\177ELF\2\1\1";
        std::ofstream(path("short")) << beginning_of("/bin/true", 1000);
        std::ofstream(path("half")) << beginning_of("/bin/true", 20000);
        std::ofstream(path("script")) << "#!/no/such/interpreter\n";
        std::ofstream(path("not-a-trace")) << "this is no trace\n";
        std::ofstream(path("empty"));
        for (const char* name : {"text", "truncated", "short", "half", "script"})
            chmod(path(name).c_str(), 0755);
        chmod(path("no-permission").c_str(), 0644);
        if (!user.prefix.empty())
            REQUIRE(chown(scratch_.path().c_str(), 1000, 1000) == 0);
    }
    std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }
    const std::string& directory() const { return scratch_.path(); }

private:
    static std::string beginning_of(const std::string& file, std::size_t size)
    {
        std::string bytes(size, '\0');
        REQUIRE(std::ifstream(file).read(bytes.data(), static_cast<std::streamsize>(size)));
        return bytes;
    }
    ScratchDirectory scratch_;
};

}

TEST_CASE("programs that can't be run: 127 and 126, as in a shell")
{
    for (const User& user : users()) {
        Wrong wrong(user);
        for (const char* command : {"run", "record"}) {
            expect(user, wrong.directory(), {command, "--", "ringside-no-such-program"}, 127, "ringside-no-such-program: command not found");
            expect(user, wrong.directory(), {command, "--", ""}, 127, ": command not found");
            expect(user, wrong.directory(), {command, "--", "/no/such/program"}, 127, "/no/such/program: No such file or directory");
            expect(user, wrong.directory(), {command, "--", "/etc"}, 126, "/etc: cannot execute: it is a directory");
            expect(user, wrong.directory(), {command, "--", wrong.path("text")}, 126, "exec format error");
            expect(user, wrong.directory(), {command, "--", wrong.path("truncated")}, 126, "damaged or cut short");
            // Natively SIGSEGV ends these two: their headers promise what the file does not hold.
            expect(user, wrong.directory(), {command, "--", wrong.path("short")}, 126, "short: cannot execute: the program is damaged or cut short");
            expect(user, wrong.directory(), {command, "--", wrong.path("half")}, 126, "half: cannot execute: the program is damaged or cut short");
            expect(user, wrong.directory(), {command, "--", wrong.path("script")}, 127, "script: bad interpreter: /no/such/interpreter: No such file or directory");
            expect(user, wrong.directory(), {command, "--", wrong.path("no-permission")}, 126, "permission denied");
        }
    }
}

TEST_CASE("a wrong command line: 125 and where to read on")
{
    User user = users().back();
    Wrong wrong(user);
    auto check = [&](const std::vector<std::string>& arguments, const std::string& part) { expect(user, wrong.directory(), arguments, 125, part); };
    check({}, "--help");
    check({"fly"}, "unknown command 'fly': there are run, record, show");
    check({"fly", "--help"}, "unknown command 'fly'");
    check({"--bogus"}, "--bogus");
    check({"run"}, "no program to run");
    check({"run", "--"}, "no program to run");
    check({"run", "--bogus", "--", "true"}, "--bogus");
    check({"run", "--bogus", "true"}, "--bogus");
    check({"record", "-o", "", "--", "true"}, "--output: the trace's name is empty");
    check({"run", "--memory", "lots", "--", "true"}, "lots");
    check({"run", "--memory", "0", "--", "true"}, "not a size");
    check({"run", "--memory", "1", "--", "true"}, "--memory: 1 is too little for any program: give 4M or more");
    check({"run", "--pids", "none", "--", "true"}, "--pids");
    check({"run", "--confinement", "loose", "--", "true"}, "loose");
    check({"run", "--root", "/no/such/root", "--", "true"}, "--root: /no/such/root: No such file or directory");
    check({"run", "--root", "/etc/passwd", "--", "true"}, "Not a directory");
    check({"run", "--cwd", "relative", "--", "true"}, "absolute");
    check({"run", "--bind", "nonsense", "--", "true"}, "SRC:DST");
    check({"run", "--bind", "/no/such:/x", "--", "true"}, "/no/such: No such file or directory");
    check({"run", "--bind", "/etc:relative", "--", "true"}, "absolute");
    check({"run", "--bind", "/dev/null:/x", "--", "true"}, "regular files");
    check({"run", "--env", "NOVALUE", "--", "true"}, "NAME=VALUE");
    check({"show"}, "FILE");
    check({"show", "/etc/hostname", "--bogus"}, "--bogus");
    check({"export", wrong.path("empty"), "--format", "xml"}, "xml");
    check({"query", wrong.path("empty")}, "SQL");
}

TEST_CASE("files that are no traces: 125")
{
    for (const User& user : users()) {
        Wrong wrong(user);
        for (const char* name : {"not-a-trace", "empty", "missing", "."}) {
            for (const std::vector<std::string>& rest : {std::vector<std::string> {"show"}, {"info"}, {"export", "--format", "csv"}, {"export", "--format", "html"}, {"replay"}, {"why"}, {"stats"}, {"files"}, {"net"}, {"tree"}, {"timeline", "--json"}}) {
                std::vector<std::string> arguments = rest;
                arguments.push_back(wrong.path(name));
                Finished done = ringside_in(user, wrong.directory(), arguments);
                INFO(user.name << ": " << rest.front() << " " << name << "\n" << done.out << done.err);
                CHECK(done.status == 125);
                CHECK(done.err.find("ringside: ") != std::string::npos);
                CHECK(done.err.find(std::string(name) == "." ? wrong.directory() : std::string(name)) != std::string::npos);
            }
        }
    }
}

TEST_CASE("a filter that is wrong: the column and what it is about")
{
    Wrong wrong(users().front());
    expect(users().front(), wrong.directory(), {"show", wrong.path("empty"), "-f", "ret <"}, 125, "olumn");
    expect(users().front(), wrong.directory(), {"show", wrong.path("empty"), "-f", "size > 1k"}, 125, "Write 1KiB, or B, MiB");
    expect(users().front(), wrong.directory(), {"show", wrong.path("empty"), "-f", "verdict == maybe"}, 125, "Expected served, denied, injected, unsupported.");
}

TEST_CASE("record does not overwrite, and says so")
{
    for (const User& user : users()) {
        Wrong wrong(user);
        Finished done = ringside_in(user, wrong.directory(), {"record", "-o", wrong.path("text"), "--", "true"});
        INFO(done.err);
        CHECK(done.status == 125);
        CHECK(done.err.find("--force") != std::string::npos);
        std::ifstream in(wrong.path("text"));
        std::string line;
        std::getline(in, line);
        CHECK(line == "this is no program");
    }
    expect(users().back(), "/", {"record", "-o", "/no/such/folder/x.ringside", "--", "true"}, 125, "/no/such/folder");
}

TEST_CASE("recordings within a second do not stand in each other's way")
{
    for (const User& user : users()) {
        Wrong wrong(user);
        Finished done = in_shell(user, wrong.directory(), "for i in 1 2 3 4; do \"$1\" record -- true || exit; done; ls | grep -c '^true-.*[.]ringside$'");
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.status == 0);
        CHECK(done.out == "4\n");
    }
}

TEST_CASE("a working directory that was deleted: 125 and what to do")
{
    for (const User& user : users()) {
        Wrong wrong(user);
        Finished done = in_shell(user, wrong.directory(), "mkdir gone && cd gone && rmdir ../gone && \"$1\" run -- true");
        CHECK(done.status == 125);
        CHECK(is_one_complaint(done.err));
        CHECK_THAT(done.err, Catch::Contains("the current directory has been deleted") && Catch::Contains("--cwd"));
        done = in_shell(user, wrong.directory(), "mkdir gone && cd gone && rmdir ../gone && \"$1\" run --cwd / -- pwd");
        CHECK(done.out == "/\n");
    }
}

TEST_CASE("small limits of the caller: the program gets them, the sandbox works or says which one is too small")
{
    for (const User& user : users()) {
        Wrong wrong(user);
        auto limited = [&](const std::string& limit, const std::string& command) {
            Finished done = in_shell(user, wrong.directory(), limit + "; \"$1\" " + command);
            INFO(user.name << ": " << limit << "; " << command << "\n" << done.err);
            CHECK_FALSE(done.timed_out);
            return done;
        };
        CHECK(limited("ulimit -Sn 20", "run -- sh -c 'ulimit -n'").out == "20\n");
        CHECK(limited("ulimit -Sf 100", "run -- bash -c 'ulimit -f'").out == "100\n");
        CHECK(limited("ulimit -Sf 20000", "record -o f -- bash -c 'ulimit -f'").out == "20000\n"); // which holds for the trace, too
        CHECK(limited("ulimit -n 256", "run -- bash -c 'ulimit -n; for ((i = 10; i < 250; i++)); do eval \"exec $i</etc/passwd\" || exit 9; done; cat /etc/passwd >/dev/null; echo all'").out == "256\nall\n");
        Finished done = limited("ulimit -n 20", "run -- sh -c 'ulimit -n'");
        if (done.status == 0) { // root may raise what is its own
            CHECK(done.out == "20\n");
        } else {
            CHECK(done.status == 125);
            CHECK_THAT(done.err, Catch::Contains("only 20 files") && Catch::Contains("ulimit -n"));
        }
        done = limited("ulimit -f 20000", "record -o g -- bash -c 'ulimit -f'");
        if (done.status == 0) {
            CHECK(done.out == "20000\n");
        } else {
            CHECK(done.status == 125);
            CHECK(is_one_complaint(done.err));
            CHECK_THAT(done.err, Catch::Contains("ulimit -f unlimited"));
        }
    }
}

TEST_CASE("what nobody can read is an error: a closed or full standard output")
{
    User user = users().back();
    Wrong wrong(user);
    REQUIRE(ringside_in(user, wrong.directory(), {"record", "-o", wrong.path("trace"), "--", "true"}).status == 0);
    for (const char* command : {"info trace", "info --json trace", "show trace", "why trace", "query trace 'select 1'", "--help", "run --help", "--version", "boundary"}) {
        for (const char* output : {">&-", ">/dev/full"}) {
            Finished done = in_shell(user, wrong.directory(), std::string("\"$1\" ") + command + " " + output);
            INFO(command << " " << output << "\n" << done.err);
            CHECK(done.status == 125);
            CHECK(is_one_complaint(done.err));
            CHECK_THAT(done.err, Catch::Contains("standard output: "));
        }
    }
    CHECK(in_shell(user, wrong.directory(), "\"$1\" run -- true >&-").status == 0);
    CHECK(in_shell(user, wrong.directory(), "\"$1\" run -- sh -c 'echo x' >&- 2>&-").status == 1); // as natively: EBADF for the program
}

TEST_CASE("the window without a display: one line, and what needs none works")
{
    User user = users().back();
    std::string window = std::string(RINGSIDE_PROGRAM) + "-workbench";
    if (access(window.c_str(), X_OK) != 0) {
        tell_skipped("the window's command line", "ringside-workbench, which was not built");
        return;
    }
    auto run = [&](const std::string& arguments) {
        return in_shell(user, "/", "unset DISPLAY WAYLAND_DISPLAY QT_QPA_PLATFORM; \"$1\"-workbench " + arguments);
    };
    for (const char* arguments : {"", "/etc/passwd"}) {
        Finished done = run(arguments);
        CHECK(done.status == 125);
        CHECK(done.err == "ringside-workbench: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); the ringside command reads traces without one\n");
    }
    Finished done = in_shell(user, "/", "unset WAYLAND_DISPLAY QT_QPA_PLATFORM; DISPLAY=:97 \"$1\"-workbench");
    CHECK(done.status == 125);
    CHECK(count_lines(done.err, "ringside-workbench: no window can be opened on this display: ") == 1);
    done = run("--help");
    CHECK(done.status == 0);
    CHECK_THAT(done.out, Catch::Contains("--language"));
    CHECK(run("--version").out.starts_with("ringside-workbench "));
    done = run("--bogus");
    CHECK(done.status == 125);
    CHECK(done.err.starts_with("ringside-workbench: Unknown option 'bogus'"));
    CHECK(run("--platform offscreen --bogus").status == 125);
}

TEST_CASE("help is there for everything, on the standard output")
{
    User user = users().front();
    for (const char* command : {"run", "record", "show", "info", "why", "stats", "files", "net", "host", "tree", "timeline", "export", "query", "replay", "boundary"}) {
        Finished done = run_ringside(user, {command, "--help"});
        CHECK(done.status == 0);
        CHECK(done.out.find("--help") != std::string::npos);
        CHECK(done.err.empty());
    }
    CHECK(run_ringside(user, {"run", "--help"}).out.find("Usage: ringside run [options] -- CMD") != std::string::npos);
    for (const char* command : {"why", "stats", "boundary"}) // an end of its own, not that of run
        CHECK(run_ringside(user, {command, "--help"}).out.find("the program's own") == std::string::npos);
    CHECK(run_ringside(user, {"boundary", "--help"}).out.find("CAP_SYS_ADMIN") != std::string::npos);
    CHECK(run_ringside(user, {"replay", "--help"}).out.find("1 where the program did something else") != std::string::npos);
    CHECK(run_ringside(user, {"--help"}).out.find("Exit status") != std::string::npos);
    CHECK(run_ringside(user, {"--version"}).out.starts_with("ringside "));
}
