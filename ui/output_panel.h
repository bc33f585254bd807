// The dock with what the program prints, and a line to type to it.
#pragma once

#include "ui/panel.h"
#include "ui/plain_text.h"

class QLineEdit;
class QPlainTextEdit;

namespace ringside::ui {

class OutputPanel : public Panel {
    Q_OBJECT

public:
    explicit OutputPanel(QWidget* parent = nullptr);

    /// A program begins: what was there goes.
    void begin(const QString& command);
    void add(const QByteArray& bytes);
    void end(const QString& how);
    /// A trace that is not running here.
    void show_closed(const QString& note);
    /// What was printed when the trace was recorded.
    void show_recorded(const QByteArray& bytes);
    QString text() const;
    void take_focus() override;

Q_SIGNALS:
    void typed(const QByteArray& bytes);
    void interrupted();

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    QPlainTextEdit* view_;
    QLineEdit* input_;
    PlainText plain_;
    int shown_line_ = 0; ///< characters of the unfinished line that the view shows
};

}
