// execve.

#include "engine/kernel/exec.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/inode.h"
#include "engine/fs/vfs.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/exit.h"
#include "engine/kernel/fiber.h"
#include "engine/kernel/futex.h"
#include "engine/kernel/job_control.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/posix_timer.h"
#include "engine/loader/loader.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace ringside::kernel {

namespace {

/// The program of an address space: nobody may open it for writing (deny_write_access).
class Running final : public RefCounted {
public:
    explicit Running(Ref<fs::Inode> inode) : inode_(std::move(inode)) { --inode_->writers; }
    ~Running() override { ++inode_->writers; }

private:
    Ref<fs::Inode> inode_;
};

}

struct Exec {
    static Result<long> execute(Task& task, const ExecRequest& request)
    {
        std::string shown = request.path;
        if (request.directory != AT_FDCWD && !request.path.starts_with('/'))
            shown = "/dev/fd/" + std::to_string(request.directory) + (request.path.empty() ? "" : "/" + request.path);
        Ref<fs::File> file = TRY(open(task, request));
        std::string program = file->name(task);

        loader::Request load;
        load.file = std::move(file);
        load.path = shown;
        load.argv = request.argv;
        load.envp = request.environment;
        load.open = [&](const std::string& path) {
            return open_program(task, path);
        };
        task.kernel().random(std::as_writable_bytes(std::span(&load.seed, 1)));
        constexpr std::uint64_t no_randomization = 0x0040000; // personality(2), ADDR_NO_RANDOMIZE
        if (task.personality & no_randomization)
            load.seed = 0;
        task.kernel().random(load.random);
        load.path_inaccessible = request.directory != AT_FDCWD && task.files().close_on_exec(request.directory).value_or(false);
        bool fatal = false;
        auto image = loader::load(task, std::move(load), &fatal);
        if (!image.ok()) {
            if (fatal)
                task.group_->begin_exit(SIGSEGV);
            return image.error();
        }
        if (auto inode = image.value().file->inode(); inode && inode->writers <= 0)
            image.value().space->layout().running = make_ref<Running>(std::move(inode));
        TRY(end_other_threads(task));
        auto thread = image.value().space->host().create_thread();
        if (!thread.ok()) {
            task.group_->begin_exit(SIGKILL);
            return thread.error();
        }
        replace(task, image.value(), std::move(thread).value());
        std::size_t slash = shown.rfind('/');
        task.comm_ = shown.substr(slash == std::string::npos ? 0 : slash + 1).substr(0, 15);
        task.recorder().exec(task, program, image.value().argv);
        task.mm_->record_mappings(task);
        task.registers_are_replaced();
        task.recorder().registers_replaced(task, true);
        return 0;
    }

    /// do_open_execat: a regular file that may be executed, on a mount that allows it. Read permission is not needed.
    static Result<Ref<fs::File>> open(Task& task, const ExecRequest& request)
    {
        fs::FsContext& context = task.fs_context();
        fs::Path start = context.working_directory;
        if (request.directory != AT_FDCWD && !request.path.starts_with('/')) {
            Ref<fs::File> directory = TRY(task.files().get(request.directory));
            if (!directory->path())
                return Errno(request.path.empty() ? EACCES : ENOTDIR);
            start = *directory->path();
        }
        fs::WalkFlags walk;
        walk.follow = request.follow;
        walk.empty_path = request.empty_path;
        fs::Path found = TRY(context.vfs->walk(task, start, request.path, walk));
        if (found.inode().is_symlink())
            return Errno(ELOOP);
        if (!found.inode().is_regular() || (found.mount->flags & MS_NOEXEC))
            return Errno(EACCES);
        TRY(fs::check_permission(task, found, X_OK));
        if (found.inode().writers > 0)
            return Errno(ETXTBSY);
        return found.inode().open(task, found, O_RDONLY);
    }

    /// de_thread: the others end, and the caller becomes the leader with its number.
    static Result<void> end_other_threads(Task& task)
    {
        ThreadGroup& group = *task.group_;
        if (group.tasks_.size() > 1) {
            if (group.exiting() || group.exec_task_)
                return Errno(EAGAIN);
            group.exec_task_ = &task;
            for (Task* other : group.tasks_) {
                if (other == &task)
                    continue;
                other->exiting_ = true;
                wake_for_signals(*other, true);
            }
            while (group.tasks_.size() > 1 && !group.exiting())
                (void)group.threads_queue_.wait(task, {}, Interruptible::by_fatal_signals);
            group.exec_task_ = nullptr;
            if (group.exiting())
                return Errno(EAGAIN);
        }
        if (group.leader_ != &task) {
            Task* old = group.leader_;
            release_task(*old);
            group.leader_ = &task;
            task.kernel().processes().rename(task, group.tgid());
        }
        group.exit_signal = SIGCHLD;
        return {};
    }

    static void replace(Task& task, loader::Image& image, std::unique_ptr<platform::Thread> thread)
    {
        Kernel& kernel = task.kernel();
        ThreadGroup& group = *task.group_;
        clear_child_tid(task);
        leave_futexes(task);
        task.usage_->max_rss = std::max(task.usage_->max_rss, task.mm_->resident_bytes());

        task.recorder().memory_digest(task, group.has_executed);
        group.memory_unsure = false;
        group.stacks_left.clear();

        thread->set_owner(&task);
        thread->registers() = image.registers;
        task.thread_.reset(); // before the address space that it ran in
        task.thread_ = std::move(thread);
        task.mm_ = image.space;
        task.release_vfork_parent();
        kernel.scheduler().change_share_group(task, make_ref<ShareGroup>(kernel.recording()));

        if (task.files_->ref_count() > 1)
            task.files_ = task.files_->copy();
        task.files_->close_marked(task);
        if (group.handlers->ref_count() > 1)
            group.handlers = group.handlers->copy();
        group.handlers->reset_for_exec();
        task.signals_->alt_stack = task.signals_->alt_size = 0;
        task.signals_->alt_flags = 0;
        group.posix_timers.clear();
        task.credentials_ = task.credentials_->after_exec();
        task.fault_ = {};
        group.dumpable = 1;
        group.has_executed = true;
    }
};

Result<long> exec_program(Task& task, const ExecRequest& request)
{
    return Exec::execute(task, request);
}

Result<Ref<fs::File>> open_program(Task& task, const std::string& path)
{
    ExecRequest request;
    request.path = path;
    return Exec::open(task, request);
}

}
