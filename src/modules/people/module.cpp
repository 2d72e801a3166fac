#include "modules/people/module.hpp"

#include "modules/people/department_hooks.hpp"
#include "modules/people/methods.hpp"
#include "modules/people/user_hooks.hpp"
#include "people_data.hpp"

namespace stoa::people {

Status register_entities(model::Registry& registry, UserListener* listener) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks("user", std::make_unique<UserHooks>(listener));
    registry.set_hooks("department", std::make_unique<DepartmentHooks>());
    return {};
}

void add_methods(api::MethodTable& table) {
    add_user_methods(table);
    add_department_methods(table);
}

}  // namespace stoa::people
