// See liveness.h.
#include "trace/liveness.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace ringside::trace {

namespace {

/// Field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)); empty when there is no such process or it is a zombie.
std::string start_time(const std::string& pid)
{
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::size_t name_end = text.rfind(')'); // the name may hold anything
    if (name_end == text.npos)
        return {};
    std::istringstream fields(text.substr(name_end + 1));
    std::string field;
    for (int number = 3; number <= 22 && fields >> field; ++number)
        if (number == 3 && (field == "Z" || field == "X"))
            return {};
    return field;
}

std::string boot_id()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    file >> id;
    return id;
}

}

std::string recorder_identity()
{
    std::string pid = std::to_string(getpid());
    return pid + " " + start_time(pid) + " " + boot_id();
}

bool recorder_alive(const std::string& identity)
{
    std::istringstream fields(identity);
    std::string pid, start, boot;
    if (!(fields >> pid >> start >> boot) || pid.find_first_not_of("0123456789") != pid.npos)
        return false;
    return boot == boot_id() && start == start_time(pid);
}

}
