#include "rest/method_index.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace stoa::rest {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

MethodEntry::Kind kind_of(const api::Method& method) {
    if (method.name == "batch") return MethodEntry::Kind::batch;
    const bool documentation = method.name == "rest.documentation.openapi" || method.name == "documentation";
    return method.wire == api::Wire::v3 && documentation ? MethodEntry::Kind::bare : MethodEntry::Kind::plain;
}

}  // namespace

std::size_t MethodIndex::AnyCaseHash::operator()(std::string_view text) const {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a: names are short
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(lower(c))) * 0x100000001B3ULL;
    return hash ^ (hash >> 29);
}

bool MethodIndex::AnyCaseEqual::operator()(std::string_view a, std::string_view b) const {
    return equals_any_case(a, b);
}

MethodIndex::MethodIndex(const api::MethodTable& table) {
    std::uint32_t number = 0;
    for (const api::Wire wire : {api::Wire::v2, api::Wire::v3}) {
        Map& map = by_name_[static_cast<std::size_t>(wire)];
        for (const api::Method* method : table.all(wire)) {
            map.emplace(method->name, MethodEntry{method, split_scopes(method->scope), number++, kind_of(*method)});
        }
    }
}

const MethodEntry* MethodIndex::find(api::Wire wire, std::string_view name) const {
    const Map& map = by_name_[static_cast<std::size_t>(wire)];
    const auto found = map.find(name);
    return found == map.end() ? nullptr : &found->second;
}

std::vector<std::string> split_scopes(std::string_view scope) {
    std::vector<std::string> out;
    while (!scope.empty()) {
        const auto bar = scope.find('|');
        const std::string_view one = scope.substr(0, bar);
        // "basic" is the documentation's name for what every caller has.
        if (one.empty() || one == "basic") return {};
        out.emplace_back(one);
        scope = bar == scope.npos ? std::string_view() : scope.substr(bar + 1);
    }
    return out;
}

bool scope_granted(const api::Identity& identity, const std::vector<std::string>& scopes) {
    if (scopes.empty() || identity.all_scopes) return true;
    return std::any_of(scopes.begin(), scopes.end(),
                       [&](const std::string& scope) { return identity.has_scope(scope); });
}

}  // namespace stoa::rest
