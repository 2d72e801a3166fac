// crm.activity.*: calls, meetings, mails and other things done with a CRM record; and what saving one means.
// https://github.com/bitrix24/b24restdocs api-reference/crm/timeline/activities/activity-base/

#include "api/crud.hpp"
#include "api/file_fields.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "model/stored_files.hpp"
#include "modules/crm/attachments.hpp"
#include "modules/crm/hooks.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/save_steps.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Changes;
using model::Operation;
using model::Record;
using model::SaveContext;

namespace {

constexpr int kMeeting = 1;
constexpr int kCall = 2;
constexpr int kTask = 3;
constexpr int kMail = 4;
constexpr int kProvided = 6;  ///< of a provider: needs PROVIDER_ID
constexpr std::size_t kCommunicationsMax = 50;

using OwnerKey = std::pair<std::int64_t, RecordId>;  ///< OWNER_TYPE_ID, OWNER_ID

std::int64_t number(const json::Value& object, std::string_view name) {
    const json::Value* value = object.find_any_case(name);
    return value ? value->as_integer().value_or(0) : 0;
}

std::string text(const json::Value& object, std::string_view name) {
    const json::Value* value = object.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

// --- saving ---

/// The owner first, then whoever was spoken to.
std::vector<OwnerKey> bindings_of(const SaveContext& context) {
    std::vector<OwnerKey> out;
    const auto add = [&](OwnerKey key) {
        if (key.first <= 0 || key.second <= 0) return;
        if (std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
    };
    add({integer_after(context, "OWNER_TYPE_ID"), integer_after(context, "OWNER_ID")});
    const std::string communications = text_after(context, "COMMUNICATIONS");
    const auto parsed = json::parse(communications.empty() ? "[]" : communications);
    if (!parsed) return out;
    for (const json::Value* item : parsed->items())
        add({number(*item, "ENTITY_TYPE_ID"), number(*item, "ENTITY_ID")});
    return out;
}

Status remove_bindings(db::WriteTx& tx, RecordId activity) {
    auto removed = tx.remove("crm_activity_bindings", Condition::equals("activity_id", activity));
    if (!removed) return removed.error();
    return {};
}

class ActivityHooks : public model::EntityHooks {
  public:
    explicit ActivityHooks(CrmListener* listener) : listener_(listener) {}

    /// A call or meeting is due when it starts, a task when it ends; STATUS follows COMPLETED.
    Status before_save(SaveContext& context) override {
        const std::int64_t type = integer_after(context, "TYPE_ID");
        const char* due = type == kTask ? "END_TIME" : "START_TIME";
        const bool by_rule = type == kMeeting || type == kCall || type == kTask;
        if (by_rule && context.changes.has(due)) context.changes.set("DEADLINE", *context.changes.find(due));
        if (is_changed(context, "COMPLETED")) {
            context.changes.set("STATUS", std::int64_t{context.changes.integer("COMPLETED") != 0 ? 2 : 1});
        }
        return {};
    }
    Status after_save(SaveContext& context) override {
        STOA_CHECK(keep_bindings(context));
        return tell(context);
    }
    Status after_remove(model::RemoveContext& context) override {
        STOA_CHECK(remove_bindings(context.tx, context.before.id()));
        return listener_ != nullptr ? listener_->activity_removed(context.records, context.before.id()) : Status();
    }

  private:
    Status tell(SaveContext& context) {
        if (listener_ == nullptr || !is_changed(context, "RESPONSIBLE_ID")) return {};
        STOA_TRY(const Record activity, context.records.as_system().get(context.entity, context.id));
        return listener_->activity_saved(context.records, activity, context.before);
    }

    static Status keep_bindings(SaveContext& context) {
        if (context.operation == Operation::update && !is_changed(context, "COMMUNICATIONS")) return {};
        if (context.before) STOA_CHECK(remove_bindings(context.tx, context.id));
        const model::Entity& entity = context.records.services().registry.entity("crm.activity.binding");
        model::Records system = context.records.as_system();
        for (const auto& [type, owner] : bindings_of(context)) {
            Changes binding(entity);
            binding.set("ACTIVITY_ID", context.id);
            binding.set("OWNER_TYPE_ID", type);
            binding.set("OWNER_ID", owner);
            auto added = system.add(std::move(binding));
            if (!added) return added.error();
        }
        if (context.operation == Operation::update) return {};
        return note_activity(context.records, integer_after(context, "OWNER_TYPE_ID"),
                             integer_after(context, "OWNER_ID"));
    }

    CrmListener* listener_;
};

// --- methods ---

const model::Entity& activities(const Call& call) {
    return call.registry().entity("crm.activity");
}

Error unclear(std::string_view field) {
    return invalid("The field " + std::string(field) + " is not defined or invalid", std::string(field));
}

/// COMMUNICATIONS as stored: a list of {ID, TYPE, VALUE, ENTITY_ID, ENTITY_TYPE_ID}, all texts.
Result<std::string> stored_communications(Call& call, const json::Value& given) {
    const auto items = given.items();
    if (items.size() > kCommunicationsMax) return Error{Errc::too_large, "Too many communications.", "COMMUNICATIONS"};
    std::string out_text;
    json::Writer out(out_text);
    out.begin_array();
    for (const json::Value* item : items) {
        if (!item->is_object()) return unclear("COMMUNICATIONS");
        STOA_TRY(const std::int64_t id, call.write_tx().next_id("crm_activity_communications"));
        out.begin_object().key("ID").integer_text(id);
        out.field("TYPE", text(*item, "TYPE")).field("VALUE", text(*item, "VALUE"));
        out.key("ENTITY_ID").integer_text(number(*item, "ENTITY_ID"));
        out.key("ENTITY_TYPE_ID").integer_text(number(*item, "ENTITY_TYPE_ID"));
        out.end_object();
    }
    out.end_array();
    return out_text;
}

Status check_communications(std::int64_t type, const json::Value* given) {
    const std::size_t count = given ? given->items().size() : 0;
    const bool needed = type == kMeeting || type == kCall || type == kMail;
    if (needed && count == 0) return unclear("COMMUNICATIONS");
    if ((type == kMeeting || type == kCall) && count > 1) {
        return invalid("The only one communication is allowed for activity of specified type", "COMMUNICATIONS");
    }
    return {};
}

/// The owner as given, else whoever was spoken to; it must be a record that the caller may see.
Status settle_owner(Call& call, Changes& changes, const json::Value* communications) {
    OwnerKey owner{changes.integer("OWNER_TYPE_ID"), changes.integer("OWNER_ID")};
    if (owner.first <= 0 || owner.second <= 0) {
        for (const json::Value* item : communications ? communications->items() : std::vector<const json::Value*>()) {
            owner = {number(*item, "ENTITY_TYPE_ID"), number(*item, "ENTITY_ID")};
            if (owner.first > 0 && owner.second > 0) break;
        }
    }
    const auto entity = entity_of_type(call.records, owner.first);
    if (!entity || owner.second <= 0) {
        return invalid(
            "Could not build binding. Please ensure that owner info and communications are defined correctly",
            "OWNER_ID");
    }
    STOA_TRY(const bool visible, call.records.exists(**entity, owner.second));
    if (!visible) return forbidden("Access denied.");
    changes.set("OWNER_TYPE_ID", owner.first);
    changes.set("OWNER_ID", owner.second);
    return {};
}

Status add_activity(Call& call) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(Changes changes,
             api::read_changes(activities(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    const std::int64_t type = changes.integer("TYPE_ID");
    if (changes.text("SUBJECT").empty()) return invalid("The field SUBJECT is not defined or empty", "SUBJECT");
    if (changes.integer("RESPONSIBLE_ID") <= 0) return unclear("RESPONSIBLE_ID");
    if (type <= 0) return unclear("TYPE_ID");
    if (type == kProvided && changes.text("PROVIDER_ID").empty()) {
        return invalid("The custom activity without provider is not supported in current context", "PROVIDER_ID");
    }
    const json::Value* communications = fields->find_any_case("COMMUNICATIONS");
    STOA_CHECK(check_communications(type, communications));
    STOA_CHECK(settle_owner(call, changes, communications));
    if (communications) {
        STOA_TRY(std::string stored, stored_communications(call, *communications));
        changes.set("COMMUNICATIONS", std::move(stored));
    }
    for (const char* name : {"SETTINGS", "PROVIDER_PARAMS"}) {
        if (!changes.has(name)) changes.set(name, std::string("[]"));
    }
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    if (const json::Value* files = fields->find_any_case("FILES")) {
        STOA_CHECK(api::store_attachments(call, activities(call), id, *files));
    }
    call.out.integer(id);
    return {};
}

Result<RecordId> activity_id(Call& call) {
    const auto id = call.params.id("id");
    if (!id) return invalid("ID is not defined or invalid.", "id");
    STOA_TRY(const bool known, call.records.exists(activities(call), *id));
    if (!known) return not_found("Activity is not found.");
    return *id;
}

Status get_activity(Call& call) {
    STOA_TRY(const RecordId id, activity_id(call));
    const RecordId ids[] = {id};
    STOA_TRY(const Attachments files, Attachments::load(call, activities(call), ids));
    return api::write_one(call, activities(call), api::Shape::classic(), id, [&](const db::Row&) {
        if (!files.has(id)) return;
        call.out.key("FILES");
        files.write_list(call, id);
    });
}

Status update_activity(Call& call) {
    STOA_TRY(const RecordId id, activity_id(call));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(Changes changes,
             api::read_changes(activities(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    if (changes.has("SUBJECT") && changes.text("SUBJECT").empty()) {
        return invalid("The field SUBJECT is not defined or empty", "SUBJECT");
    }
    if (changes.has("RESPONSIBLE_ID") && changes.integer("RESPONSIBLE_ID") <= 0) return unclear("RESPONSIBLE_ID");
    if (const json::Value* communications = fields->find_any_case("COMMUNICATIONS")) {
        STOA_TRY(const Record before, call.records.get(activities(call), id));
        STOA_CHECK(check_communications(before.integer("TYPE_ID"), communications));
        STOA_TRY(std::string stored, stored_communications(call, *communications));
        changes.set("COMMUNICATIONS", std::move(stored));
    }
    STOA_CHECK(call.records.update(id, std::move(changes)));
    if (const json::Value* files = fields->find_any_case("FILES")) {
        STOA_CHECK(model::remove_files_owned(call.records, activities(call), id));
        STOA_CHECK(api::store_attachments(call, activities(call), id, *files));
    }
    call.out.boolean(true);
    return {};
}

Status delete_activity(Call& call) {
    STOA_TRY(const RecordId id, activity_id(call));
    STOA_CHECK(call.records.remove(activities(call), id));
    call.out.boolean(true);
    return {};
}

/// filter[BINDINGS] = [{OWNER_TYPE_ID, OWNER_ID}, …]: activities bound to one of them.
Result<Condition> bound_to(const json::Value& bindings) {
    const std::vector<const json::Value*> pairs =
        bindings.find_any_case("OWNER_TYPE_ID") ? std::vector<const json::Value*>{&bindings} : bindings.items();
    if (pairs.size() > static_cast<std::size_t>(limits::filter_conditions_max)) {
        return Error{Errc::too_large, "Too many bindings in the filter.", "BINDINGS"};
    }
    std::vector<Condition> any;
    for (const json::Value* pair : pairs) {
        std::vector<Condition> both;
        for (const auto& [name, column] :
             {std::pair{"OWNER_TYPE_ID", "owner_type_id"}, std::pair{"OWNER_ID", "owner_id"}}) {
            if (const std::int64_t id = number(*pair, name); id > 0) both.push_back(Condition::equals(column, id));
        }
        any.push_back(both.empty() ? Condition::never() : Condition::all(std::move(both)));
    }
    return Condition::exists("crm_activity_bindings", "activity_id", "id", Condition::any(std::move(any)));
}

/// Whether `select` names FILES; they come from elsewhere.
bool take_files_out(json::Value& params) {
    json::Value* select = api::FileSearch::member(params, "select");
    if (!select || !select->is_array()) return false;
    const auto is_files = [](const json::Value& name) { return equals_any_case(name.as_text().value_or(""), "FILES"); };
    return std::erase_if(select->array(), is_files) > 0;
}

Status list_activities(Call& call) {
    json::Value params = call.params.value().is_object() ? call.params.value() : json::Value(json::Object());
    Condition fixed = Condition::always();
    bool has_order = false;
    for (auto& [name, value] : params.object()) {
        if (equals_any_case(name, "order")) has_order = value.is_object() && !value.object().empty();
        if (!equals_any_case(name, "filter") || !value.is_object()) continue;
        if (const json::Value* bindings = value.find("BINDINGS")) {
            STOA_TRY(fixed, bound_to(*bindings));
            value.object().erase("BINDINGS");
        }
    }
    if (!has_order) {
        json::Object order;
        order.set("START_TIME", "ASC");
        params.object().set("order", std::move(order));
    }
    const bool with_files = take_files_out(params);
    call.params = api::Params(params);
    const model::Entity& entity = activities(call);
    if (!with_files) return api::write_list(call, entity, api::Shape::classic(), fixed);
    bool counted = false;
    STOA_TRY(const model::Query query, api::read_query(call, entity, api::Shape::classic(), fixed, counted));
    std::vector<RecordId> ids;
    const int id_column = entity.column_position(entity.id_field());
    STOA_CHECK(call.records.stream(entity, query, [&](const db::Row& row) {
        ids.push_back(row.integer(id_column));
        return true;
    }));
    STOA_TRY(const Attachments files, Attachments::load(call, entity, ids));
    return api::write_list(call, entity, api::Shape::classic(), fixed, [&](const db::Row& row) {
        call.out.key("FILES");
        files.write_list(call, row.integer(id_column));
    });
}

}  // namespace

std::unique_ptr<model::EntityHooks> make_activity_hooks(CrmListener* listener) {
    return std::make_unique<ActivityHooks>(listener);
}

void add_activity_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.activity.add",
         .scope = "crm",
         .effect = Effect::write,
         .handler = add_activity,
         .files = find_attachments},
        {.name = "crm.activity.get", .scope = "crm", .handler = get_activity},
        {.name = "crm.activity.list", .scope = "crm", .handler = list_activities},
        {.name = "crm.activity.update",
         .scope = "crm",
         .effect = Effect::write,
         .handler = update_activity,
         .files = find_attachments},
        {.name = "crm.activity.delete", .scope = "crm", .effect = Effect::write, .handler = delete_activity},
    });
}

}  // namespace stoa::crm
