// See plain_text.h. The escape sequences are those of ECMA-48; console_codes(4).
#include "ui/plain_text.h"

namespace ringside::ui {

namespace {

constexpr qsizetype longest_line = 20'000; ///< a program that never ends its line must not fill memory

}

QString PlainText::take(const QByteArray& bytes)
{
    QString finished;
    const QString decoded = decoder_.decode(bytes);
    for (QChar c : decoded) {
        char16_t code = c.unicode();
        switch (state_) {
        case State::text:
            if (code == 0x1b)
                state_ = State::escape;
            else
                text(c, finished);
            break;
        case State::escape:
            if (code == '[')
                state_ = State::csi;
            else if (code == ']' || code == 'P' || code == '_' || code == '^')
                state_ = State::string;
            else if (code < 0x20 || code > 0x2f) // 0x20-0x2f: one more follows
                state_ = State::text;
            break;
        case State::csi:
            if (code >= 0x40 && code <= 0x7e)
                state_ = State::text;
            break;
        case State::string:
            if (code == 0x07)
                state_ = State::text;
            else if (code == 0x1b)
                state_ = State::string_escape;
            break;
        case State::string_escape: state_ = State::text; break;
        }
    }
    return finished;
}

void PlainText::text(QChar c, QString& finished)
{
    switch (c.unicode()) {
    case '\n':
        finished += line_ + '\n';
        line_.clear();
        column_ = 0;
        return;
    case '\r': column_ = 0; return;
    case '\b': column_ = std::max<qsizetype>(0, column_ - 1); return;
    case '\t':
        do
            text(' ', finished);
        while (column_ % 8 != 0);
        return;
    default: break;
    }
    if (c.unicode() < 0x20 || c.unicode() == 0x7f)
        return;
    if (column_ >= longest_line) {
        finished += line_ + '\n';
        line_.clear();
        column_ = 0;
    }
    if (column_ < line_.size())
        line_[column_] = c;
    else
        line_ += c;
    ++column_;
}

}
