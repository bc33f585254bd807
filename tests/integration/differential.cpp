// Runs one guest test program by the host's kernel and inside the sandbox, and compares what can be seen of it:
// standard output, standard error and the exit status.
//   differential --ringside FILE [--mode native|run|record] [--seconds N] [--option OPTION]... -- PROGRAM
// native  the program must pass on this host; what it skips is listed
// run     the same output inside `ringside run`
// record  the same inside `ringside record`, and three replays of the trace that say "identical"
// When the whole program differs, each of its tests is run alone, so that one hang does not hide the others.
// RINGSIDE_TEST_OPTIONS adds options to run and record (a host without user namespaces: --confinement=reduced).
#include "child_process.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/core.h>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace {

using ringside::tests::Finished;
using ringside::tests::run_process;
using ringside::tests::ScratchDirectory;
namespace fs = std::filesystem;

constexpr int replays = 3;
constexpr size_t lines_shown = 60;
constexpr int seconds_alone = 10;

struct Request {
    std::string ringside;
    std::string mode = "run";
    int seconds = 120;
    std::vector<std::string> options;
    std::string program;
};

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// Where two outputs part: enough to see which test it was, not more.
std::string difference(const std::string& what, const std::string& native, const std::string& inside)
{
    if (native == inside)
        return {};
    std::vector<std::string> wanted = lines_of(native);
    std::vector<std::string> got = lines_of(inside);
    std::string text = fmt::format("{} differs (- native, + inside):\n", what);
    size_t shown = 0;
    for (size_t i = 0; i < std::max(wanted.size(), got.size()) && shown < lines_shown; ++i) {
        if (i < wanted.size() && i < got.size() && wanted[i] == got[i])
            continue;
        if (i < wanted.size())
            text += fmt::format("  {:3} - {}\n", i + 1, wanted[i]);
        if (i < got.size())
            text += fmt::format("  {:3} + {}\n", i + 1, got[i]);
        ++shown;
    }
    return text;
}

std::string differences(const Finished& native, const Finished& inside)
{
    std::string text;
    if (inside.timed_out)
        text += "it did not end in time inside\n";
    else if (native.status != inside.status)
        text += fmt::format("exit status: native {}, inside {}\n", native.status, inside.status);
    text += difference("standard output", native.out, inside.out);
    text += difference("standard error", native.err, inside.err);
    return text;
}

class Differential {
public:
    explicit Differential(const Request& request) : request_(request) {}

    int run()
    {
        Finished native = natively({});
        if (native.status != 0 || native.timed_out) {
            fmt::print("FAIL: a wrong test: it does not pass on this host (status {})\n{}{}", native.status, native.out, native.err);
            return 1;
        }
        list_skips(native);
        if (request_.mode == "native")
            return 0;
        std::string wrong = compare({}, native, request_.seconds);
        if (wrong.empty())
            return 0;
        fmt::print("FAIL in {}:\n{}", request_.mode, wrong);
        each_alone();
        return 1;
    }

private:
    std::vector<std::string> guest(const std::vector<std::string>& arguments) const
    {
        std::vector<std::string> command{request_.program};
        command.insert(command.end(), arguments.begin(), arguments.end());
        return command;
    }

    Finished natively(const std::vector<std::string>& arguments) const
    {
        return run_process(guest(arguments), scratch_.path(), request_.seconds);
    }

    Finished inside(const std::vector<std::string>& subcommand, const std::vector<std::string>& arguments, int seconds) const
    {
        std::vector<std::string> command{request_.ringside};
        command.insert(command.end(), subcommand.begin(), subcommand.end());
        command.insert(command.end(), request_.options.begin(), request_.options.end());
        command.emplace_back("--");
        for (std::string& word : guest(arguments))
            command.push_back(std::move(word));
        return run_process(command, scratch_.path(), seconds);
    }

    // Empty when all is the same.
    std::string compare(const std::vector<std::string>& arguments, const Finished& native, int seconds) const
    {
        if (request_.mode == "run")
            return differences(native, inside({"run"}, arguments, seconds));
        std::string trace = scratch_.path() + "/test.ringside";
        std::string wrong = differences(native, inside({"record", "--force", "-o", trace}, arguments, seconds));
        for (int i = 0; i < replays && wrong.empty(); ++i)
            wrong = replay(trace, seconds);
        std::error_code ignored;
        fs::remove(trace, ignored);
        return wrong;
    }

    std::string replay(const std::string& trace, int seconds) const
    {
        Finished replayed = run_process({request_.ringside, "replay", trace}, scratch_.path(), seconds);
        if (!replayed.timed_out && replayed.status == 0 && replayed.out.find("identical") != std::string::npos)
            return {};
        std::string text = replayed.timed_out ? "the replay did not end in time\n" : fmt::format("the replay ended with {}\n", replayed.status);
        std::vector<std::string> said = lines_of(replayed.err + replayed.out);
        for (size_t i = said.size() > 12 ? said.size() - 12 : 0; i < said.size(); ++i)
            text += "  " + said[i] + '\n';
        return text;
    }

    // `run` on each test alone. Bounded: no test after twelve hung ones.
    void each_alone() const
    {
        std::vector<std::string> names = lines_of(natively({"--list"}).out);
        int hung = 0;
        int different = 0;
        for (size_t i = 0; i < names.size() && hung < 12; ++i) {
            std::vector<std::string> only{"--only", std::to_string(i)};
            std::string wrong = compare(only, natively(only), seconds_alone);
            hung += wrong.find("in time") != std::string::npos ? 1 : 0;
            different += wrong.empty() ? 0 : 1;
            if (!wrong.empty())
                fmt::print("-- alone, {} \"{}\":\n{}", i, names[i], wrong);
        }
        fmt::print("{} of {} tests differ when run alone\n", different, names.size());
    }

    static void list_skips(const Finished& native)
    {
        for (const std::string& line : lines_of(native.out))
            if (line.starts_with("skip: "))
                fmt::print("{}\n", line);
    }

    const Request& request_;
    ScratchDirectory scratch_;
};

int usage()
{
    fmt::print(stderr, "usage: differential --ringside FILE [--mode native|run|record] [--seconds N] [--option OPTION]... -- PROGRAM\n");
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> words(argv + 1, argv + argc);
    Request request;
    size_t i = 0;
    for (; i + 1 < words.size() && words[i] != "--"; i += 2) {
        if (words[i] == "--ringside")
            request.ringside = words[i + 1];
        else if (words[i] == "--mode")
            request.mode = words[i + 1];
        else if (words[i] == "--seconds")
            request.seconds = std::atoi(words[i + 1].c_str());
        else if (words[i] == "--option")
            request.options.push_back(words[i + 1]);
        else
            return usage();
    }
    if (i + 2 != words.size())
        return usage();
    request.program = words[i + 1];
    if (const char* more = std::getenv("RINGSIDE_TEST_OPTIONS")) {
        std::istringstream stream(more);
        for (std::string option; stream >> option;)
            request.options.push_back(option);
    }
    return Differential(request).run();
}
