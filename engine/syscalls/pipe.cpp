// pipe(2) and pipe2(2).
#include "engine/fs/pipe.h"
#include "engine/fs/file_table.h"
#include "engine/kernel/task.h"
#include "engine/syscalls/handler.h"

#include <fcntl.h>

namespace ringside::syscalls {

Result<long> pipe2(Task& task, GuestPtr<std::array<int, 2>> pipefd, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), O_CLOEXEC | O_NONBLOCK | O_DIRECT));
    auto [reader, writer] = fs::make_pipe(task, flags);
    auto reserved = TRY(task.files().reserve<2>(task)); // gives the numbers back unless committed
    TRY(task.copy_out(pipefd, reserved.numbers()));     // EFAULT leaves no descriptor behind
    reserved.commit({std::move(reader), std::move(writer)}, (flags & O_CLOEXEC) != 0);
    return 0;
}

Result<long> pipe(Task& task, GuestPtr<std::array<int, 2>> pipefd)
{
    return pipe2(task, pipefd, 0);
}

const Register<SYS_pipe, pipe> r_pipe;
const Register<SYS_pipe2, pipe2> r_pipe2;

}
