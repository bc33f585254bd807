// Whether the disk that a recording goes to will last.
#pragma once

#include <QString>

#include <cstdint>

namespace ringside::ui {

/// Bytes that this user may still write where the file lies; UINT64_MAX where that cannot be told.
std::uint64_t free_space(const QString& path);
/// "1.2 GB left: about 4 minutes of recording.", where a recording that grows by `per_second` bytes has less than five minutes
/// left, or less than half a GB is left; else empty.
QString disk_warning(std::uint64_t left, std::uint64_t per_second);

}
