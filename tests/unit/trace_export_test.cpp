// Exports: strace's two halves of a blocked call, JSON that any reader takes, CSV fields.
#include "trace/export/export.h"
#include "trace/export/writers.h"

#include "vector_source.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

using namespace ringside::trace;
using namespace ringside::trace::test;

namespace {

std::string exported(VectorSource& source, ExportOptions options, std::string_view filter = "")
{
    std::string out;
    auto lines = export_events(source, std::get<Filter>(Filter::compile(filter)), options, [&](std::string_view piece) {
        out += piece;
        return true;
    });
    REQUIRE(lines.has_value());
    return out;
}

/// 1 read blocks, 2 kill by another thread, 3 the read comes back, 4 nanosleep blocks, 5 comes back at once
VectorSource blocking()
{
    VectorSource source;
    source.fd_paths[0] = "pipe:[5]";
    Call(source, "read", {0, 0x1000, 10}, 1234).ret(3).event().done = 3;
    Call(source, "kill", {1234, 15}, 77).ret(0);
    Event resume;
    resume.kind = EventKind::resume;
    resume.thread = 1234;
    resume.of = 1;
    EventId id = source.add(resume).id;
    DataChunk chunk;
    chunk.direction = Direction::out;
    chunk.address = 0x1000;
    for (char c : {'a', 'b', '\n'})
        chunk.bytes.push_back(static_cast<std::byte>(c));
    chunk.length = 3;
    source.chunks[id].push_back(chunk);
    timespec second {1, 0};
    Call(source, "nanosleep", {0x2000, 0}, 1234).in_as(0x2000, second).ret(0).event().done = 5;
    resume.of = 4;
    source.add(resume);
    return source;
}

}

TEST_CASE("strace text")
{
    VectorSource source = blocking();
    CHECK(exported(source, {}) ==
          "1234  read(0<pipe:[5]>,  <unfinished ...>\n"
          "77    kill(1234, SIGTERM)               = 0\n"
          "1234  <... read resumed>\"ab\\n\", 10)     = 3\n"
          "1234  nanosleep({tv_sec=1, tv_nsec=0}, NULL) = 0\n");
    // Nothing else is shown in between: one line, as with strace -e.
    CHECK(exported(source, {}, "syscall == read") == "1234  read(0<pipe:[5]>, \"ab\\n\", 10)     = 3\n");
    ExportOptions stamped;
    stamped.timestamps = true;
    stamped.pids = false;
    stamped.started_ns = 1'700'000'000'123'456'789;
    CHECK(exported(source, stamped, "syscall == kill") == "1700000000.123457 kill(1234, SIGTERM)   = 0\n");
}

TEST_CASE("a call that never came back")
{
    VectorSource source;
    Call(source, "read", {0, 0x1000, 10}, 9);
    Call(source, "exit_group", {0}, 9);
    CHECK(exported(source, {}) == "9     read(0,  <unfinished ...>\n9     exit_group(0)                     = ?\n");
}

TEST_CASE("JSON lines are JSON, whatever the bytes")
{
    VectorSource source;
    source.comm_text = "b\xffsh\"\n";
    Call(source, "write", {1, 0x1000, 4}).in(0x1000, "\x80\"\\\n").ret(-EBADF).event().path = source.intern("caf\xc3\xa9");
    ExportOptions options;
    options.format = ExportFormat::jsonl;
    std::string out = exported(source, options);
    CHECK(std::count(out.begin(), out.end(), '\n') == 1);
    auto json = nlohmann::json::parse(out);
    CHECK(json["comm"] == "b\u00ffsh\"\n");
    CHECK(json["name"] == "write");
    CHECK(json["args"] == R"(1, "\200\"\\\n", 4)");
    CHECK(json["errno"] == "EBADF");
    CHECK(json["path"] == "caf\u00e9");
    CHECK(json["raw"][1] == "0x1000");
}

TEST_CASE("CSV fields")
{
    std::string out;
    append_csv_field("plain", out);
    append_csv_field("a,\"b\"\nc", out);
    CHECK(out == "plain\"a,\"\"b\"\"\\nc\"");
    VectorSource source;
    Call(source, "close", {3}).ret(0);
    ExportOptions options;
    options.format = ExportFormat::csv;
    CHECK(exported(source, options) == "id,kind,t,dur,pid,tid,comm,name,args,ret,errno,result,path,verdict,host_calls\r\n1,syscall,0,0,100,100,ls,close,3,0,,0,,served,0\r\n");
}

TEST_CASE("an export ends where its sink does")
{
    VectorSource source = blocking();
    CHECK(!export_events(source, Filter(), {}, [](std::string_view) { return false; }).has_value());
}
