// "Run…": the form of the start page, in a dialog.
#pragma once

#include "engine/session/session.h"

#include <QDialog>

#include <optional>

namespace ringside::ui {

class RunForm;

class RunDialog : public QDialog {
    Q_OBJECT

public:
    explicit RunDialog(QWidget* parent = nullptr);
    RunForm& form() { return *form_; }
    const std::optional<session::SessionOptions>& options() const { return options_; }

private:
    RunForm* form_;
    std::optional<session::SessionOptions> options_;
};

}
