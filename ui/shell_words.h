// A command line as a person pastes it: words, quotes and backslashes as in a shell; no expansion, no pipes.
#pragma once

#include <QString>

#include <optional>
#include <string>
#include <vector>

namespace ringside::ui {

struct ShellWords {
    std::vector<std::string> words;
    QString mistake;      ///< one sentence, empty when the line is sound
    bool needs_shell = false; ///< it has pipes, redirections or the like outside of quotes: run it by `sh -c`
};

ShellWords split_command(const QString& line);
/// A word as a shell takes it: bare where that is safe, else in single quotes.
QString shell_quoted(const QString& word);

}
