// Filters and output of the subcommands that read a trace.

#include "app/cli/reading.h"

#include "app/cli/command.h"
#include "trace/trace_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>

namespace ringside::cli {

std::string about(const std::string& path, const std::string& message)
{
    return message.find(path) == std::string::npos ? path + ": " + message : message;
}

std::unique_ptr<trace::TraceFile> open_trace(const std::string& path)
{
    try {
        return std::make_unique<trace::TraceFile>(path);
    } catch (const trace::Error& error) {
        throw Failure(about(path, error.what()));
    }
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
    // As private as the trace that it is made from.
    int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0600);
    if (fd < 0)
        throw Failure(fmt::format("{}: {}{}", path, strerror(errno), errno == EEXIST ? " (--force overwrites it)" : ""));
    file_ = fdopen(fd, "w");
    own_ = true;
}

Output::~Output()
{
    if (own_ && file_)
        std::fclose(file_);
}

bool Output::write(std::string_view text)
{
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size();
}

void Output::finish()
{
    bool ok = std::fflush(file_) == 0 && !std::ferror(file_);
    int error = errno;
    if (own_)
        ok = std::fclose(std::exchange(file_, nullptr)) == 0 && ok;
    if (!ok)
        throw Failure(fmt::format("{}: {}", name_, strerror(error)));
}

}
