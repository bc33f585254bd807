// See run_dialog.h.
#include "ui/run_dialog.h"

#include "ui/run_form.h"

#include <QVBoxLayout>

namespace ringside::ui {

RunDialog::RunDialog(QWidget* parent) : QDialog(parent), form_(new RunForm)
{
    setWindowTitle(tr("Run a program"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(18, 18, 18, 14);
    layout->setSizeConstraint(QLayout::SetMinimumSize);
    layout->addWidget(form_);
    layout->addStretch();
    setMinimumWidth(720);
    form_->focus_command();
    connect(form_, &RunForm::run_asked, this, [this](const session::SessionOptions& options) {
        options_ = options;
        accept();
    });
}

}
