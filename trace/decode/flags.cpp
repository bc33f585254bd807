// Looks up flag sets and takes numbers apart into their names.
#include "trace/decode/flags.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::trace {

namespace {

std::vector<const FlagSet*> sorted_sets()
{
    std::vector<const FlagSet*> sets;
    for (auto family : {file_flags(), memory_flags(), network_flags(), system_flags()})
        for (const FlagSet& set : family)
            sets.push_back(&set);
    std::ranges::sort(sets, {}, &FlagSet::name);
    return sets;
}

const std::vector<const FlagSet*>& sets()
{
    static const std::vector<const FlagSet*> all = sorted_sets();
    return all;
}

Node unknown_node(const FlagSet& set, std::uint64_t value)
{
    std::string text = value == 0 ? "0" : fmt::format("{:#x}", value);
    if (!set.unknown.empty() && value != 0)
        text += fmt::format(" /* {} */", set.unknown);
    return Node::leaf(std::move(text), Token::number, value);
}

}

const FlagSet* flag_set(std::string_view name)
{
    auto at = std::ranges::lower_bound(sets(), name, {}, &FlagSet::name);
    return at != sets().end() && (*at)->name == name ? *at : nullptr;
}

std::span<const FlagSet* const> all_flag_sets() { return sets(); }

std::string_view flag_name(const FlagSet& set, std::uint64_t value)
{
    for (const FlagName& flag : set.names)
        if (flag.value == value)
            return flag.name;
    return {};
}

Node flags_node(const FlagSet& set, std::uint64_t value)
{
    if (set.enumeration) {
        std::string_view name = flag_name(set, value);
        return name.empty() ? unknown_node(set, value) : Node::leaf(std::string(name), Token::flag, value);
    }
    Node node = Node::group("", "|", "");
    node.value = value;
    std::uint64_t rest = value;
    for (const FlagName& flag : set.names) {
        bool zero_name = flag.value == 0 && flag.mask == 0; // F_OK, PROT_NONE: only where nothing else is set
        std::uint64_t field = flag.mask ? flag.mask : flag.value;
        bool there = zero_name ? value == 0 : (value & field) == flag.value && (flag.value == 0 || (rest & flag.value) != 0);
        if (!there)
            continue;
        rest &= ~field;
        node.item(Node::leaf(std::string(flag.name), Token::flag, flag.value));
    }
    if (node.children.empty())
        return unknown_node(set, value);
    if (rest)
        node.item(Node::leaf(fmt::format("{:#x}", rest), Token::number, rest));
    return node;
}

Node flags_node(std::string_view name, std::uint64_t value)
{
    if (const FlagSet* set = flag_set(name))
        return flags_node(*set, value);
    return Node::leaf(value ? fmt::format("{:#x}", value) : "0", Token::number, value);
}

}
