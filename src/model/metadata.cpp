#include "model/metadata.hpp"

#include <atomic>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/lru_cache.hpp"
#include "base/utf8.hpp"
#include "bus/invalidation.hpp"
#include "json/parse.hpp"
#include "model/stored_files.hpp"

namespace stoa::model {

namespace {

constexpr std::int64_t kUserFieldsMax = 5'000;
constexpr std::int64_t kDynamicTypesMax = 500;

Status load_account(db::Tx& tx, AccountInfo& account) {
    bool found = false;
    const db::Value parameters[] = {tx.account()};
    STOA_CHECK(tx.raw().query(
        "SELECT account_id, name, url, member_id, language, currency, time_zone FROM accounts WHERE account_id = ?",
        parameters, [&](const db::Row& row) {
            found = true;
            account.id = row.integer(0);
            account.name = row.text(1);
            account.url = row.text(2);
            account.member_id = row.text(3);
            account.language = row.text(4);
            account.currency = row.text(5);
            auto zone = find_time_zone(row.text(6));
            account.time_zone = zone ? *zone : utc_time_zone();
            return true;
        }));
    if (!found) return not_found("There is no such account.");
    STOA_TRY(account.file_key, find_file_key(tx));
    return {};
}

std::vector<UserFieldChoice> parse_choices(std::string_view text) {
    std::vector<UserFieldChoice> out;
    const auto parsed = json::parse(text.empty() ? "[]" : text);
    if (!parsed) return out;
    for (const json::Value* item : parsed->items()) {
        UserFieldChoice choice;
        if (const auto* id = item->find("ID")) choice.id = id->as_integer().value_or(0);
        if (const auto* value = item->find("VALUE")) choice.value = value->as_text().value_or("");
        if (const auto* sort = item->find("SORT")) choice.sort = static_cast<int>(sort->as_integer().value_or(500));
        if (const auto* def = item->find("DEF")) choice.is_default = def->as_bool().value_or(false);
        if (const auto* xml = item->find("XML_ID")) choice.xml_id = xml->as_text().value_or("");
        out.push_back(std::move(choice));
    }
    return out;
}

json::Value parse_or_null(std::string_view text) {
    if (text.empty()) return nullptr;
    auto parsed = json::parse(text);
    return parsed ? std::move(*parsed) : json::Value();
}

Status load_user_fields(db::Tx& tx, const Registry& registry, Metadata& metadata) {
    const Entity& entity = registry.entity("user_field");
    db::Select select;
    select.table = entity.table;
    select.columns_sql = entity.all_columns_sql();
    select.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    select.limit = kUserFieldsMax;
    return tx.select(select, [&](const db::Row& row) {
        const Record record(entity, row);
        UserField field;
        field.id = record.id();
        field.entity = record.text("ENTITY_ID");
        field.user_type = record.text("USER_TYPE_ID");
        field.sort = static_cast<int>(record.integer("SORT"));
        field.show_in_list = record.integer("SHOW_IN_LIST") != 0;
        field.xml_id = record.text("XML_ID");
        field.choices = parse_choices(record.text("LIST"));
        field.settings = parse_or_null(record.text("SETTINGS"));
        field.labels = parse_or_null(record.text("LABELS"));
        field.field.name = record.text("FIELD_NAME");
        field.field.item_name = user_field_item_name(field.field.name);
        field.field.v3_name = field.field.item_name;
        field.field.multiple = record.integer("MULTIPLE") != 0;
        field.field.required = record.integer("MANDATORY") != 0;
        field.field.type = user_field_storage(field.user_type).value_or(FieldType::text);
        UserFieldSet& set = metadata.user_field_sets[field.entity];
        set.fields.push_back(std::move(field));
        return true;
    });
}

Status load_dynamic(db::Tx& tx, const Registry& registry, const Entity& pattern, Metadata& metadata) {
    const Entity& types = registry.entity(pattern.dynamic_types);
    db::Select select;
    select.table = types.table;
    select.columns_sql = types.all_columns_sql();
    select.limit = kDynamicTypesMax;
    return tx.select(select, [&](const db::Row& row) {
        const Record type(types, row);
        auto entity = std::make_unique<Entity>(pattern);
        entity->type_id = static_cast<int>(type.integer("ENTITY_TYPE_ID"));
        entity->name = pattern.name + "." + std::to_string(entity->type_id);
        entity->title = {{"en", type.text("TITLE")}};
        entity->partition_value = entity->type_id;
        entity->user_field_entity = "CRM_" + std::to_string(type.id());
        entity->finish();
        metadata.dynamic_types.push_back(std::move(entity));
        return true;
    });
}

}  // namespace

const UserFieldSet* Metadata::user_fields(std::string_view user_field_entity) const {
    if (user_field_sets.empty() || user_field_entity.empty()) return nullptr;
    const auto found = user_field_sets.find(std::string(user_field_entity));
    return found == user_field_sets.end() ? nullptr : &found->second;
}

const Entity* Metadata::dynamic(int type_id) const {
    for (const auto& entity : dynamic_types) {
        if (entity->type_id == type_id) return entity.get();
    }
    return nullptr;
}

std::vector<const Entity*> Metadata::dynamic_entities() const {
    std::vector<const Entity*> out;
    for (const auto& entity : dynamic_types)
        out.push_back(entity.get());
    return out;
}

namespace {

std::string_view cache_key(const AccountId& account) {
    return {reinterpret_cast<const char*>(&account), sizeof(account)};
}

struct Known {
    std::shared_ptr<const Metadata> metadata;
    std::int64_t loaded_us;
};

}  // namespace

struct MetadataCache::State {
    State(std::size_t accounts_max, std::int64_t settle_ms)
        : settle_us(settle_ms * 1'000), cache(accounts_max, kLifetimeMs), changed(accounts_max, settle_ms) {}

    void forget(AccountId account) {
        ++generation;
        changed.put(cache_key(account), std::make_shared<const bool>(true));
        cache.erase(cache_key(account));
    }
    void forget_all() {
        ++generation;
        settled_from_us = system_clock().monotonic_us() + settle_us;
        cache.clear();
    }
    bool settled(AccountId account) {
        return system_clock().monotonic_us() >= settled_from_us && !changed.get(cache_key(account));
    }

    const std::int64_t settle_us;
    LruCache<Known> cache;
    LruCache<bool> changed;  ///< less than settle_us ago
    std::atomic<std::int64_t> settled_from_us{0};
    /// Counts invalidations, so that a load that began before one does not put its old picture back.
    std::atomic<std::uint64_t> generation{0};
    std::unique_ptr<bus::Invalidation> others;  ///< null: not shared
};

MetadataCache::MetadataCache(const Registry& registry, std::size_t accounts_max, std::int64_t settle_ms)
    : registry_(registry), state_(std::make_unique<State>(accounts_max, settle_ms)) {}

MetadataCache::~MetadataCache() = default;

Status MetadataCache::share(bus::Bus& bus) {
    STOA_TRY(state_->others, bus::Invalidation::open(
                                 bus, "metadata", [state = state_.get()](AccountId account) { state->forget(account); },
                                 [state = state_.get()] { state->forget_all(); }));
    return {};
}

Result<std::shared_ptr<const Metadata>> MetadataCache::load(db::Tx& tx) {
    const AccountId account = tx.account();
    if (auto known = state_->cache.get(cache_key(account))) {
        const bool usable = !state_->others || state_->others->reliable() ||
                            system_clock().monotonic_us() - known->loaded_us < kUnreliableMs * 1'000;
        const Metadata* metadata = known->metadata.get();
        if (usable) return std::shared_ptr<const Metadata>(std::move(known), metadata);
    }
    const std::uint64_t generation = state_->generation.load();
    const std::int64_t began_us = system_clock().monotonic_us();
    const bool settled = state_->settled(account);
    STOA_TRY(auto metadata, fresh(tx));
    if (!settled || generation != state_->generation.load()) return metadata;
    state_->cache.put(cache_key(account), std::make_shared<const Known>(Known{metadata, began_us}));
    if (generation != state_->generation.load()) state_->cache.erase(cache_key(account));
    return metadata;
}

Result<std::shared_ptr<const Metadata>> MetadataCache::fresh(db::Tx& tx) const {
    auto metadata = std::make_shared<Metadata>();
    STOA_CHECK(load_account(tx, metadata->account));
    STOA_CHECK(load_user_fields(tx, registry_, *metadata));
    for (const Entity* entity : registry_.all()) {
        if (!entity->dynamic_types.empty()) STOA_CHECK(load_dynamic(tx, registry_, *entity, *metadata));
    }
    return std::shared_ptr<const Metadata>(std::move(metadata));
}

void MetadataCache::invalidate_on_commit(db::WriteTx& tx) {
    tx.on_commit([this, account = tx.account()] { forget(account); });
}

void MetadataCache::forget(AccountId account) {
    state_->forget(account);
    if (state_->others) state_->others->tell(account);
}

}  // namespace stoa::model
