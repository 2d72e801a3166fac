#include "rest/events/event_names.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "rest/method_index.hpp"

namespace stoa::rest {
namespace {
constexpr std::string_view kOfTheWire[] = {"ONAPPUNINSTALL", "ONAPPINSTALL", "ONAPPUPDATE", "ONAPPTEST",
                                           offline_notice};
}

std::vector<EventName> event_names(const model::Registry& registry) {
    std::vector<EventName> names;
    for (const std::string_view name : kOfTheWire)
        names.push_back({std::string(name), ""});
    const auto add = [&](const std::string& name, const std::string& scope) {
        if (name.empty()) return;
        std::string upper = to_upper_ascii(name);
        const bool known = std::any_of(names.begin(), names.end(), [&](const EventName& e) { return e.name == upper; });
        if (!known) names.push_back({std::move(upper), scope});
    };
    for (const model::Entity* entity : registry.all()) {
        add(entity->events.add, entity->scope);
        add(entity->events.update, entity->scope);
        add(entity->events.remove, entity->scope);
        for (const std::string& name : entity->events.other)
            add(name, entity->scope);
    }
    return names;
}

bool may_bind(const model::Registry& registry, const api::Identity& identity, std::string_view name) {
    for (const EventName& event : event_names(registry)) {
        if (event.name == name) return scope_granted(identity, split_scopes(event.scope));
    }
    return false;
}

}  // namespace stoa::rest
