// A file system with a kernel that runs fibers and no guest: tests call the VFS as a task would.
#pragma once

#include "engine/boundary/open_how.h"
#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/setup.h"
#include "engine/kernel/io_buffer.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/replay_task.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/thread_group.h"
#include "engine/mm/address_space.h"
#include "engine/record/recorder.h"
#include "tests/unit/engine_fake_platform.h"

#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace ringside::test {

/// A directory of the host that goes with its owner.
class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        std::string name = std::filesystem::temp_directory_path() / "ringside-fs-XXXXXX";
        if (!mkdtemp(name.data()))
            throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// The file system that a sandbox with this root has.
class FileSystemFixture {
public:
    using Body = std::function<void(kernel::Task&)>;

    explicit FileSystemFixture(const std::string& root, std::vector<std::pair<std::string, std::string>> binds = {})
    {
        if (!boundary::prepare_open_how().ok())
            throw std::runtime_error("open_how");
        memory_ = mm::MemoryFile::create(0).value();
        kernel_ = kernel::Kernel::create({}, platform_, *memory_, recorder_).value();
        fs::RootConfig config;
        config.root = host::Fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        for (auto& [source, target] : binds)
            config.binds.push_back({host::Fd(open(source.c_str(), O_PATH | O_CLOEXEC)), target, false, source});
        context_ = fs::make_file_system(*kernel_, std::move(config)).value();
        files_ = make_ref<fs::FileTable>();
    }
    ~FileSystemFixture()
    {
        context_ = {};
        files_ = {};
        kernel_->fs.reset();
    }
    kernel::Kernel& kernel() { return *kernel_; }
    fs::Vfs& vfs() { return *context_->vfs; }

    /// Runs bodies as tasks beside one another, the first one first, until all have ended.
    void run(std::vector<Body> bodies)
    {
        std::vector<Ref<kernel::Task>> tasks(bodies.size());
        std::size_t ended = 0;
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            auto space = mm::AddressSpace::create(platform_, *memory_, 1).value();
            tasks[i] = kernel::ReplayTask::create(*kernel_, ++last_tid_, space, [&, i] {
                bodies[i](*tasks[i]);
                ++ended;
                tasks[i]->set_files({});
                tasks[i]->set_fs_context({});
                kernel::ReplayTask::end(*tasks[i]);
            }).value();
            tasks[i]->group().handlers = make_ref<kernel::SignalHandlers>();
            tasks[i]->set_files(files_);
            tasks[i]->set_fs_context(context_);
            kernel::ReplayTask::start(*tasks[i]);
        }
        kernel::ReplayTask::run_until(*kernel_, [&] { return ended == bodies.size(); });
        host::set_current_account(nullptr); // the last task's, which goes now
    }
    void run(Body body) { run(std::vector<Body> {std::move(body)}); }
    /// What a body returns.
    template<typename F>
    auto call(F&& body)
    {
        std::optional<std::invoke_result_t<F, kernel::Task&>> result;
        run(Body([&](kernel::Task& task) { result = body(task); }));
        return std::move(*result);
    }

private:
    FakePlatform platform_;
    record::Recorder recorder_;
    std::unique_ptr<mm::MemoryFile> memory_;
    std::unique_ptr<kernel::Kernel> kernel_;
    Ref<fs::FsContext> context_;
    Ref<fs::FileTable> files_;
    int last_tid_ = 1;
};

inline Result<std::size_t> write_all(kernel::Task& task, fs::File& file, const std::string& text, std::optional<std::uint64_t> offset = {})
{
    std::string copy = text;
    kernel::IoBuffer from(task, std::as_writable_bytes(std::span(copy)));
    return file.write(task, from, offset);
}

inline Result<std::string> read_some(kernel::Task& task, fs::File& file, std::size_t size = 1 << 16, std::optional<std::uint64_t> offset = {})
{
    std::string text(size, '\0');
    kernel::IoBuffer to(task, std::as_writable_bytes(std::span(text)));
    text.resize(TRY(file.read(task, to, offset)));
    return text;
}

}
