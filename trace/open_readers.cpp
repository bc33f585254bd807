// See open_readers.h.
#include "trace/open_readers.h"

#include <algorithm>
#include <mutex>
#include <vector>

namespace ringside::trace {

namespace {

struct Registry {
    std::mutex mutex;
    std::vector<OpenReader*> readers;
};

Registry& registry()
{
    static Registry registry;
    return registry;
}

}

void OpenReader::enlist()
{
    std::scoped_lock lock(registry().mutex);
    registry().readers.push_back(this);
}

void OpenReader::withdraw()
{
    std::scoped_lock lock(registry().mutex);
    std::erase(registry().readers, this);
}

void OpenReader::all_let_go(const std::string& real_path)
{
    std::scoped_lock lock(registry().mutex);
    for (OpenReader* reader : registry().readers)
        reader->let_go(real_path);
}

}
