// The connections that this process has open on traces. A recording can leave the WAL mode only while nobody else has the file
// open: the recorder asks its own process's readers to let go for a moment; they open it again when they are next asked.
#pragma once

#include <string>

namespace ringside::trace {

class OpenReader {
public:
    OpenReader() = default;
    virtual ~OpenReader() = default;
    OpenReader(const OpenReader&) = delete;
    OpenReader& operator=(const OpenReader&) = delete;

    /// Closes the connection if it is on this file, given as realpath(3) says; called from any thread.
    virtual void let_go(const std::string& real_path) = 0;

    static void all_let_go(const std::string& real_path);

protected:
    /// From the end of the derived class's constructor to the beginning of its destructor: let_go() must find it whole.
    void enlist();
    void withdraw();
};

}
