#pragma once
// What a new account or a new pipeline starts with. Data: seed/*.json, compiled in.

#include "json/value.hpp"
#include "model/records.hpp"

namespace stoa::crm {

/// The stages of a new pipeline of deals or of a smart process. `records` is the system's.
Status seed_stages(model::Records& records, int type_id, RecordId pipeline);
/// The localised text of {"en": …, "de": …, "ru": …}; English when the language is not there.
std::string localised(const json::Value& names, std::string_view language);
/// The name a new pipeline gets when nobody named it ("General").
std::string default_pipeline_name(std::string_view language);
/// seed/dictionaries.json → "names": dictionary code → names by language.
const json::Value& dictionary_names();
/// seed/currencies.json: list of {code, name, format, decimals}.
const json::Value& known_currencies();

}  // namespace stoa::crm
