// Filters, capabilities and namespaces of running processes.

#include "engine/session/live_filters.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <dirent.h>
#include <fstream>
#include <sstream>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::session {

namespace {

std::vector<int> numbers_in(const std::string& folder)
{
    std::vector<int> numbers;
    DIR* stream = opendir(folder.c_str());
    while (dirent* entry = stream ? readdir(stream) : nullptr) {
        if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])))
            numbers.push_back(std::atoi(entry->d_name));
    }
    if (stream)
        closedir(stream);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

/// A line "NAME:\tVALUE" of /proc/PID/status.
std::string status_value(int pid, const std::string& name)
{
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name + ":")) {
            std::size_t start = line.find_first_not_of("\t ", name.size() + 1);
            return start == std::string::npos ? std::string() : line.substr(start);
        }
    }
    return {};
}

std::vector<int> descendants(int root)
{
    std::vector<int> found {root};
    std::vector<int> all = numbers_in("/proc");
    for (std::size_t i = 0; i < found.size(); ++i) {
        for (int pid : all) {
            if (status_value(pid, "PPid") == std::to_string(found[i]) && std::find(found.begin(), found.end(), pid) == found.end())
                found.push_back(pid);
        }
    }
    return found;
}

std::string link_of(const std::string& path)
{
    std::array<char, 128> buffer;
    ssize_t length = readlink(path.c_str(), buffer.data(), buffer.size());
    return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length)) : std::string();
}

/// Stops one thread, reads its programs, lets it go.
std::optional<std::vector<std::vector<std::uint64_t>>> filters_of(int tid)
{
    if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0)
        return {};
    std::optional<std::vector<std::vector<std::uint64_t>>> programs;
    int status = 0;
    if (ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0 && waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status)) {
        programs.emplace();
        for (long index = 0;; ++index) {
            long length = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, reinterpret_cast<void*>(index), nullptr);
            if (length < 0) {
                if (errno != ENOENT)
                    programs.reset(); // EACCES, EINVAL: not for us
                break;
            }
            std::vector<std::uint64_t> program(static_cast<std::size_t>(length));
            if (ptrace(PTRACE_SECCOMP_GET_FILTER, tid, reinterpret_cast<void*>(index), program.data()) < 0)
                break;
            programs->push_back(std::move(program));
        }
    }
    ptrace(PTRACE_DETACH, tid, nullptr, nullptr);
    return programs;
}

LiveProcess inspect(int pid)
{
    LiveProcess process;
    process.pid = pid;
    process.name = status_value(pid, "Name");
    process.capabilities = status_value(pid, "CapPrm");
    process.no_new_privs = status_value(pid, "NoNewPrivs") == "1";
    process.seccomp = status_value(pid, "Seccomp");
    std::string folder = "/proc/" + std::to_string(pid);
    for (const char* name : {"user", "mnt", "pid", "net", "ipc", "uts"}) {
        std::string theirs = link_of(folder + "/ns/" + name);
        if (!theirs.empty() && theirs != link_of(std::string("/proc/self/ns/") + name))
            process.own_namespaces.emplace_back(name);
    }
    for (int tid : numbers_in(folder + "/task"))
        process.threads.push_back({tid, filters_of(tid)});
    return process;
}

}

std::vector<LiveProcess> inspect_processes(int root_pid)
{
    std::vector<LiveProcess> processes;
    for (int pid : descendants(root_pid))
        processes.push_back(inspect(pid));
    return processes;
}

}
