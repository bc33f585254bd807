// The decoded form of an argument: a tree from which text is made. The inspector shows the tree, lines are rendered from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::trace {

/// What a piece of rendered text is, for colouring.
enum class Token : std::uint8_t { plain, syscall, field, number, address, string, path, fd, flag, error, text, signal, comment };

/// A half-open range of bytes of a line.
struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    Token token = Token::plain;
};

/// Text with its spans, in order and without overlap; what no span covers is plain.
struct Line {
    std::string text;
    std::vector<Span> spans;

    void add(std::string_view piece, Token token = Token::plain);
};

/// One value: a leaf has text, a group has children between `open` and `close`.
struct Node {
    std::string name;              ///< of the argument or field; may be empty
    std::string text;              ///< a leaf's text, as strace would write it
    Token token = Token::plain;
    bool named = false;            ///< rendered as "name=value"
    std::string_view open;         ///< "{", "[", or nothing; static text
    std::string_view separator = ", ";
    std::string_view close;
    std::uint64_t value = 0;       ///< the raw integer, where there is one
    std::uint64_t address = 0;     ///< where it lies in guest memory; 0: in a register
    std::uint64_t length = 0;      ///< bytes there
    std::vector<Node> children;

    static Node leaf(std::string text, Token token, std::uint64_t value = 0);
    static Node group(std::string_view open, std::string_view separator, std::string_view close);
    /// Appends a named child and gives it back.
    Node& field(std::string_view name, Node value);
    Node& item(Node value);
};

/// Appends the node's text. A named node writes its name first.
void render(const Node& node, Line& line);
/// The node's value alone, without its name.
std::string to_text(const Node& node);

}
