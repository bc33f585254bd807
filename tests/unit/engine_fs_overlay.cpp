// The overlay against a real directory: the same operations natively and inside must give the same errors and the same tree, and
// the host's own tree must stay as it was.
#include "tests/unit/engine_fs_support.h"

#include <catch2/catch.hpp>
#include <dirent.h>
#include <fstream>
#include <random>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace ringside;
using kernel::Task;

namespace {

void make_tree(const std::string& root)
{
    namespace fsys = std::filesystem;
    fsys::create_directories(root + "/d0/d1/d0");
    fsys::create_directories(root + "/d1");
    for (const char* name : {"f0", "d0/f0", "d0/f1", "d0/d1/f0", "d1/f1"}) {
        std::ofstream file(root + "/" + name);
        for (int i = 0; i < 700; ++i)
            file << name << ' ' << i << '\n';
    }
    fsys::create_hard_link(root + "/f0", root + "/d1/f0");
    fsys::create_symlink("d0/f0", root + "/s0");
    fsys::create_directory_symlink("d0", root + "/s1");
    chmod((root + "/d0/f1").c_str(), 0640);
}

std::string file_text(const std::string& path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string describe(const struct stat& status, const std::string& content)
{
    std::stringstream text;
    text << std::oct << status.st_mode << std::dec;
    if (!S_ISDIR(status.st_mode))
        text << " links " << status.st_nlink << " size " << status.st_size << ' ' << std::hash<std::string> {}(content);
    else
        text << " links " << status.st_nlink;
    return text.str();
}

/// path -> what stands there.
using Tree = std::map<std::string, std::string>;

void native_tree(const std::string& root, const std::string& below, Tree& tree)
{
    for (const auto& entry : std::filesystem::directory_iterator(root + below)) {
        std::string path = below + "/" + entry.path().filename().string();
        struct stat status {};
        if (lstat((root + path).c_str(), &status) != 0)
            throw std::runtime_error("lstat");
        std::string content;
        if (S_ISREG(status.st_mode))
            content = file_text(root + path);
        if (S_ISLNK(status.st_mode))
            content = std::filesystem::read_symlink(root + path);
        tree[path] = describe(status, content);
        if (S_ISDIR(status.st_mode))
            native_tree(root, path, tree);
    }
}

Result<std::vector<std::string>> entries(Task& task, const std::string& path)
{
    fs::FsContext& context = task.fs_context();
    Ref<fs::File> directory = TRY(context.vfs->open(task, context.root, path, O_RDONLY | O_DIRECTORY));
    std::vector<std::string> names;
    TRY(directory->read_directory(task, [&](const std::string& name, std::uint64_t, std::uint8_t, std::uint64_t) {
        if (name != "." && name != "..")
            names.push_back(name);
        return true;
    }));
    return names;
}

Result<long> inside_tree(Task& task, const std::string& below, Tree& tree)
{
    fs::FsContext& context = task.fs_context();
    for (const std::string& name : TRY(entries(task, below.empty() ? "/" : below))) {
        std::string path = below + "/" + name;
        if (path == "/dev" || path == "/proc" || path == "/sys")
            continue;
        fs::Path found = TRY(context.vfs->walk(task, context.root, path, {.follow = false}));
        fs::Attributes attributes = TRY(found.inode().attributes(task));
        std::string content;
        if (found.inode().is_symlink())
            content = TRY(found.inode().readlink(task));
        if (found.inode().is_regular()) {
            Ref<fs::File> file = TRY(context.vfs->open(task, context.root, path, O_RDONLY));
            content = TRY(test::read_some(task, *file));
        }
        tree[path] = describe(attributes.to_stat(), content);
        if (found.inode().is_directory())
            TRY(inside_tree(task, path, tree));
    }
    return 0;
}

int error_of(const auto& result)
{
    return result.ok() ? 0 : result.error().value();
}

struct Operation {
    int kind;
    std::string a, b;
    unsigned number;
};

constexpr int kinds = 14;

int native(const std::string& root, const Operation& op)
{
    std::string a = root + op.a, b = root + op.b;
    auto done = [](long result) { return result < 0 ? errno : 0; };
    auto write_file = [&](int flags) {
        int fd = open(a.c_str(), O_WRONLY | flags, 0644);
        if (fd < 0)
            return errno;
        std::string text = "text " + std::to_string(op.number) + "\n";
        int error = write(fd, text.data(), text.size()) < 0 ? errno : 0;
        close(fd);
        return error;
    };
    switch (op.kind) {
    case 0:
        return write_file(O_CREAT | O_TRUNC);
    case 1:
        return write_file(O_APPEND);
    case 2:
        return write_file(O_CREAT | O_EXCL);
    case 3:
        return done(truncate(a.c_str(), op.number % 9000));
    case 4:
        return done(mkdir(a.c_str(), 0755));
    case 5:
        return done(rmdir(a.c_str()));
    case 6:
    case 7:
        return done(unlink(a.c_str()));
    case 8:
    case 9:
        return done(rename(a.c_str(), b.c_str()));
    case 10:
        return done(link(a.c_str(), b.c_str()));
    case 11:
        return done(symlink(op.b.substr(1).c_str(), a.c_str()));
    case 12:
        return done(chmod(a.c_str(), op.number % 01000 | 0700));
    default:
        return done(renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), op.number % 2 ? RENAME_EXCHANGE : RENAME_NOREPLACE));
    }
}

