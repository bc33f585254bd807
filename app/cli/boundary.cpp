// ringside boundary: what holds the guest, read back from running processes.

#include "app/cli/command.h"
#include "app/cli/guest_options.h"
#include "engine/session/bpf_text.h"
#include "engine/session/live_filters.h"
#include "trace/syscall_table.h"

#include <cstdlib>
#include <fmt/format.h>
#include <linux/capability.h>
#include <map>
#include <nlohmann/json.hpp>

namespace ringside::cli {

namespace {

using Program = std::vector<std::uint64_t>;

std::string call_name(std::uint32_t nr)
{
    const trace::SyscallInfo* info = trace::find_syscall(static_cast<int>(nr));
    return info ? std::string(info->name) : std::string();
}

std::string joined(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

void print_calls(const nlohmann::json& report)
{
    const auto& calls = report.at("host_calls");
    fmt::print("Host calls of the Sentry: {} kinds. Any other ends it.\n", calls.size());
    for (const auto& call : calls) {
        std::string arguments = call.at("arguments").get<std::string>();
        std::string purpose = call.at("purpose").get<std::string>();
        fmt::print("  {:<20}{}\n", call.at("name").get<std::string>(), purpose);
        if (!arguments.empty())
            fmt::print("  {:<20}only where {}\n", "", arguments);
    }
}

/// Of /proc/PID/status; the one that may be there by its name.
std::string capability_names(const std::string& set)
{
    constexpr std::uint64_t reading = std::uint64_t {1} << CAP_DAC_READ_SEARCH;
    std::uint64_t bits = std::strtoull(set.c_str(), nullptr, 16);
    return bits == 0 ? "none" : bits == reading ? "CAP_DAC_READ_SEARCH alone (root reads everybody's files)" : set;
}

void print_process(const session::LiveProcess& process, std::map<Program, std::size_t>& known)
{
    fmt::print("\n{} (process {})\n", process.name, process.pid);
    fmt::print("  capabilities {}, no_new_privs {}, seccomp {}\n", capability_names(process.capabilities),
        process.no_new_privs ? "yes" : "no", process.seccomp == "2" ? "filter" : process.seccomp.empty() ? "unknown" : "mode " + process.seccomp);
    if (!process.own_namespaces.empty())
        fmt::print("  namespaces of its own: {}\n", joined(process.own_namespaces));
    for (const session::LiveThread& thread : process.threads) {
        if (!thread.filters) {
            fmt::print("  thread {}: its filters can't be read back (that needs CAP_SYS_ADMIN)\n", thread.tid);
            continue;
        }
        std::vector<std::string> names;
        for (const Program& program : *thread.filters)
            names.push_back(fmt::format("#{}", known.emplace(program, known.size() + 1).first->second));
        fmt::print("  thread {}: {}\n", thread.tid, names.empty() ? "NO FILTER" : (names.size() == 1 ? "filter " : "filters ") + joined(names));
    }
}

void print_programs(const std::map<Program, std::size_t>& known)
{
    std::map<std::size_t, const Program*> by_number;
    for (const auto& [program, number] : known)
        by_number[number] = &program;
    for (const auto& [number, program] : by_number)
        fmt::print("\nFilter #{}, {} instructions\n{}", number, program->size(), session::disassemble_filter(*program, call_name));
}

int show_boundary(session::SessionOptions options)
{
    options.mode = session::Mode::boundary;
    options.restore_terminal = false;
    auto session = session::Session::start(options);
    auto text = session->wait_report(std::chrono::seconds(20));
    if (!text) {
        session->kill();
        session->wait();
        const std::string& message = session->outcome().message;
        throw Failure(message.empty() ? "the Sentry did not report in time" : message);
    }
    auto report = nlohmann::json::parse(*text, nullptr, false);
    if (!report.is_object())
        throw Failure("the Sentry's report can't be read");
    std::vector<session::LiveProcess> processes = session::inspect_processes(session->process_id());
    session->finish();
    session->wait();

    bool read_back = false;
    for (const auto& process : processes) {
        for (const auto& thread : process.threads)
            read_back = read_back || (thread.filters && !thread.filters->empty());
    }
    int landlock = report.at("landlock").get<int>();
    fmt::print("Confinement: {}. Landlock: {}.\n", report.at("level").get<std::string>(), landlock ? fmt::format("ABI {}", landlock) : "not in this kernel");
    fmt::print("Filters: {}.\n\n", read_back ? "read back from the running processes" : "as the Sentry says it installed them (reading them back needs CAP_SYS_ADMIN)");
    print_calls(report);
    std::map<Program, std::size_t> known;
    if (!read_back)
        known.emplace(report.at("filter").get<Program>(), 1);
    for (const auto& process : processes)
        print_process(process, known);
    print_programs(known);
    return 0;
}

/// The Sentry's self-test: 0 where all is as it should be, else 1.
int test_boundary(session::SessionOptions options)
{
    options.self_test = {"all"};
    options.restore_terminal = false;
    auto session = session::Session::start(options);
    session->wait();
    const session::Outcome& outcome = session->outcome();
    if (!outcome.message.empty())
        throw Failure(outcome.message);
    fmt::print("{}", outcome.report);
    return outcome.exit_status();
}

}

void add_boundary(CLI::App& app, Context& context)
{
    struct Options {
        std::string confinement = "full";
        std::vector<std::string> binds;
        bool test = false;
    };
    CLI::App* command = app.add_subcommand("boundary", "Show what holds a program: host calls, filters in force, namespaces, capabilities");
    auto options = std::make_shared<Options>();
    command->add_option("--confinement", options->confinement, "full (default) or reduced")->check(CLI::IsMember({"full", "reduced"}))->type_name("LEVEL");
    command->add_option("--bind", options->binds, "As in run: a writable bind adds host calls")->type_name("SRC:DST[:ro]")->expected(1)->take_all();
    command->add_flag("--test", options->test, "Let the Sentry try what must not be possible, and say what it could do");
    command->footer("Exit status: 0; with --test 1 where something was possible that must not be; 125 where the sandbox could not be started.\n"
                    "Filters are read back from the processes where the caller has CAP_SYS_ADMIN; else they are shown as the Sentry reports them.\n\n"
                    "Examples:\n"
                    "  ringside boundary\n"
                    "  ringside boundary --bind $PWD:/work --test");
    command->callback([options, &context] {
        context.action = [options] {
            session::SessionOptions session;
            session.cwd = "/";
            session.confinement = options->confinement == "full" ? session::Confinement::full : session::Confinement::reduced;
            for (const std::string& bind : options->binds)
                session.binds.push_back(parse_bind(bind));
            return options->test ? test_boundary(std::move(session)) : show_boundary(std::move(session));
        };
    });
}

}
