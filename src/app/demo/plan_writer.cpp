#include "app/demo/plan_writer.hpp"

#include "api/shape.hpp"
#include "model/convert.hpp"

namespace stoa::app::demo {

namespace {

/// A transaction holds the store's one writer: small enough that others get their turn.
constexpr std::size_t kRecordsPerTransaction = 200;

Status check_names(const model::Entity& entity, const json::Object& fields) {
    for (const auto& [name, value] : fields) {
        if (!entity.find(name)) return internal_error("demo data: " + entity.name + " has no field " + name);
    }
    return {};
}

/// Clients do not know hidden fields (the task of a comment comes from the method), so read_changes skips them.
Status set_hidden(const model::Entity& entity, const json::Value& fields, model::Changes& changes) {
    for (const auto& [name, value] : fields.object()) {
        const model::Field& field = entity.field(name);
        if (!field.hidden || !field.stored()) continue;
        STOA_TRY(db::Value stored, model::to_storage(field, value, *utc_time_zone()));
        changes.set(field, std::move(stored));
    }
    return {};
}

Result<RecordId> write_record(model::Records& records, const PlannedRecord& planned, const std::vector<RecordId>& ids) {
    const model::Entity* entity = records.services().registry.find(planned.entity);
    if (!entity) return internal_error("demo data: there is no entity " + planned.entity);
    STOA_CHECK(check_names(*entity, planned.fields));
    const json::Value fields = resolve(json::Value(planned.fields), ids);
    STOA_TRY(model::Changes changes,
             api::read_changes(*entity, nullptr, api::Shape::classic(), fields, *utc_time_zone(), true));
    STOA_CHECK(set_hidden(*entity, fields, changes));
    auto id = records.add(std::move(changes));
    if (!id) {
        const Error& error = id.error();
        return Error{error.code, "demo data: " + planned.entity + ": " + error.message, error.field, error.api_code};
    }
    return id;
}

Status remember(db::WriteTx& tx, Place place, const std::string& entity, RecordId id) {
    const std::vector<db::Assignment> row = {
        {"position", static_cast<std::int64_t>(place + 1)}, {"entity", entity}, {"record_id", id}};
    return tx.insert("demo_records", row);
}

}  // namespace

json::Value resolve(const json::Value& value, const std::vector<std::int64_t>& ids) {
    if (value.is_array()) {
        json::Array out;
        for (const json::Value& item : value.array())
            out.push_back(resolve(item, ids));
        return out;
    }
    if (!value.is_object()) return value;
    if (const json::Value* place = value.find("@place")) {
        const std::int64_t id = ids[static_cast<std::size_t>(place->integer())];
        if (const json::Value* before = value.find("@before")) return before->string() + std::to_string(id);
        return id;
    }
    json::Object out;
    for (const auto& [key, item] : value.object())
        out.append_unchecked(key, resolve(item, ids));
    return out;
}

Status write_plan(Portal& portal, AccountId account, const Plan& plan, const WriteOptions& options) {
    const accounts::Services& services = portal.accounts();
    std::vector<RecordId> ids(plan.size(), 0);
    for (Place begin = 0; begin < plan.size(); begin += kRecordsPerTransaction) {
        const Place end = std::min(begin + kRecordsPerTransaction, plan.size());
        STOA_CHECK(services.write(account, [&](db::WriteTx& tx) -> Status {
            STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(account)));
            for (Place place = begin; place < end; ++place) {
                const PlannedRecord& planned = plan.records()[place];
                STOA_TRY(ids[place], write_record(records, planned, ids));
                if (options.remember) STOA_CHECK(remember(tx, place, planned.entity, ids[place]));
            }
            return {};
        }));
    }
    return {};
}

}  // namespace stoa::app::demo
