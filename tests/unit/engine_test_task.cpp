// The task of tests, with a kernel that serves nobody.
#include "tests/unit/engine_test_task.h"

#include "engine/kernel/kernel.h"
#include "engine/kernel/replay_task.h"
#include "engine/mm/address_space.h"
#include "engine/record/recorder.h"
#include "tests/unit/engine_fake_platform.h"

namespace ringside::test {

struct TaskFixture::State {
    /// What the task has when the test has given it nothing: apart, so that the test can count its own.
    FakePlatform spare_platform;
    std::unique_ptr<mm::MemoryFile> spare_memory = mm::MemoryFile::create(0).value();
    record::Recorder recorder;
    std::unique_ptr<kernel::Kernel> kernel;
    Ref<mm::AddressSpace> spare;
    Ref<kernel::Task> task;
};

TaskFixture::TaskFixture(platform::Platform& platform, mm::MemoryFile& memory) : state_(std::make_unique<State>())
{
    State& s = *state_;
    s.kernel = kernel::Kernel::create({}, platform, memory, s.recorder).value();
    s.spare = mm::AddressSpace::create(s.spare_platform, *s.spare_memory, 1).value();
    s.task = kernel::ReplayTask::create(*s.kernel, 1, s.spare, [] { }).value();
}

TaskFixture::~TaskFixture() = default;

kernel::Task& TaskFixture::task()
{
    return *state_->task;
}

void TaskFixture::set_mm(Ref<mm::AddressSpace> space)
{
    if (!kernel::ReplayTask::replace_memory(*state_->task, space ? space : state_->spare).ok())
        throw std::runtime_error("a fake platform that makes no threads");
}

}
