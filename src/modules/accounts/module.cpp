#include "modules/accounts/module.hpp"

#include <cstdlib>

#include "accounts_data.hpp"
#include "modules/accounts/methods.hpp"

namespace stoa::accounts {

const std::vector<db::Migration>& migrations() {
    static const std::vector<db::Migration> steps = [] {
        constexpr std::string_view kFolder = "migrations/";
        std::vector<db::Migration> out;
        for (const base::EmbeddedFile& file : data::embedded_files()) {
            if (!file.name.starts_with(kFolder)) continue;
            const std::string name(file.name.substr(kFolder.size()));
            out.push_back({std::atoi(name.c_str()), name, std::string(file.bytes)});
        }
        return out;
    }();
    return steps;
}

Status register_entities(model::Registry& registry) {
    return registry.add_all(data::embedded_files());
}

void add_methods(api::MethodTable& table) {
    add_identity_methods(table);
    add_option_methods(table);
}

}  // namespace stoa::accounts
