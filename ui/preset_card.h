// One of the choices under the command line: a round sign, a name, and what it means in a sentence.
#pragma once

#include <QAbstractButton>

namespace ringside::ui {

class PresetCard : public QAbstractButton {
    Q_OBJECT

public:
    PresetCard(const QString& name, const QString& sentence, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString sentence_;
};

}
