#pragma once
// Builds the parameter tree from names such as a[b][], for form and multipart input. One thread.
// For the .cpp files of this folder.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace stoa::json {

/// The nesting rules are PHP's (main/php_variables.c), except that dots and spaces in the first name stay.
class FormTree {
  public:
    /// `name` is decoded already. Names without a first part are ignored, as PHP does.
    /// too_large over limits::form_depth_max or parameters_max; invalid_argument for NUL or invalid UTF-8 in the name
    /// or in a text value. `values` is how many parameters the value counts for.
    Status add(std::string_view name, Value value, std::size_t values = 1);
    Value finish();

  private:
    struct Node {
        Value value;  ///< of a leaf
        bool is_branch = false;
        std::vector<std::string> keys;
        std::vector<std::unique_ptr<Node>> children;      ///< beside keys
        std::map<std::string, Node*, std::less<>> index;  ///< ordered, not hashed: the keys are hostile
        std::int64_t next_index = 0;                      ///< what [] appends as
    };

    Node& child(Node& parent, std::string_view key);
    Node& append(Node& parent);
    Node& branch(Node& node);
    static Value take(Node& node);

    Node root_;
    std::size_t count_ = 0;
};

}  // namespace stoa::json
