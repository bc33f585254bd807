// The report as JSON.

#include "app/sentry/report.h"

#include "engine/boundary/filter.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace ringside::sentry {

namespace {

std::string describe(const boundary::Condition& condition)
{
    char buffer[64];
    const char* format = condition.test == boundary::Condition::Test::equal ? "arg%u == 0x%llx"
        : condition.test == boundary::Condition::Test::at_least            ? "arg%u >= 0x%llx"
                                                                           : "arg%u & 0x%llx == 0";
    std::snprintf(buffer, sizeof(buffer), format, static_cast<unsigned>(condition.argument), static_cast<unsigned long long>(condition.value));
    return buffer;
}

std::string describe(const boundary::HostCall& call)
{
    std::string text;
    for (const auto& rule : call.rules) {
        std::string one;
        for (const boundary::Condition& condition : rule)
            one += (one.empty() ? "" : " and ") + describe(condition);
        text += (text.empty() ? "" : ", or ") + one;
    }
    return text;
}

}

std::string Report::text() const
{
    nlohmann::json calls = nlohmann::json::array();
    for (const boundary::HostCall& call : boundary::host_calls(writable_binds))
        calls.push_back({{"nr", call.nr}, {"name", call.name}, {"purpose", call.purpose}, {"arguments", describe(call)}});
    return nlohmann::json {{"level", full ? "full" : "reduced"}, {"landlock", landlock}, {"host_calls", calls}, {"filter", filter}}.dump();
}

}
