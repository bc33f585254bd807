// Who can see whose writes (replay.md, Threads): processes that map one file shared, and whoever writes to such a file, become one share
// group while a recording is made. Their order is then the recording's, and replay follows it.
#pragma once

#include <cstdint>

namespace ringside::mm {
class Mappable;
}

namespace ringside::kernel {

class Task;

/// The task is about to map `object` shared; `writable`: it may write to it. `identity` is what a recording calls the object unless it
/// has a name already. May wait until those who map it have left the guest.
void share_mapping(Task& task, mm::Mappable& object, bool writable, std::uint64_t identity);
/// The task is about to change what others may have mapped: the same waiting. Nothing where nobody maps it to write.
void join_sharers(Task& task, const mm::Mappable& object);

}
