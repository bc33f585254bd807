// See worth.h.
#include "trace/analysis/worth.h"

#include "trace/analysis/worth_rules.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

namespace ringside::trace::analysis {

namespace {

constexpr std::size_t most_details = 20;

std::vector<std::string> strings_of(const toml::node_view<const toml::node>& node)
{
    std::vector<std::string> texts;
    if (const toml::array* list = node.as_array())
        for (const toml::node& item : *list)
            if (auto text = item.value<std::string>())
                texts.push_back(*text);
    return texts;
}

bool fits(std::string_view glob, std::string_view path)
{
    while (!glob.empty()) {
        if (glob.starts_with("**")) {
            for (std::size_t i = 0; i <= path.size(); ++i)
                if (fits(glob.substr(2), path.substr(i)))
                    return true;
            return false;
        }
        if (glob.front() == '*') {
            for (std::size_t i = 0; i <= path.size(); ++i) {
                if (fits(glob.substr(1), path.substr(i)))
                    return true;
                if (i < path.size() && path[i] == '/')
                    break;
            }
            return false;
        }
        if (path.empty() || glob.front() != path.front())
            return false;
        glob.remove_prefix(1);
        path.remove_prefix(1);
    }
    return path.empty();
}

/// The homes that the program knew: $HOME, /root, and the folders of /home.
std::vector<std::string> homes_of(TraceFile& trace)
{
    std::vector<std::string> homes {"/root", "/home/*"};
    auto environment = nlohmann::json::parse(trace.meta("environment"), nullptr, false);
    if (environment.is_array())
        for (const auto& entry : environment)
            if (entry.is_string() && entry.get<std::string>().starts_with("HOME=/") && entry.get<std::string>().size() > 6)
                homes.push_back(entry.get<std::string>().substr(5));
    return homes;
}

class Watch {
public:
    Watch(const Input& input, const std::vector<FileUse>& files, const std::vector<Connection>& connections)
        : input_(input), files_(files), connections_(connections), homes_(homes_of(input.trace))
    {
    }

    Notice apply(const WorthRule& rule)
    {
        Notice notice {rule.id, rule.title, {}, {}, 0};
        if (!rule.paths.empty())
            by_path(rule, notice);
        else if (rule.what == "written then executed")
            dropped(notice);
        else if (rule.what == "dialled out")
            dialled(notice);
        else if (rule.what == "listens outside")
            listens(notice);
        else if (rule.what == "writable and executable")
            writable_code(notice);
        else if (rule.what == "calls")
            by_call(rule, notice);
        return notice;
    }

private:
    static void add(Notice& notice, const std::string& detail, EventId event)
    {
        ++notice.count;
        if (notice.details.size() < most_details) {
            notice.details.push_back(detail);
            notice.events.push_back(event);
        }
    }

    void by_path(const WorthRule& rule, Notice& notice)
    {
        using namespace file_use;
        auto wanted = static_cast<std::uint16_t>((rule.read ? read | opened | listed | mapped : 0) | (rule.write ? written | created | removed | changed : 0) | (rule.execute ? executed : 0) | (rule.tried ? tried | looked_at : 0));
        for (const FileUse& file : files_)
            if (file.is(wanted) && std::ranges::any_of(rule.paths, [&](const std::string& glob) { return fits_glob(glob, file.path, homes_); }))
                add(notice, file.path, file.first);
    }

    void dropped(Notice& notice)
    {
        for (const FileUse& file : files_)
            if (file.is(file_use::written | file_use::created) && file.is(file_use::executed))
                add(notice, file.path, file.last);
    }

    void dialled(Notice& notice)
    {
        for (const Connection& connection : connections_)
            if (connection.outside)
                add(notice, connection.peer, connection.failed_at ? connection.failed_at : connection.first);
    }

    void listens(Notice& notice)
    {
        for (const Connection& connection : connections_)
            if (connection.state == Connection::State::listening && (connection.local.starts_with("0.0.0.0") || connection.local.starts_with("[::]")))
                add(notice, connection.local, connection.first);
    }

    void writable_code(Notice& notice)
    {
        auto access = input_.trace.access();
        Statement rows = access.database.prepare("SELECT id FROM event WHERE kind = 1 AND nr IN (9, 10) AND (a2 & 6) = 6 AND ret >= 0 ORDER BY id LIMIT 100");
        while (rows.step()) {
            EventId event = rows.number(0);
            if (input_.has(event))
                add(notice, fmt::format("event {}", event), event);
        }
    }

    void by_call(const WorthRule& rule, Notice& notice)
    {
        std::array<bool, syscall_limit> wanted {};
        for (const std::string& name : rule.calls)
            if (int nr = nr_of(name); nr >= 0)
                wanted[static_cast<std::size_t>(nr)] = true;
        input_.each([&](std::size_t row) {
            int nr = input_.columns.nr[row];
            if (input_.columns.is_call(row) && nr >= 0 && nr < syscall_limit && wanted[static_cast<std::size_t>(nr)])
                add(notice, std::string(find_syscall(nr)->name), row + 1);
        });
    }

    const Input& input_;
    const std::vector<FileUse>& files_;
    const std::vector<Connection>& connections_;
    std::vector<std::string> homes_;
};

}

bool fits_glob(std::string_view glob, std::string_view path, const std::vector<std::string>& homes)
{
    if (!glob.starts_with("~/"))
        return fits(glob, path);
    return std::ranges::any_of(homes, [&](const std::string& home) { return fits(home + std::string(glob.substr(1)), path); });
}

std::vector<WorthRule> parse_worth_rules(std::string_view text)
{
    std::vector<WorthRule> rules;
    try {
        const toml::table table = toml::parse(text);
        const toml::array* list = table["rule"].as_array();
        for (std::size_t i = 0; list && i < list->size(); ++i) {
            const toml::node_view<const toml::node> node(list->get(i));
            WorthRule rule;
            rule.id = node["id"].value_or(std::string());
            rule.title = node["title"].value_or(std::string());
            rule.what = node["what"].value_or(std::string());
            rule.paths = strings_of(node["path"]);
            rule.calls = strings_of(node["call"]);
            for (const std::string& did : strings_of(node["did"]))
                (did == "read" ? rule.read : did == "write" ? rule.write : did == "try" ? rule.tried : rule.execute) = true;
            if (rule.title.empty() || (rule.paths.empty() && rule.what.empty()))
                throw Error(fmt::format("rule {} needs a title, and a path or what it looks for", i + 1));
            rules.push_back(std::move(rule));
        }
    } catch (const toml::parse_error& error) {
        throw Error(fmt::format("line {}: {}", error.source().begin.line, error.description()));
    }
    return rules;
}

const std::vector<WorthRule>& worth_rules()
{
    static const std::vector<WorthRule> rules = parse_worth_rules(shipped_worth_rules);
    return rules;
}

std::vector<Notice> worth_a_look(const Input& input, const std::vector<FileUse>& files, const std::vector<Connection>& connections, const std::vector<WorthRule>& rules)
{
    Watch watch(input, files, connections);
    std::vector<Notice> notices;
    for (const WorthRule& rule : rules)
        if (Notice notice = watch.apply(rule); notice.count != 0)
            notices.push_back(std::move(notice));
    return notices;
}

}
