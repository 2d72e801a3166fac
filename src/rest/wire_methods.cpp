#include "rest/wire_methods.hpp"

#include "rest_data.hpp"

namespace stoa::rest {

Status register_entities(model::Registry& registry) {
    return registry.add_all(data::embedded_files());
}

void add_methods(api::MethodTable& table) {
    add_meta_methods(table);
    add_meta_methods_v3(table);
    add_event_methods(table);
    add_offline_event_methods(table);
    add_placement_methods(table);
}

}  // namespace stoa::rest
