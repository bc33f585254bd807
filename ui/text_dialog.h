// A window of text to read, select and copy: what a trace is, the keys, how filters are written, what the sandbox does.
#pragma once

#include <QString>

#include <utility>
#include <vector>

class QWidget;

namespace ringside::trace {
struct TraceInfo;
}

namespace ringside::ui {

using TextRows = std::vector<std::pair<QString, QString>>; ///< a name and what it says; without the second a heading

/// Waits until it is closed. `lead`: a sentence above the rows.
void show_text(QWidget* parent, const QString& title, const QString& lead, const TextRows& rows);

/// What `ringside info` says of a trace.
TextRows trace_properties(const QString& path, const trace::TraceInfo& info);
/// Each field of the filter, and how they are put together.
TextRows filter_reference();
/// What the sandbox lets through and what it does not.
TextRows sandbox_words(const QString& confinement);

}
