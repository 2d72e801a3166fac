#include "modules/crm/seed.hpp"

#include <cassert>

#include "crm_data.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "modules/crm/module.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/stages.hpp"

namespace stoa::crm {

using db::Condition;
using model::Changes;

namespace {

json::Value load(std::string_view name) {
    for (const base::EmbeddedFile& file : data::embedded_files()) {
        if (file.name != name) continue;
        auto parsed = json::parse(file.bytes);
        assert(parsed.ok() && "seed data is part of the program");
        return std::move(parsed).value();
    }
    assert(false && "seed data is compiled in");
    return {};
}

const json::Value& dictionaries() {
    static const json::Value value = load("seed/dictionaries.json");
    return value;
}

std::string text_of(const json::Value& value, std::string_view key) {
    const json::Value* member = value.find(key);
    return member && member->is_string() ? member->string() : std::string();
}

/// The entries of seed list `list` as dictionary `dictionary`, their codes behind `prefix`.
Status add_entries(model::Records& records, std::string_view list, const std::string& dictionary,
                   const std::string& prefix, RecordId pipeline) {
    const model::Entity& entity = records.services().registry.entity("crm.status");
    const json::Value* entries = dictionaries().find("entries")->find(list);
    std::int64_t sort = 0;
    for (const json::Value* entry : entries->items()) {
        const std::string name = localised(*entry->find("name"), records.metadata().account.language);
        const bool is_system = entry->find("system") != nullptr;
        sort += 10;
        Changes changes(entity);
        changes.set("ENTITY_ID", dictionary);
        changes.set("STATUS_ID", prefix + text_of(*entry, "code"));
        changes.set("NAME", name);
        changes.set("NAME_INIT", is_system ? name : std::string());
        changes.set("SORT", sort);
        changes.set("SYSTEM", std::int64_t{is_system ? 1 : 0});
        if (pipeline > 0) changes.set("CATEGORY_ID", pipeline);
        if (const std::string color = text_of(*entry, "color"); !color.empty()) changes.set("COLOR", color);
        if (const std::string kind = text_of(*entry, "semantics"); !kind.empty()) changes.set("SEMANTICS", kind);
        auto added = records.add(std::move(changes));
        if (!added) return added.error();
    }
    return {};
}

/// {"en":{FORMAT_STRING,FULL_NAME,DEC_POINT,THOUSANDS_SEP,DECIMALS,…},…} of a known currency.
std::string localisation_json(const json::Value& currency) {
    std::string text;
    json::Writer out(text);
    out.begin_object();
    for (const char* language : {"en", "de", "ru"}) {
        const bool is_english = language == std::string_view("en");
        out.key(language).begin_object();
        out.field("FORMAT_STRING", localised(*currency.find("format"), language));
        out.field("FULL_NAME", localised(*currency.find("name"), language));
        out.field("DEC_POINT", is_english ? "." : ",");
        out.field("THOUSANDS_SEP", is_english ? "," : (language == std::string_view("de") ? "." : "&nbsp;"));
        out.key("DECIMALS").integer_text(currency.find("decimals")->integer());
        out.field("THOUSANDS_VARIANT", is_english ? "C" : (language == std::string_view("de") ? "D" : "B"));
        out.field("HIDE_ZERO", "Y");
        out.end_object();
    }
    out.end_object();
    return text;
}

Status add_currency(model::Records& records, const json::Value& currency, std::int64_t sort) {
    Changes changes(records.services().registry.entity("crm.currency"));
    changes.set("CURRENCY", text_of(currency, "code"));
    changes.set("SORT", sort);
    changes.set("LANG", localisation_json(currency));
    auto added = records.add(std::move(changes));
    if (!added) return added.error();
    return {};
}

/// The account's currency first, then euro and US dollar.
Status seed_currencies(model::Records& records) {
    const std::string base = records.metadata().account.currency;
    std::int64_t sort = 200;
    bool base_known = false;
    for (const json::Value* currency : known_currencies().items()) {
        const std::string code = text_of(*currency, "code");
        const bool is_base = code == base;
        base_known = base_known || is_base;
        if (!is_base && code != "EUR" && code != "USD") continue;
        STOA_CHECK(add_currency(records, *currency, is_base ? 100 : sort));
        if (!is_base) sort += 100;
    }
    if (base_known) return {};
    json::Object names, formats, own;
    names.set("en", base);
    formats.set("en", "# " + base);
    own.set("code", base);
    own.set("name", std::move(names));
    own.set("format", std::move(formats));
    own.set("decimals", 2);
    return add_currency(records, std::move(own), 100);
}

}  // namespace

std::string localised(const json::Value& names, std::string_view language) {
    const std::string text = text_of(names, language);
    return text.empty() ? text_of(names, "en") : text;
}

const json::Value& dictionary_names() {
    return *dictionaries().find("names");
}

const json::Value& known_currencies() {
    static const json::Value value = load("seed/currencies.json");
    return value;
}

std::string default_pipeline_name(std::string_view language) {
    return localised(*dictionaries().find("pipeline"), language);
}

Status seed_stages(model::Records& records, int type_id, RecordId pipeline) {
    const std::string_view list = type_id == kLead ? "STATUS" : (type_id == kDeal ? "DEAL_STAGE" : "DYNAMIC_STAGE");
    return add_entries(records, list, stage_dictionary(type_id, pipeline), stage_prefix(type_id, pipeline), pipeline);
}

Status seed_defaults(model::Records& records) {
    model::Records system = records.as_system();
    const model::Registry& registry = system.services().registry;
    STOA_TRY(const std::int64_t known, system.count(registry.entity("crm.status"), Condition::always()));
    if (known > 0) return {};

    STOA_CHECK(seed_stages(system, kLead, 0));
    STOA_CHECK(seed_stages(system, kDeal, 0));
    for (const auto& [dictionary, unused] : dictionaries().find("entries")->object()) {
        const bool is_stages = dictionary == "STATUS" || dictionary.ends_with("_STAGE");
        if (!is_stages) STOA_CHECK(add_entries(system, dictionary, dictionary, "", 0));
    }
    Changes pipeline(registry.entity("crm.category"));
    pipeline.set("NAME", default_pipeline_name(system.metadata().account.language));
    pipeline.set("SORT", std::int64_t{300});
    pipeline.set("ENTITY_TYPE_ID", std::int64_t{kDeal});
    pipeline.set("IS_DEFAULT", std::int64_t{1});
    pipeline.set("CODE", std::string(kFirstDealPipeline));
    auto added = system.add(std::move(pipeline));
    if (!added) return added.error();
    return seed_currencies(system);
}

}  // namespace stoa::crm
