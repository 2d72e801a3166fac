#include "modules/drive/names.hpp"

namespace stoa::drive {

Error wrong_parameter(int position, std::string_view name) {
    return invalid("Invalid value of parameter {Parameter #" + std::to_string(position) + "}", std::string(name),
                   "ERROR_ARGUMENT");
}

Error no_entity(RecordId id) {
    return not_found("Could not find entity with id `" + std::to_string(id) + "`", "ERROR_NOT_FOUND");
}

Error access_denied() {
    return forbidden("Access denied", "ACCESS_DENIED");
}

Result<RecordId> needed_id(const api::Call& call, std::string_view name, int position) {
    const auto id = call.params.id(name);
    if (!id) return wrong_parameter(position, name);
    return *id;
}

}  // namespace stoa::drive
