#include <cstdlib>

#include "db/database.hpp"
#include "db_data.hpp"

namespace stoa::db {
namespace {

/// "migrations/0001_core.sql" → number 1, name "core".
std::vector<Migration> load() {
    std::vector<Migration> steps;
    for (const auto& file : data::embedded_files()) {
        std::string name(file.name.substr(file.name.rfind('/') + 1));
        name.resize(name.size() - std::string_view(".sql").size());
        const auto number = static_cast<int>(std::strtol(name.c_str(), nullptr, 10));
        steps.push_back({number, name.substr(name.find('_') + 1), std::string(file.bytes)});
    }
    return steps;
}

}  // namespace

const std::vector<Migration>& core_migrations() {
    static const std::vector<Migration> steps = load();
    return steps;
}

}  // namespace stoa::db
