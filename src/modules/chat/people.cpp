#include "modules/chat/people.hpp"

#include "base/utf8.hpp"
#include "modules/chat/colors.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

using model::Record;

namespace {

/// "08-03" for the eighth of March, as clients know it.
std::string birthday(const Record& user) {
    if (user.is_null("PERSONAL_BIRTHDAY")) return {};
    std::string text;
    append_date(text, user.integer("PERSONAL_BIRTHDAY"));
    return text.substr(8, 2) + "-" + text.substr(5, 2);
}

}  // namespace

std::string full_name(const Record& user) {
    std::string name = user.text("NAME");
    if (const std::string last = user.text("LAST_NAME"); !last.empty()) name += (name.empty() ? "" : " ") + last;
    return name.empty() ? user.text("EMAIL") : name;
}

std::string key_in(Keys keys, std::string_view snake) {
    return keys == Keys::snake ? std::string(snake) : model::camel_case(to_upper_ascii(snake));
}

void write_time(const api::Call& call, json::Writer& out, std::string_view key, UnixSeconds at) {
    std::string text;
    append_iso(text, at, call.zone());
    out.key(key).raw_text(text);
}

Status People::load(const std::vector<UserId>& users) {
    std::vector<db::Value> wanted;
    for (const UserId user : users) {
        if (user > 0 && !users_.contains(user)) wanted.emplace_back(user);
    }
    if (wanted.empty()) return {};
    model::Query query;
    query.limit = static_cast<std::int64_t>(wanted.size());
    query.where = db::Condition::in("id", std::move(wanted));
    STOA_TRY(std::vector<Record> rows, call_.records.as_system().list(call_.registry().entity(kUser), query));
    return add(std::move(rows));
}

Status People::add(std::vector<Record> users) {
    if (!links_) {
        STOA_TRY(links_, api::FileLinks::of(call_.records));
    }
    std::vector<RecordId> ids;
    for (Record& user : users) {
        ids.push_back(user.id());
        users_.insert_or_assign(user.id(), std::move(user));
    }
    const model::Field& field = call_.registry().entity(kUser).field("UF_DEPARTMENT");
    STOA_TRY(const auto pairs, call_.records.as_system().links(field, ids));
    for (const auto& [user, department] : pairs)
        departments_[user].push_back(department);
    return {};
}

const Record* People::find(UserId user) const {
    const auto found = users_.find(user);
    return found == users_.end() ? nullptr : &found->second;
}

std::string People::name(UserId id) const {
    const Record* user = find(id);
    std::string name = user ? full_name(*user) : std::string();
    return name.empty() ? "User " + std::to_string(id) : name;
}

std::string People::avatar(UserId id) const {
    const Record* user = find(id);
    const RecordId photo = user ? user->integer("PERSONAL_PHOTO") : 0;
    return photo > 0 ? links_->show(photo) : std::string();
}

std::string People::color(UserId id) const {
    return color_of(id);
}

bool People::is_extranet(UserId id) const {
    const Record* user = find(id);
    return user && user->text("USER_TYPE") == "extranet";
}

void People::write(UserId id, Keys keys) const {
    json::Writer& out = call_.out;
    const Record* user = find(id);
    if (!user) {
        out.begin_object().field("id", std::int64_t{0}).end_object();
        return;
    }
    const auto key = [&](std::string_view snake) -> json::Writer& { return out.key(key_in(keys, snake)); };
    const std::string photo = avatar(id);
    out.begin_object().field("id", id).field("active", user->integer("ACTIVE") != 0).field("name", name(id));
    key("first_name").text(user->text("NAME"));
    key("last_name").text(user->text("LAST_NAME"));
    key("work_position").text(user->text("WORK_POSITION"));
    out.field("color", color(id)).field("avatar", photo);
    key("avatar_hr").text(photo);
    out.field("gender", user->text("PERSONAL_GENDER")).field("birthday", birthday(*user));
    out.field("extranet", is_extranet(id)).field("network", false).field("bot", false).field("connector", false);
    key("external_auth_id").text("default");
    out.field("status", "online").field("idle", false);
    if (const UnixSeconds seen = user->integer("LAST_ACTIVITY_DATE"); seen > 0) {
        write_time(call_, out, key_in(keys, "last_activity_date"), seen);
    } else {
        key("last_activity_date").boolean(false);
    }
    key("mobile_last_date").boolean(false);
    key("desktop_last_date").boolean(false);
    out.field("absent", false).key("departments").begin_array();
    if (const auto found = departments_.find(id); found != departments_.end()) {
        for (const RecordId department : found->second)
            out.integer(department);
    }
    out.end_array();
    write_phones(*user);
    key("bot_data").null();
    out.field("type", is_extranet(id) ? "extranet" : "user").field("website", user->text("PERSONAL_WWW"));
    out.field("email", user->text("EMAIL")).end_object();
}

/// The keys inside stay as they are in both spellings.
void People::write_phones(const Record& user) const {
    struct Phone {
        const char* key;
        const char* field;
    };
    json::Writer& out = call_.out;
    bool any = false;
    out.key("phones");
    for (const Phone& phone : {Phone{"work_phone", "WORK_PHONE"}, Phone{"personal_mobile", "PERSONAL_MOBILE"},
                               Phone{"personal_phone", "PERSONAL_PHONE"}, Phone{"inner_phone", "UF_PHONE_INNER"}}) {
        const std::string number = user.text(phone.field);
        if (number.empty()) continue;
        if (!any) out.begin_object();
        any = true;
        out.field(phone.key, number);
    }
    any ? out.end_object() : out.boolean(false);
}

void People::write_all(Keys keys) const {
    call_.out.begin_array();
    for (const auto& [id, unused] : users_)
        write(id, keys);
    call_.out.end_array();
}

}  // namespace stoa::chat
