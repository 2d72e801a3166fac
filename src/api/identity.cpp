#include "api/identity.hpp"

#include <algorithm>

namespace stoa::api {

bool Identity::has_scope(std::string_view scope) const {
    if (scope.empty() || all_scopes) return true;
    while (true) {  // alternatives: "user|user_brief|user_basic"
        const std::size_t bar = scope.find('|');
        const std::string_view one = scope.substr(0, bar);
        if (std::find(scopes.begin(), scopes.end(), one) != scopes.end()) return true;
        if (bar == std::string_view::npos) return false;
        scope.remove_prefix(bar + 1);
    }
}

Result<std::shared_ptr<const Identity>> Authenticator::by_signed_link(AccountId, UserId) {
    return Error{Errc::unauthorized, "Signed links are not taken here.", {}, "NO_AUTH_FOUND"};
}

}  // namespace stoa::api
