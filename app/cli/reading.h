// What the subcommands that read a trace share.
#pragma once

#include "trace/filter/filter.h"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ringside::trace {
class TraceFile;
}

namespace ringside::cli {

/// Throws Failure with a line that names the file.
std::unique_ptr<trace::TraceFile> open_trace(const std::string& path);
/// Does what reads the trace at `path`; what goes wrong on the way becomes a Failure that names the file.
void reading(const std::string& path, const std::function<void()>& work);
/// "PATH: MESSAGE", unless the message names it already.
std::string about(const std::string& path, const std::string& message);

/// Throws Failure with the message that points at the column.
trace::Filter compile_filter(const std::string& text);

/// Where text goes: stdout, or a file that is there only once it is whole. Throws Failure where it can't be written, naming it.
class Output {
public:
    /// Empty or "-": stdout.
    explicit Output(const std::string& path, bool force);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    /// False: it cannot be written (the reader of a pipe has gone, the disk is full).
    bool write(std::string_view text);
    /// Flushes and closes. Throws Failure.
    void finish();

private:
    void open_existing(const std::string& path);
    std::string name_;
    std::string temporary_; ///< the file's name until it is whole
    int error_ = 0;         ///< of a write that failed
    std::FILE* file_;
    bool own_;
};

}
