// Runs the tests of models and window. Settings and recordings go to a folder that is removed at the end.
#include "tests/ui/comfort_test.h"
#include "tests/ui/docks_test.h"
#include "tests/ui/models_test.h"
#include "tests/ui/person_test.h"
#include "tests/ui/terminal_test.h"
#include "tests/ui/traces.h"
#include "tests/ui/window_test.h"
#include "ui/theme.h"

#include <QApplication>
#include <QSettings>
#include <QtTest>

int main(int argc, char** argv)
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    ringside::test::TemporaryFolder folder;
    qputenv("XDG_DATA_HOME", QByteArray::fromStdString(folder / "data"));
    qputenv("XDG_RUNTIME_DIR", QByteArray::fromStdString(folder / ""));
    QApplication application(argc, argv);
    QApplication::setOrganizationName("ringside");
    QApplication::setApplicationName("workbench-tests");
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, QString::fromStdString(folder / "config"));
    ringside::ui::apply_theme(application, ringside::ui::Theme::light);
    ringside::test::ModelsTest models;
    ringside::test::WindowTest window;
    ringside::test::DocksTest docks;
    ringside::test::ComfortTest comfort;
    ringside::test::PersonTest person;
    ringside::test::TerminalTest terminal;
    int failures = QTest::qExec(&models, argc, argv) + QTest::qExec(&docks, argc, argv) + QTest::qExec(&person, argc, argv) + QTest::qExec(&terminal, argc, argv) + QTest::qExec(&comfort, argc, argv);
    return failures + QTest::qExec(&window, argc, argv);
}
