#include "model/migrations.hpp"

#include <cstdlib>

#include "model_data.hpp"

namespace stoa::model {

const std::vector<db::Migration>& migrations() {
    static const std::vector<db::Migration> steps = [] {
        std::vector<db::Migration> out;
        constexpr std::string_view kFolder = "migrations/";
        for (const base::EmbeddedFile& file : data::embedded_files()) {
            if (!file.name.starts_with(kFolder)) continue;
            const std::string name(file.name.substr(kFolder.size()));
            out.push_back({std::atoi(name.c_str()), name, std::string(file.bytes)});
        }
        return out;
    }();
    return steps;
}

}  // namespace stoa::model
