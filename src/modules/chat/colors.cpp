#include "modules/chat/colors.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace stoa::chat {

namespace {

struct Color {
    std::string_view name;
    std::string_view hex;
};

constexpr Color kColors[] = {
    {"RED", "#df532d"},       {"GREEN", "#64a513"},   {"MINT", "#4ba984"},  {"LIGHT_BLUE", "#4ba5c3"},
    {"DARK_BLUE", "#3e99ce"}, {"PURPLE", "#8474c8"},  {"AQUA", "#1eb4aa"},  {"PINK", "#f76187"},
    {"LIME", "#58cc47"},      {"BROWN", "#ab7761"},   {"AZURE", "#29619b"}, {"KHAKI", "#728f7a"},
    {"SAND", "#ba9c7b"},      {"MARENGO", "#556574"}, {"GRAY", "#909090"},  {"GRAPHITE", "#5e5f5e"},
};

}  // namespace

std::optional<std::string> color_by_name(std::string_view name) {
    const auto found = std::find_if(std::begin(kColors), std::end(kColors),
                                    [&](const Color& color) { return equals_any_case(color.name, name); });
    if (found == std::end(kColors)) return std::nullopt;
    return std::string(found->hex);
}

std::string color_of(std::int64_t id) {
    return std::string(kColors[static_cast<std::size_t>(id) % std::size(kColors)].hex);
}

}  // namespace stoa::chat
