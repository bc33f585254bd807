// The terminal's keys reach the program inside as they would outside, and a sandbox that dies leaves the terminal as it was. Every story
// about keys runs natively first: what it expects there it expects inside.

#include "tests/integration/command_line.h"
#include "tests/integration/pseudo_terminal.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <unistd.h>

using namespace ringside::tests;

namespace {

struct Way {
    std::string name;
    std::vector<std::string> prefix;

    std::vector<std::string> of(std::vector<std::string> command) const
    {
        std::vector<std::string> result = prefix;
        result.insert(result.end(), command.begin(), command.end());
        return result;
    }
    /// As it is typed into a shell.
    std::string typed(const std::string& command) const
    {
        std::string line;
        for (std::size_t i = 0; i < prefix.size(); ++i)
            line += prefix[i] + " ";
        return line + command;
    }
};

std::vector<Way> ways()
{
    std::vector<Way> result {{"natively", {"/usr/bin/env"}}};
    for (const User& user : users()) {
        Way way {"inside, " + user.name, user.prefix};
        way.prefix.insert(way.prefix.end(), {RINGSIDE_PROGRAM, "run", "--"});
        result.push_back(way);
    }
    return result;
}

const std::string control_c = "\x03", control_d = "\x04", control_z = "\x1a", control_backslash = "\x1c";

/// What is typed into an interactive shell does not come back from now on.
void silence(PseudoTerminal& shell)
{
    shell.type("PS1='$ '; PS2=; stty -echo; echo set\n");
    REQUIRE(shell.shows("set\r\n"));
}

/// The job in the foreground reads to the end of its input and exits with 0; then the shell exits.
void end_cat_and_shell(PseudoTerminal& shell)
{
    shell.type(control_d);
    shell.type("echo status $?\n");
    CHECK(shell.shows("status 0\r\n"));
    shell.type("exit\n");
    CHECK(shell.ended() == 0);
}

}

TEST_CASE("Ctrl-C and Ctrl-backslash end the foreground job by their signals")
{
    for (const Way& way : ways()) {
        for (const auto& [key, status] : {std::pair(control_c, 130), std::pair(control_backslash, 131)}) {
            PseudoTerminal terminal(way.of({"/bin/sh", "-c", "echo ready; exec cat"}));
            REQUIRE(terminal.shows("ready\r\n"));
            terminal.type("line\n");
            REQUIRE(terminal.shows("line\r\nline\r\n"));
            terminal.type(key);
            int ended = terminal.ended();
            INFO(way.name << "\n" << terminal.all());
            CHECK(ended == status);
        }
    }
}

