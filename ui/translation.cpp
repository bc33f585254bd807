// See translation.h.
#include "ui/translation.h"

#include "ui/chinese_texts.h"

#include <QApplication>
#include <QLocale>

namespace ringside::ui {

TableTranslator::TableTranslator(const QString& table, QObject* parent) : QTranslator(parent)
{
    const QStringList lines = table.split('\n', Qt::SkipEmptyParts);
    for (const QString& line : lines)
        if (qsizetype tab = line.indexOf('\t'); tab > 0 && !line.startsWith('#'))
            texts_.insert(line.left(tab).replace(QStringLiteral("\\n"), QStringLiteral("\n")), line.mid(tab + 1).replace(QStringLiteral("\\n"), QStringLiteral("\n")));
}

QString TableTranslator::translate(const char*, const char* text, const char*, int) const
{
    return texts_.value(QString::fromUtf8(text)); // null: Qt takes the text as it is
}

QString chinese_table()
{
    return QString::fromUtf8(chinese_texts.data(), static_cast<qsizetype>(chinese_texts.size()));
}

void apply_language(QApplication& application, const QString& name)
{
    QLocale wanted = name.isEmpty() ? QLocale::system() : QLocale(name);
    bool simplified = wanted.language() == QLocale::Chinese && wanted.script() != QLocale::TraditionalHanScript;
    if (!simplified)
        return;
    QApplication::installTranslator(new TableTranslator(chinese_table(), &application));
    if (!name.isEmpty())
        QLocale::setDefault(wanted);
}

}
