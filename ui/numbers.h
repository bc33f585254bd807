// Numbers as the window writes them.
#pragma once

#include <QLocale>
#include <QString>

#include <cstdint>

namespace ringside::ui {

/// "12,480".
inline QString number_text(std::uint64_t value)
{
    return QLocale().toString(static_cast<qulonglong>(value));
}

/// The same, and nothing for 0: a column of zeros hides what is there.
inline QString some_text(std::uint64_t value)
{
    return value ? number_text(value) : QString();
}

/// "1 file" or "12 files": both in the person's language, the second with %1.
inline QString counted(std::uint64_t count, const QString& one, const QString& many)
{
    return count == 1 ? one : many.arg(number_text(count));
}

inline QString from_utf8(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}
