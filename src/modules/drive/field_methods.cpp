// disk.storage.getFields, disk.folder.getFields, disk.file.getFields.

#include <algorithm>

#include "modules/drive/methods.hpp"
#include "modules/drive/names.hpp"

namespace stoa::drive {

namespace {

constexpr std::string_view kStorageFields[] = {"ID",          "NAME",      "CODE",          "MODULE_ID",
                                               "ENTITY_TYPE", "ENTITY_ID", "ROOT_OBJECT_ID"};
constexpr std::string_view kFolderFields[] = {
    "ID",          "NAME",        "TYPE",        "CODE",       "STORAGE_ID", "REAL_OBJECT_ID", "PARENT_ID",
    "CREATE_TIME", "UPDATE_TIME", "DELETE_TIME", "CREATED_BY", "UPDATED_BY", "DELETED_BY",     "DELETED_TYPE"};
constexpr std::string_view kFileFields[] = {"ID",
                                            "NAME",
                                            "TYPE",
                                            "CODE",
                                            "STORAGE_ID",
                                            "PARENT_ID",
                                            "CREATE_TIME",
                                            "UPDATE_TIME",
                                            "DELETE_TIME",
                                            "CREATED_BY",
                                            "UPDATED_BY",
                                            "DELETED_BY",
                                            "GLOBAL_CONTENT_VERSION",
                                            "FILE_ID",
                                            "SIZE",
                                            "DELETED_TYPE"};
/// As the documentation says; filters on them work all the same.
constexpr std::string_view kNotInFilter[] = {"MODULE_ID",  "ROOT_OBJECT_ID", "REAL_OBJECT_ID",
                                             "CREATED_BY", "UPDATED_BY",     "GLOBAL_CONTENT_VERSION",
                                             "FILE_ID",    "SIZE",           "DELETED_BY"};

std::string_view type_of(const model::Field& field) {
    if (field.name == "DELETED_TYPE" || field.type == model::FieldType::enumeration) return "enum";
    if (field.type == model::FieldType::datetime) return "datetime";
    return field.type == model::FieldType::string ? "string" : "integer";
}

template <std::size_t n>
api::Handler describe(const char* entity, const std::string_view (&names)[n]) {
    return [entity, &names](api::Call& call) -> Status {
        call.out.begin_object();
        for (const std::string_view name : names) {
            const bool filter =
                std::find(std::begin(kNotInFilter), std::end(kNotInFilter), name) == std::end(kNotInFilter);
            call.out.key(name).begin_object().field("TYPE", type_of(call.registry().entity(entity).field(name)));
            call.out.field("USE_IN_FILTER", filter).field("USE_IN_SHOW", true).end_object();
        }
        call.out.end_object();
        return {};
    };
}

}  // namespace

std::vector<api::Method> field_methods() {
    using api::Run;
    return {
        {.name = "disk.storage.getFields",
         .scope = kScope,
         .run = Run::io,
         .handler = describe(kStorage, kStorageFields)},
        {.name = "disk.folder.getFields", .scope = kScope, .run = Run::io, .handler = describe(kObject, kFolderFields)},
        {.name = "disk.file.getFields", .scope = kScope, .run = Run::io, .handler = describe(kObject, kFileFields)},
    };
}

}  // namespace stoa::drive
