#include "rest/batch_reference.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "rest/json_path.hpp"

namespace stoa::rest {
namespace {

constexpr std::string_view kMark = "$result[";
constexpr std::size_t kPathMax = 32;

Error too_much() {
    return {Errc::too_large, "The references of this command bring in too much data."};
}

const std::string* find_answer(const BatchAnswers& earlier, std::string_view key) {
    for (const auto& [name, json] : earlier) {
        if (name == key) return &json;
    }
    return nullptr;
}

std::string_view unquote(std::string_view name) {
    if (name.size() >= 2 && (name.front() == '\'' || name.front() == '"') && name.back() == name.front()) {
        return name.substr(1, name.size() - 2);
    }
    return name;
}

/// "[key][field][0]…" at the start of text; 0 bytes when it is no path.
std::size_t parse_path(std::string_view text, std::vector<std::string>& path) {
    std::size_t used = 0;
    while (used < text.size() && text[used] == '[' && path.size() < kPathMax) {
        const auto end = text.find(']', used);
        if (end == text.npos) break;
        path.emplace_back(unquote(text.substr(used + 1, end - used - 1)));
        used = end + 1;
    }
    return used;
}

class Resolver {
  public:
    explicit Resolver(const BatchAnswers& earlier) : earlier_(earlier) {}

    Result<json::Value> resolve(const json::Value& value) {
        if (value.is_string()) return resolve_text(value.string());
        if (value.is_array()) {
            json::Array out;
            out.reserve(value.array().size());
            for (const json::Value& element : value.array()) {
                STOA_TRY(json::Value resolved, resolve(element));
                out.push_back(std::move(resolved));
            }
            return json::Value(std::move(out));
        }
        if (value.is_object()) {
            json::Object out;
            for (const auto& [key, member] : value.object()) {
                STOA_TRY(json::Value resolved, resolve(member));
                out.append_unchecked(key, std::move(resolved));
            }
            return json::Value(std::move(out));
        }
        return value;
    }

  private:
    Result<json::Value> resolve_text(const std::string& text) {
        std::size_t at = text.find(kMark);
        if (at == text.npos) return json::Value(text);
        std::string out;
        std::size_t copied = 0;
        while (at != text.npos) {
            std::vector<std::string> path;
            const std::size_t start = at + kMark.size() - 1;
            const std::size_t used = parse_path(std::string_view(text).substr(start), path);
            if (used == 0) {
                at = text.find(kMark, start);
                continue;
            }
            STOA_TRY(json::Value value, look_up(path));
            if (at == 0 && start + used == text.size()) return value;
            out.append(text, copied, at - copied);
            out.append(value.as_text().value_or(""));
            copied = start + used;
            at = text.find(kMark, copied);
        }
        out.append(text, copied);
        return json::Value(std::move(out));
    }

    /// "" when there is nothing at the path.
    Result<json::Value> look_up(const std::vector<std::string>& path) {
        const std::string* answer = find_answer(earlier_, path.front());
        if (!answer) return json::Value("");
        const auto found = find_in_json(*answer, std::span(path).subspan(1));
        if (!found) return json::Value("");
        bytes_ += found->size();
        if (bytes_ > reference_bytes_max) return too_much();
        auto parsed = json::parse(*found);
        if (!parsed) return too_much();  // our own text: only its size can be wrong
        return std::move(*parsed);
    }

    const BatchAnswers& earlier_;
    std::size_t bytes_ = 0;
};

// --- v3 ---------------------------------------------------------------------------------------------------------

std::vector<std::string> split_dots(std::string_view text) {
    std::vector<std::string> parts;
    while (parts.size() < kPathMax) {
        const auto dot = text.find('.');
        parts.emplace_back(text.substr(0, dot));
        if (dot == text.npos) break;
        text.remove_prefix(dot + 1);
    }
    return parts;
}

/// By alias, else by position.
const std::string* find_answer_v3(const BatchAnswers& earlier, const std::string& name) {
    if (const std::string* answer = find_answer(earlier, name)) return answer;
    for (std::size_t i = 0; i < earlier.size(); ++i) {
        if (std::to_string(i) == name) return &earlier[i].second;
    }
    return nullptr;
}

class ResolverV3 {
  public:
    explicit ResolverV3(const BatchAnswers& earlier) : earlier_(earlier) {}

