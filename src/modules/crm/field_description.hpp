#pragma once
// One entry of a hand-made "fields" answer, for things that are no entity of their own. Pure, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/crm/data-types.md#crm_rest_field_description

#include <string_view>

#include "json/writer.hpp"

namespace stoa::crm {

struct FieldDescription {
    std::string_view name, type, title;
    bool required = false, read_only = false, multiple = false;
    std::string_view upper_name{};  ///< universal methods only
};

/// The member `name` of the object that is being written.
inline void write_description(json::Writer& out, const FieldDescription& field) {
    out.key(field.name).begin_object().field("type", field.type);
    out.field("isRequired", field.required).field("isReadOnly", field.read_only).field("isImmutable", false);
    out.field("isMultiple", field.multiple).field("isDynamic", false).field("title", field.title);
    if (!field.upper_name.empty()) out.field("upperName", field.upper_name);
    out.end_object();
}

}  // namespace stoa::crm
