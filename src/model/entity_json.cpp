#include "model/entity_json.hpp"

#include <set>

#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "model/field_type.hpp"

namespace stoa::model {

namespace {

/// Reads the keys of one JSON object and remembers the first mistake; unknown keys are mistakes too.
class Reader {
  public:
    Reader(const json::Value& value, std::string where) : value_(value), where_(std::move(where)) {
        if (!value.is_object()) fail("must be an object");
    }

    std::string text(std::string_view key, std::string otherwise = {}) {
        const json::Value* value = take(key);
        if (!value) return otherwise;
        if (!value->is_string()) return fail(key, "must be text"), otherwise;
        return value->string();
    }
    int number(std::string_view key, int otherwise) {
        const json::Value* value = take(key);
        if (!value) return otherwise;
        if (!value->is_integer()) return fail(key, "must be a whole number"), otherwise;
        return static_cast<int>(value->integer());
    }
    bool flag(std::string_view key) {
        const json::Value* value = take(key);
        if (!value) return false;
        if (!value->is_bool()) return fail(key, "must be true or false"), false;
        return value->boolean();
    }
    std::vector<std::string> texts(std::string_view key) {
        std::vector<std::string> out;
        const json::Value* value = take(key);
        if (!value) return out;
        if (!value->is_array()) return fail(key, "must be a list"), out;
        for (const json::Value& item : value->array()) {
            if (!item.is_string()) return fail(key, "must hold texts"), out;
            out.push_back(item.string());
        }
        return out;
    }
    std::map<std::string, std::string> titles(std::string_view key) {
        std::map<std::string, std::string> out;
        const json::Value* value = take(key);
        if (!value) return out;
        if (!value->is_object()) return fail(key, "must map languages to texts"), out;
        for (const auto& [language, title] : value->object()) {
            if (!title.is_string()) return fail(key, "must hold texts"), out;
            out[language] = title.string();
        }
        return out;
    }
    const json::Value* take(std::string_view key) {
        used_.insert(std::string(key));
        return value_.find(key);
    }

    void fail(std::string_view key, std::string_view what) { fail("'" + std::string(key) + "' " + std::string(what)); }
    void fail(std::string_view what) {
        if (problem_.empty()) problem_ = where_ + ": " + std::string(what);
    }
    Status finish() {
        if (value_.is_object()) {
            for (const auto& [key, unused] : value_.object()) {
                if (!used_.contains(key)) fail(key, "is not a known key");
            }
        }
        if (!problem_.empty()) return invalid(problem_);
        return {};
    }

