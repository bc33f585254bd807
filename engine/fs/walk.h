// One walk along a path: where it is, how many links it has followed. man 7 path_resolution.
#pragma once

#include "engine/fs/vfs.h"

namespace ringside::fs {

class Walk {
public:
    Walk(Vfs& vfs, Task& task, const Path& start, const WalkFlags& flags);
    /// Goes to the directory that holds the last component. May be called again with a link's text.
    Result<Parent> to_parent(std::string path);
    /// The whole way.
    Result<Path> to_end(std::string path);
    /// Steps onto the last component; links are not followed.
    Result<Path> last(const Parent& parent);
    /// Reads the link in `parent`'s directory. A magic link's destination is returned; otherwise (not valid()) `text` is what to walk next.
    Result<Path> read_link(const Path& link, std::string& text);

private:
    Result<void> up();
    void note_path(const Parent& parent);
    Vfs& vfs_;
    Task& task_;
    WalkFlags flags_;
    Path root_;
    Path start_;
    Path at_;
    int links_ = 0;
};

}
