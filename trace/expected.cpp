// See expected.h.
#include "trace/expected.h"

#include "trace/syscall_table.h"

#include <algorithm>
#include <cerrno>

namespace ringside::trace {

namespace {

enum Family { none, opening, looking, executing };

Family family_of(int nr)
{
    switch (nr) {
    case call_nr("open"):
    case call_nr("openat"):
    case call_nr("openat2"): return opening;
    case call_nr("stat"):
    case call_nr("lstat"):
    case call_nr("newfstatat"):
    case call_nr("statx"):
    case call_nr("access"):
    case call_nr("faccessat"):
    case call_nr("faccessat2"):
    case call_nr("readlink"):
    case call_nr("readlinkat"): return looking;
    case call_nr("execve"):
    case call_nr("execveat"): return executing;
    default: return none;
    }
}

bool is_miss(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENOEXEC;
}

}

std::string_view file_name(std::string_view path)
{
    while (path.size() > 1 && path.back() == '/')
        path.remove_suffix(1);
    return path.substr(path.rfind('/') + 1);
}

bool expected_error(int nr, int error)
{
    switch (error) {
    case EAGAIN: return nr != call_nr("fork") && nr != call_nr("vfork") && nr != call_nr("clone") && nr != call_nr("clone3"); // a limit was met
    case EINTR:
    case EINPROGRESS:
    case EALREADY:
    case ETIMEDOUT:
    case ENOTTY:
    case ECHILD: return true;
    case ENOSYS: return nr == call_nr("rseq"); // libc does without it
    default: return error >= 512; // ERESTARTSYS and its kin
    }
}

bool is_known_probe(std::string_view path)
{
    return path == "/etc/ld.so.preload" || path == "/etc/ld.so.nohwcap" || path.ends_with("/locale-archive") || path.find("/glibc-hwcaps/") != path.npos
        || (path.ends_with(".mo") && path.find("/LC_MESSAGES/") != path.npos);
}

void Searches::take(EventId id, ThreadId thread, int nr, int error, const PathOf& path_of, const Found& found)
{
    Family family = family_of(nr);
    if (family == none || (error != 0 && !is_miss(error)))
        return;
    auto known = failures_.find(thread);
    if (error != 0) {
        std::string path = path_of(id);
        if (is_known_probe(path))
            return found(id);
        failures_[thread].push_back({id, family, std::hash<std::string_view> {}(file_name(path))});
        return;
    }
    if (known == failures_.end())
        return;
    auto& failures = known->second;
    std::erase_if(failures, [&](const Failure& failure) { return failure.id + reach < id; });
    if (std::ranges::none_of(failures, [&](const Failure& failure) { return failure.family == family; }))
        return;
    // A new program in the thread is what all its tries were for, whatever link it was found by.
    std::size_t name = family == executing ? 0 : std::hash<std::string_view> {}(file_name(path_of(id)));
    std::erase_if(failures, [&](const Failure& failure) {
        bool same = failure.family == family && (family == executing || failure.name == name);
        if (same)
            found(failure.id);
        return same;
    });
}

int path_argument(int nr)
{
    const SyscallInfo* info = find_syscall(nr);
    for (std::size_t i = 0; info && i < info->arity; ++i)
        if (info->slots[i].kind == ArgKind::path)
            return static_cast<int>(i);
    return -1;
}

}