int inside(Task& task, const Operation& op)
{
    fs::FsContext& context = task.fs_context();
    fs::Vfs& vfs = *context.vfs;
    const fs::Path& root = context.root;
    auto write_file = [&](int flags) {
        auto file = vfs.open(task, root, op.a, O_WRONLY | flags, 0644);
        if (!file.ok())
            return file.error().value();
        return error_of(test::write_all(task, *file.value(), "text " + std::to_string(op.number) + "\n"));
    };
    auto walked = [&](const std::string& path, bool follow, auto&& then) {
        auto found = vfs.walk(task, root, path, {.follow = follow});
        return found.ok() ? error_of(then(found.value())) : found.error().value();
    };
    switch (op.kind) {
    case 0:
        return write_file(O_CREAT | O_TRUNC);
    case 1:
        return write_file(O_APPEND);
    case 2:
        return write_file(O_CREAT | O_EXCL);
    case 3:
        return walked(op.a, true, [&](const fs::Path& path) { return vfs.truncate(task, path, op.number % 9000); });
    case 4:
        return error_of(vfs.make_directory(task, root, op.a, 0755));
    case 5:
        return error_of(vfs.remove_directory(task, root, op.a));
    case 6:
    case 7:
        return error_of(vfs.unlink(task, root, op.a));
    case 8:
    case 9:
        return error_of(vfs.rename(task, root, op.a, root, op.b, 0));
    case 10:
        return walked(op.a, false, [&](const fs::Path& path) { return vfs.link(task, path, root, op.b); });
    case 11:
        return error_of(vfs.make_symlink(task, op.b.substr(1), root, op.a));
    case 12:
        return walked(op.a, true, [&](const fs::Path& path) { return vfs.change_mode(task, path, op.number % 01000 | 0700); });
    default:
        return error_of(vfs.rename(task, root, op.a, root, op.b, op.number % 2 ? RENAME_EXCHANGE : RENAME_NOREPLACE));
    }
}

std::string random_path(std::mt19937& random)
{
    std::string path;
    auto depth = random() % 3;
    for (unsigned i = 0; i < depth; ++i)
        path += random() % 5 == 0 ? std::string("/s1") : "/d" + std::to_string(random() % 2);
    return path + "/" + "dfs"[random() % 3] + std::to_string(random() % 3);
}

}

TEST_CASE("Random operations on the overlay give what a real directory gives")
{
    umask(022);
    for (unsigned seed = 1; seed <= 12; ++seed) {
        test::TemporaryDirectory lower, model;
        make_tree(lower.path());
        make_tree(model.path());
        Tree untouched;
        native_tree(lower.path(), "", untouched);
        test::FileSystemFixture fixture(lower.path());
        std::mt19937 random(seed);
        std::string history;
        for (int step = 0; step < 150; ++step) {
            Operation op {static_cast<int>(random() % kinds), random_path(random), random_path(random), static_cast<unsigned>(random())};
            int expected = native(model.path(), op);
            int got = fixture.call([&](Task& task) { return inside(task, op); });
            history = "seed " + std::to_string(seed) + " step " + std::to_string(step) + ": " + std::to_string(op.kind) + " " + op.a + " " + op.b;
            INFO(history);
            REQUIRE(got == expected);
            if (step % 10 != 9)
                continue;
            Tree natively, within;
            native_tree(model.path(), "", natively);
            int walked = fixture.call([&](Task& task) { return error_of(inside_tree(task, "", within)); });
            REQUIRE(walked == 0);
            REQUIRE(within == natively);
        }
        Tree after;
        native_tree(lower.path(), "", after);
        REQUIRE(after == untouched);
    }
}

