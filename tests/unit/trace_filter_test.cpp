// The filter language: what matches, what a wrong filter is told, columns against events, completion.
#include "trace/filter/filter.h"
#include "trace/hot_columns.h"

#include "vector_source.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

using namespace ringside::trace;
using namespace ringside::trace::test;

namespace {

Filter compiled(std::string_view text)
{
    auto result = Filter::compile(text);
    if (auto* error = std::get_if<FilterError>(&result))
        FAIL(text << ": " << error->message());
    return std::get<Filter>(result);
}

std::string refusal(std::string_view text)
{
    auto result = Filter::compile(text);
    auto* error = std::get_if<FilterError>(&result);
    return error ? error->message() : "compiles";
}

std::vector<EventId> matching(VectorSource& source, std::string_view text)
{
    Filter filter = compiled(text);
    std::vector<EventId> ids;
    for (const Event& event : source.events)
        if (filter.matches(event, source))
            ids.push_back(event.id);
    return ids;
}

using Ids = std::vector<EventId>;

/// 1 openat fails, 2 openat, 3 read, 4 futex blocked for 3 ms, 5 SIGSEGV, 6 denied socket, 7 mmap, 8 rename, 9 resume of 4
VectorSource sample()
{
    VectorSource source;
    source.processes = {{100, 100}, {101, 100}, {200, 200}};
    source.objects[7] = {7, ObjectKind::file, "/etc/passwd"};
    Call(source, "openat", {static_cast<std::uint64_t>(-100), 0x1000, 0, 0}).path(0x1000, "/etc/report.conf").ret(-ENOENT).event().path = source.intern("/etc/report.conf");
    Call(source, "openat", {static_cast<std::uint64_t>(-100), 0x1000, 0, 0}).path(0x1000, "/etc/passwd").ret(3).event().path = source.intern("/etc/passwd");
    Event& read = Call(source, "read", {3, 0x2000, 100000}).out(0x2000, "root:secret").ret(70000).event();
    read.object = 7;
    read.host_calls = 2;
    Event& futex = Call(source, "futex", {0x3000, 0, 1, 0}, 101).ret(0).event();
    futex.dur = 3'000'000;
    futex.done = 9;
    Event signal;
    signal.kind = EventKind::signal;
    signal.nr = SIGSEGV;
    signal.thread = 200;
    signal.ts = 1'600'000'000;
    source.add(signal);
    Call(source, "socket", {2, 1, 0}, 200).ret(-EACCES).event().verdict = Verdict::denied;
    Call(source, "mmap", {0, 8192, 3, 0x22, 0xffffffff, 0}).ret(0x7f0000000000).event().ts = 2'000'000'000;
    Call(source, "rename", {0x1000, 0x1100}).path(0x1000, "/tmp/a").path(0x1100, "/tmp/b.so").ret(0).event().path = source.intern("/tmp/a");
    Event resume;
    resume.kind = EventKind::resume;
    resume.nr = 202;
    resume.thread = 101;
    resume.of = 4;
    resume.flags = event_flag::has_ret;
    source.add(resume);
    return source;
}

HotColumns columns_of(const VectorSource& source)
{
    HotColumns columns;
    for (const Event& event : source.events) {
        columns.ts.push_back(event.ts);
        columns.dur.push_back(static_cast<std::uint32_t>(event.dur));
        columns.thread.push_back(event.thread);
        columns.nr.push_back(static_cast<std::int16_t>(event.nr));
        columns.ret.push_back(static_cast<std::int32_t>(event.ret));
        columns.path.push_back(event.path);
        columns.host_calls.push_back(static_cast<std::uint16_t>(event.host_calls));
        columns.object.push_back(static_cast<std::uint32_t>(event.object));
        columns.kind.push_back(static_cast<std::uint8_t>(event.kind));
        bool fits = event.ret == static_cast<std::int32_t>(event.ret);
        unsigned state = (event.has_ret() ? hot_state::has_ret : 0U) | (fits ? hot_state::ret_fits : 0U) | (event.failed() ? hot_state::failed : 0U) | static_cast<unsigned>(event.verdict) << 4
            | (event.failed() && expected_error(event.nr, event.error()) ? hot_state::expected : 0U) | (event.done ? hot_state::waited : 0U)
            | (event.flags & event_flag::fatal ? hot_state::fatal : 0U);
        columns.state.push_back(static_cast<std::uint8_t>(state));
    }
    return columns;
}

}

