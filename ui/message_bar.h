// The one bar above Events for messages: what, why, one button.
#pragma once

#include <QWidget>

class QLabel;

namespace ringside::ui {

class FlatButton;

class MessageBar : public QWidget {
    Q_OBJECT

public:
    enum class Kind { note, mistake };

    explicit MessageBar(QWidget* parent = nullptr);

    /// `what` is bold. Without an action there is only the close button.
    void show_message(Kind kind, const QString& what, const QString& why = {}, const QString& action = {}, std::function<void()> act = {});
    void dismiss();
    QString text() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Kind kind_ = Kind::note;
    QLabel *what_, *why_;
    FlatButton *action_, *close_;
    std::function<void()> act_;
};

}
