// Builds nodes and renders them.
#include "trace/decode/node.h"

namespace ringside::trace {

namespace {

// A line longer than this is cut: nobody reads it, and hostile data could make it any length.
constexpr std::size_t line_limit = std::size_t {4} << 20;

void render_at(const Node& node, Line& line, int depth)
{
    if (depth > 32 || line.text.size() > line_limit)
        return;
    if (node.named && !node.name.empty()) {
        line.add(node.name, Token::field);
        line.add("=");
    }
    if (!node.text.empty())
        line.add(node.text, node.token);
    line.add(node.open);
    bool first = true;
    for (const Node& child : node.children) {
        if (!first)
            line.add(node.separator);
        first = false;
        render_at(child, line, depth + 1);
    }
    line.add(node.close);
}

}

void Line::add(std::string_view piece, Token token)
{
    if (piece.empty())
        return;
    auto begin = static_cast<std::uint32_t>(text.size());
    text += piece;
    if (token != Token::plain)
        spans.push_back({begin, static_cast<std::uint32_t>(text.size()), token});
}

Node Node::leaf(std::string text, Token token, std::uint64_t value)
{
    Node node;
    node.text = std::move(text);
    node.token = token;
    node.value = value;
    return node;
}

Node Node::group(std::string_view open, std::string_view separator, std::string_view close)
{
    Node node;
    node.open = open;
    node.separator = separator;
    node.close = close;
    return node;
}

Node& Node::field(std::string_view field_name, Node value)
{
    value.name = field_name;
    value.named = true;
    children.push_back(std::move(value));
    return children.back();
}

Node& Node::item(Node value)
{
    children.push_back(std::move(value));
    return children.back();
}

void render(const Node& node, Line& line) { render_at(node, line, 0); }

std::string to_text(const Node& node)
{
    Line line;
    if (node.named) {
        Node bare = node;
        bare.named = false;
        render(bare, line);
    } else {
        render(node, line);
    }
    return std::move(line.text);
}

}
