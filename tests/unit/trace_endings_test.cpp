// How recordings end: well, killed, by a record that cannot be, by a disk that is full; and what power cuts may take.
#include "tests/unit/trace_contents.h"

#include "trace/sqlite.h"

#include <atomic>
#include <fstream>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;
using namespace ringside::test;

namespace {

std::atomic<int> waits_for_disk = 0;

}

/// SQLite's: an executable's function stands before the library's.
extern "C" int fdatasync(int fd)
{
    ++waits_for_disk;
    return static_cast<int>(syscall(SYS_fdatasync, fd));
}

namespace {

/// A file system of 3 MB on a folder, where we may mount.
class SmallDisk {
public:
    explicit SmallDisk(std::string folder)
        : folder_(std::move(folder))
        , mounted_(mount("none", folder_.c_str(), "tmpfs", 0, "size=3M") == 0)
    {
    }
    ~SmallDisk()
    {
        if (mounted_)
            umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

private:
    std::string folder_;
    bool mounted_;
};

}

TEST_CASE("store: a limit of bytes ends the recording as a full disk does")
{
    test::TemporaryFolder folder;
    RecorderOptions options;
    options.path = folder / "a.ringside";
    options.max_bytes = 1 << 20;
    RecorderStatus status = test::record_synthetic({.events = 1'000'000}, options);
    CHECK(status.end == RecordingEnd::disk_full);
    CHECK_THAT(status.message, Catch::Contains("limit"));
    CHECK(std::filesystem::file_size(options.path) < (64u << 20));
    TraceInfo info = TraceFile(options.path).info();
    CHECK(info.end == "disk full");
    CHECK(info.events == status.events);
    CHECK(info.events > 1000);
}

TEST_CASE("store: a record that cannot be ends the recording, and says why")
{
    test::TemporaryFolder folder;
    RecorderOptions options;
    options.path = folder / "a.ringside";
    test::RingMemory ring;
    Recorder recorder(ring.span(), options);
    recorder.start();
    RingProducer producer = test::make_producer(ring);
    std::uint64_t count = 0;
    Synthetic synthetic({.events = 500}, [&](std::span<const std::byte> record) {
        RecordHeader header;
        std::memcpy(&header, record.data(), sizeof header);
        if (header.kind != RecordKind::event || ++count != 200)
            return test::put(producer, record);
        EventRecord event;
        std::memcpy(&event, record.data(), sizeof event);
        event.thread = 4711;
        event.header.size = sizeof event;
        return test::put(producer, std::as_bytes(std::span(&event, 1)));
    });
    synthetic.run();
    RecorderStatus status = recorder.finish(RecordingEnd::exited);
    CHECK(status.end == RecordingEnd::bad_record);
    TraceInfo info = TraceFile(options.path).info();
    CHECK(info.end == "bad record");
    CHECK(info.events == 199);
    CHECK(info.end_message
        == "Recording ended: the sandbox sent a record that cannot be (thread 4711 was not introduced). The trace up to event 199 is complete.");
    CHECK(producer.closed());
}

TEST_CASE("store: how a recording ends is in the file")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    auto record = [&](RecordingEnd end, bool whole) {
        test::RingMemory ring;
        RecorderOptions options;
        options.path = path;
        options.force = true;
        Recorder recorder(ring.span(), options);
        recorder.start();
        RingProducer producer = test::make_producer(ring);
        std::uint64_t count = 0;
        Synthetic synthetic({.events = 500}, [&](std::span<const std::byte> bytes) { return (whole || ++count < 400) && test::put(producer, bytes); });
        synthetic.run();
        return recorder.finish(end, "Recording ended: the sandbox stopped unexpectedly (signal 11).");
    };
    RecorderStatus lost = record(RecordingEnd::recorder_lost, false);
    CHECK(lost.end == RecordingEnd::recorder_lost);
    TraceInfo info = TraceFile(path).info();
    CHECK(info.end == "recorder lost");
    CHECK(!info.complete);
    CHECK(info.end_message == fmt::format("Recording ended: the sandbox stopped unexpectedly (signal 11). The trace up to event {} is complete.", info.events));
    CHECK(info.events == lost.events);
    CHECK(record(RecordingEnd::killed, false).end == RecordingEnd::killed);
    CHECK(TraceFile(path).info().end == "killed");
    CHECK(record(RecordingEnd::recorder_lost, true).end == RecordingEnd::exited); // its end record was there
    CHECK(TraceFile(path).info().end == "exited");
}

