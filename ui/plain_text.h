// What a program wrote to its terminal, as plain text: colour codes and cursor movements are dropped, a carriage return and a
// backspace act within the line, as on a terminal.
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringDecoder>

namespace ringside::ui {

class PlainText {
public:
    /// Finished lines that came with these bytes, each with its newline, appended to what is in `line()`.
    QString take(const QByteArray& bytes);
    /// The line that has no newline yet.
    const QString& line() const { return line_; }

private:
    enum class State { text, escape, csi, string, string_escape };

    void text(QChar c, QString& finished);

    QStringDecoder decoder_ {QStringDecoder::Utf8};
    State state_ = State::text;
    QString line_;
    qsizetype column_ = 0;
};

}
