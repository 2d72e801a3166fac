#include "modules/timeman/module.hpp"

#include "modules/timeman/methods.hpp"
#include "modules/timeman/names.hpp"
#include "modules/timeman/worktime.hpp"
#include "timeman_data.hpp"

namespace stoa::timeman {

Status register_entities(model::Registry& registry) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kWorktime, make_worktime_hooks());
    return {};
}

void add_methods(api::MethodTable& table) {
    table.add(workday_methods());
}

}  // namespace stoa::timeman
