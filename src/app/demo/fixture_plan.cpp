#include "app/demo/fixture_plan.hpp"

#include "base/time_format.hpp"

namespace stoa::app::demo {

namespace {

constexpr std::int64_t kDay = 86'400;

constexpr std::int64_t kDepartment = 67;
constexpr std::int64_t kCompanies = 170;  ///< pages at start=0, 50, 100, 150
constexpr std::int64_t kContacts = 60;
constexpr std::int64_t kDeals = 120;
constexpr std::int64_t kLeads = 60;
constexpr std::int64_t kTasks = 60;
constexpr std::int64_t kAbsentTask = 3;
constexpr std::int64_t kLogFirst = 200, kLogLast = 380;  ///< has 359 and 361

std::string iso(UnixSeconds at) {
    std::string text;
    append_iso(text, at, *utc_time_zone());
    return text;
}

std::string numbered(const char* what, std::int64_t number) {
    return what + (" " + std::to_string(number));
}

json::Value multifield(std::string value) {
    json::Object row;
    row.set("VALUE", std::move(value));
    row.set("VALUE_TYPE", "WORK");
    return json::Array{json::Value(std::move(row))};
}

json::Object with_id(std::int64_t id) {
    json::Object fields;
    fields.set("ID", id);
    return fields;
}

void plan_crm(Plan& plan, UnixSeconds now, UserId admin) {
    for (std::int64_t id = 1; id <= kCompanies; ++id) {
        json::Object fields = with_id(id);
        fields.set("TITLE", numbered("Acme", id));
        fields.set("PHONE", multifield("+4930" + std::to_string(1'000'000 + id)));
        fields.set("ASSIGNED_BY_ID", admin);
        fields.set("DATE_CREATE", iso(now - (kCompanies - id) % 120 * kDay));
        plan.add("crm.company", std::move(fields));
    }
    for (std::int64_t id = 1; id <= kContacts; ++id) {
        json::Object fields = with_id(id);
        fields.set("NAME", numbered("Contact", id));
        fields.set("LAST_NAME", "Fixture");
        fields.set("EMAIL", multifield("contact" + std::to_string(id) + "@example.net"));
        fields.set("COMPANY_ID", id);
        fields.set("ASSIGNED_BY_ID", admin);
        plan.add("crm.contact", std::move(fields));
    }
    for (std::int64_t id = 1; id <= kDeals; ++id) {
        json::Object fields = with_id(id);
        fields.set("TITLE", numbered("Deal", id));
        fields.set("OPPORTUNITY", std::to_string(id * 100) + ".00");
        fields.set("COMPANY_ID", id);
        fields.set("ASSIGNED_BY_ID", admin);
        plan.add("crm.deal", std::move(fields));
    }
    for (std::int64_t id = 1; id <= kLeads; ++id) {
        json::Object fields = with_id(id);
        fields.set("TITLE", numbered("Lead", id));
        fields.set("NAME", "Lead");
        fields.set("ASSIGNED_BY_ID", admin);
        plan.add("crm.lead", std::move(fields));
    }
}

void plan_tasks(Plan& plan, UserId admin) {
    for (std::int64_t id = 1; id <= kTasks; ++id) {
        if (id == kAbsentTask) continue;
        json::Object fields = with_id(id);
        fields.set("TITLE", numbered("Task", id));
        fields.set("RESPONSIBLE_ID", admin);
        fields.set("CREATED_BY", admin);
        plan.add("tasks.task", std::move(fields));
    }
}

void plan_log(Plan& plan, UnixSeconds now, UserId admin) {
    for (std::int64_t id = kLogFirst; id <= kLogLast; ++id) {
        json::Object fields = with_id(id);
        fields.set("TIMESTAMP_X", iso(now - (kLogLast - id) * 600));
        fields.set("SEVERITY", "SECURITY");
        fields.set("AUDIT_TYPE_ID", "USER_AUTHORIZE");
        fields.set("MODULE_ID", "main");
        fields.set("ITEM_ID", std::to_string(admin));
        fields.set("REMOTE_ADDR", "127.0.0.1");
        fields.set("USER_AGENT", "fixture");
        fields.set("SITE_ID", "s1");
        fields.set("USER_ID", admin);
        fields.set("GUEST_ID", 0);
        plan.add("main.eventlog", std::move(fields));
    }
}

}  // namespace

Plan plan_sdk_fixtures(UnixSeconds now, RecordId top_department, UserId admin) {
    Plan plan;
    json::Object department = with_id(kDepartment);
    department.set("NAME", numbered("Department", kDepartment));
    department.set("PARENT", top_department);
    plan.add("department", std::move(department));
    plan_crm(plan, now, admin);
    plan_tasks(plan, admin);
    plan_log(plan, now, admin);
    return plan;
}

}  // namespace stoa::app::demo
