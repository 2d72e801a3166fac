#include "modules/drive/module.hpp"

#include "drive_data.hpp"
#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/objects.hpp"

namespace stoa::drive {

Status register_entities(model::Registry& registry) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kObject, make_object_hooks());
    return {};
}

void add_methods(api::MethodTable& table) {
    table.add(storage_methods());
    table.add(folder_methods());
    table.add(file_methods());
    table.add(upload_methods());
    table.add(version_methods());
    table.add(share_methods());
    table.add(field_methods());
}

}  // namespace stoa::drive