    Result<json::Value> resolve(const json::Value& value) {
        if (value.is_array()) {
            json::Array out;
            out.reserve(value.array().size());
            for (const json::Value& element : value.array()) {
                STOA_TRY(json::Value resolved, resolve(element));
                out.push_back(std::move(resolved));
            }
            return json::Value(std::move(out));
        }
        if (!value.is_object()) return value;
        if (value.object().size() == 1) {
            const auto& [key, target] = *value.object().begin();
            if (key == "$ref") return reference(target);
            if (key == "$refArray") return column(target);
        }
        json::Object out;
        for (const auto& [key, member] : value.object()) {
            STOA_TRY(json::Value resolved, resolve(member));
            out.append_unchecked(key, std::move(resolved));
        }
        return json::Value(std::move(out));
    }

  private:
    static Error missing(std::string_view path) {
        return invalid("Reference '" + std::string(path) + "' names nothing in the results before it.",
                       std::string(path));
    }

    Result<json::Value> take(std::string_view text) {
        bytes_ += text.size();
        if (bytes_ > reference_bytes_max) return too_much();
        auto parsed = json::parse(text);
        if (!parsed) return too_much();
        return std::move(*parsed);
    }

    Result<json::Value> reference(const json::Value& target) {
        if (!target.is_string()) return missing("$ref");
        const std::vector<std::string> path = split_dots(target.string());
        const std::string* answer = find_answer_v3(earlier_, path.front());
        if (!answer) return missing(target.string());
        const std::span<const std::string> rest = std::span(path).subspan(1);
        for (const char* wrapper : {"", "item", "items"}) {
            if (const auto found = find_inside(*answer, wrapper, rest)) return take(*found);
        }
        return missing(target.string());
    }

    Result<json::Value> column(const json::Value& target) {
        if (!target.is_string()) return missing("$refArray");
        const std::vector<std::string> path = split_dots(target.string());
        const std::string* answer = find_answer_v3(earlier_, path.front());
        if (!answer || path.size() < 2) return missing(target.string());
        std::span<const std::string> rest = std::span(path).subspan(1);
        std::optional<std::string_view> list = find_inside(*answer, "items", {});
        if (list && rest.front() == "items" && rest.size() > 1) rest = rest.subspan(1);
        if (!list) list = *answer;
        json::Array out;
        for (const std::string_view record : json_items(*list, kRecordsMax)) {
            const auto found = find_in_json(record, rest);
            if (!found || *found == "null") continue;
            STOA_TRY(json::Value value, take(*found));
            out.push_back(std::move(value));
        }
        return json::Value(std::move(out));
    }

    static std::optional<std::string_view> find_inside(std::string_view answer, std::string_view wrapper,
                                                       std::span<const std::string> path) {
        if (wrapper.empty()) return find_in_json(answer, path);
        const std::string name(wrapper);
        const auto inner = find_in_json(answer, std::span(&name, 1));
        return inner ? find_in_json(*inner, path) : std::nullopt;
    }

    static constexpr std::size_t kRecordsMax = limits::parameters_max;

    const BatchAnswers& earlier_;
    std::size_t bytes_ = 0;
};

template <class Test>
bool any_value(const json::Value& value, const Test& test) {
    if (test(value)) return true;
    if (value.is_array()) {
        for (const json::Value& element : value.array()) {
            if (any_value(element, test)) return true;
        }
    } else if (value.is_object()) {
        for (const auto& [key, member] : value.object()) {
            if (any_value(member, test)) return true;
        }
    }
    return false;
}

}  // namespace

bool has_references(const json::Value& parameters) {
    return any_value(parameters, [](const json::Value& value) {
        return value.is_string() && value.string().find(kMark) != std::string::npos;
    });
}

Result<json::Value> resolve_references(const json::Value& parameters, const BatchAnswers& earlier) {
    return Resolver(earlier).resolve(parameters);
}

bool has_references_v3(const json::Value& parameters) {
    return any_value(parameters, [](const json::Value& value) {
        if (!value.is_object() || value.object().size() != 1) return false;
        const std::string& key = value.object().begin()->first;
        return key == "$ref" || key == "$refArray";
    });
}

Result<json::Value> resolve_references_v3(const json::Value& parameters, const BatchAnswers& earlier) {
    return ResolverV3(earlier).resolve(parameters);
}

}  // namespace stoa::rest
