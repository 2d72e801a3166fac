#include "app/crm_bridge.hpp"

#include "app/notify_bridge.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/stream/entries.hpp"

namespace stoa::app {

using crm::CrmChange;
using model::Record;

namespace {

constexpr const char* kDepartment = "department";
constexpr const char* kAssignedEvent = "changeAssignedBy";
constexpr const char* kStageEvent = "changeStage";
constexpr const char* kActivityEvent = "activity";

constexpr Phrase kAssigned{"You are responsible now", "Sie sind jetzt verantwortlich", "Вы назначены ответственным"};
constexpr Phrase kMoved{"Stage changed", "Phase gewechselt", "Стадия изменена"};
constexpr Phrase kActivity{"An activity was given to you", "Ihnen wurde eine Aktivität zugewiesen",
                           "Вам назначено дело"};
constexpr Phrase kManyAssigned{"Many records were given to you", "Ihnen wurden viele Datensätze zugewiesen",
                               "Вам назначено много записей CRM"};
constexpr Phrase kManyMoved{"Many of your records were moved", "Viele Ihrer Datensätze wurden verschoben",
                            "Перемещено много ваших записей CRM"};
constexpr Phrase kManyActivities{"Many activities were given to you", "Ihnen wurden viele Aktivitäten zugewiesen",
                                 "Вам назначено много дел"};
constexpr Phrase kWon{"A deal was won", "Ein Auftrag wurde gewonnen", "Сделка выиграна"};

/// What all that is told of one record has in common.
std::string about(std::int64_t type_id, RecordId id) {
    return "CRM|" + crm::type_code(static_cast<int>(type_id)) + "|" + std::to_string(id);
}

std::string about_activity(RecordId id) {
    return "CRM|ACTIVITY|" + std::to_string(id);
}

/// The interface has pages of deals.
std::string link_to(std::int64_t type_id, RecordId id) {
    return type_id == crm::kDeal ? "/crm/deals/" + std::to_string(id) : std::string();
}

std::string kind_name(const model::Records& records, const model::Entity& entity) {
    auto found = entity.title.find(records.metadata().account.language);
    if (found == entity.title.end()) found = entity.title.find("en");
    return found == entity.title.end() ? std::string() : found->second;
}

notify::Notification notification(const model::Records& records, const char* event, const Phrase& phrase,
                                  const Phrase& many) {
    notify::Notification out;
    out.author = records.actor().user;
    out.module = "crm";
    out.event = event;
    out.title = in_language(records, phrase);
    out.crowd_title = in_language(records, many);
    return out;
}

/// Who leads the departments.
Result<std::vector<UserId>> heads_of(model::Records& records, const std::vector<RecordId>& departments) {
    std::vector<UserId> heads;
    if (departments.empty()) return heads;
    const model::Entity& entity = records.services().registry.entity(kDepartment);
    model::Query query;
    query.where = db::Condition::in("id", {departments.begin(), departments.end()});
    query.limit = static_cast<std::int64_t>(departments.size());
    STOA_TRY(const std::vector<Record> rows, records.as_system().list(entity, query));
    for (const Record& row : rows) {
        if (const UserId head = row.integer("UF_HEAD"); head > 0) heads.push_back(head);
    }
    return heads;
}

}  // namespace

Status CrmBridge::record_saved(model::Records& records, const CrmChange& change) {
    if (records.actor().user <= 0) return {};  // the program's own work is nobody's news
    STOA_CHECK(tell_responsible(records, change));
    return change.won && change.type_id == crm::kDeal ? write_won(records, change) : Status();
}

Status CrmBridge::tell_responsible(model::Records& records, const CrmChange& change) const {
    const bool given = change.is_new || change.reassigned;
    if (change.responsible <= 0 || change.responsible == records.actor().user) return {};
    if (!given && !change.moved) return {};
    STOA_TRY(const bool sees, access_.may_read(records, change.entity, change.id, change.responsible));
    if (!sees) return {};
    notify::Notification out = given ? notification(records, kAssignedEvent, kAssigned, kManyAssigned)
                                     : notification(records, kStageEvent, kMoved, kManyMoved);
    out.sub_tag = about(change.type_id, change.id);
    out.tag = out.sub_tag + "|" + out.event;
    out.text = kind_name(records, change.entity) + ": " + change.title;
    if (!given) out.text += "\n" + change.stage_name;
    out.link = link_to(change.type_id, change.id);
    if (!out.link.empty()) out.crowd_link = "/crm/deals";
    return tell(records, std::move(out), change.responsible);
}

/// For the responsible person, the heads of his departments, and the people of the departments above them.
Status CrmBridge::write_won(model::Records& records, const CrmChange& change) const {
    stream::Entry entry;
    entry.author = records.actor().user;
    entry.source = about(change.type_id, change.id);
    entry.event = "won";
    entry.title = in_language(records, kWon);
    entry.text = link_text(records, link_to(change.type_id, change.id), change.title);
    STOA_TRY(const std::optional<model::Actor> responsible, access_.actor_of(records, change.responsible));
    if (!responsible) return {};
    std::vector<UserId> people{change.responsible};
    STOA_TRY(const std::vector<UserId> heads, heads_of(records, responsible->departments));
    people.insert(people.end(), heads.begin(), heads.end());
    for (const UserId user : people) {
        STOA_TRY(const bool sees, access_.may_read(records, change.entity, change.id, user));
        if (sees) entry.readers.users.push_back(user);
    }
    // A department stands for whoever is in it, so it may be named only where each of them may see the deal.
    if (AccessBridge::is_open_to_employees(records, change.entity)) {
        entry.readers.departments = responsible->departments_above;
    }
    const auto written = stream::add_entry(records, entry);
    return written ? Status() : Status(written.error());
}

Status CrmBridge::record_removed(model::Records& records, int type_id, RecordId id) {
    if (type_id == crm::kDeal) STOA_CHECK(stream::remove_entries(records, about(type_id, id)));
    return take_back(records, about(type_id, id));
}

Status CrmBridge::activity_saved(model::Records& records, const Record& activity, const Record*) {
    const UserId responsible = activity.integer("RESPONSIBLE_ID");
    if (records.actor().user <= 0 || responsible <= 0 || responsible == records.actor().user) return {};
    STOA_TRY(const bool sees, access_.may_read(records, activity.entity(), activity.id(), responsible));
    if (!sees) return {};
    const std::int64_t owner_type = activity.integer("OWNER_TYPE_ID");
    const RecordId owner = activity.integer("OWNER_ID");
    notify::Notification out = notification(records, kActivityEvent, kActivity, kManyActivities);
    out.tag = about_activity(activity.id());
    out.sub_tag = about(owner_type, owner);
    out.text = activity.text("SUBJECT");
    if (out.text.empty()) out.text = kind_name(records, activity.entity());
    out.link = link_to(owner_type, owner);
    return tell(records, std::move(out), responsible);
}

Status CrmBridge::activity_removed(model::Records& records, RecordId activity) {
    const auto gone = notify::withdraw(records, about_activity(activity), "");
    return gone ? Status() : Status(gone.error());
}

}  // namespace stoa::app
