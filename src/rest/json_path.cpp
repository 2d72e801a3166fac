#include "rest/json_path.hpp"

#include "json/parse.hpp"

namespace stoa::rest {
namespace {

/// Walks over JSON text. Every step returns false at the end of usable text.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    char peek() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
            ++at_;
        }
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool take(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }
    /// The string at the cursor with its quotes.
    bool string(std::string_view& out) {
        if (peek() != '"') return false;
        const std::size_t start = at_++;
        while (at_ < text_.size() && text_[at_] != '"')
            at_ += text_[at_] == '\\' ? 2 : 1;
        if (at_ >= text_.size()) return false;
        ++at_;
        out = text_.substr(start, at_ - start);
        return true;
    }
    /// The whole value at the cursor. Brackets are counted, not recursed into.
    bool value(std::string_view& out) {
        const char first = peek();
        const std::size_t start = at_;
        if (first == '"') return string(out);
        if (first != '{' && first != '[') {
            while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos)
                ++at_;
            out = text_.substr(start, at_ - start);
            return !out.empty();
        }
        int depth = 0;
        std::string_view skipped;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                if (!string(skipped)) return false;
                continue;
            }
            ++at_;
            if (c == '{' || c == '[') ++depth;
            if ((c == '}' || c == ']') && --depth == 0) {
                out = text_.substr(start, at_ - start);
                return true;
            }
        }
        return false;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

bool same_key(std::string_view quoted, std::string_view key) {
    const std::string_view inner = quoted.substr(1, quoted.size() - 2);
    if (inner.find('\\') == inner.npos) return inner == key;
    const auto parsed = json::parse(quoted);
    return parsed && parsed->is_string() && parsed->string() == key;
}

/// Calls visit(key or "", value) for each element until it returns false.
template <class Visit>
void each(std::string_view json, Visit visit) {
    Cursor cursor(json);
    const bool object = cursor.take('{');
    if (!object && !cursor.take('[')) return;
    std::string_view key;
    std::string_view value;
    while (cursor.peek() != '\0' && cursor.peek() != '}' && cursor.peek() != ']') {
        if (object && !(cursor.string(key) && cursor.take(':'))) return;
        if (!cursor.value(value)) return;
        if (!visit(key, value)) return;
        if (!cursor.take(',')) return;
    }
}

std::optional<std::string_view> step(std::string_view json, std::string_view name) {
    std::optional<std::string_view> found;
    const bool object = Cursor(json).peek() == '{';
    std::size_t position = 0;
    each(json, [&](std::string_view key, std::string_view value) {
        if (object ? !same_key(key, name) : std::to_string(position++) != name) return true;
        found = value;
        return false;
    });
    return found;
}

}  // namespace

std::optional<std::string_view> find_in_json(std::string_view json, std::span<const std::string> path) {
    std::string_view here;
    if (!Cursor(json).value(here)) return std::nullopt;
    for (const std::string& name : path) {
        const auto next = step(here, name);
        if (!next) return std::nullopt;
        here = *next;
    }
    return here;
}

std::vector<std::string_view> json_items(std::string_view json, std::size_t count_max) {
    std::vector<std::string_view> items;
    each(json, [&](std::string_view, std::string_view value) {
        if (items.size() == count_max) return false;
        items.push_back(value);
        return true;
    });
    return items;
}

}  // namespace stoa::rest
