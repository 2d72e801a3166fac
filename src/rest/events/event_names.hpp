#pragma once
// Which events can be bound: those of the registry's entities and those of the wire. Pure functions, any thread.

#include <string>
#include <string_view>
#include <vector>

#include "api/identity.hpp"
#include "model/registry.hpp"

namespace stoa::rest {

/// Data key of an event that is for one application alone (ONAPPINSTALL, ONAPPTEST, …): the dispatcher reads the
/// client_id there and takes the key out. Modules emit such events with Records::emit like any other.
inline constexpr std::string_view client_key = "@client_id";

inline constexpr std::string_view offline_notice = "ONOFFLINEEVENT";

struct EventName {
    std::string name;   ///< upper case
    std::string scope;  ///< alternatives separated by '|'; "" = every application
};

std::vector<EventName> event_names(const model::Registry& registry);
/// Whether there is such an event (upper case) and the caller's scopes cover it.
bool may_bind(const model::Registry& registry, const api::Identity& identity, std::string_view name);

}  // namespace stoa::rest
