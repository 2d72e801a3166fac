#include "rest/events/change_hints.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::rest {
namespace {

struct Kind {
    const model::Entity* entity = nullptr;
    const char* change = "";
};

Kind kind_of(const model::Registry& registry, const std::string& event) {
    for (const model::Entity* entity : registry.all()) {
        if (event == entity->events.add) return {entity, "add"};
        if (event == entity->events.update) return {entity, "update"};
        if (event == entity->events.remove) return {entity, "delete"};
    }
    return {};
}

struct Subject {
    RecordId id = 0;
    std::int64_t type_id = 0;
};

std::optional<Subject> subject_of(const model::Event& event) {
    const auto data = json::parse(event.data_json);
    if (!data) return std::nullopt;
    for (const char* part : {"FIELDS", "FIELDS_AFTER", "FIELDS_BEFORE"}) {
        const json::Value* fields = data->find(part);
        const json::Value* id = fields != nullptr && fields->is_object() ? fields->find("ID") : nullptr;
        if (id == nullptr) continue;
        const json::Value* type = fields->find("ENTITY_TYPE_ID");
        return Subject{id->as_integer().value_or(0), type != nullptr ? type->as_integer().value_or(0) : 0};
    }
    return std::nullopt;
}

struct Change {
    const char* what;
    UserId user;
};

}  // namespace

std::vector<model::Push> change_hints(const model::Registry& registry, const std::vector<model::Event>& events) {
    std::map<std::pair<const model::Entity*, std::int64_t>, std::map<RecordId, Change>> changes;
    std::map<std::string, Kind> known;
    for (const model::Event& event : events) {
        const auto [kind, is_new] = known.try_emplace(event.name);
        if (is_new) kind->second = kind_of(registry, event.name);
        if (kind->second.entity == nullptr) continue;
        const auto subject = subject_of(event);
        if (!subject || subject->id == 0) continue;
        const std::int64_t type_id = subject->type_id != 0 ? subject->type_id : kind->second.entity->type_id;
        changes[{kind->second.entity, type_id}][subject->id] = {kind->second.change, event.user};
    }
    std::vector<model::Push> hints;
    for (const auto& [of, records] : changes) {
        const auto& [entity, type_id] = of;
        model::Push hint;
        hint.module_id = "main";
        hint.command = "recordsChanged";
        hint.tag = entity->name;
        json::Writer out(hint.params_json);
        out.begin_object().field("entity", entity->name).field("entityTypeId", type_id).key("records").begin_array();
        for (const auto& [id, change] : records) {
            out.begin_object().field("id", id).field("change", change.what).field("user", change.user).end_object();
        }
        out.end_array().end_object();
        hints.push_back(std::move(hint));
    }
    return hints;
}

}  // namespace stoa::rest
