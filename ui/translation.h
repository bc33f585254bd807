// The interface in another language: a table of texts, part of the program. Simplified Chinese is shipped beside English.
#pragma once

#include <QHash>
#include <QTranslator>

class QApplication;

namespace ringside::ui {

class TableTranslator : public QTranslator {
    Q_OBJECT

public:
    /// Lines of "English, tab, translation"; those that begin with # are notes.
    explicit TableTranslator(const QString& table, QObject* parent = nullptr);

    QString translate(const char* context, const char* text, const char* disambiguation, int count) const override;
    bool isEmpty() const override { return texts_.isEmpty(); }

private:
    QHash<QString, QString> texts_;
};

/// Installs the language that `name` asks for ("zh_CN", "en"; empty: the desktop's). English where there is no other.
void apply_language(QApplication& application, const QString& name);
/// The shipped table.
QString chinese_table();

}
