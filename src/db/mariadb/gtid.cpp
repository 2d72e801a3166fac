#include "db/mariadb/gtid.hpp"

#include <algorithm>
#include <charconv>

namespace stoa::db::mariadb {
namespace {

/// Reads digits up to the end or the given mark; the rest stays in text.
bool take_number(std::string_view& text, char mark, std::uint64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (mark == 0) return text.empty();
    if (text.empty() || text.front() != mark) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

GtidPosition GtidPosition::parse(std::string_view text) {
    GtidPosition position;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        std::string_view part = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        while (!part.empty() && (part.front() == ' ' || part.front() == '\n'))
            part.remove_prefix(1);
        std::uint64_t domain = 0;
        std::uint64_t server = 0;
        std::uint64_t sequence = 0;
        if (!take_number(part, '-', domain) || !take_number(part, '-', server) || !take_number(part, 0, sequence)) {
            return {};
        }
        GtidPosition one;
        one.domains_.push_back({static_cast<std::uint32_t>(domain), sequence});
        position.advance(one);
    }
    return position;
}

bool GtidPosition::reached(const GtidPosition& other) const {
    return std::all_of(other.domains_.begin(), other.domains_.end(),
                       [this](const Domain& domain) { return sequence(domain.id) >= domain.sequence; });
}

void GtidPosition::advance(const GtidPosition& other) {
    for (const auto& domain : other.domains_) {
        const auto at = std::lower_bound(domains_.begin(), domains_.end(), domain.id,
                                         [](const Domain& d, std::uint32_t id) { return d.id < id; });
        if (at == domains_.end() || at->id != domain.id) {
            domains_.insert(at, domain);
        } else {
            at->sequence = std::max(at->sequence, domain.sequence);
        }
    }
}

std::uint64_t GtidPosition::sequence(std::uint32_t domain) const {
    for (const auto& known : domains_) {
        if (known.id == domain) return known.sequence;
    }
    return 0;
}

}  // namespace stoa::db::mariadb
