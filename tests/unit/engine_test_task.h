// A task for tests of parts that need one as a context: it never runs.
#pragma once

#include "engine/kernel/task.h"
#include "engine/mm/memory_file.h"
#include "engine/platform/platform.h"

#include <memory>

namespace ringside::test {

/// Keeps the task and its kernel.
class TaskFixture {
public:
    TaskFixture(platform::Platform& platform, mm::MemoryFile& memory);
    ~TaskFixture();
    kernel::Task& task();
    /// Gives it another address space.
    void set_mm(Ref<mm::AddressSpace> space);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}
