// Pipes, FIFOs, epoll, locks, descriptors, path walk over tmpfs.
#include "tests/unit/engine_fs_support.h"

#include "engine/fs/epoll.h"
#include "engine/fs/event_files.h"
#include "engine/fs/locks.h"
#include "engine/fs/pipe.h"
#include "engine/kernel/limits.h"

#include <catch2/catch.hpp>
#include <sys/eventfd.h>
#include <sys/resource.h>

using namespace ringside;
using kernel::Task;

namespace {

struct Fixture : test::TemporaryDirectory, test::FileSystemFixture {
    Fixture() : test::FileSystemFixture(path()) { }
};

std::string name_of(const Result<std::string>& text)
{
    return text.ok() ? text.value() : "errno " + std::to_string(text.error().value());
}

}

TEST_CASE("A pipe's reader waits for the writer, and sees the end when the last writer closes")
{
    Fixture fixture;
    std::string got;
    fixture.run([&](Task& task) {
        auto ends = fs::make_pipe(task, 0);
        auto reader = std::make_shared<Ref<fs::File>>(ends.first);
        auto writer = std::make_shared<Ref<fs::File>>(ends.second);
        ends = {};
        static_cast<void>(test::write_all(task, **writer, "one").ok());
        got += test::read_some(task, **reader).value();
        *writer = {};
        got += "|" + test::read_some(task, **reader).value() + "|";
    });
    CHECK(got == "one||");
    Ref<fs::File> reader, writer;
    std::vector<std::string> order;
    fixture.run([&](Task& task) { std::tie(reader, writer) = fs::make_pipe(task, 0); });
    fixture.run({[&](Task& task) {
                     order.push_back("reads");
                     order.push_back(name_of(test::read_some(task, *reader)));
                 },
        [&](Task& task) {
            order.push_back("writes");
            static_cast<void>(test::write_all(task, *writer, "late").ok());
        }});
    CHECK(order == std::vector<std::string> {"reads", "writes", "late"});
}

TEST_CASE("Writes of up to PIPE_BUF bytes go whole or not at all; longer ones in parts")
{
    Fixture fixture;
    fixture.run([&](Task& task) {
        auto [reader, writer] = fs::make_pipe(task, O_NONBLOCK);
        CHECK(test::write_all(task, *writer, std::string(65536 - 100, 'a')).value() == 65536 - 100);
        CHECK(test::write_all(task, *writer, std::string(200, 'b')).error() == EAGAIN);
        CHECK((writer->poll() & EPOLLOUT) != 0);
        CHECK(test::write_all(task, *writer, std::string(5000, 'c')).value() == 100);
        CHECK(test::write_all(task, *writer, "d").error() == EAGAIN);
        CHECK((writer->poll() & EPOLLOUT) == 0);
        CHECK(test::read_some(task, *reader, 1 << 20).value().size() == 65536);
        CHECK(test::read_some(task, *reader).error() == EAGAIN);
        auto& pipe = static_cast<fs::PipeEnd&>(*writer).pipe();
        CHECK(pipe.set_capacity(task, 5000).value() == 8192);
        CHECK(test::write_all(task, *writer, std::string(9000, 'e')).value() == 8192);
        CHECK(pipe.set_capacity(task, 4096).error() == EBUSY);
    });
}

TEST_CASE("Packets keep their borders")
{
    Fixture fixture;
    fixture.run([&](Task& task) {
        auto [reader, writer] = fs::make_pipe(task, O_DIRECT);
        static_cast<void>(test::write_all(task, *writer, "first").ok());
        static_cast<void>(test::write_all(task, *writer, "second").ok());
        CHECK(test::read_some(task, *reader, 3).value() == "fir");
        CHECK(test::read_some(task, *reader).value() == "second");
    });
}

TEST_CASE("FIFOs: opening waits for the other side")
{
    Fixture fixture;
    std::vector<std::string> order;
    auto open = [&](Task& task, int flags) { return fixture.vfs().open(task, task.fs_context().root, "/fifo", flags); };
    fixture.run([&](Task& task) {
        CHECK(fixture.vfs().make_node(task, task.fs_context().root, "/fifo", S_IFIFO | 0644, 0).ok());
        CHECK(open(task, O_WRONLY | O_NONBLOCK).error() == ENXIO);
        auto reader = open(task, O_RDONLY | O_NONBLOCK);
        CHECK(reader.ok());
        CHECK((reader.value()->poll() & EPOLLHUP) == 0);
        {
            auto writer = open(task, O_WRONLY | O_NONBLOCK);
            CHECK(writer.ok());
        }
        CHECK((reader.value()->poll() & EPOLLHUP) != 0);
    });
    fixture.run({[&](Task& task) {
                     auto reader = open(task, O_RDONLY);
                     order.push_back("read side open");
                     order.push_back(name_of(test::read_some(task, *reader.value())));
                 },
        [&](Task& task) {
            order.push_back("writer comes");
            auto writer = open(task, O_WRONLY);
            static_cast<void>(test::write_all(task, *writer.value(), "x").ok());
        }});
    CHECK(order == std::vector<std::string> {"writer comes", "read side open", "x"});
}

