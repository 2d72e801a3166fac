#include "json/form_tree.hpp"

#include <charconv>
#include <optional>

#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace stoa::json {
namespace {

/// "12" and "-5" are numbers in a PHP array, "012", "+1" and "1 " are names.
std::optional<std::int64_t> array_index(std::string_view key) {
    std::int64_t v = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), v);
    if (error != std::errc{} || end != key.data() + key.size()) return std::nullopt;
    const bool leading_zero = key.size() > 1 && (key[0] == '0' || (key[0] == '-' && key[1] == '0'));
    return leading_zero ? std::nullopt : std::optional(v);
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// One step of a name: nullopt appends.
using Step = std::optional<std::string_view>;

struct Path {
    std::string first;
    std::vector<Step> steps;
};

/// a[b][]rest → a, b, append. What follows a `]` other than `[` is dropped; a bracket that never closes ends the path,
/// and is part of the name only when it is the first.
Result<Path> split(std::string_view name) {
    Path path;
    while (!name.empty() && name[0] == ' ')
        name.remove_prefix(1);
    std::size_t open = name.find('[');
    path.first = name.substr(0, open);
    while (open != std::string_view::npos && open < name.size() && name[open] == '[') {
        const bool empty = name.substr(open + 1, 1) == "]" ||
                           (open + 2 < name.size() && is_space(name[open + 1]) && name[open + 2] == ']');
        const std::size_t close = name.find(']', open + 1);
        if (close == std::string_view::npos) {
            if (path.steps.empty() && !path.first.empty()) {
                path.first += '_';
                path.first += name.substr(open + 1);
            }
            break;
        }
        if (path.steps.size() >= static_cast<std::size_t>(limits::form_depth_max)) {
            return Error{Errc::too_large, "The parameter is nested too deeply.", path.first};
        }
        path.steps.push_back(empty ? Step() : Step(name.substr(open + 1, close - open - 1)));
        open = close + 1;
    }
    return path;
}

}  // namespace

Status FormTree::add(std::string_view name, Value value, std::size_t values) {
    if (has_nul(name) || !is_valid_utf8(name)) return invalid("A parameter name is not valid UTF-8 text.");
    if (value.is_string() && (has_nul(value.string()) || !is_valid_utf8(value.string()))) {
        return invalid("The parameter is not valid UTF-8 text.", std::string(name));
    }
    count_ += values;
    STOA_TRY(const Path path, split(name));
    if (!path.first.empty()) {
        Node* node = &child(root_, path.first);
        for (const Step& step : path.steps) {
            Node& parent = branch(*node);
            node = step ? &child(parent, *step) : &append(parent);
        }
        *node = Node();
        node->value = std::move(value);
    }
    if (count_ > limits::parameters_max) {
        return Error{Errc::too_large,
                     "The request has more than " + std::to_string(limits::parameters_max) + " parameters."};
    }
    return {};
}

FormTree::Node& FormTree::branch(Node& node) {
    if (node.is_branch) return node;
    node = Node();
    node.is_branch = true;
    ++count_;
    return node;
}

FormTree::Node& FormTree::child(Node& parent, std::string_view key) {
    if (const auto found = parent.index.find(key); found != parent.index.end()) return *found->second;
    if (const auto number = array_index(key); number && *number >= parent.next_index && *number < INT64_MAX) {
        parent.next_index = *number + 1;
    }
    Node& made = *parent.children.emplace_back(std::make_unique<Node>());
    parent.keys.emplace_back(key);
    parent.index.emplace(key, &made);
    return made;
}

FormTree::Node& FormTree::append(Node& parent) {
    return child(parent, std::to_string(parent.next_index));
}

Value FormTree::take(Node& node) {
    if (!node.is_branch) return std::move(node.value);
    bool is_list = true;
    for (std::size_t i = 0; i < node.keys.size() && is_list; ++i)
        is_list = node.keys[i] == std::to_string(i);
    if (is_list) {
        Array array;
        array.reserve(node.children.size());
        for (auto& item : node.children)
            array.push_back(take(*item));
        return array;
    }
    Object object;
    object.reserve(node.keys.size());
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        object.append_unchecked(std::move(node.keys[i]), take(*node.children[i]));
    }
    return object;
}

Value FormTree::finish() {
    Object object;
    object.reserve(root_.keys.size());
    for (std::size_t i = 0; i < root_.keys.size(); ++i) {
        object.append_unchecked(std::move(root_.keys[i]), take(*root_.children[i]));
    }
    root_ = Node();
    count_ = 0;
    return object;
}

}  // namespace stoa::json
