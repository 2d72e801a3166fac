#include "modules/drive/rights.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "modules/drive/names.hpp"

namespace stoa::drive {

const Level kLevels[4] = {
    {79, "disk_access_full", "Full Access", 4},
    {75, "disk_access_edit", "Editing", 3},
    {73, "disk_access_add", "Adding", 2},
    {71, "disk_access_read", "Reading", 1},
};

namespace {

Error wrong_rights() {
    return invalid("Invalid rights format", "rights", "ERROR_ARGUMENT");
}

/// "*", "U35", "D4", "DR4"
bool is_access_code(std::string_view code) {
    if (code == "*") return true;
    const std::size_t letters = code.starts_with("DR") ? 2 : 1;
    if (!code.starts_with('U') && !code.starts_with('D')) return false;
    const std::string_view number = code.substr(letters);
    return !number.empty() && number.size() < 18 &&
           std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<std::vector<Right>> read_rights(const api::Call& call) {
    std::vector<Right> out;
    const json::Value* given = call.params.find("rights");
    if (!given || given->is_null() || (given->is_string() && given->string().empty())) return out;
    if (!given->is_array() && !given->is_object()) return wrong_rights();
    const bool one = given->find_any_case("TASK_ID") != nullptr;
    const auto items = one ? std::vector<const json::Value*>{given} : given->items();
    if (items.size() > limits::disk_rights_per_object_max) {
        return Error{Errc::too_large, "Too many rights for one object.", "rights"};
    }
    for (const json::Value* item : items) {
        const json::Value* task = item->find_any_case("TASK_ID");
        const json::Value* code = item->find_any_case("ACCESS_CODE");
        const auto task_id = task ? task->as_integer() : std::nullopt;
        const auto level = std::find_if(std::begin(kLevels), std::end(kLevels),
                                        [&](const Level& known) { return task_id == known.task_id; });
        if (level == std::end(kLevels) || !code || !is_access_code(code->as_text().value_or(""))) return wrong_rights();
        out.push_back({*code->as_text(), level->level});
    }
    return out;
}

Status give_rights(api::Call& call, RecordId object, const std::vector<Right>& rights) {
    const model::Entity& entity = call.registry().entity(kRight);
    model::Records system = call.records.as_system();
    for (const Right& right : rights) {
        model::Query query;
        query.where = db::Condition::equals("object_id", object);
        query.limit = limits::disk_rights_per_object_max;
        STOA_TRY(const std::vector<model::Record> known, system.list(entity, query));
        const auto same = std::find_if(known.begin(), known.end(), [&](const model::Record& row) {
            return row.text("ACCESS_CODE") == right.access_code;
        });
        model::Changes changes(entity);
        changes.set("LEVEL", std::int64_t{right.level});
        if (same != known.end()) {
            STOA_CHECK(system.update(same->id(), std::move(changes)));
            continue;
        }
        if (known.size() >= limits::disk_rights_per_object_max) {
            return Error{Errc::too_large, "Too many rights for one object.", "rights"};
        }
        changes.set("OBJECT_ID", object);
        changes.set("ACCESS_CODE", right.access_code);
        auto added = system.add(std::move(changes));
        if (!added) return added.error();
    }
    return {};
}

}  // namespace stoa::drive