TEST_CASE("epoll: level, edge, one shot, nested, gone with its file")
{
    Fixture fixture;
    fixture.run([&](Task& task) {
        auto epoll = make_ref<fs::Epoll>(task);
        auto outer = make_ref<fs::Epoll>(task);
        Ref<fs::File> event = make_ref<fs::EventFd>(task, 0, EFD_NONBLOCK);
        auto entry = [](std::uint32_t events) {
            epoll_event value {};
            value.events = events;
            value.data.u64 = 7;
            return value;
        };
        std::string one(8, '\0'), raw = one;
        raw[0] = 1;
        CHECK(epoll->add(5, event, entry(EPOLLIN)).ok());
        CHECK(epoll->add(5, event, entry(EPOLLIN)).error() == EEXIST);
        CHECK(outer->add(6, epoll, entry(EPOLLIN)).ok());
        CHECK(epoll->add(7, outer, entry(EPOLLIN)).error() == ELOOP);
        CHECK(epoll->collect(8).empty());
        CHECK(test::write_all(task, *event, raw).ok());
        CHECK(epoll->collect(8).size() == 1);
        CHECK(epoll->collect(8).size() == 1); // level-triggered
        CHECK(outer->collect(8).size() == 1);
        CHECK(epoll->modify(5, *event, entry(EPOLLIN | EPOLLET)).ok());
        CHECK(epoll->collect(8).size() == 1);
        CHECK(epoll->collect(8).empty()); // edge
        CHECK(test::write_all(task, *event, raw).ok());
        CHECK(epoll->collect(8).size() == 1);
        CHECK(epoll->modify(5, *event, entry(EPOLLIN | EPOLLONESHOT)).ok());
        CHECK(epoll->collect(8).size() == 1);
        CHECK(test::write_all(task, *event, raw).ok());
        CHECK(epoll->collect(8).empty());
        CHECK(test::read_some(task, *event, 8).value()[0] == 3);
        CHECK(epoll->modify(5, *event, entry(EPOLLIN | EPOLLOUT)).ok());
        CHECK(epoll->collect(8).front().events == EPOLLOUT);
        event = {};
        CHECK(epoll->collect(8).empty());
        Ref<fs::File> other = make_ref<fs::EventFd>(task, 1, 0);
        CHECK(epoll->modify(5, *other, entry(EPOLLIN)).error() == ENOENT);
    });
}

TEST_CASE("Record locks split, merge and stand in each other's way")
{
    Fixture fixture;
    fixture.run([&](Task& task) {
        fs::LockTable table;
        int a = 0, b = 0;
        auto lock = [](const void* owner, bool exclusive, std::uint64_t start, std::uint64_t end) { return fs::LockTable::Lock {owner, 1, exclusive, start, end}; };
        CHECK(table.set(task, lock(&a, true, 0, 100), false, false).ok());
        CHECK(table.set(task, lock(&b, false, 50, 60), false, false).error() == EAGAIN);
        CHECK(table.set(task, lock(&a, true, 40, 60), true, false).ok());
        CHECK(table.set(task, lock(&b, false, 45, 60), false, false).ok());
        CHECK(table.conflict(lock(&b, true, 0, 10))->end == 40);
        CHECK(table.conflict(lock(&b, true, 70, 80))->start == 60);
        CHECK(table.set(task, lock(&a, false, 30, 70), false, false).ok()); // shared with shared
        CHECK(table.conflict(lock(&b, false, 30, 70)) == nullptr);
        table.release(&a);
        CHECK(table.conflict(lock(&b, true, 0, 100)) == nullptr);
        CHECK(table.flock(task, &a, true, false).ok());
        CHECK(table.flock(task, &b, false, false).error() == EAGAIN);
        CHECK(table.flock(task, &a, false, false).ok());
        CHECK(table.flock(task, &b, false, false).ok());
    });
}

