// See first_program.h.

#include "engine/kernel/first_program.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/inode.h"
#include "engine/fs/vfs.h"
#include "engine/kernel/exec.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/thread_group.h"
#include "engine/loader/elf_file.h"
#include "engine/record/gathered_input.h"
#include "engine/record/task_recorder.h"

#include <cstring>
#include <elf.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ringside::kernel {

namespace {

/// Where execvp would look (man 3 exec).
std::vector<std::string> along_path(const Options& options)
{
    const std::string& program = options.argv[0];
    std::string path = "/bin:/usr/bin";
    for (const std::string& variable : options.environment)
        if (variable.starts_with("PATH="))
            path = variable.substr(5);
    std::vector<std::string> result;
    for (std::size_t start = 0; start <= path.size();) {
        std::size_t end = std::min(path.find(':', start), path.size());
        std::string directory = path.substr(start, end - start);
        result.push_back(directory.empty() ? program : directory + "/" + program);
        start = end + 1;
    }
    return result;
}

Result<fs::Path> look_up(Task& task, const std::string& path)
{
    fs::FsContext& context = task.fs_context();
    return context.vfs->walk(task, context.working_directory, path);
}

/// As shells do: what is not there is looked for further on, and a file that may not be executed is remembered, but not that a
/// directory of PATH may not be searched.
Result<std::string> find_program(Task& task, const Options& options)
{
    if (options.argv.empty() || options.argv[0].empty())
        return Errno(ENOENT);
    if (options.argv[0].find('/') != std::string::npos)
        return options.argv[0];
    Errno error(ENOENT);
    for (const std::string& candidate : along_path(options)) {
        auto found = look_up(task, candidate);
        if (!found.ok() || !found.value().inode().is_regular())
            continue;
        if (fs::check_permission(task, found.value(), X_OK).ok())
            return candidate;
        error = Errno(EACCES);
    }
    return error;
}

/// A vector of strings in the memory of whoever called the first execve. That is outside of the guest, and of no interest: the trace
/// shows it at addresses that stand for it.
class CallerStrings {
public:
    CallerStrings(const std::vector<std::string>& strings, std::uint64_t& next)
        : strings_(strings)
    {
        for (const std::string& text : strings)
            pointers_.push_back(std::exchange(next, next + text.size() + 1));
        pointers_.push_back(0);
        next = (next + 7) & ~std::uint64_t {7};
        list_ = std::exchange(next, next + pointers_.size() * sizeof(std::uint64_t));
    }
    std::uint64_t list() const { return list_; }
    void record(Task& task) const
    {
        record::GatheredInput texts(task);
        for (std::size_t i = 0; i < strings_.size(); ++i)
            texts.add(GuestAddr(pointers_[i]), std::as_bytes(std::span(strings_[i].c_str(), strings_[i].size() + 1)));
        task.recorder().gathered(GuestAddr(list_), std::as_bytes(std::span(pointers_)));
    }

private:
    const std::vector<std::string>& strings_;
    std::vector<std::uint64_t> pointers_;
    std::uint64_t list_ = 0;
};

/// The call's entry. No instruction made it, so its address is 0: the player knows by that to run nothing before it.
void record_entry(Task& task, const ExecRequest& request)
{
    if (!task.recorder().enabled())
        return;
    std::uint64_t next = 0x7ffe'0000'0000;
    platform::Registers registers {};
    registers.rax = SYS_execve;
    registers.rip = 2;
    registers.rdi = std::exchange(next, next + request.path.size() + 1);
    CallerStrings arguments(request.argv, next), environment(request.environment, next);
    registers.rsi = arguments.list();
    registers.rdx = environment.list();
    task.recorder().syscall_enter(task, registers);
    task.recorder().copied(task, trace::Direction::in, GuestAddr(registers.rdi), std::as_bytes(std::span(request.path.c_str(), request.path.size() + 1)));
    arguments.record(task);
    environment.record(task);
}

std::string in_words(Errno error)
{
    const char* text = strerrordesc_np(error.value());
    return text ? text : "error " + std::to_string(error.value());
}

const char* const damaged = "cannot execute: the program is damaged or cut short";

/// An ELF file that was refused.
std::string explain_elf(Task& task, const Ref<fs::File>& file, const loader::Head& head, Errno error)
{
    Elf64_Ehdr header {};
    std::memcpy(&header, head.data(), sizeof(header));
    if (header.e_machine == EM_386 || (header.e_machine == EM_X86_64 && header.e_ident[EI_CLASS] == ELFCLASS32))
        return "cannot execute: a 32-bit program; only 64-bit ones for x86-64 run here";
    if (header.e_machine != EM_X86_64 && header.e_machine != EM_NONE)
        return "cannot execute: not a program for this machine (exec format error)";
    auto elf = loader::ElfFile::open(task, file, head, Errno(ENOEXEC));
    auto interpreter = elf.ok() ? elf.value().interpreter(task) : Result<std::string>(elf.error());
    if (!interpreter.ok() || interpreter.value().empty())
        return damaged;
    if (error == ELIBBAD)
        return "cannot execute: its loader " + interpreter.value() + " is damaged or of another kind";
    if (!open_program(task, interpreter.value()).ok())
        return "cannot execute: its loader " + interpreter.value() + ": " + in_words(error);
    return damaged;
}

/// Why `path`, which was there, could not be executed.
std::string explain(Task& task, const std::string& path, Errno error)
{
    auto found = look_up(task, path);
    if (!found.ok())
        return in_words(found.error());
    if (found.value().inode().is_directory())
        return "cannot execute: it is a directory; give the path of a program in it";
    if (!found.value().inode().is_regular())
        return "cannot execute: it is not a regular file";
    auto file = open_program(task, path);
    if (!file.ok())
        return file.error() == EACCES ? "cannot execute: permission denied (chmod +x makes a file a program)" : "cannot execute: " + in_words(file.error());
    constexpr int most_scripts = 6; // one leads to another
    for (int i = 0; i < most_scripts; ++i) {
        auto head = loader::read_head(task, *file.value());
        if (!head.ok())
            break;
        std::string_view start(head.value().data(), head.value().size());
        if (start.starts_with(ELFMAG))
            return explain_elf(task, file.value(), head.value(), error);
        auto script = loader::parse_script(head.value());
        if (!script.ok())
            return start.starts_with("#!") ? "cannot execute: its #! line names no interpreter (exec format error)"
                                           : "cannot execute: neither a program nor a script with a #! line (exec format error)";
        file = open_program(task, script.value().interpreter);
        if (!file.ok())
            return "bad interpreter: " + script.value().interpreter + ": " + in_words(file.error());
    }
    return "cannot execute: " + in_words(error);
}

}

std::optional<StartFailure> execute_first_program(Task& task, const Options& options)
{
    auto path = find_program(task, options);
    if (!path.ok())
        return StartFailure {path.error(), path.error() == ENOENT ? "command not found" : "cannot execute: permission denied (chmod +x makes a file a program)"};
    ExecRequest request;
    request.path = std::move(path).value();
    request.argv = options.argv;
    request.environment = options.environment;
    task.files().announce(task);
    record_entry(task, request);
    auto executed = exec_program(task, request);
    if (executed.ok()) {
        task.recorder().syscall_exit(task, executed.value());
        return {};
    }
    task.recorder().syscall_exit(task, -executed.error().value());
    // Past the point of no return Linux kills the process with SIGSEGV: the headers promised what the file does not hold.
    if (task.group().exiting())
        return StartFailure {Errno(ENOEXEC), damaged};
    return StartFailure {executed.error(), explain(task, request.path, executed.error())};
}

}
