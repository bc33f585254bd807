// Starting the Sentry's process.

#include "engine/session/spawn.h"

#include "engine/boundary/config.h"
#include "engine/boundary/protocol.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>

namespace ringside::session {

namespace {

/// Every descriptor is first put out of the way of the numbers they all go to.
class Plan {
public:
    Plan() { posix_spawn_file_actions_init(&actions_); }
    ~Plan() { posix_spawn_file_actions_destroy(&actions_); }
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    bool give(int from, int to)
    {
        if (from < 0)
            return posix_spawn_file_actions_addclose(&actions_, to) == 0;
        UniqueFd copy(fcntl(from, F_DUPFD_CLOEXEC, control::first_free_fd));
        bool ok = copy.valid() && posix_spawn_file_actions_adddup2(&actions_, copy.get(), to) == 0;
        copies_.push_back(std::move(copy));
        return ok;
    }
    bool close_rest() { return posix_spawn_file_actions_addclosefrom_np(&actions_, control::first_free_fd) == 0; }
    const posix_spawn_file_actions_t* actions() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_;
    std::vector<UniqueFd> copies_;
};

/// Nothing of the caller's environment reaches the Sentry, but what sanitizers and their test are told in builds that have them.
std::vector<std::string> sentry_environment()
{
    std::vector<std::string> environment;
#ifdef RINGSIDE_ASAN
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "RINGSIDE_SANITIZER_LOG", "RINGSIDE_TEST_FAULT"}) {
        if (const char* value = std::getenv(name))
            environment.push_back(std::string(name) + "=" + value);
    }
#endif
    return environment;
}

bool write_file(const std::string& path, const std::string& text)
{
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file.valid() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Every range that we have ourselves, each id on itself.
std::string identity(const char* own_map)
{
    std::ifstream in(own_map);
    std::ostringstream out;
    for (std::uint64_t inside, outside, count; in >> inside >> outside >> count;)
        out << inside << ' ' << inside << ' ' << count << '\n';
    return out.str();
}

}

pid_t spawn_sentry(const std::string& program, const std::array<int, 3>& stdio, const Passed& passed)
{
    Plan plan;
    bool ok = true;
    for (int i = 0; i < 3; ++i)
        ok = ok && plan.give(stdio[static_cast<std::size_t>(i)], i);
    ok = ok && plan.give(passed.control, control::control_fd) && plan.give(passed.config, control::config_fd) && plan.give(passed.ring, control::ring_fd)
        && plan.give(passed.owner, control::owner_fd) && plan.give(passed.input, control::input_fd) && plan.close_rest();
    if (!ok)
        return -EMFILE;

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::string name = "ringside-sentry";
    std::array<char*, 2> arguments = {name.data(), nullptr};
    std::vector<std::string> environment = sentry_environment();
    std::vector<char*> pointers;
    for (std::string& entry : environment)
        pointers.push_back(entry.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    int error = posix_spawn(&pid, program.c_str(), plan.actions(), &attributes, arguments.data(), pointers.data());
    posix_spawnattr_destroy(&attributes);
    return error == 0 ? pid : -error;
}

UniqueFd write_config(const SessionOptions& options)
{
    control::SentryConfig config;
    config.mode = !options.self_test.empty() ? "self-test"
        : options.mode == Mode::record       ? "record"
        : options.mode == Mode::replay       ? "replay"
        : options.mode == Mode::boundary     ? "boundary"
                                             : "run";
    config.argv = options.argv;
    config.env = options.env;
    config.cwd = options.cwd;
    config.root = options.root;
    for (const Bind& bind : options.binds)
        config.binds.push_back({bind.source, bind.target, bind.read_only});
    config.memory = options.memory;
    config.pids = options.pids;
    config.reduced = options.confinement == Confinement::reduced;
    config.data_cap = options.trace.data_cap;
    config.patch_after = options.patch_after;
    config.cpu = options.cpu.value_or(-1);
    if (options.open_files) {
        config.soft_files = options.open_files->soft;
        config.hard_files = options.open_files->hard;
    }
    config.hand_over = options.hand_over;
    // Not an option: it is there so that tests see here what most AMD processors do.
    const char* native = std::getenv("RINGSIDE_TEST_NATIVE_CPUID");
    config.native_cpuid = native && std::string_view(native) == "1";
    config.self_test = options.self_test;
    std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(nlohmann::json(config));

    UniqueFd file(memfd_create("ringside-config", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid())
        return {};
    for (std::size_t at = 0; at < bytes.size();) {
        ssize_t written = write(file.get(), bytes.data() + at, bytes.size() - at);
        if (written <= 0)
            return {};
        at += static_cast<std::size_t>(written);
    }
    fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return file;
}

IdMaps write_id_maps(pid_t pid)
{
    std::string process = "/proc/" + std::to_string(pid);
    if (geteuid() == 0 && write_file(process + "/uid_map", identity("/proc/self/uid_map")) && write_file(process + "/gid_map", identity("/proc/self/gid_map")))
        return IdMaps::all_ids;
    auto own = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1\n"; };
    // A group map of one's own needs setgroups denied first (user_namespaces(7)).
    if (write_file(process + "/setgroups", "deny") && write_file(process + "/uid_map", own(geteuid())) && write_file(process + "/gid_map", own(getegid())))
        return IdMaps::own_id;
    return IdMaps::failed;
}

std::string find_sentry()
{
    std::array<char, 4096> buffer;
    ssize_t length = readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (length <= 0)
        return {};
    std::string self(buffer.data(), static_cast<std::size_t>(length));
    std::string folder = self.substr(0, self.rfind('/'));
    for (const std::string& candidate : {folder + "/ringside-sentry", folder + "/../libexec/ringside/ringside-sentry", folder + "/../lib/ringside/ringside-sentry"}) {
        if (access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return {};
}

}
