#include "modules/notify/kinds.hpp"

#include <cassert>

#include "json/parse.hpp"
#include "notify_data.hpp"

namespace stoa::notify {

namespace {

std::map<std::string, std::string> names_of(const json::Value& value) {
    std::map<std::string, std::string> names;
    for (const auto& [language, name] : value.find("name")->object())
        names[language] = name.string();
    return names;
}

/// The file is part of the program: what is wrong with it shows in the first test.
std::vector<KindGroup> read_kinds() {
    std::vector<KindGroup> groups;
    for (const base::EmbeddedFile& file : data::embedded_files()) {
        if (file.name != "kinds.json") continue;
        const auto parsed = json::parse(file.bytes);
        assert(parsed.ok() && "kinds.json is no JSON");
        for (const json::Value* group : parsed->items()) {
            KindGroup& added = groups.emplace_back();
            added.module = group->find("module")->string();
            added.name = names_of(*group);
            for (const json::Value* kind : group->find("kinds")->items()) {
                const json::Value* mail = kind->find("mail");
                added.kinds.push_back(
                    {kind->find("event")->string(), names_of(*kind), mail != nullptr && mail->boolean()});
            }
        }
    }
    return groups;
}

}  // namespace

const std::vector<KindGroup>& kind_groups() {
    static const std::vector<KindGroup> groups = read_kinds();
    return groups;
}

const Kind* find_kind(std::string_view module, std::string_view event) {
    for (const KindGroup& group : kind_groups()) {
        if (group.module != module) continue;
        for (const Kind& kind : group.kinds) {
            if (kind.event == event) return &kind;
        }
    }
    return nullptr;
}

std::string_view name_in(const std::map<std::string, std::string>& names, std::string_view language) {
    const auto found = names.find(std::string(language));
    return found != names.end() ? found->second : names.at("en");
}

}  // namespace stoa::notify