TEST_CASE("A directory of the host can be removed whole, and made again empty")
{
    test::TemporaryDirectory lower;
    make_tree(lower.path());
    test::FileSystemFixture fixture(lower.path());
    auto error = fixture.call([&](Task& task) -> int {
        fs::FsContext& context = task.fs_context();
        fs::Vfs& vfs = *context.vfs;
        for (const char* path : {"/d0/f0", "/d0/f1", "/d0/d1/f0"})
            if (auto gone = vfs.unlink(task, context.root, path); !gone.ok())
                return gone.error().value();
        for (const char* path : {"/d0/d1/d0", "/d0/d1", "/d0"})
            if (auto gone = vfs.remove_directory(task, context.root, path); !gone.ok())
                return gone.error().value();
        return error_of(vfs.make_directory(task, context.root, "/d0", 0755));
    });
    CHECK(error == 0);
    auto names = fixture.call([&](Task& task) { return entries(task, "/d0"); });
    REQUIRE(names.ok());
    CHECK(names.value().empty());
    CHECK(std::filesystem::exists(lower / "d0/d1/f0"));
}

TEST_CASE("A file that is written keeps what was not written, and a reader sees it")
{
    test::TemporaryDirectory lower;
    std::string content(200'000, 'x');
    std::ofstream(lower / "big") << content;
    test::FileSystemFixture fixture(lower.path());
    auto seen = fixture.call([&](Task& task) -> Result<std::string> {
        fs::FsContext& context = task.fs_context();
        Ref<fs::File> reader = TRY(context.vfs->open(task, context.root, "/big", O_RDONLY));
        TRY(test::read_some(task, *reader, 10));
        Ref<fs::File> writer = TRY(context.vfs->open(task, context.root, "/big", O_WRONLY));
        TRY(test::write_all(task, *writer, "hello", 100'001));
        std::string text = TRY(test::read_some(task, *reader, 300'000, 0));
        return text;
    });
    REQUIRE(seen.ok());
    content.replace(100'001, 5, "hello");
    CHECK(seen.value() == content);
    CHECK(file_text(lower / "big") == std::string(200'000, 'x'));
}

TEST_CASE("What the host changes after the first look is seen at the next open")
{
    test::TemporaryDirectory lower;
    std::ofstream(lower / "f") << "one";
    test::FileSystemFixture fixture(lower.path());
    auto content = [&] {
        return fixture.call([&](Task& task) -> Result<std::string> {
            fs::FsContext& context = task.fs_context();
            return test::read_some(task, *TRY(context.vfs->open(task, context.root, "/f", O_RDONLY)));
        });
    };
    CHECK(content().value() == "one");
    std::ofstream(lower / "f") << "another";
    CHECK(content().value() == "another");
    std::filesystem::remove(lower / "f");
    CHECK(content().error() == ENOENT);
    std::ofstream(lower / "f") << "new";
    CHECK(content().value() == "new");
}

TEST_CASE("A bind is written through, the rest of the host is not")
{
    umask(022);
    test::TemporaryDirectory lower, shared;
    make_tree(shared.path());
    test::FileSystemFixture fixture(lower.path(), {{shared.path(), "/mnt/shared"}});
    for (const Operation& op : {Operation {0, "/mnt/shared/new", "", 1}, {1, "/mnt/shared/f0", "", 2}, {8, "/mnt/shared/d0/f0", "/mnt/shared/moved", 0}, {4, "/mnt/shared/dir", "", 0},
             {6, "/mnt/shared/d0/f1", "", 0}, {10, "/mnt/shared/f0", "/mnt/shared/hard", 0}, {11, "/mnt/shared/sym", "/x", 0}, {12, "/mnt/shared/moved", "", 0600}, {3, "/mnt/shared/d1/f1", "", 100},
             {0, "/outside", "", 3}}) {
        INFO(op.a);
        CHECK(fixture.call([&](Task& task) { return inside(task, op); }) == 0);
    }
    CHECK(file_text(shared / "new") == "text 1\n");
    CHECK(file_text(shared / "f0").ends_with("f0 699\ntext 2\n"));
    CHECK(std::filesystem::exists(shared / "moved"));
    CHECK(std::filesystem::is_directory(shared / "dir"));
    CHECK_FALSE(std::filesystem::exists(shared / "d0/f1"));
    CHECK(std::filesystem::hard_link_count(shared / "hard") == 3);
    CHECK(std::filesystem::file_size(shared / "d1/f1") == 100);
    CHECK(std::filesystem::is_empty(lower.path()));
    CHECK(fixture.call([&](Task& task) { return inside(task, {8, "/mnt/shared/new", "/elsewhere", 0}); }) == EXDEV);
}
