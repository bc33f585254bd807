// The note about what a trace holds.

#include "app/cli/privacy_note.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::cli {

namespace {

std::string state_folder()
{
    const char* state = std::getenv("XDG_STATE_HOME");
    if (state && state[0] == '/')
        return state;
    const char* home = std::getenv("HOME");
    return home && home[0] == '/' ? std::string(home) + "/.local/state" : std::string();
}

bool make_folders(const std::string& path)
{
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        if (mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST)
            return false;
        if (slash == std::string::npos)
            return true;
    }
}

}

void note_privacy_once()
{
    if (!isatty(STDERR_FILENO))
        return; // nobody reads it: the next recording at a terminal says it
    std::string folder = state_folder();
    if (!folder.empty()) {
        folder += "/ringside";
        if (make_folders(folder)) {
            int fd = open((folder + "/recording-noted").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            if (fd >= 0)
                close(fd);
            else if (errno == EEXIST)
                return;
        }
    }
    std::fputs("ringside: note: a trace holds everything that the program reads, passwords and keys included. Only you can read the file; "
               "think before you pass it on.\n",
        stderr);
}

}
