#include "modules/notify/user_cards.hpp"

#include <cstdio>
#include <optional>

#include "api/file_links.hpp"
#include "base/time_format.hpp"
#include "modules/notify/names.hpp"

namespace stoa::notify {

using model::Record;

namespace {

constexpr std::int64_t kOnline_s = 15 * 60;  ///< since the last activity
constexpr const char* kColors[] = {"#1eb4aa", "#df532d", "#64a513", "#4ba984", "#2d9cdb",
                                   "#b06ab3", "#e29f3b", "#7a6fd6", "#c2527c", "#6b8299"};

std::string birthday_of(const Record& user) {
    if (user.is_null("PERSONAL_BIRTHDAY")) return {};
    const CivilDate date = days_to_date(user.integer("PERSONAL_BIRTHDAY"));
    char out[16];
    std::snprintf(out, sizeof out, "%02d-%02d", date.day % 100, date.month % 100);
    return out;
}

void write_phones(json::Writer& out, const Record& user) {
    constexpr std::pair<const char*, const char*> kPhones[] = {
        {"work_phone", "WORK_PHONE"}, {"personal_mobile", "PERSONAL_MOBILE"}, {"inner_phone", "UF_PHONE_INNER"}};
    bool any = false;
    for (const auto& [key, field] : kPhones) {
        const std::string phone = user.text(field);
        if (phone.empty()) continue;
        if (!any) out.key("phones").begin_object();
        any = true;
        out.field(key, phone);
    }
    if (any) {
        out.end_object();
    } else {
        out.field("phones", false);
    }
}

void write_activity(api::Call& call, const Record& user) {
    const UnixSeconds last = user.integer("LAST_ACTIVITY_DATE");
    call.out.field("status", last > call.now() - kOnline_s ? "online" : "offline").field("idle", false);
    if (last > 0) {
        std::string text;
        append_iso(text, last, call.zone());
        call.out.field("last_activity_date", text);
    } else {
        call.out.field("last_activity_date", false);
    }
    call.out.field("mobile_last_date", false).field("desktop_last_date", false).field("absent", false);
}

void write_user(api::Call& call, const Record& user, const std::string& avatar,
                const std::vector<RecordId>& departments) {
    json::Writer& out = call.out;
    const bool extranet = user.text("USER_TYPE") == "extranet";
    out.begin_object();
    out.field("id", user.id()).field("active", user.integer("ACTIVE") != 0);
    out.field("name", full_name(user)).field("first_name", user.text("NAME"));
    out.field("last_name", user.text("LAST_NAME")).field("work_position", user.text("WORK_POSITION"));
    out.field("color", kColors[static_cast<std::size_t>(user.id()) % std::size(kColors)]);
    out.field("avatar", avatar).field("avatar_hr", avatar);
    out.field("gender", user.text("PERSONAL_GENDER") == "F" ? "F" : "M").field("birthday", birthday_of(user));
    out.field("extranet", extranet).field("network", false).field("bot", false).field("connector", false);
    out.field("external_auth_id", "default");
    write_activity(call, user);
    out.key("departments").begin_array();
    for (const RecordId department : departments)
        out.integer(department);
    out.end_array();
    write_phones(out, user);
    out.key("bot_data").null().field("type", extranet ? "extranet" : "user");
    out.field("website", user.text("PERSONAL_WWW")).field("email", user.text("EMAIL"));
    out.end_object();
}

}  // namespace

std::string full_name(const Record& user) {
    std::string name = user.text("NAME");
    if (const std::string last = user.text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
    return name.empty() ? user.text("EMAIL") : name;
}

Status write_users(api::Call& call, const std::set<UserId>& users) {
    call.out.begin_array();
    if (users.empty()) {
        call.out.end_array();
        return {};
    }
    const model::Entity& entity = call.registry().entity(kUser);
    model::Records system = call.records.as_system();
    model::Query query;
    query.where = db::Condition::in(entity.id_field().column, {users.begin(), users.end()});
    query.limit = static_cast<std::int64_t>(users.size());
    STOA_TRY(const std::vector<Record> rows, system.list(entity, query));
    std::vector<RecordId> ids;
    bool has_photo = false;
    for (const Record& row : rows) {
        ids.push_back(row.id());
        has_photo = has_photo || row.integer("PERSONAL_PHOTO") > 0;
    }
    STOA_TRY(const auto departments, system.links(entity.field("UF_DEPARTMENT"), ids));
    std::optional<api::FileLinks> links;
    if (has_photo) {
        STOA_TRY(links, api::FileLinks::of(call.records));
    }
    for (const Record& row : rows) {
        std::vector<RecordId> own;
        for (const auto& [user, department] : departments) {
            if (user == row.id()) own.push_back(department);
        }
        const RecordId photo = row.integer("PERSONAL_PHOTO");
        write_user(call, row, links && photo > 0 ? links->show(photo) : std::string(), own);
    }
    call.out.end_array();
    return {};
}

}  // namespace stoa::notify
