// execve(2) and execveat(2).

#include "engine/kernel/exec.h"

#include "engine/loader/loader.h"
#include "engine/mm/address_space.h"
#include "engine/record/gathered_input.h"
#include "engine/syscalls/handler.h"

#include <fcntl.h>

namespace ringside::syscalls {

namespace {

/// A vector of strings, ended by a null pointer. `room` is what is left of the space for arguments. E2BIG, EFAULT.
Result<std::vector<std::string>> copy_in_strings(Task& task, GuestPtr<GuestAddr> vector, std::uint64_t& room)
{
    std::vector<std::string> strings;
    if (vector.is_null())
        return strings;
    record::GatheredInput pointers(task), texts(task); // two: a program's environment often is the same at each exec, and kept once
    while (true) {
        std::uint64_t pointer = 0;
        GuestAddr at = vector.addr() + strings.size() * sizeof(pointer);
        auto bytes = std::as_writable_bytes(std::span(&pointer, 1));
        TRY(task.mm().copy_in(task, at, bytes));
        pointers.add(at, bytes);
        if (pointer == 0)
            return strings;
        auto text = task.read_string(GuestAddr(pointer), loader::max_argument_length);
        if (!text.ok())
            return text.error() == ENAMETOOLONG ? Errno(E2BIG) : text.error();
        texts.add(GuestAddr(pointer), std::as_bytes(std::span(text.value().c_str(), text.value().size() + 1)));
        std::uint64_t needed = text.value().size() + 1 + sizeof(std::uint64_t);
        if (needed > room)
            return Errno(E2BIG);
        room -= needed;
        strings.push_back(std::move(text).value());
    }
}

Result<long> execute(Task& task, kernel::ExecRequest request, GuestPtr<GuestAddr> argv, GuestPtr<GuestAddr> environment)
{
    std::uint64_t room = loader::argument_limit(task);
    request.argv = TRY(copy_in_strings(task, argv, room));
    request.environment = TRY(copy_in_strings(task, environment, room));
    return kernel::exec_program(task, request);
}

Result<long> execve(Task& task, GuestPtr<const char> path, GuestPtr<GuestAddr> argv, GuestPtr<GuestAddr> environment)
{
    kernel::ExecRequest request;
    request.path = TRY(task.copy_in_path(path));
    if (request.path.empty())
        return Errno(ENOENT);
    return execute(task, std::move(request), argv, environment);
}

Result<long> execveat(Task& task, int directory, GuestPtr<const char> path, GuestPtr<GuestAddr> argv, GuestPtr<GuestAddr> environment, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    kernel::ExecRequest request;
    request.directory = directory;
    request.path = TRY(task.copy_in_path(path));
    request.empty_path = (flags & AT_EMPTY_PATH) != 0;
    request.follow = !(flags & AT_SYMLINK_NOFOLLOW);
    if (request.path.empty() && !request.empty_path)
        return Errno(ENOENT);
    return execute(task, std::move(request), argv, environment);
}

const Register<SYS_execve, execve> r_execve;
const Register<SYS_execveat, execveat> r_execveat;

}

}
