// See disk_space.h.
#include "ui/disk_space.h"

#include <QCoreApplication>
#include <QFile>
#include <QLocale>

#include <sys/statvfs.h>

namespace ringside::ui {

namespace {

constexpr std::uint64_t gib = std::uint64_t {1} << 30, little = gib / 2, soon = 300; ///< bytes; seconds

QString words(const char* text)
{
    return QCoreApplication::translate("Disk", text);
}

}

std::uint64_t free_space(const QString& path)
{
    struct statvfs disk {};
    if (statvfs(QFile::encodeName(path).constData(), &disk) != 0)
        return UINT64_MAX;
    return std::uint64_t {disk.f_bavail} * disk.f_frsize;
}

QString disk_warning(std::uint64_t left, std::uint64_t per_second)
{
    if (left == UINT64_MAX)
        return {};
    bool short_of_time = per_second > 0 && left / per_second < soon;
    if (left >= little && !short_of_time)
        return {};
    QString size = QLocale().toString(static_cast<double>(left) / static_cast<double>(gib), 'f', 1);
    std::uint64_t minutes = per_second > 0 ? (left / per_second + 30) / 60 : UINT64_MAX;
    if (minutes > 24 * 60)
        return words("%1 GB left on the disk.").arg(size);
    if (minutes <= 1)
        return words("%1 GB left: about 1 minute of recording.").arg(size);
    return words("%1 GB left: about %2 minutes of recording.").arg(size).arg(minutes);
}

}
