#include "modules/crm/client_links.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "modules/crm/field_description.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Changes;

namespace {

constexpr std::size_t kLinksMax = limits::in_list_max;

const model::Entity& owner_entity(const Call& call, const LinkFamily& family) {
    return call.registry().entity(family.entity);
}

/// The links field, on the side that keeps it.
const model::Field& links_field(const Call& call, const LinkFamily& family) {
    return call.registry().entity(family.reversed ? family.target : family.entity).field(family.field);
}

Result<RecordId> owner_id(Call& call, const LinkFamily& family) {
    const auto id = call.params.id("id");
    if (!id) return invalid("The parameter 'ownerEntityID' is invalid or not defined.", "id");
    STOA_TRY(const bool known, call.records.exists(owner_entity(call, family), *id));
    if (!known) return not_found("Not found.");
    return *id;
}

Result<RecordId> target_id(const LinkFamily& family, const json::Value& item) {
    const json::Value* value = item.find_any_case(family.key);
    const auto id = value ? value->as_integer() : std::nullopt;
    if (!id || *id <= 0) return invalid("The parameter 'fields' is not valid.", std::string(family.key));
    return *id;
}

bool is_primary(const json::Value& item) {
    const json::Value* value = item.find_any_case("IS_PRIMARY");
    return value && value->as_bool().value_or(false);
}

Result<std::vector<RecordId>> linked(Call& call, const LinkFamily& family, RecordId owner) {
    if (!family.reversed) return call.records.links(links_field(call, family), owner);
    db::Select select;
    select.table = links_field(call, family).link_table;
    select.columns_sql = "owner_id";
    select.where = Condition::equals("target_id", owner);
    select.order = {{{"owner_id", ""}, false}};
    select.limit = static_cast<std::int64_t>(kLinksMax);
    std::vector<RecordId> out;
    STOA_CHECK(call.tx().select(select, [&](const db::Row& row) {
        out.push_back(row.integer(0));
        return true;
    }));
    return out;
}

Status save(Call& call, const model::Entity& entity, const model::Field& field, RecordId id,
            std::vector<RecordId> targets) {
    Changes changes(entity);
    changes.links.emplace_back(&field, std::move(targets));
    return call.records.update(id, std::move(changes));
}

/// Adds or takes away one company of one contact; the others stay.
Status save_reversed(Call& call, const LinkFamily& family, RecordId contact, RecordId company, bool add) {
    const model::Field& field = links_field(call, family);
    STOA_TRY(std::vector<RecordId> companies, call.records.links(field, contact));
    const auto at = std::find(companies.begin(), companies.end(), company);
    if (add == (at != companies.end())) return {};
    if (add) {
        companies.push_back(company);
    } else {
        companies.erase(at);
    }
    return save(call, call.registry().entity(family.target), field, contact, std::move(companies));
}

Status replace(Call& call, const LinkFamily& family, RecordId owner, const std::vector<RecordId>& targets) {
    if (!family.reversed) return save(call, owner_entity(call, family), links_field(call, family), owner, targets);
    STOA_TRY(const auto old, linked(call, family, owner));
    const auto has = [](const std::vector<RecordId>& ids, RecordId id) {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    for (const RecordId id : old) {
        if (!has(targets, id)) STOA_CHECK(save_reversed(call, family, id, owner, false));
    }
    for (const RecordId id : targets) {
        if (!has(old, id)) STOA_CHECK(save_reversed(call, family, id, owner, true));
    }
    return {};
}

}  // namespace

Status add_link(Call& call, const LinkFamily& family) {
    STOA_TRY(const RecordId owner, owner_id(call, family));
    const json::Value* fields = call.params.find("fields");
    if (!fields || !fields->is_object()) return invalid("The parameter 'fields' must be array.", "fields");
    STOA_TRY(const RecordId target, target_id(family, *fields));
    STOA_TRY(const bool known, call.records.exists(call.registry().entity(family.target), target));
    if (!known) return not_found("Not found.");
    STOA_TRY(auto targets, linked(call, family, owner));
    if (targets.size() >= kLinksMax) return Error{Errc::too_large, "The record has too many links."};
    const auto at = std::find(targets.begin(), targets.end(), target);
    const bool first = is_primary(*fields);
    if (at != targets.end() && !first) {
        call.out.boolean(true);
        return {};
    }
    if (at != targets.end()) targets.erase(at);
    targets.insert(first ? targets.begin() : targets.end(), target);
    STOA_CHECK(replace(call, family, owner, targets));
    call.out.boolean(true);
    return {};
}

Status delete_link(Call& call, const LinkFamily& family) {
    STOA_TRY(const RecordId owner, owner_id(call, family));
    const json::Value* fields = call.params.find("fields");
    if (!fields || !fields->is_object()) return invalid("The parameter 'item' must be array.", "fields");
    STOA_TRY(const RecordId target, target_id(family, *fields));
    STOA_TRY(auto targets, linked(call, family, owner));
    if (std::erase(targets, target) > 0) STOA_CHECK(replace(call, family, owner, targets));
    call.out.boolean(true);
    return {};
}

Status get_links(Call& call, const LinkFamily& family) {
    STOA_TRY(const RecordId owner, owner_id(call, family));
    STOA_TRY(const auto targets, linked(call, family, owner));
    std::int64_t sort = 0;
    call.out.begin_array();
    for (const RecordId target : targets) {
        sort += 10;
        call.out.begin_object().field(family.key, target).field("SORT", sort).field("ROLE_ID", 0);
        call.out.field("IS_PRIMARY", sort == 10 ? "Y" : "N").end_object();
    }
    call.out.end_array();
    return {};
}

Status set_links(Call& call, const LinkFamily& family) {
    STOA_TRY(const RecordId owner, owner_id(call, family));
    const json::Value* items = call.params.find("items");
    if (!items || (!items->is_array() && !items->is_object())) {
        return invalid("The parameter items must be array.", "items");
    }
    struct Wanted {
        RecordId id;
        std::int64_t sort;
        bool primary;
    };
    std::vector<Wanted> wanted;
    for (const json::Value* item : items->items()) {
        STOA_TRY(const RecordId id, target_id(family, *item));
        const json::Value* sort = item->find_any_case("SORT");
        const auto position = static_cast<std::int64_t>((wanted.size() + 1) * 10);
        wanted.push_back({id, sort ? sort->as_integer().value_or(position) : position, is_primary(*item)});
    }
    if (wanted.size() > kLinksMax) return Error{Errc::too_large, "Too many links at once.", "items"};
    std::stable_sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) { return a.sort < b.sort; });
    const auto primary = std::find_if(wanted.begin(), wanted.end(), [](const Wanted& w) { return w.primary; });
    if (primary != wanted.end()) std::rotate(wanted.begin(), primary, primary + 1);
    std::vector<RecordId> targets;
    for (const Wanted& link : wanted)
        targets.push_back(link.id);
    STOA_CHECK(replace(call, family, owner, targets));
    call.out.boolean(true);
    return {};
}

Status clear_links(Call& call, const LinkFamily& family) {
    STOA_TRY(const RecordId owner, owner_id(call, family));
    STOA_CHECK(replace(call, family, owner, {}));
    call.out.boolean(true);
    return {};
}

Status describe_link(Call& call, const LinkFamily& family) {
    const std::string& language = call.metadata().account.language;
    const model::Field& key = call.registry().entity("crm.deal").field(family.key);
    const model::Field& sort = call.registry().entity("crm.status").field("SORT");
    call.out.begin_object();
    write_description(call.out, {family.key, "integer", key.title_in(language), true});
    write_description(call.out, {"SORT", "integer", sort.title_in(language)});
    write_description(call.out, {"IS_PRIMARY", "char", "IS_PRIMARY"});
    call.out.end_object();
    return {};
}

}  // namespace stoa::crm