TEST_CASE("Descriptors: the lowest number, the limit, what is reserved, what a close during use leaves")
{
    Fixture fixture;
    fixture.run([&](Task& task) {
        fs::FileTable& files = task.files();
        auto event = [&] { return Ref<fs::File>(make_ref<fs::EventFd>(task, 0, 0)); };
        CHECK(files.install(task, event(), false).value() == 0);
        CHECK(files.install(task, event(), true).value() == 1);
        CHECK(files.install(task, event(), false, 10).value() == 10);
        CHECK(files.close(task, 0).ok());
        {
            auto reserved = files.reserve<2>(task);
            CHECK(reserved.value().numbers() == std::array<int, 2> {0, 2});
            CHECK(files.get(0).error() == EBADF);
            CHECK(files.install_at(task, event(), 2, false).error() == EBUSY);
            CHECK(files.install(task, event(), false).value() == 3);
        }
        CHECK(files.install(task, event(), false).value() == 0);
        auto copy = files.copy();
        Ref<fs::File> used = files.get(1).value();
        files.close_marked(task);
        CHECK(files.get(1).error() == EBADF);
        CHECK(copy->get(1).value() == used);
        CHECK(files.close(task, 1).error() == EBADF);
        CHECK(files.install_at(task, event(), 1 << 30, false).error() == EBADF);
        std::uint64_t limit = task.limits().soft(RLIMIT_NOFILE);
        CHECK(files.install(task, event(), false, static_cast<int>(limit)).error() == EINVAL);
        CHECK(files.install(task, event(), false, static_cast<int>(limit) - 1).ok());
        CHECK(files.install(task, event(), false, static_cast<int>(limit) - 1).error() == EMFILE);
        files.close_range(task, 0, ~0U, false);
        CHECK(files.numbers().empty());
    });
}

TEST_CASE("Path walk over tmpfs: links, dots, slashes, loops, RESOLVE flags")
{
    Fixture fixture;
    fixture.run([&](Task& task) {
        fs::Vfs& vfs = fixture.vfs();
        const fs::Path root = vfs.walk(task, task.fs_context().root, "/dev/shm").value();
        auto walk = [&](const char* path, fs::WalkFlags flags = {}) -> std::string {
            auto found = vfs.walk(task, root, path, flags);
            return found.ok() ? vfs.path_name(task, found.value()) : std::string(strerrorname_np(found.error().value()));
        };
        CHECK(vfs.make_directory(task, root, "a/", 0755).ok());
        CHECK(vfs.make_directory(task, root, "a/b", 0755).ok());
        CHECK(vfs.open(task, root, "a/b/file", O_CREAT | O_WRONLY, 0600).ok());
        CHECK(vfs.make_symlink(task, "a/b", root, "link").ok());
        CHECK(vfs.make_symlink(task, "loop", root, "loop").ok());
        CHECK(vfs.make_symlink(task, "/dev/shm/a", root, "absolute").ok());
        CHECK(vfs.make_symlink(task, "missing/x", root, "dangling").ok());
        CHECK(walk("a/./b/../b//file") == "/dev/shm/a/b/file");
        CHECK(walk("link/file") == "/dev/shm/a/b/file");
        CHECK(walk("link") == "/dev/shm/a/b");
        CHECK(walk("link", {.follow = false}) == "/dev/shm/link");
        CHECK(walk("link/", {.follow = false}) == "/dev/shm/a/b");
        CHECK(walk("a/b/file/") == "ENOTDIR");
        CHECK(walk("a/b/file/x") == "ENOTDIR");
        CHECK(walk("loop") == "ELOOP");
        CHECK(walk("dangling") == "ENOENT");
        CHECK(walk("") == "ENOENT");
        CHECK(walk("../../../..") == "/");
        CHECK(walk("absolute/b") == "/dev/shm/a/b");
        CHECK(walk("absolute/b", {.beneath = true}) == "EXDEV");
        CHECK(walk("a/../..", {.beneath = true}) == "EXDEV");
        CHECK(walk("a/../link/file", {.beneath = true}) == "/dev/shm/a/b/file");
        CHECK(walk("/a/../../../a/b", {.in_root = true}) == "/dev/shm/a/b");
        CHECK(walk("link/file", {.no_symlinks = true}) == "ELOOP");
        CHECK(walk("../null", {.no_xdev = true}) == "EXDEV");
        CHECK(walk(std::string(256, 'x').c_str()) == "ENAMETOOLONG");
        CHECK(vfs.open(task, root, "dangling", O_CREAT | O_WRONLY, 0600).error() == ENOENT);
        CHECK(vfs.open(task, root, "link", O_CREAT | O_EXCL | O_WRONLY, 0600).error() == EEXIST);
        CHECK(vfs.open(task, root, "a/new/", O_CREAT | O_WRONLY, 0600).error() == EISDIR);
        CHECK(vfs.open(task, root, "link", O_RDONLY | O_NOFOLLOW).error() == ELOOP);
        CHECK(vfs.open(task, root, "a", O_WRONLY).error() == EISDIR);
        CHECK(vfs.open(task, root, "a", O_TMPFILE | O_RDWR, 0600).ok());
        CHECK(vfs.rename(task, root, "a", root, "a/b/c", 0).error() == EINVAL);
        CHECK(vfs.remove_directory(task, root, "a").error() == ENOTEMPTY);
        CHECK(vfs.remove_directory(task, root, "a/.").error() == EINVAL);
        CHECK(vfs.unlink(task, root, "a").error() == EISDIR);
        CHECK(vfs.unlink(task, root, "link/").error() == ENOTDIR);
        CHECK(vfs.remove_directory(task, task.fs_context().root, "/dev/shm").error() == EBUSY);
    });
}
