// Buttons of the workbench: the primary one, plain ones, chips of the quick filters, the pill over the table, links.
#pragma once

#include <QAbstractButton>

namespace ringside::ui {

class FlatButton : public QAbstractButton {
    Q_OBJECT

public:
    enum class Kind { primary, plain, chip, pill, link, status };

    explicit FlatButton(Kind kind, QWidget* parent = nullptr);
    FlatButton(Kind kind, const QString& text, QWidget* parent = nullptr);

    /// A sign before the text, coloured apart from it: "■" in red for Stop.
    void set_sign(const QString& sign, const QColor& colour = {});
    void set_kind(Kind kind);
    /// The text's colour, where it is not the kind's own.
    void set_ink(const QColor& ink);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QFont shown_font() const;

    Kind kind_;
    QString sign_;
    QColor sign_colour_, ink_;
};

}
