// The two palettes of the workbench, the fonts that the desktop chose, and the style that draws them: Fusion, made flat.
#pragma once

#include <QColor>
#include <QFont>
#include <QString>

class QApplication;

namespace ringside::ui {

/// Every text colour is at least 4.5:1 on panel, window, selection, match and valid.
struct Colours {
    bool dark;
    QColor panel, window, line, text, secondary, faint, accent, error, denied, good, host;
    QColor file, network, process, other;
    QColor selection, match, valid;
};

enum class Theme { system, light, dark };

/// "light", "dark"; all else is the system's choice.
Theme theme_of(const QString& name);

/// The colours in force.
const Colours& colours();
/// Sets style and palette of the application.
void apply_theme(QApplication& application, Theme theme);
/// What the desktop asks for: the portal's org.freedesktop.appearance, else the palette's lightness.
bool desktop_is_dark();

/// Letters a step larger or smaller than the desktop's, a tenth each.
void apply_text_scale(int steps);
/// The desktop's font of fixed width, as large as the window's own.
QFont mono_font();
/// Rows of tables and trees: air enough to read, dense enough to see much.
int row_height(const QFont& font);

}
