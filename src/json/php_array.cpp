#include "json/php_array.hpp"

namespace stoa::json {
namespace {

bool is_list(const RawMembers& members) {
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].first != std::to_string(i)) return false;
    }
    return true;
}

}  // namespace

void write_php_map(Writer& out, const RawMembers& members) {
    if (is_list(members)) {
        out.begin_array();
        for (const auto& [key, json] : members)
            out.raw(json);
        out.end_array();
        return;
    }
    out.begin_object();
    for (const auto& [key, json] : members)
        out.key(key).raw(json);
    out.end_object();
}

}  // namespace stoa::json
