#include "cluster/database/position.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace stoa::cluster::database {
namespace {

/// Domain → (server, sequence), as texts.
std::map<std::string_view, std::pair<std::string_view, std::string_view>> parts(std::string_view text) {
    std::map<std::string_view, std::pair<std::string_view, std::string_view>> found;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view one = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const auto first = one.find('-');
        const auto last = one.rfind('-');
        if (first == std::string_view::npos || first == last) continue;
        found[one.substr(0, first)] = {one.substr(first + 1, last - first - 1), one.substr(last + 1)};
    }
    return found;
}

}  // namespace

Position::Position(std::string_view text) {
    for (const char c : text) {
        if (c != ' ' && c != '\n') text_ += c;
    }
    gtid_ = db::mariadb::GtidPosition::parse(text_);
}

bool Position::parted_from(const Position& other) const {
    const auto mine = parts(text_);
    const auto theirs = parts(other.text_);
    return std::any_of(mine.begin(), mine.end(), [&](const auto& part) {
        const auto at = theirs.find(part.first);
        return at != theirs.end() && at->second.second == part.second.second && at->second.first != part.second.first;
    });
}

}  // namespace stoa::cluster::database
