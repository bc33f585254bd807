// ringside query: SQL on a trace, read-only.

#include "app/cli/command.h"
#include "app/cli/reading.h"
#include "trace/trace_file.h"

#include <fmt/format.h>

namespace ringside::cli {

namespace {

std::string as_text(const trace::SqlValue& value)
{
    struct Visitor {
        std::string operator()(std::monostate) const { return {}; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return fmt::format("{}", number); }
        std::string operator()(const std::string& text) const { return text; }
        std::string operator()(const std::vector<std::byte>& bytes) const
        {
            std::string hex = "x'";
            for (std::byte byte : bytes)
                hex += fmt::format("{:02x}", static_cast<unsigned>(byte));
            return hex + "'";
        }
    };
    std::string text = std::visit(Visitor {}, value);
    // One row a line, columns by tabs: what would break that is written as in C.
    std::string result;
    for (char c : text) {
        if (c == '\t')
            result += "\\t";
        else if (c == '\n')
            result += "\\n";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            result += c;
    }
    return result;
}

}

void add_query(CLI::App& app, Context& context)
{
    struct Options {
        std::string file, sql;
        bool no_header = false;
    };
    CLI::App* command = app.add_subcommand("query", "Ask a trace in SQL (read-only): a row a line, columns by tabs");
    auto options = std::make_shared<Options>();
    command->add_option("FILE", options->file, "The trace")->required();
    command->add_option("SQL", options->sql, "E.g. 'select name, count(*) from syscalls group by 1 order by 2 desc'")->required();
    command->add_flag("--no-header", options->no_header, "Without the columns' names");
    command->footer("Exit status: 0, or 125 where the trace could not be read.");
    command->callback([options, &context] {
        context.action = [options] {
            auto trace = open_trace(options->file);
            trace::TraceFile& file = *trace;
            Output output({}, false);
            auto line = [&](auto&& cells, auto&& text) {
                std::string row;
                for (const auto& cell : cells)
                    row += (row.empty() && &cell == &cells.front() ? "" : "\t") + text(cell);
                return output.write(row + "\n");
            };
            file.query(
                options->sql,
                [&](const std::vector<std::string>& names) {
                    if (!options->no_header && !names.empty())
                        line(names, [](const std::string& name) { return name; });
                },
                [&](const std::vector<trace::SqlValue>& row) { return line(row, as_text); });
            output.finish();
            return 0;
        };
    });
}

}
