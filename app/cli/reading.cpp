// Filters and output of the subcommands that read a trace.

#include "app/cli/reading.h"

#include "app/cli/command.h"
#include "trace/sqlite.h"
#include "trace/trace_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::cli {

std::string about(const std::string& path, const std::string& message)
{
    return message.find(path) == std::string::npos ? path + ": " + message : message;
}

void reading(const std::string& path, const std::function<void()>& work)
{
    try {
        work();
    } catch (const trace::SqlError& error) {
        bool damaged = error.code == SQLITE_CORRUPT || error.code == SQLITE_NOTADB;
        if (damaged || error.code == SQLITE_IOERR)
            throw Failure(fmt::format("{}: this trace is {}", path, damaged ? "damaged: a part of it can't be read" : "on a disk that can't be read, or was cut while it was read"));
        throw Failure(about(path, error.what()));
    } catch (const trace::Error& error) {
        throw Failure(about(path, error.what()));
    }
}

std::unique_ptr<trace::TraceFile> open_trace(const std::string& path)
{
    std::unique_ptr<trace::TraceFile> trace;
    reading(path, [&] { trace = std::make_unique<trace::TraceFile>(path); });
    return trace;
}

trace::Filter compile_filter(const std::string& text)
{
    auto compiled = trace::Filter::compile(text);
    if (auto* error = std::get_if<trace::FilterError>(&compiled))
        throw Failure(fmt::format("filter: {}", error->message()));
    return std::get<trace::Filter>(std::move(compiled));
}

Output::Output(const std::string& path, bool force) : name_(path), file_(stdout), own_(false)
{
    if (path.empty() || path == "-") {
        name_ = "standard output";
        return;
    }
    // Made under another name: whoever finds NAME finds all of it. As private as the trace that it is made from.
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode)) {
            open_existing(path);
            return;
        }
        if (!force)
            throw Failure(fmt::format("{}: {} (--force overwrites it)", path, strerror(EEXIST)));
    }
    temporary_ = path + ".XXXXXX";
    int fd = mkostemp(temporary_.data(), O_CLOEXEC);
    if (fd < 0) {
        temporary_.clear();
        throw Failure(fmt::format("{}: {}", path, strerror(errno)));
    }
    file_ = fdopen(fd, "w");
    own_ = true;
}

/// A pipe, a device: written as it is.
void Output::open_existing(const std::string& path)
{
    file_ = std::fopen(path.c_str(), "we");
    if (!file_)
        throw Failure(fmt::format("{}: {}", path, strerror(errno)));
    own_ = true;
}

Output::~Output()
{
    if (own_ && file_)
        std::fclose(file_);
    if (!temporary_.empty())
        unlink(temporary_.c_str());
}

bool Output::write(std::string_view text)
{
    if (std::fwrite(text.data(), 1, text.size(), file_) == text.size())
        return true;
    error_ = errno;
    return false;
}

void Output::finish()
{
    errno = 0;
    bool ok = !std::ferror(file_) && std::fflush(file_) == 0;
    int error = errno ? errno : error_;
    if (own_ && std::fclose(std::exchange(file_, nullptr)) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && !temporary_.empty()) {
        ok = rename(temporary_.c_str(), name_.c_str()) == 0;
        error = errno;
        if (ok)
            temporary_.clear();
    }
    if (!ok)
        throw Failure(fmt::format("{}: {}", name_, strerror(error)));
}

}
