#include "rest/openapi.hpp"

#include <map>
#include <set>
#include <string>

namespace stoa::rest {
namespace {

using model::FieldType;

struct SchemaType {
    std::string_view type;
    std::string_view format;
};

SchemaType schema_type(FieldType type) {
    switch (type) {
        case FieldType::id:
        case FieldType::integer:
        case FieldType::user:
        case FieldType::reference:
            return {"integer", "int64"};
        case FieldType::boolean:
            return {"boolean", ""};
        case FieldType::real:
        case FieldType::decimal:
            return {"number", "double"};
        case FieldType::date:
            return {"string", "date"};
        case FieldType::datetime:
            return {"string", "date-time"};
        case FieldType::list:
        case FieldType::links:
        case FieldType::multifield:
            return {"array", ""};
        case FieldType::json:
        case FieldType::file:
            return {"object", ""};
        default:
            return {"string", ""};
    }
}

void write_field(json::Writer& out, const model::Field& field) {
    const SchemaType type = schema_type(field.type);
    out.key(field.v3_name).begin_object().field("type", type.type);
    if (!type.format.empty()) out.field("format", type.format);
    if (type.type == "array") out.key("items").begin_object().end_object();
    if (field.read_only) out.field("readOnly", true);
    if (field.type == FieldType::string) out.field("maxLength", field.length);
    out.field("description", field.title_in("en"));
    if (!field.choices.empty()) {
        out.key("enum").begin_array();
        for (const std::string& choice : field.choices)
            out.text(choice);
        out.end_array();
    }
    out.end_object();
}

void write_schema(json::Writer& out, const model::Entity& entity) {
    out.key(entity.api.v3.prefix).begin_object().field("type", "object");
    out.key("properties").begin_object();
    for (const model::Field& field : entity.fields) {
        if (!field.v3_name.empty() && !field.hidden) write_field(out, field);
    }
    out.end_object();
    out.key("required").begin_array();
    for (const model::Field& field : entity.fields) {
        if (field.required && !field.v3_name.empty()) out.text(field.v3_name);
    }
    out.end_array().end_object();
}

void write_reference(json::Writer& out, std::string_view schema) {
    out.begin_object().field("$ref", "#/components/schemas/" + std::string(schema)).end_object();
}

/// What a generic method takes, by its verb: the same for every entity.
void write_request(json::Writer& out, std::string_view verb, const model::Entity* entity) {
    static const std::map<std::string_view, std::vector<std::pair<std::string_view, std::string_view>>> kParameters = {
        {"add", {{"fields", ""}}},
        {"get", {{"id", "integer"}, {"select", "array"}}},
        {"update", {{"id", "integer"}, {"fields", ""}}},
        {"delete", {{"id", "integer"}}},
        {"list", {{"select", "array"}, {"filter", "array"}, {"order", "object"}, {"pagination", "object"}}},
        {"tail", {{"select", "array"}, {"filter", "array"}, {"cursor", "object"}}},
        {"aggregate", {{"select", "object"}, {"filter", "array"}}},
    };
    out.begin_object().field("type", "object");
    const auto found = kParameters.find(verb);
    if (entity && found != kParameters.end()) {
        out.key("properties").begin_object();
        for (const auto& [name, type] : found->second) {
            out.key(name);
            if (type.empty()) {
                write_reference(out, entity->api.v3.prefix);
                continue;
            }
            out.begin_object().field("type", type);
            if (type == "array") out.key("items").begin_object().end_object();
            out.end_object();
        }
        out.end_object();
    }
    out.end_object();
}

void write_result(json::Writer& out, std::string_view verb, const model::Entity* entity) {
    out.begin_object().field("type", "object");
    if (entity && (verb == "get" || verb == "add" || verb == "list" || verb == "tail")) {
        const bool many = verb == "list" || verb == "tail";
        out.key("properties").begin_object().key(many ? "items" : "item");
        if (many) {
            out.begin_object().field("type", "array").key("items");
            write_reference(out, entity->api.v3.prefix);
            out.end_object();
        } else {
            write_reference(out, entity->api.v3.prefix);
        }
        out.end_object();
    }
    out.end_object();
}

void write_path(json::Writer& out, const api::Method& method, const model::Entity* entity) {
    const std::string_view name = method.name;
    const std::string_view verb = name.substr(name.rfind('.') + 1);
    out.key("/" + method.name).begin_object().key("post").begin_object();
    out.field("operationId", name);
    out.key("tags").begin_array().text(name.substr(0, name.find('.'))).end_array();
    if (!method.scope.empty()) out.field("description", "Scope: " + method.scope);
    out.key("requestBody").begin_object().key("content").begin_object().key("application/json").begin_object();
    out.key("schema");
    write_request(out, verb, entity);
    out.end_object().end_object().end_object();
    out.key("responses").begin_object().key("200").begin_object().field("description", "Success");
    out.key("content").begin_object().key("application/json").begin_object().key("schema").begin_object();
    out.field("type", "object").key("properties").begin_object().key("result");
    write_result(out, verb, entity);
    out.end_object().end_object().end_object().end_object().end_object();
    out.key("default").begin_object().field("description", "Error").key("content").begin_object();
    out.key("application/json").begin_object().key("schema");
    write_reference(out, "error");
    out.end_object().end_object().end_object();
    out.end_object().end_object().end_object();
}

void write_error_schema(json::Writer& out) {
    out.key("error").begin_object().field("type", "object").key("properties").begin_object();
    out.key("error").begin_object().field("type", "object").key("properties").begin_object();
    out.key("code").begin_object().field("type", "string").end_object();
    out.key("message").begin_object().field("type", "string").end_object();
    out.key("validation").begin_object().field("type", "array").key("items").begin_object();
    out.field("type", "object").end_object().end_object();
    out.end_object().end_object().end_object().end_object();
}

}  // namespace

void write_openapi(json::Writer& out, const api::MethodTable& methods, const model::Registry& registry,
                   std::string_view server_url, std::string_view version) {
    std::map<std::string_view, const model::Entity*> by_prefix;
    for (const model::Entity* entity : registry.all()) {
        if (!entity->api.v3.prefix.empty()) by_prefix.emplace(entity->api.v3.prefix, entity);
    }
    const std::vector<const api::Method*> all = methods.all(api::Wire::v3);

    out.begin_object().field("openapi", "3.0.0");
    out.key("info").begin_object().field("title", "Stoa REST v3").field("version", version).end_object();
    out.key("servers").begin_array().begin_object();
    out.field("url", std::string(server_url) + "/rest/api").end_object().end_array();

    std::set<std::string_view> tags;
    for (const api::Method* method : all)
        tags.insert(std::string_view(method->name).substr(0, method->name.find('.')));
    out.key("tags").begin_array();
    for (const std::string_view tag : tags) {
        out.begin_object().field("name", tag).field("description", std::string(tag) + " methods").end_object();
    }
    out.end_array();

    out.key("paths").begin_object();
    for (const api::Method* method : all) {
        const std::string_view prefix = std::string_view(method->name).substr(0, method->name.rfind('.'));
        const auto entity = by_prefix.find(prefix);
        write_path(out, *method, entity == by_prefix.end() ? nullptr : entity->second);
    }
    out.end_object();

    out.key("components").begin_object().key("schemas").begin_object();
    for (const auto& [prefix, entity] : by_prefix)
        write_schema(out, *entity);
    write_error_schema(out);
    out.end_object().end_object().end_object();
}

}  // namespace stoa::rest
