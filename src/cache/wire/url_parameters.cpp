#include "cache/wire/url_parameters.hpp"

#include <algorithm>
#include <charconv>

namespace stoa::cache {

namespace {
constexpr std::size_t kPrefixBytesMax = 40;
}

Status check_parameters(const EngineUrl& url, std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : url.parameters) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        return invalid("The address " + url.scheme + ": knows no parameter " + name + ".", name);
    }
    return {};
}

Result<int> url_number(const EngineUrl& url, const std::string& name, int otherwise, int low, int high) {
    return read_number(url.parameter(name, std::to_string(otherwise)), name, low, high);
}

Result<int> read_number(std::string_view text, const std::string& name, int low, int high) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        return invalid("The parameter " + name + " of an engine's address must be a number from " +
                           std::to_string(low) + " to " + std::to_string(high) + ".",
                       name);
    }
    return value;
}

Result<std::string> url_prefix(const EngineUrl& url) {
    std::string prefix = url.parameter("prefix");
    const bool printable = std::all_of(prefix.begin(), prefix.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (prefix.size() > kPrefixBytesMax || !printable) {
        return invalid("The parameter prefix of an engine's address has 40 printable characters at most.", "prefix");
    }
    return prefix;
}

}  // namespace stoa::cache
