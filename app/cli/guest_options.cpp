// Checking the options that describe the guest.

#include "app/cli/guest_options.h"

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace ringside::cli {

namespace {

/// What a program with a dynamic loader and the C library needs to start, and some more.
constexpr std::uint64_t least_memory = std::uint64_t {4} << 20;

std::string real_path(const std::string& path, const std::string& option)
{
    char* resolved = realpath(path.c_str(), nullptr);
    if (!resolved)
        throw Failure(fmt::format("{}: {}: {}", option, path, strerror(errno)));
    std::string result = resolved;
    std::free(resolved);
    return result;
}

std::string real_directory(const std::string& path, const std::string& option)
{
    std::string resolved = real_path(path, option);
    struct stat status {};
    if (stat(resolved.c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
        throw Failure(fmt::format("{}: {}: {}", option, path, strerror(ENOTDIR)));
    return resolved;
}

std::vector<std::string> environment(const std::vector<std::string>& changes)
{
    std::vector<std::string> result;
    for (char** entry = environ; *entry; ++entry)
        result.emplace_back(*entry);
    for (const std::string& change : changes) {
        std::size_t equals = change.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Failure(fmt::format("--env: \"{}\" is not NAME=VALUE", change));
        std::string name = change.substr(0, equals + 1);
        std::erase_if(result, [&](const std::string& entry) { return entry.starts_with(name); });
        result.push_back(change);
    }
    return result;
}

std::string current_directory()
{
    char* path = getcwd(nullptr, 0);
    if (!path && errno == ENOENT)
        throw Failure("the current directory has been deleted: name another one with --cwd DIR");
    if (!path)
        throw Failure(fmt::format("the current directory has no name: {}: give one with --cwd DIR", strerror(errno)));
    std::string result = path;
    std::free(path);
    return result;
}

}

std::uint64_t parse_size(const std::string& text)
{
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, number);
    std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    unsigned shift = 0;
    bool ok = error == std::errc() && number > 0;
    if (!unit.empty()) {
        constexpr std::string_view letters = "KMGT";
        std::size_t index = letters.find(static_cast<char>(std::toupper(static_cast<unsigned char>(unit.front()))));
        std::string_view tail = unit.substr(1);
        ok = ok && index != std::string_view::npos && (tail.empty() || tail == "B" || tail == "iB");
        shift = static_cast<unsigned>(index + 1) * 10;
    }
    if (!ok || number > (std::uint64_t{1} << 50) >> shift)
        throw Failure(fmt::format("--memory: \"{}\" is not a size such as 512M or 2G", text));
    return number << shift;
}

session::Bind parse_bind(const std::string& text)
{
    session::Bind bind;
    std::string rest = text;
    if (rest.ends_with(":ro")) {
        bind.read_only = true;
        rest.resize(rest.size() - 3);
    }
    std::size_t colon = rest.find(':');
    if (colon == std::string::npos || colon == 0 || rest.find(':', colon + 1) != std::string::npos)
        throw Failure(fmt::format("--bind: \"{}\" is not SRC:DST or SRC:DST:ro", text));
    bind.target = rest.substr(colon + 1);
    if (!bind.target.starts_with('/'))
        throw Failure(fmt::format("--bind: {}: the place in the guest must be an absolute path", text));
    bind.source = real_path(rest.substr(0, colon), "--bind");
    struct stat status {};
    if (stat(bind.source.c_str(), &status) != 0 || (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)))
        throw Failure(fmt::format("--bind: {}: only folders and regular files can be shared", bind.source));
    return bind;
}

void PatchOptions::add_to(CLI::App& command)
{
    command.add_flag("--no-patch", never, "Every system call traps: none is patched in the program's code");
    // For tests: the variable forces patching early, or off, in whatever runs ringside.
    command.add_option("--patch-after", after)->envname("RINGSIDE_PATCH_AFTER")->group("")->check(CLI::Range(0u, 255u));
}

void GuestOptions::add_to(CLI::App& command)
{
    command.add_option("--root", root, "Folder of the host that the program sees as /, read-only under an in-memory overlay")->type_name("DIR");
    command.add_option("--bind", binds, "Share a folder or file of the host: what is written there stays (:ro: read-only)")->type_name("SRC:DST[:ro]")->expected(1)->take_all();
    command.add_option("--cwd", cwd, "Working directory of the program (default: the current one)")->type_name("DIR");
    command.add_option("--env", env, "Set an environment variable, besides the caller's")->type_name("NAME=VALUE")->expected(1)->take_all();
    command.add_option("--memory", memory, "Memory that the program may use at most, e.g. 512M (at least 4M)")->type_name("SIZE");
    command.add_option("--pids", pids, "Processes and threads that it may have at most")->type_name("N")->check(CLI::Range(1u, 4194304u));
    command.add_option("--confinement", confinement, "full (default), or reduced: without namespaces, for hosts that forbid them")->type_name("LEVEL")->check(CLI::IsMember({"full", "reduced"}));
    command.add_option("--handover", hand_over)->check(CLI::IsMember({"auto", "futex", "spin", "gang", "spread"}))->group(""); // for benchmarks
    patch.add_to(command);
    command.prefix_command();
    command.footer("Exit status: the program's own; 128+N where signal N ended it; 127 where it was not found, 126 where it could not be executed;\n"
                   "125 for a failure of ringside itself. It ends when the last process has ended, as strace -f does.");
}

session::SessionOptions GuestOptions::build(const CLI::App& command, const Context& context) const
{
    session::SessionOptions options;
    options.argv = context.command;
    std::vector<std::string> loose = command.remaining();
    if (!context.has_command) {
        options.argv = loose;
        if (!loose.empty() && loose.front().starts_with('-'))
            throw Failure(fmt::format("{}: unknown option (see ringside {} --help)", loose.front(), command.get_name()));
    } else if (!loose.empty()) {
        throw Failure(fmt::format("{}: {} (see ringside {} --help)", loose.front(), loose.front().starts_with('-') ? "unknown option" : "unexpected before --", command.get_name()));
    }
    if (options.argv.empty())
        throw Failure(fmt::format("no program to run: ringside {} [options] -- CMD [ARG]...", command.get_name()));
    options.stdio = context.stdio;
    options.open_files = context.open_files;
    options.env = environment(env);
    options.root = real_directory(root, "--root");
    options.cwd = cwd.empty() ? (options.root == "/" ? current_directory() : "/") : cwd;
    if (!options.cwd.starts_with('/'))
        throw Failure(fmt::format("--cwd: {}: must be an absolute path", cwd));
    for (const std::string& text : binds)
        options.binds.push_back(parse_bind(text));
    if (!memory.empty())
        options.memory = parse_size(memory);
    if (options.memory != 0 && options.memory < least_memory)
        throw Failure(fmt::format("--memory: {} is too little for any program: give {}M or more", memory, least_memory >> 20));
    options.pids = pids;
    options.patch_after = patch.value();
    options.confinement = confinement == "full" ? session::Confinement::full : session::Confinement::reduced;
    options.hand_over = hand_over;
    return options;
}

}
