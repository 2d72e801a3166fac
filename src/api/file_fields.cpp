#include "api/file_fields.hpp"

#include "api/file_links.hpp"
#include "model/filter_leaf.hpp"
#include "model/stored_files.hpp"

namespace stoa::api {

using model::FieldType;

namespace {

bool blank(const json::Value& value) {
    return value.is_null() || (value.is_string() && value.string().empty());
}

/// One file in any form → its number; null for none; what is no file at all is left for the checks of the field.
Result<json::Value> store_one(Call& call, const json::Value& value) {
    if (const model::StoredContent* upload = call.upload(value)) {
        STOA_TRY(const RecordId id, model::add_file(call.records, *upload, ""));
        return json::Value(id);
    }
    if (!value.is_object()) return value;
    const json::Value* remove = value.find_any_case("remove");
    if (remove && remove->as_bool().value_or(false)) return json::Value();
    if (const json::Value* id = value.find_any_case("id")) return *id;
    if (value.object().empty()) return json::Value();
    return value;
}

Result<json::Value> store_field(Call& call, const json::Value& value, bool multiple) {
    if (blank(value)) return json::Value("");
    const bool one = value.is_scalar() || upload_number(value) >= 0 || value.find_any_case("id");
    if (one) return store_one(call, value);
    json::Array out;
    for (const json::Value* item : value.items()) {
        STOA_TRY(json::Value stored, store_one(call, *item));
        if (!blank(stored)) out.push_back(std::move(stored));
    }
    if (multiple) return json::Value(std::move(out));
    if (out.empty()) return json::Value("");
    return out.size() == 1 ? std::move(out.front()) : json::Value(std::move(out));
}

}  // namespace

void find_files(FileSearch& search, const model::Entity& entity, model::Names names, json::Value& fields) {
    if (!fields.is_object()) return;
    const model::FilterContext context{entity, search.metadata().user_fields(entity.user_field_entity), names,
                                       *search.metadata().account.time_zone};
    for (auto& [name, value] : fields.object()) {
        if (!value.is_array() && !value.is_object()) continue;
        const model::FieldRef ref = model::find_field(context, name);
        if (ref && ref.field->type == FieldType::file) search.take(value, name);
    }
}

std::function<void(FileSearch&)> files_in_fields(const model::Entity& entity, model::Names names,
                                                 std::string parameter) {
    return [&entity, names, parameter = std::move(parameter)](FileSearch& search) {
        if (json::Value* fields = FileSearch::member(search.parameters(), parameter)) {
            find_files(search, entity, names, *fields);
        }
    };
}

std::function<void(FileSearch&)> files_in_parameter(std::string parameter, std::string error_code) {
    return [parameter = std::move(parameter), error_code = std::move(error_code)](FileSearch& search) {
        if (json::Value* value = FileSearch::member(search.parameters(), parameter)) {
            search.take(*value, parameter, error_code);
        }
    };
}

Result<std::optional<json::Value>> store_files(Call& call, const model::Entity& entity, const Shape& shape,
                                               const json::Value& fields) {
    std::optional<json::Value> out;
    if (!fields.is_object()) return out;
    const model::FilterContext context{entity, call.metadata().user_fields(entity.user_field_entity), shape.names,
                                       call.zone()};
    std::size_t position = 0;
    for (const auto& [name, value] : fields.object()) {
        const std::size_t here = position++;
        if (value.is_scalar() && !value.is_string()) continue;
        const model::FieldRef ref = model::find_field(context, name);
        if (!ref || ref.field->type != FieldType::file) continue;
        STOA_TRY(json::Value stored, store_field(call, value, ref.field->multiple));
        if (!out) out = fields;
        (out->object().begin() + static_cast<std::ptrdiff_t>(here))->second = std::move(stored);
    }
    return out;
}

Status store_attachments(Call& call, const model::Entity& entity, RecordId id, const json::Value& given) {
    const auto store = [&](const json::Value& value) -> Status {
        const model::StoredContent* upload = call.upload(value);
        if (!upload) return {};
        auto added = model::add_file(call.records, *upload, model::file_owner(entity, id));
        return added ? Status() : Status(added.error());
    };
    if (upload_number(given) >= 0) return store(given);
    for (const json::Value* item : given.items())
        STOA_CHECK(store(*item));
    return {};
}

void write_file(json::Writer& out, const Shape& shape, RecordId file) {
    out.begin_object().field("id", file);
    if (shape.files) {
        const bool classic = shape.names == model::Names::classic;
        out.field(classic ? "showUrl" : "url", shape.files->show(file));
        out.field(classic ? "downloadUrl" : "urlMachine", shape.files->download(file));
    }
    out.end_object();
}

}  // namespace stoa::api
