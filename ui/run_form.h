// What to run and with which rights: one command line, and more where it is wanted. Used by the start page and the Run dialog.
#pragma once

#include "engine/session/session.h"

#include <QWidget>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QTemporaryDir;

namespace ringside::ui {

class FlatButton;
class PresetCard;

class RunForm : public QWidget {
    Q_OBJECT

public:
    explicit RunForm(QWidget* parent = nullptr);
    ~RunForm() override;

    /// What the form says, checked; nothing where something in it is wrong (then it says so beside the field).
    std::optional<session::SessionOptions> options();
    void set_command(const QString& command);
    QString command() const;
    void focus_command();
    void show_more(bool more);
    /// The second preset: the home folder looks empty as well.
    void distrust(bool on);
    bool distrusts() const;
    QString complaint() const;
    /// What is under More, and the preset, under this name.
    void keep_as(const QString& name);

Q_SIGNALS:
    void run_asked(const ringside::session::SessionOptions& options);

private:
    void run();
    void describe();
    void choose_directory();
    bool complain(const QString& message);
    bool take_environment(session::SessionOptions& options);
    bool take_binds(session::SessionOptions& options);
    bool take_limits(session::SessionOptions& options);
    void list_kept(const QString& chosen);
    void keep();
    std::vector<std::pair<QString, QLineEdit*>> lines() const;
    void use_kept(int index);
    bool hide_home(session::SessionOptions& options);

    QLineEdit* command_;
    FlatButton *run_, *change_;
    PresetCard *mine_, *foreign_;
    std::unique_ptr<QTemporaryDir> empty_home_; ///< what is written there goes with the window
    QLabel *sentence_, *complaint_;
    QWidget* more_;
    QLineEdit *directory_, *root_, *memory_, *processes_;
    QComboBox* kept_;
    FlatButton* forget_;
    QPlainTextEdit *environment_, *binds_;
};

/// `$XDG_DATA_HOME/ringside`, made with mode 0700 where it is missing.
QString recordings_folder();
/// "FOLDER/CMD-20261123-175900.ringside", a name that is not taken.
QString new_trace_path(const std::string& program);

}
