#include "modules/people/user_hooks.hpp"

#include <algorithm>

#include "base/time_format.hpp"
#include "json/writer.hpp"

namespace stoa::people {

namespace {

constexpr std::size_t kDepartmentsPerUserMax = 50;

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

Status check_departments(model::SaveContext& context) {
    const model::Entity& departments = context.records.services().registry.entity("department");
    for (auto& [field, targets] : context.changes.links) {
        if (field->name != "UF_DEPARTMENT") continue;
        std::sort(targets.begin(), targets.end());
        targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
        if (targets.size() > kDepartmentsPerUserMax) {
            return Error{Errc::too_large, "A user can be in 50 departments at most.", "UF_DEPARTMENT"};
        }
        if (targets.empty()) continue;
        const auto existing = db::Condition::in("id", {targets.begin(), targets.end()});
        STOA_TRY(const std::int64_t count, context.records.as_system().count(departments, existing));
        if (count != static_cast<std::int64_t>(targets.size())) {
            return invalid("There is no such department.", "UF_DEPARTMENT", "ERROR_ARGUMENT");
        }
    }
    return {};
}

bool is_active_admin(const model::Record& user) {
    return user.text("ROLE") == "admin" && user.integer("ACTIVE") != 0;
}

/// Refuses what would leave the account without an active administrator.
Status keep_one_admin(model::Records& records, const model::Entity& users, RecordId leaving) {
    const auto others = db::Condition::all({db::Condition::equals("role", std::string("admin")),
                                            db::Condition::equals("active", std::int64_t{1}),
                                            db::Condition::compare("id", db::Condition::Op::ne, leaving)});
    STOA_TRY(const std::int64_t count, records.as_system().count(users, others));
    if (count == 0) {
        return Error{Errc::conflict, "This is the only administrator. Make somebody else one first.", "ACTIVE",
                     "ERROR_CORE"};
    }
    return {};
}

std::string current_text(const model::SaveContext& context, std::string_view name) {
    if (context.changes.has(name)) return context.changes.text(name);
    return context.before ? context.before->text(name) : std::string();
}

/// ONUSERADD carries the user's fields, not only the id.
/// https://github.com/bitrix24/b24restdocs api-reference/common/events/on-user-add.md
Status emit_added(model::SaveContext& context) {
    std::string data;
    json::Writer out(data);
    out.begin_object().field("ID", context.id).field("ACTIVE", "Y");
    for (const char* name : {"EMAIL", "NAME", "LAST_NAME", "PERSONAL_GENDER", "WORK_POSITION"}) {
        if (const std::string text = context.changes.text(name); !text.empty()) out.field(name, text);
    }
    for (const char* name : {"PERSONAL_BIRTHDAY", "UF_EMPLOYMENT_DATE"}) {
        const db::Value* value = context.changes.find(name);
        if (!value || db::is_null(*value)) continue;
        std::string date;
        append_date(date, context.changes.integer(name));
        out.field(name, date);
    }
    out.key("UF_DEPARTMENT").begin_array();
    for (const auto& [field, targets] : context.changes.links) {
        for (const RecordId id : targets)
            out.integer(id);
    }
    out.end_array();
    std::string registered;
    append_iso(registered, context.changes.integer("DATE_REGISTER"), *context.records.metadata().account.time_zone);
    out.field("DATE_REGISTER", registered).end_object();
    return context.records.emit("ONUSERADD", data);
}

}  // namespace

bool is_email(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
    if (text.find('@', at + 1) != std::string_view::npos || text.size() > 254) return false;
    return std::none_of(text.begin(), text.end(), [](unsigned char c) {
        return c <= ' ' || c == 127 || c == '<' || c == '>' || c == '"' || c == ',' || c == ';';
    });
}

Status UserHooks::before_save(model::SaveContext& context) {
    if (context.changes.has("EMAIL")) {
        std::string email(trim(context.changes.text("EMAIL")));
        if (!is_email(email)) return invalid("wrong_email", "EMAIL", "ERROR_ARGUMENT");
        context.changes.set("EMAIL", std::move(email));
    } else if (!context.before) {
        return invalid("wrong_email", "EMAIL", "ERROR_ARGUMENT");
    }
    if (context.changes.has("TIME_ZONE") && !context.changes.text("TIME_ZONE").empty() &&
        !find_time_zone(context.changes.text("TIME_ZONE"))) {
        return invalid("There is no time zone of that name.", "TIME_ZONE", "ERROR_ARGUMENT");
    }
    STOA_CHECK(check_departments(context));
    if (context.changes.has("ROLE")) {
        const std::string role = context.changes.text("ROLE");
        context.changes.set("USER_TYPE", std::string(role == "extranet" ? "extranet" : "employee"));
    }
    if (context.before && is_active_admin(*context.before)) {
        const bool leaves = (context.changes.has("ACTIVE") && context.changes.integer("ACTIVE") == 0) ||
                            (context.changes.has("ROLE") && context.changes.text("ROLE") != "admin");
        if (leaves) STOA_CHECK(keep_one_admin(context.records, context.entity, context.id));
    }
    return {};
}

Status UserHooks::after_save(model::SaveContext& context) {
    UserChange change;
    change.id = context.id;
    change.added = context.before == nullptr;
    change.email = current_text(context, "EMAIL");
    change.active = context.changes.has("ACTIVE") ? context.changes.integer("ACTIVE") != 0
                                                  : !context.before || context.before->integer("ACTIVE") != 0;
    change.email_changed = change.added || change.email != context.before->text("EMAIL");
    change.active_changed = change.added || change.active != (context.before->integer("ACTIVE") != 0);
    change.rights_changed =
        change.added || !context.changes.links.empty() ||
        (context.changes.has("ROLE") && context.changes.text("ROLE") != context.before->text("ROLE"));
    if (listener_) STOA_CHECK(listener_->user_saved(context.records, change));
    if (change.added) STOA_CHECK(emit_added(context));
    return {};
}

Status UserHooks::before_remove(model::RemoveContext& context) {
    if (!is_active_admin(context.before)) return {};
    return keep_one_admin(context.records, context.entity, context.before.id());
}

Status UserHooks::after_remove(model::RemoveContext& context) {
    if (!listener_) return {};
    return listener_->user_removed(context.records, context.before.id());
}

}  // namespace stoa::people
