// See shell_words.h.
#include "ui/shell_words.h"

#include <QCoreApplication>

namespace ringside::ui {

namespace {

QString words(const char* text)
{
    return QCoreApplication::translate("Run", text);
}

class Splitter {
public:
    explicit Splitter(const QString& line) : text_(line.toStdString()) { }

    ShellWords split()
    {
        while (at_ < text_.size() && result_.mistake.isEmpty())
            take(text_[at_++]);
        end_word();
        if (!result_.mistake.isEmpty())
            result_.words.clear();
        return std::move(result_);
    }

private:
    void take(char c)
    {
        constexpr std::string_view special = "|&;<>()$`*?[#~";
        if (c == ' ' || c == '\t' || c == '\n')
            return end_word();
        if (special.find(c) != special.npos && (c != '#' || !in_word_) && (c != '~' || !in_word_))
            result_.needs_shell = true;
        in_word_ = true;
        if (c == '\'')
            single_quoted();
        else if (c == '"')
            double_quoted();
        else if (c == '\\' && at_ < text_.size())
            word_ += text_[at_++];
        else
            word_ += c;
    }

    void single_quoted()
    {
        std::size_t end = text_.find('\'', at_);
        if (end == text_.npos) {
            result_.mistake = words("A ' is not closed.");
            return;
        }
        word_.append(text_, at_, end - at_);
        at_ = end + 1;
    }

    void double_quoted()
    {
        for (; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '"') {
                ++at_;
                return;
            }
            if (c == '$' || c == '`')
                result_.needs_shell = true;
            if (c == '\\' && at_ + 1 < text_.size() && std::string_view("\"\\$`").find(text_[at_ + 1]) != std::string_view::npos)
                c = text_[++at_];
            word_ += c;
        }
        result_.mistake = words("A \" is not closed.");
    }

    void end_word()
    {
        if (in_word_)
            result_.words.push_back(std::move(word_));
        word_.clear();
        in_word_ = false;
    }

    std::string text_, word_;
    std::size_t at_ = 0;
    bool in_word_ = false;
    ShellWords result_;
};

}

ShellWords split_command(const QString& line)
{
    return Splitter(line).split();
}

QString shell_quoted(const QString& word)
{
    auto plain = [](QChar c) { return c.isLetterOrNumber() || QStringLiteral("_-+=./,:@%").contains(c); };
    if (!word.isEmpty() && std::all_of(word.begin(), word.end(), plain))
        return word;
    QString quoted = word;
    return '\'' + quoted.replace('\'', QStringLiteral("'\\''")) + '\'';
}

}