TEST_CASE("Ctrl-C reaches every process of a pipeline, and a handler")
{
    for (const Way& way : ways()) {
        PseudoTerminal terminal(way.of({"/bin/bash", "-c", "trap 'echo outer' INT; echo ready; sleep 100 | (trap 'echo inner >&2; exit 3' INT; while :; do sleep 0.05; done); echo ${PIPESTATUS[*]}"}));
        INFO(way.name);
        REQUIRE(terminal.shows("ready\r\n"));
        usleep(400'000);
        terminal.type(control_c);
        CHECK(terminal.shows("130 3\r\n"));
        CHECK(terminal.ended() == 0);
        CHECK(terminal.all().find("inner") != std::string::npos);
        CHECK(terminal.all().find("outer") != std::string::npos);
    }
}

TEST_CASE("without ISIG the keys are bytes, and Ctrl-D ends the input")
{
    for (const Way& way : ways()) {
        PseudoTerminal terminal(way.of({"/bin/bash", "-c", "stty -isig -icanon; echo ready; dd bs=1 count=1 2>/dev/null | od -An -tu1; stty isig icanon; echo cooked; cat; echo end"}));
        INFO(way.name << "\n" << terminal.all());
        REQUIRE(terminal.shows("ready\r\n"));
        terminal.type(control_c);
        REQUIRE(terminal.shows("3\r\n"));
        REQUIRE(terminal.shows("cooked\r\n"));
        terminal.type(control_d);
        CHECK(terminal.shows("end\r\n"));
        CHECK(terminal.ended() == 0);
    }
}

TEST_CASE("Ctrl-Z stops the job for the shell that waits, fg goes on with it")
{
    for (const Way& way : ways()) {
        PseudoTerminal terminal({"/bin/bash", "--norc", "--noprofile", "-i"});
        INFO(way.name << "\n" << terminal.all());
        silence(terminal);
        terminal.type(way.typed("sh -c 'echo ready; exec cat'\n"));
        REQUIRE(terminal.shows("ready\r\n"));
        for (int round = 0; round < 2; ++round) {
            terminal.type(control_z);
            REQUIRE(terminal.shows("Stopped"));
            terminal.type("echo shell; jobs\n");
            REQUIRE(terminal.shows("shell\r\n"));
            REQUIRE(terminal.shows("Stopped"));
            terminal.type("fg\n");
            REQUIRE(terminal.shows("cat'\r\n"));
            usleep(200'000);
            terminal.type("again\n");
            REQUIRE(terminal.shows("again\r\n"));
        }
        end_cat_and_shell(terminal);
    }
}

TEST_CASE("a background job that reads its terminal is stopped, fg goes on with it")
{
    for (const Way& way : ways()) {
        PseudoTerminal terminal({"/bin/bash", "--norc", "--noprofile", "-i"});
        INFO(way.name << "\n" << terminal.all());
        silence(terminal);
        terminal.type(way.typed("sh -c 'echo ready; exec cat' &\n"));
        REQUIRE(terminal.shows("ready\r\n"));
        bool stopped = false;
        for (int attempt = 0; attempt < 20 && !stopped; ++attempt) {
            terminal.type("jobs\n");
            stopped = terminal.shows("Stopped", 1);
        }
        REQUIRE(stopped);
        terminal.type("fg\n");
        REQUIRE(terminal.shows("cat'\r\n"));
        usleep(200'000);
        terminal.type("hello\n");
        REQUIRE(terminal.shows("hello\r\n"));
        end_cat_and_shell(terminal);
    }
}

TEST_CASE("a shell inside has job control of its own")
{
    for (const Way& way : ways()) {
        PseudoTerminal terminal(way.of({"/bin/bash", "--norc", "--noprofile", "-i"}));
        INFO(way.name << "\n" << terminal.all());
        terminal.type("PS1='$ '; stty -echo; echo set\n");
        REQUIRE(terminal.shows("set\r\n"));
        terminal.type("sh -c 'echo ready; exec cat'\n");
        REQUIRE(terminal.shows("ready\r\n"));
        terminal.type(control_z);
        REQUIRE(terminal.shows("Stopped"));
        terminal.type("bg; sleep 0.2; jobs; echo listed\n");
        REQUIRE(terminal.shows("Stopped")); // by SIGTTIN, as it reads in the background
        REQUIRE(terminal.shows("listed\r\n"));
        terminal.type("fg\n");
        usleep(300'000);
        terminal.type("again\n");
        REQUIRE(terminal.shows("again\r\n"));
        terminal.type(control_c); // which also drops what was typed ahead
        REQUIRE(terminal.shows("$ "));
        terminal.type("echo status $?\n");
        CHECK(terminal.shows("status 130\r\n"));
        terminal.type("exit 7\n");
        CHECK(terminal.ended() == 7);
    }
}

TEST_CASE("the window's size changes inside too")
{
    for (const Way& way : ways()) {
        PseudoTerminal terminal(way.of({"/bin/bash", "-c", "trap 'stty size; exit 4' WINCH; stty size; while :; do sleep 0.05; done"}));
        INFO(way.name << "\n" << terminal.all());
        REQUIRE(terminal.shows("24 80\r\n"));
        usleep(200'000);
        terminal.resize(40, 100);
        CHECK(terminal.shows("40 100\r\n"));
        CHECK(terminal.ended() == 4);
    }
}

TEST_CASE("kill -9 of the supervisor, the guard or the Sentry: the terminal's settings are as before")
{
    for (const User& user : users()) {
        for (const char* victim : {"ringside", "ringside-guard", "ringside-sentry"}) {
            ScratchDirectory scratch;
            if (!user.prefix.empty())
                REQUIRE(chown(scratch.path().c_str(), 1000, 1000) == 0);
            // A shell leads the session, as in life: with the leader the terminal would hang up.
            std::string script = "\"$@\"; echo over; read -r line";
            std::vector<std::string> command {"/bin/sh", "-c", script, "sh"};
            command.insert(command.end(), user.prefix.begin(), user.prefix.end());
            command.insert(command.end(), {RINGSIDE_PROGRAM, "record", "-o", scratch.path() + "/t.ringside", "--", "sh", "-c", "stty raw -echo; echo ready; sleep 100"});
            PseudoTerminal terminal(command);
            termios before = terminal.settings();
            INFO(user.name << ", " << victim << "\n" << terminal.all());
            REQUIRE(terminal.shows("ready\n"));
            REQUIRE(!same_settings(terminal.settings(), before));
            pid_t pid = process_below(terminal.process(), victim);
            REQUIRE(pid > 0);
            kill(pid, SIGKILL);
            CHECK(terminal.shows("over"));
            CHECK(terminal.settings_become(before));
        }
    }
}

TEST_CASE("kill -9 of a supervisor that leads its session: the terminal's settings are as before")
{
    for (const User& user : users()) {
        std::vector<std::string> command = user.prefix;
        command.insert(command.end(), {RINGSIDE_PROGRAM, "run", "--", "sh", "-c", "stty raw -echo; echo ready; sleep 100"});
        PseudoTerminal terminal(command);
        termios before = terminal.settings();
        INFO(user.name << "\n" << terminal.all());
        REQUIRE(terminal.shows("ready\n"));
        kill(terminal.process(), SIGKILL);
        CHECK(terminal.ended() == 128 + SIGKILL);
        CHECK(terminal.settings_become(before));
    }
}
