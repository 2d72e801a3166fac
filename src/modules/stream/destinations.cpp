#include "modules/stream/destinations.hpp"

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using db::Condition;

namespace {

constexpr const char* kField = "DEST";
constexpr std::int64_t kReadLevel = 1;  ///< as src/access knows it

struct Code {
    std::string_view kind;  ///< "U", "D", "DR"
    RecordId id = 0;
};

/// Of a code that has been parsed; kind "" for "UA".
Code split(std::string_view code) {
    if (code == kEverybody) return {};
    const std::size_t letters = code.find_first_of("0123456789");
    Code out{code.substr(0, letters), 0};
    std::from_chars(code.data() + letters, code.data() + code.size(), out.id);
    return out;
}

bool is_code(std::string_view code) {
    if (code == kEverybody) return true;
    for (const std::string_view kind : {"DR", "D", "U"}) {
        if (!code.starts_with(kind)) continue;
        const std::string_view number = code.substr(kind.size());
        return !number.empty() && number.size() < 18 && number.front() != '0' &&
               number.find_first_not_of("0123456789") == std::string_view::npos;
    }
    return false;
}

Status add_code(const json::Value& value, std::vector<std::string>& codes) {
    if (!value.is_scalar()) {
        for (const json::Value* item : value.items()) {
            if (!item->is_scalar() && !value.is_object()) return invalid("A recipient is text like \"U17\".", kField);
            STOA_CHECK(add_code(*item, codes));
        }
        return {};
    }
    const std::string code = to_upper_ascii(value.as_text().value_or(""));
    if (code.empty()) return {};
    if (code.starts_with("SG")) return invalid("There are no workgroups to address: " + code + ".", kField);
    if (!is_code(code)) return invalid("A recipient is UA, U<user>, D<department> or DR<department>.", kField);
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
    if (codes.size() <= limits::stream_destinations_max) return {};
    return Error{Errc::too_large,
                 "A post has at most " + std::to_string(limits::stream_destinations_max) + " recipients.", kField};
}

std::vector<RecordId> ids_of(const std::vector<std::string>& codes, std::string_view kind) {
    std::vector<RecordId> ids;
    for (const std::string& code : codes) {
        if (const Code parts = split(code); parts.kind == kind) ids.push_back(parts.id);
    }
    return ids;
}

Status check_exist(model::Records& records, const char* entity_name, std::vector<RecordId> ids, const char* what) {
    if (ids.empty()) return {};
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const model::Entity* entity = records.services().registry.find(entity_name);
    if (!entity) return invalid(std::string("There is no such ") + what + ".", kField);
    STOA_TRY(const std::int64_t known,
             records.count(*entity, Condition::in(entity->id_field().column, {ids.begin(), ids.end()})));
    if (known == static_cast<std::int64_t>(ids.size())) return {};
    return invalid(std::string("There is no such ") + what + " among the recipients.", kField);
}

/// The departments and all below them, level by level.
Result<std::vector<RecordId>> with_those_below(model::Records& records, std::vector<RecordId> departments) {
    const model::Entity* entity = records.services().registry.find(kDepartment);
    std::vector<RecordId> level = departments;
    while (entity && !level.empty() && departments.size() < limits::stream_departments_max) {
        db::Select select;
        select.table = entity->table;
        select.columns = {{entity->id_field().column, ""}};
        select.where = Condition::in(entity->field("PARENT").column, {level.begin(), level.end()});
        select.limit = static_cast<std::int64_t>(limits::stream_departments_max - departments.size());
        level.clear();
        STOA_CHECK(records.tx().select(select, [&](const db::Row& row) {
            const RecordId id = row.integer(0);
            // A department that is its own ancestor would never end.
            if (std::find(departments.begin(), departments.end(), id) == departments.end()) {
                departments.push_back(id);
                level.push_back(id);
            }
            return true;
        }));
    }
    return departments;
}

Status add_members(model::Records& records, const std::vector<RecordId>& departments, std::vector<UserId>& users) {
    if (departments.empty()) return {};
    const model::Entity& people = records.services().registry.entity(kUser);
    db::Select select;
    select.table = people.field("UF_DEPARTMENT").link_table;
    select.columns = {{"owner_id", ""}};
    select.where = Condition::in("target_id", {departments.begin(), departments.end()});
    select.limit = limits::stream_audience_users_max;
    return records.tx().select(select, [&](const db::Row& row) {
        users.push_back(row.integer(0));
        return true;
    });
}

}  // namespace

Result<std::vector<std::string>> parse_destinations(const json::Value& given) {
    std::vector<std::string> codes;
    STOA_CHECK(add_code(given, codes));
    return codes;
}

Status check_destinations(model::Records& records, const std::vector<std::string>& codes) {
    STOA_CHECK(check_exist(records, kUser, ids_of(codes, "U"), "user"));
    std::vector<RecordId> departments = ids_of(codes, "D");
    const std::vector<RecordId> whole = ids_of(codes, "DR");
    departments.insert(departments.end(), whole.begin(), whole.end());
    return check_exist(records, kDepartment, std::move(departments), "department");
}

std::vector<std::string> destinations_of(const model::Record& post) {
    std::vector<std::string> codes;
    const auto parsed = json::parse(post.text("DEST"));
    if (!parsed) return codes;
    for (const json::Value* code : parsed->items())
        codes.push_back(code->as_text().value_or(""));
    return codes;
}

Status save_destinations(db::WriteTx& tx, model::Records& records, RecordId post,
                         const std::vector<std::string>& codes) {
    const model::Entity& entity = records.services().registry.entity(kDestination);
    const std::string& column = entity.field("OBJECT_ID").column;
    auto removed = tx.remove(entity.table, Condition::equals(column, post));
    if (!removed) return removed.error();
    model::Records system = records.as_system();
    for (const std::string& code : codes) {
        model::Changes row(entity);
        row.set("OBJECT_ID", post);
        row.set("ACCESS_CODE", code);
        row.set("LEVEL", kReadLevel);
        STOA_TRY([[maybe_unused]] const RecordId id, system.add(std::move(row)));
    }
    return {};
}

Result<Audience> audience_of(model::Records& records, const std::vector<std::string>& codes) {
    Audience out;
    out.everybody = std::find(codes.begin(), codes.end(), kEverybody) != codes.end();
    out.users = ids_of(codes, "U");
    STOA_TRY(std::vector<RecordId> departments, with_those_below(records, ids_of(codes, "DR")));
    const std::vector<RecordId> single = ids_of(codes, "D");
    departments.insert(departments.end(), single.begin(), single.end());
    STOA_CHECK(add_members(records, departments, out.users));
    std::sort(out.users.begin(), out.users.end());
    out.users.erase(std::unique(out.users.begin(), out.users.end()), out.users.end());
    return out;
}

}  // namespace stoa::stream
