#include "rest/files/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace stoa::rest {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

WantedRange parse_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view kUnit = "bytes=";
    const WantedRange all{WantedRange::Kind::all, 0, size};
    if (!header.starts_with(kUnit)) return all;
    header.remove_prefix(kUnit.size());
    const std::size_t dash = header.find('-');
    if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return all;
    const std::string_view first = header.substr(0, dash);
    const std::string_view last = header.substr(dash + 1);
    if (first.empty()) {
        const auto suffix = number(last);
        if (!suffix) return all;
        if (*suffix == 0 || size == 0) return {WantedRange::Kind::unsatisfiable};
        return {WantedRange::Kind::part, size - std::min(*suffix, size), size};
    }
    const auto begin = number(first);
    const auto end = last.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : number(last);
    if (!begin || !end || *end < *begin) return all;
    if (*begin >= size) return {WantedRange::Kind::unsatisfiable};
    return {WantedRange::Kind::part, *begin, *end >= size ? size : *end + 1};
}

}  // namespace stoa::rest
