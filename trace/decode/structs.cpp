// Finds the decoder of a struct by its name, and shows structs and arrays of them.
#include "trace/decode/context.h"

#include <algorithm>
#include <sys/uio.h>

namespace ringside::trace {

namespace {

std::vector<StructEntry> sorted_structs()
{
    std::vector<StructEntry> entries;
    for (auto family : {time_structs(), file_structs(), process_structs(), network_structs(), scalar_structs()})
        entries.insert(entries.end(), family.begin(), family.end());
    std::ranges::sort(entries, {}, &StructEntry::name);
    return entries;
}

}

const StructEntry* find_struct(std::string_view name)
{
    static const std::vector<StructEntry> entries = sorted_structs();
    auto at = std::ranges::lower_bound(entries, name, {}, &StructEntry::name);
    return at != entries.end() && at->name == name ? &*at : nullptr;
}

Node struct_at(Context& context, std::string_view type, std::uint64_t address, Direction direction)
{
    const StructEntry* entry = find_struct(type);
    if (address == 0 || !entry || context.depth > 8 || !context.spend())
        return address_node(address);
    ++context.depth;
    std::optional<Node> node = entry->decode(context, address, direction);
    --context.depth;
    if (!node)
        return address_node(address);
    if (node->address == 0)
        node->address = address;
    return std::move(*node);
}

Node array_at(Context& context, std::string_view type, std::uint64_t address, std::uint64_t count, Direction direction)
{
    if (address == 0)
        return address_node(0);
    Node node = Node::group("[", ", ", "]");
    node.address = address;
    const StructEntry* entry = find_struct(type);
    if (count == 0)
        return node;
    if (!entry || entry->size == 0 || !context.data.has(address, direction))
        return address_node(address);
    std::uint64_t shown = std::min<std::uint64_t>(count, context.item_limit());
    for (std::uint64_t i = 0; i < shown; ++i) {
        std::uint64_t at = address + i * entry->size;
        if (!context.spend() || !context.data.has(at, direction)) {
            shown = i;
            break;
        }
        node.item(struct_at(context, type, at, direction));
    }
    node.length = count * entry->size;
    if (shown < count)
        node.item(Node::leaf("...", Token::plain));
    return node;
}

Node iovec_at(Context& context, std::uint64_t address, std::uint64_t count, Direction buffers, std::uint64_t total)
{
    if (address == 0)
        return address_node(0);
    Node node = Node::group("[", ", ", "]");
    node.address = address;
    std::uint64_t shown = std::min<std::uint64_t>(count, context.item_limit());
    for (std::uint64_t i = 0; i < shown; ++i) {
        std::uint64_t at = address + i * sizeof(iovec);
        auto vector = context.data.read_as<iovec>(at, Direction::in);
        if (!vector || !context.spend()) {
            if (i == 0)
                return address_node(address);
            shown = i;
            break;
        }
        std::uint64_t length = std::min<std::uint64_t>(vector->iov_len, total);
        total -= length;
        Fields fields(*vector, at);
        fields.add("iov_base", vector->iov_base, bytes_at(context, reinterpret_cast<std::uint64_t>(vector->iov_base), length, buffers));
        fields.num("iov_len", vector->iov_len);
        node.item(fields.take());
    }
    if (shown < count)
        node.item(Node::leaf("...", Token::plain));
    return node;
}

}