  private:
    const json::Value& value_;
    std::string where_;
    std::set<std::string> used_;
    std::string problem_;
};

Result<Field> parse_field(const json::Value& value, const std::string& entity, bool in_v3) {
    Reader in(value, entity);
    Field field;
    field.name = in.text("name");
    if (field.name.empty()) in.fail("name", "is missing in a field");
    const std::string type = in.text("type", "string");
    if (const auto parsed = parse_field_type(type)) {
        field.type = *parsed;
    } else {
        in.fail("type", "'" + type + "' of " + field.name + " is unknown");
    }
    const bool side_table = field.type == FieldType::links || field.type == FieldType::multifield;
    field.column = in.text("column", side_table ? "" : to_lower_ascii(field.name));
    field.item_name = in.text("item", camel_case(field.name));
    field.v3_name = in.text("v3", in_v3 ? field.item_name : "");
    field.required = in.flag("required");
    field.read_only = in.flag("read_only") || field.type == FieldType::id;
    field.immutable = in.flag("immutable");
    field.hidden = in.flag("hidden");
    field.named_only = in.flag("named_only");
    field.item_only = in.flag("item_only");
    field.item_only = in.flag("item_only");
    field.touch = in.flag("touch") || field.name == "DATE_MODIFY";
    field.multiple = in.flag("multiple") || side_table || field.type == FieldType::list;
    field.length = in.number("length", 255);
    field.scale = in.number("scale", 2);
    field.target = in.text("target");
    field.link_table = in.text("link_table");
    field.choices = in.texts("choices");
    field.default_value = in.text("default");
    field.title = in.titles("title");
    if (field.type == FieldType::links && (field.target.empty() || field.link_table.empty())) {
        in.fail(field.name + " needs target and link_table");
    }
    STOA_CHECK(in.finish());
    return field;
}

void parse_v2(const json::Value& value, const std::string& name, EntityApi::V2& v2, Status& status) {
    Reader in(value, name + " v2");
    v2.prefix = in.text("prefix");
    v2.methods = in.texts("methods");
    v2.camel = in.flag("camel");
    v2.typed = in.flag("typed");
    v2.list_key = in.text("list_key");
    v2.item_key = in.text("item_key");
    v2.id_parameter = in.text("id", "id");
    v2.fields_parameter = in.text("fields", "fields");
    v2.missing_is_empty = in.flag("missing_is_empty");
    status = in.finish();
}

Status parse_blocks(Reader& in, Entity& entity) {
    if (const json::Value* v2 = in.take("v2")) {
        Status status;
        parse_v2(*v2, entity.name, entity.api.v2, status);
        STOA_CHECK(status);
    }
    if (const json::Value* v3 = in.take("v3")) {
        Reader block(*v3, entity.name + " v3");
        entity.api.v3.prefix = block.text("prefix");
        entity.api.v3.methods = block.texts("methods");
        STOA_CHECK(block.finish());
    }
    if (const json::Value* events = in.take("events")) {
        Reader block(*events, entity.name + " events");
        entity.events.add = block.text("add");
        entity.events.update = block.text("update");
        entity.events.remove = block.text("delete");
        entity.events.shape = block.text("shape", "fields");
        entity.events.other = block.texts("other");
        STOA_CHECK(block.finish());
    }
    if (const json::Value* parent = in.take("parent")) {
        Reader block(*parent, entity.name + " parent");
        entity.parent_entity = block.text("entity");
        entity.parent_field = block.text("field");
        STOA_CHECK(block.finish());
    }
    if (const json::Value* grants = in.take("grants")) {
        Reader block(*grants, entity.name + " grants");
        entity.grants_entity = block.text("entity");
        entity.grants_path = block.text("path");
        STOA_CHECK(block.finish());
    }
    return {};
}

Status parse_indexes(const json::Value& value, Entity& entity) {
    if (!value.is_array()) return invalid(entity.name + ": 'indexes' must be a list of lists of field names");
    for (const json::Value& item : value.array()) {
        db::IndexDef index;
        index.name = "ix_" + entity.table;
        for (const json::Value* name : item.items()) {
            const bool is_unique = name->is_string() && name->string() == "!unique";
            if (is_unique) {
                index.unique = true;
                continue;
            }
            const Field* field = name->is_string() ? entity.find(name->string()) : nullptr;
            if (!field || !field->stored()) return invalid(entity.name + ": an index names an unknown field");
            index.columns.push_back(field->column);
            index.name += "_" + field->column;
        }
        if (!entity.partition_column.empty()) index.columns.insert(index.columns.begin(), entity.partition_column);
        entity.indexes.push_back(std::move(index));
    }
    return {};
}

}  // namespace

Result<Entity> parse_entity(std::string_view text) {
    STOA_TRY(const json::Value value, json::parse(text));
    Reader in(value, "entity");
    Entity entity;
    entity.name = in.text("name");
    if (entity.name.empty()) return invalid("entity: 'name' is missing");
    entity.table = in.text("table");
    entity.scope = in.text("scope");
    entity.access = in.text("access");
    entity.type_id = in.number("type_id", 0);
    entity.title = in.titles("title");
    entity.user_field_entity = in.text("user_fields");
    entity.owner_field = in.text("owner");
    entity.member_fields = in.texts("members");
    entity.partition_column = to_lower_ascii(in.text("partition"));
    entity.dynamic_types = in.text("dynamic_types");
    STOA_CHECK(parse_blocks(in, entity));

    const json::Value* fields = in.take("fields");
    if (!fields || !fields->is_array() || fields->array().empty())
        return invalid(entity.name + ": 'fields' is missing");
    for (const json::Value& item : fields->array()) {
        STOA_TRY(Field field, parse_field(item, entity.name, !entity.api.v3.prefix.empty()));
        entity.fields.push_back(std::move(field));
    }
    if (entity.fields.front().type != FieldType::id) return invalid(entity.name + ": the first field must be the id");
    if (entity.table.empty()) return invalid(entity.name + ": 'table' is missing");
    entity.finish();
    for (const std::string& member : entity.member_fields) {
        if (!entity.find(member)) return invalid(entity.name + ": member field " + member + " is unknown");
    }
    if (!entity.owner_field.empty() && !entity.find(entity.owner_field)) {
        return invalid(entity.name + ": owner field is unknown");
    }
    if (!entity.grants_entity.empty() && !entity.find(entity.grants_path)) {
        return invalid(entity.name + ": the path of its grants is unknown");
    }
    if (const json::Value* indexes = in.take("indexes")) STOA_CHECK(parse_indexes(*indexes, entity));
    STOA_CHECK(in.finish());
    return entity;
}

}  // namespace stoa::model
