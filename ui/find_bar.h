// The bar above Events that looks for the next or the previous event: by a text as it is shown, or by a filter.
#pragma once

#include <QWidget>

class QComboBox;
class QLineEdit;

namespace ringside::ui {

class FindBar : public QWidget {
    Q_OBJECT

public:
    explicit FindBar(QWidget* parent = nullptr);

    /// Shows it, with the cursor in its line.
    void begin();
    QLineEdit& line() { return *line_; }
    QComboBox& way() { return *way_; }
    /// What is looked for as a filter; empty: nothing.
    QString filter() const;

Q_SIGNALS:
    void find_asked(bool forward);
    void closed();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QLineEdit* line_;
    QComboBox* way_;
};

/// Events that show this text: in their arguments, paths, call, process, or as the name of their error. Letters in either case.
QString filter_for_text(const QString& text);

}
