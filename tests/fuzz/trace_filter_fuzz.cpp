// Feeds the filter compiler random and mutated texts: no crash, no hang, columns inside the text; what compiles can be
// evaluated.
#include "trace/filter/filter.h"

#include "fuzz.h"
#include "../unit/vector_source.h"

#include <catch2/catch.hpp>

using namespace ringside::trace;
using namespace ringside::trace::test;

namespace {

const std::vector<std::string> seeds {
    "syscall == openat && path ~ \"^/etc\" && ret < 0", "comm in {bash, ls} || t > 1.5s", "!(syscall in {futex, read})", "all fd != 3 and not any path glob \"*.so\"",
    "size > 64KiB && dur <= 0x10us", "errno == ENOENT or signal == SIGSEGV", "args contains \"a\\x41\\\"\\n\"", "pid in {1..5, 7, 0x10..0x20}", "(((problem)))", "group == file",
    "process in {12, bash} && verdict == denied", "kind == exit && ip == 0xffffffffffffffff", "syscall ~ \"(a*)*b{1,100}\"",
};
const std::vector<std::string> pieces {"&&", "||", "(", ")", "{", "}", "!", "==", "!=", "~", "..", ",", "\"", "\\", "in", "any", "all", "not", "path", "fd", "t", "1", "0x", "-9223372036854775808",
    "99999999999", "1e9", "ms", "KiB", "\xc2\xb5s", "\xff", std::string(1, '\0'), "glob", "contains", "[", "*", "+", "(?i)", "{1000}"};

class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_(seed) {}
    std::size_t below(std::size_t n) { return random_.below(n); }
    std::string text()
    {
        std::string text = below(4) ? seeds[below(seeds.size())] : std::string();
        for (std::size_t changes = below(8); changes > 0; --changes) {
            std::size_t at = below(text.size() + 1);
            switch (below(5)) {
            case 0: text.insert(at, pieces[below(pieces.size())]); break;
            case 1: text.erase(at, below(6)); break;
            case 2: text.insert(at, 1, static_cast<char>(below(256))); break;
            case 3: text += (below(2) ? " && " : " || ") + seeds[below(seeds.size())]; break;
            default: text.insert(at, text.substr(below(text.size()), below(20))); break;
            }
        }
        if (below(200) == 0)
            text = std::string(below(20000), below(2) ? '(' : '!') + text;
        return text;
    }

private:
    ringside::test::Random random_;
};

}

TEST_CASE("the filter compiler survives any text")
{
    VectorSource source;
    source.fd_paths[3] = "/etc/passwd";
    Call(source, "openat", {static_cast<std::uint64_t>(-100), 0x1000, 0, 0}).path(0x1000, "/etc/passwd").ret(3).event().path = source.intern("/etc/passwd");
    Call(source, "read", {3, 0x2000, 100}).out(0x2000, std::string(100, 'a')).ret(100);
    Event signal;
    signal.kind = EventKind::signal;
    signal.nr = 11;
    source.add(signal);
    ringside::test::Budget budget;
    long compiled = 0, refused = 0;
    for (std::uint64_t seed = 1; budget.left(); ++seed) {
        Mutator mutator(seed);
        std::string text = mutator.text();
        INFO("seed " << seed << ": " << text);
        auto result = Filter::compile(text);
        if (auto* filter = std::get_if<Filter>(&result)) {
            ++compiled;
            for (const Event& event : source.events)
                filter->matches(event, source);
        } else {
            ++refused;
            const auto& error = std::get<FilterError>(result);
            REQUIRE(error.column >= 1);
            REQUIRE(error.column <= text.size() + 1);
            REQUIRE(!error.text.empty());
        }
        auto completions = complete_filter(text, mutator.below(text.size() + 2));
        REQUIRE(completions.begin <= completions.end);
        REQUIRE(completions.end <= text.size());
        REQUIRE(completions.candidates.size() <= 200);
    }
    CHECK(compiled > 0);
    CHECK(refused > 0);
}