TEST_CASE("store: a recorder that is killed leaves a trace that opens and says that it was cut")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        test::RingMemory ring;
        RecorderOptions options;
        options.path = path;
        Recorder recorder(ring.span(), options);
        recorder.on_change([&](const RecorderStatus& status) {
            if (status.events > 5000)
                (void)!write(ready[1], "x", 1);
        });
        recorder.start();
        RingProducer producer = test::make_producer(ring);
        Synthetic synthetic({.events = 100'000'000}, [&](std::span<const std::byte> record) { return test::put(producer, record); });
        synthetic.run();
        _exit(0);
    }
    close(ready[1]);
    char byte;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    {
        TraceFile trace(path); // another process sees it run
        CHECK(trace.running());
        CHECK(trace.info().end == "running");
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    TraceFile trace(path);
    CHECK(!trace.running());
    TraceInfo info = trace.info();
    CHECK(info.end == "cut");
    CHECK(info.events > 5000);
    CHECK(!info.complete);
    CHECK(trace.event(info.events).has_value());
    CHECK(column(trace, "select count(*) from event").front() == std::to_string(info.events));
    CHECK(!std::filesystem::exists(path + ".reserve"));
}

TEST_CASE("store: a full disk ends the recording; what fitted is there")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    // A limit on the size of files is what an ordinary user can have; the error that SQLite sees differs from a full disk's
    // only in its number. The tmpfs below is the real thing, for root.
    SmallDisk disk(folder / "");
    pid_t child = fork();
    if (child == 0) {
        if (!disk.mounted()) {
            rlimit limit{2 << 20, 2 << 20};
            setrlimit(RLIMIT_FSIZE, &limit);
        }
        RecorderOptions options;
        options.path = path;
        RecorderStatus status = test::record_synthetic({.events = 1'000'000, .largest = 3000}, options);
        bool good = status.end == RecordingEnd::disk_full && status.events > 100 && status.message.starts_with("Recording ended: the disk ");
        if (!good)
            fmt::print(stderr, "{} {} {}\n", end_name(status.end), status.events, status.message);
        _exit(good ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    {
        TraceFile trace(path);
        TraceInfo info = trace.info();
        CHECK(info.end == "disk full");
        CHECK_THAT(info.end_message, Catch::Contains(std::to_string(info.events)));
        CHECK(info.events > 100);
        CHECK(column(trace, "select count(*) from event").front() == std::to_string(info.events));
        CHECK(trace.event(info.events).has_value());
    }
    Database database(path, SQLITE_OPEN_READWRITE);
    Statement check = database.prepare("PRAGMA integrity_check");
    REQUIRE(check.step());
    CHECK(check.text(0) == "ok");
}

TEST_CASE("store: a long recording is on the disk when it ends, a short one does not wait for it")
{
    test::TemporaryFolder folder;
    RecorderOptions options;
    options.path = folder / "short";
    waits_for_disk = 0;
    test::record_synthetic({.events = 2000}, options);
    CHECK(waits_for_disk == 0);

    options.path = folder / "long";
    options.durable_after = std::chrono::milliseconds(0);
    test::record_synthetic({.events = 2000}, options);
    CHECK(waits_for_disk >= 2); // the log, then the trace
    CHECK(TraceFile(folder / "long").info().complete);
}