TEST_CASE("conditions")
{
    VectorSource source = sample();
    CHECK(matching(source, "") == Ids {1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(matching(source, "syscall == openat && path ~ \"^/etc\" && ret < 0") == Ids {1});
    CHECK(matching(source, "pid == 200") == Ids {5, 6});
    CHECK(matching(source, "tid == 101") == Ids {4, 9});
    CHECK(matching(source, "fd == 3") == Ids {2, 3});
    CHECK(matching(source, "errno == ENOENT") == Ids {1});
    CHECK(matching(source, "ret == ENOENT") == Ids {1});
    CHECK(matching(source, "errno in {ENOENT, EACCES}") == Ids {1, 6});
    CHECK(matching(source, "errno") == Ids {1, 6});
    CHECK(matching(source, "group == network") == Ids {6});
    CHECK(matching(source, "verdict == denied") == Ids {6});
    CHECK(matching(source, "problem") == Ids {1, 6});
    CHECK(matching(source, "dur > 1ms") == Ids {4});
    CHECK(matching(source, "dur > 2999us and dur < 0.0031s") == Ids {4});
    CHECK(matching(source, "size > 64KiB") == Ids {3});
    CHECK(matching(source, "size in {8KiB, 1..5}") == Ids {7});
    CHECK(matching(source, "path glob \"*.so\"") == Ids {8});
    CHECK(matching(source, "path glob \"/etc/*\"") == Ids {1, 2, 3});
    CHECK(matching(source, "all path glob \"/tmp/?\"") == Ids {});
    CHECK(matching(source, "path == \"/etc/passwd\"") == Ids {2, 3});
    CHECK(matching(source, "path == /etc/passwd") == Ids {2, 3});
    CHECK(matching(source, "args contains \"secret\"") == Ids {3});
    CHECK(matching(source, "comm in {bash, ls} && t > 1.5s") == Ids {5, 7});
    CHECK(matching(source, "t > 1.7") == Ids {7});
    CHECK(matching(source, "!(syscall in {futex, read, openat}) and kind == syscall") == Ids {6, 7, 8});
    CHECK(matching(source, "signal == SIGSEGV") == Ids {5});
    CHECK(matching(source, "signal in {SEGV, 9}") == Ids {5});
    CHECK(matching(source, "syscall ~ \"^(re|so)\"") == Ids {3, 6, 8});
    CHECK(matching(source, "blocked") == Ids {4});
    CHECK(matching(source, "host_calls >= 2 || id == 1") == Ids {1, 3});
    CHECK(matching(source, "arg2 == 0x186a0") == Ids {3});
    CHECK(matching(source, "process == ls && process == 200") == Ids {5, 6});
    CHECK(matching(source, "not not failed or (((signal)))") == Ids {1, 5, 6});
    CHECK(matching(source, "fd != 3") == Ids {}); // said of all descriptors of a call that has one
    CHECK(matching(source, "any fd != 3") == Ids {});
    CHECK(matching(source, "path ~ \"\\.so$\"") == Ids {8}); // an escape that is none stays
}

TEST_CASE("a wrong filter is told where and what")
{
    CHECK(refusal("errno == ENOET") == "Column 10: \"ENOET\" is no error name. Did you mean ENOENT?");
    CHECK(refusal("syscall == opnat") == "Column 12: \"opnat\" is no system call. Did you mean openat?");
    CHECK(refusal("sycall == open") == "Column 1: \"sycall\" is no field. Did you mean syscall?");
    CHECK(refusal("openat") == "Column 1: \"openat\" is no field. Did you mean syscall == openat?");
    CHECK(refusal("signal == SIGSEVG") == "Column 11: \"SIGSEVG\" is no signal. Did you mean SIGSEGV?");
    CHECK(refusal("kind == syscal") == "Column 9: \"syscal\" is no kind of event. Did you mean syscall?");
    CHECK(refusal("ret = 0") == "Column 5: \"=\" is no operator. Did you mean ==?");
    CHECK(refusal("ret == 0 & pid == 1") == "Column 10: \"&\" is no operator. Did you mean &&?");
    CHECK(refusal("dur > 5") == "Column 7: \"5\" has no unit. Write 5ns, 5us, 5ms or 5s.");
    CHECK(refusal("dur > 5kg") == "Column 7: \"kg\" is no unit of time. Expected ns, us, ms, s or min.");
    CHECK(refusal("size > 5ms") == "Column 8: \"ms\" is no unit of size. Write 5KiB, or B, MiB, GiB, KB, MB, GB.");
    CHECK(refusal("path ~ \"(\"").starts_with("Column 8: This is no regular expression:"));
    CHECK(refusal("path ~ \"abc") == "Column 8: This text has no closing quote.");
    CHECK(refusal("(ret < 0") == "Column 9: A \")\" is missing.");
    CHECK(refusal("ret < 0)") == "Column 8: This \")\" closes nothing.");
    CHECK(refusal("ret <") == "Column 6: The filter ends where a value for ret is expected.");
    CHECK(refusal("ret < 0 pid == 1") == "Column 9: \"pid\" cannot stand here. Expected && or ||.");
    CHECK(refusal("ret < 0 &&") == "Column 11: The filter ends where a field is expected, as in: syscall == openat");
    CHECK(refusal("pid ~ \"1\"") == "Column 5: \"~\" is for texts; pid is a number. Use == or in.");
    CHECK(refusal("problem == 1") == "Column 9: \"problem\" is true or false and takes no operator. Write problem or !problem.");
    CHECK(refusal("pid == bash") == "Column 8: \"bash\" is no number. pid is compared with a number.");
    CHECK(refusal("pid in {1, 2") == "Column 13: A \"}\" is missing.");
    CHECK(refusal("pid in 1") == "Column 8: \"1\" cannot stand here. Expected \"{\", as in: pid in {…}");
    CHECK(refusal("pid == 99999999999999999999") == "Column 8: \"99999999999999999999\" is too large.");
    CHECK(refusal("pid == 1.5") == "Column 8: \"1.5\" is not whole; pid is.");
    CHECK(refusal(std::string(20000, 'x')) == "Column 16384: The filter is too long (more than 16 KiB).");
    CHECK(refusal(std::string(5000, '(') + "pid") == "Column 101: The filter is nested too deeply.");
}

TEST_CASE("columns decide as events do")
{
    VectorSource source = sample();
    HotColumns columns = columns_of(source);
    for (std::string_view text : {"", "syscall == openat && path ~ \"^/etc\" && ret < 0", "pid == 200", "errno == ENOENT", "errno in {ENOENT, EACCES}", "errno",
             "group == network", "group != file", "all group == desc", "verdict == denied", "problem", "dur > 1ms", "size > 64KiB", "fd == 3", "t > 1.5s",
             "!(syscall in {futex, read})", "signal == SIGSEGV", "syscall ~ \"^re\"", "blocked", "failed", "host_calls >= 2", "ret > 4GB || ret == 0", "kind == signal || nr == 0",
             "tid in {100..150} and not failed", "ret != 0"}) {
        if (text.find("4GB") != std::string_view::npos)
            text = "ret > 4000000000 || ret == 0";
        INFO(text);
        Filter filter = compiled(text);
        std::vector<std::uint32_t> sure, maybe;
        filter.select(columns, 0, columns.size(), source, sure, maybe);
        std::vector<EventId> found;
        for (std::uint32_t row : sure)
            found.push_back(row + 1);
        for (std::uint32_t row : maybe)
            if (filter.matches(source.events[row], source))
                found.push_back(row + 1);
        std::ranges::sort(found);
        CHECK(found == matching(source, text));
    }
    std::vector<std::uint32_t> sure, maybe;
    compiled("syscall == read && errno == 0").select(columns, 0, columns.size(), source, sure, maybe);
    CHECK(maybe.empty()); // hot columns alone
    CHECK(sure == std::vector<std::uint32_t> {2});
}

TEST_CASE("completion")
{
    auto texts = [](std::string_view text) {
        std::vector<std::string> list;
        for (const Completion& candidate : complete_filter(text, text.size()).candidates)
            list.push_back(candidate.text);
        return list;
    };
    CHECK(texts("sysc") == std::vector<std::string> {"syscall"});
    CHECK(texts("errno == ENOE") == std::vector<std::string> {"ENOENT", "ENOEXEC"});
    CHECK(texts("ret < 0 && syscall in {openat, prl") == std::vector<std::string> {"prlimit64"});
    CHECK(texts("verdict ") == std::vector<std::string> {"==", "!=", "in"});
    CHECK(texts("ret < 0 a") == std::vector<std::string> {"and"});
    CHECK(texts("path ~ \"sys").empty());
    Completions at = complete_filter("errno == ENOE && x", 13);
    CHECK(at.begin == 9);
    CHECK(at.end == 13);
    REQUIRE(!at.candidates.empty());
    CHECK(at.candidates[0].note == "No such file or directory");
}
