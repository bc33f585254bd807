// See files.h.
#include "trace/analysis/files.h"

#include "trace/syscall_table.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace ringside::trace::analysis {

namespace {

enum class Act : std::uint8_t { nothing, read, write, open, list, map, look, create, remove, rename, link, change, execute };

constexpr std::array<Act, syscall_limit> make_acts()
{
    std::array<Act, syscall_limit> acts {};
    auto all = [&](Act act, std::initializer_list<std::string_view> names) {
        for (std::string_view name : names)
            acts[static_cast<std::size_t>(nr_of(name))] = act;
    };
    all(Act::read, {"read", "pread64", "readv", "preadv", "preadv2"});
    all(Act::write, {"write", "pwrite64", "writev", "pwritev", "pwritev2"});
    all(Act::open, {"open", "openat", "openat2", "creat"});
    all(Act::list, {"getdents", "getdents64"});
    all(Act::map, {"mmap"});
    all(Act::look, {"stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "chdir", "statfs"});
    all(Act::create, {"mkdir", "mkdirat", "mknod", "mknodat"});
    all(Act::remove, {"unlink", "unlinkat", "rmdir"});
    all(Act::rename, {"rename", "renameat", "renameat2"});
    all(Act::link, {"link", "linkat", "symlink", "symlinkat"});
    all(Act::change, {"chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate", "ftruncate", "fchmod", "fchown", "utime", "utimes", "utimensat", "futimesat",
                         "setxattr", "lsetxattr", "fsetxattr", "removexattr", "fallocate"});
    all(Act::execute, {"execve", "execveat"});
    return acts;
}
constexpr auto acts = make_acts();

class Collector {
public:
    Collector(const Input& input, const Processes& processes) : input_(input), processes_(processes) { }

    std::vector<FileUse> run()
    {
        input_.each([&](std::size_t row) { take(row); });
        std::erase_if(uses_, [](const FileUse& use) { return use.uses == 0; });
        std::ranges::sort(uses_, {}, &FileUse::path);
        return std::move(uses_);
    }

private:
    void take(std::size_t row)
    {
        const HotColumns& columns = input_.columns;
        auto kind = static_cast<EventKind>(columns.kind[row]);
        if (kind == EventKind::exec && (columns.state[row] & hot_state::failed) == 0)
            return note(row, by_string(columns.path[row]), file_use::executed);
        int nr = columns.nr[row];
        if (kind != EventKind::syscall || nr < 0 || nr >= syscall_limit || !columns.has_ret(row))
            return;
        Act act = acts[static_cast<std::size_t>(nr)];
        if (act == Act::nothing)
            return;
        if (columns.state[row] & hot_state::failed)
            return failure(row, act);
        switch (act) {
        case Act::read: return moved(row, file_use::read);
        case Act::write: return moved(row, file_use::written);
        case Act::list: return note(row, by_object(columns.object[row]), file_use::listed);
        case Act::map: return note(row, by_object(columns.object[row]), file_use::mapped);
        case Act::open: return opened(row);
        case Act::look: return note(row, by_string(columns.path[row]), file_use::looked_at);
        case Act::create: return note(row, by_string(columns.path[row]), file_use::created);
        case Act::remove: return note(row, by_string(columns.path[row]), file_use::removed);
        case Act::rename: return renamed(row);
        case Act::link: return note(row, second_path(row), file_use::created);
        case Act::change: return note(row, columns.path[row] ? by_string(columns.path[row]) : by_object(columns.object[row]), file_use::changed);
        case Act::execute: return note(row, by_string(columns.path[row]), file_use::executed);
        case Act::nothing: return;
        }
    }

    void moved(std::size_t row, std::uint16_t use)
    {
        FileUse* file = by_object(input_.columns.object[row]);
        if (!file)
            return;
        auto bytes = static_cast<std::uint64_t>(std::max(input_.columns.ret[row], 0));
        (use == file_use::read ? file->read_bytes : file->written_bytes) += bytes;
        note(row, file, use);
    }

    void opened(std::size_t row)
    {
        FileUse* file = by_string(input_.columns.path[row]);
        auto event = input_.trace.event(row + 1);
        if (!file || !event)
            return;
        std::uint64_t flags = event->nr == call_nr("creat") ? O_CREAT | O_WRONLY | O_TRUNC : event->nr == call_nr("open") ? event->args[1] : event->nr == call_nr("openat") ? event->args[2] : 0;
        std::uint16_t use = file_use::opened;
        bool missed = file->error == ENOENT; // looked for before, and it was not there
        if ((flags & O_CREAT) && ((flags & O_EXCL) || missed))
            use |= file_use::created;
        if ((flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY)
            use |= file_use::written;
        ++file->opens;
        note(row, file, use);
    }

    /// The old name goes, the new one comes.
    void renamed(std::size_t row)
    {
        note(row, by_string(input_.columns.path[row]), file_use::removed);
        note(row, second_path(row), file_use::created);
    }

    void failure(std::size_t row, Act act)
    {
        if (act == Act::read || act == Act::write || act == Act::list || act == Act::map)
            return;
        FileUse* file = nullptr;
        if (lookups_left_ > 0) { // what the kernel followed may be a folder on the way
            --lookups_left_;
            auto event = input_.trace.event(row + 1);
            std::string given = event ? input_.trace.given_path(*event) : std::string();
            file = given.starts_with('/') ? by_path(given) : nullptr;
        }
        if (!file)
            file = by_string(input_.columns.path[row]);
        if (!file)
            return;
        ++file->failures;
        file->error = input_.columns.error(row);
        note(row, file, file_use::tried);
    }

    FileUse* second_path(std::size_t row)
    {
        auto event = input_.trace.event(row + 1);
        const SyscallInfo* info = event ? find_syscall(event->nr) : nullptr;
        int wanted = -1;
        for (std::size_t i = 0; info && i < info->arity; ++i)
            if (info->slots[i].kind == ArgKind::path)
                wanted = static_cast<int>(i); // the last one
        std::string path = wanted >= 0 ? input_.trace.given_path(*event, wanted) : std::string();
        if (!path.empty() && path.front() != '/') { // beside the first, as far as is known
            std::string first = event->path ? input_.trace.string(event->path) : std::string();
            if (auto slash = first.rfind('/'); slash != first.npos)
                path = first.substr(0, slash + 1) + path;
        }
        return path.empty() ? nullptr : by_path(path);
    }

    void note(std::size_t row, FileUse* file, std::uint16_t use)
    {
        if (!file)
            return;
        file->uses |= use;
        if (file->first == 0)
            file->first = row + 1;
        file->last = row + 1;
        ProcessId process = processes_.of(input_.columns.thread[row]);
        if (file->by.size() < 16 && std::ranges::find(file->by, process) == file->by.end())
            file->by.push_back(process);
    }

    FileUse* by_path(const std::string& path)
    {
        if (path.empty() || path == "/dev/null" || path == "/dev/tty" || path.starts_with("/dev/pts/"))
            return nullptr; // nothing is kept there
        auto [at, is_new] = paths_.try_emplace(path, uses_.size());
        if (is_new)
            uses_.push_back({.path = path, .by = {}});
        return &uses_[at->second];
    }

    FileUse* by_string(StringId id)
    {
        auto [at, is_new] = strings_.try_emplace(id, none);
        if (is_new && id != 0)
            if (FileUse* use = by_path(input_.trace.string(id)))
                at->second = static_cast<std::size_t>(use - uses_.data());
        return at->second == none ? nullptr : &uses_[at->second];
    }

    FileUse* by_object(std::uint32_t id)
    {
        auto [at, is_new] = objects_.try_emplace(id, none);
        if (is_new && id != 0) {
            ObjectInfo object = input_.trace.object(id);
            bool is_file = object.kind == ObjectKind::file || object.kind == ObjectKind::directory || object.kind == ObjectKind::block_device;
            if (FileUse* use = is_file && object.path.starts_with('/') ? by_path(object.path) : nullptr)
                at->second = static_cast<std::size_t>(use - uses_.data());
        }
        return at->second == none ? nullptr : &uses_[at->second];
    }

    static constexpr std::size_t none = SIZE_MAX;
    const Input& input_;
    const Processes& processes_;
    std::vector<FileUse> uses_;
    std::unordered_map<std::string, std::size_t> paths_;
    std::unordered_map<StringId, std::size_t> strings_;
    std::unordered_map<std::uint32_t, std::size_t> objects_;
    std::size_t lookups_left_ = 50'000;
};

}

bool FileUse::is_library() const
{
    auto slash = path.rfind('/');
    std::string_view name = std::string_view(path).substr(slash == path.npos ? 0 : slash + 1);
    return name.ends_with(".so") || name.find(".so.") != name.npos;
}

std::vector<FileUse> files(const Input& input, const Processes& processes)
{
    return Collector(input, processes).run();
}

FileCounts count(const std::vector<FileUse>& files)
{
    using namespace file_use;
    FileCounts counts;
    for (const FileUse& file : files) {
        bool got = file.is(read | opened | mapped | listed), altered = file.is(written | created | removed | changed);
        if (file.is_library() && got && !altered)
            ++counts.libraries;
        else if (got && !altered)
            ++counts.read;
        if (file.is(written | created | changed))
            ++counts.written;
        if (file.is(created))
            ++counts.created;
        if (file.is(removed))
            ++counts.removed;
        if (file.is(tried) && !got && !altered && !file.is(executed | looked_at))
            ++counts.tried;
    }
    return counts;
}

}
