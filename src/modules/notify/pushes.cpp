#include "modules/notify/pushes.hpp"

#include "base/time_format.hpp"
#include "base/utf8.hpp"
#include "json/writer.hpp"
#include "modules/notify/inbox.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/user_cards.hpp"

namespace stoa::notify {

namespace {

constexpr const char* kModule = "im";

/// `members` writes what the message has besides the counter.
template <class Members>
Status send(model::Records& records, UserId user, const char* command, const Members& members) {
    STOA_TRY(const std::int64_t unread, unread_count(records, user));
    std::string params;
    json::Writer out(params);
    out.begin_object();
    members(out);
    out.field("counter", unread).end_object();
    return records.services().pushes.append(records.write_tx(), {{user}, kModule, command, params});
}

Result<std::string> author_name(model::Records& records, UserId author) {
    if (author <= 0) return std::string();
    const model::Entity& users = records.services().registry.entity(kUser);
    const auto found = records.as_system().get(users, author);
    if (found) return full_name(*found);
    if (found.error().code == Errc::not_found) return std::string();
    return found.error();
}

}  // namespace

Status push_added(model::Records& records, const model::Record& row, bool silent) {
    const UserId author = row.integer("AUTHOR_ID");
    STOA_TRY(const std::string name, author_name(records, author));
    return send(records, row.integer("USER_ID"), "notifyAdd", [&](json::Writer& out) {
        std::string date;
        append_iso(date, row.integer("DATE_CREATE"), *records.metadata().account.time_zone);
        const std::string text = row.text("TEXT");
        out.field("id", row.id()).field("type", row.integer("TYPE")).field("date", date);
        out.field("silent", silent ? "Y" : "N").field("read", "N");
        out.field("title", row.text("TITLE"));
        out.field("text", utf8_prefix(text, limits::notify_pushed_text_chars_max));
        out.field("link", row.text("LINK")).field("tag", row.text("TAG"));
        out.field("settingName", row.text("MODULE") + "|" + row.text("EVENT"));
        out.field("grouped", row.integer("GROUPED"));
        out.field("userId", author).field("userName", name);
        if (const std::string buttons = row.text("BUTTONS"); !buttons.empty()) out.key("buttons").raw(buttons);
    });
}

Status push_marked(model::Records& records, UserId user, const std::vector<RecordId>& ids, bool read) {
    if (ids.empty()) return {};
    return send(records, user, read ? "notifyRead" : "notifyUnread", [&](json::Writer& out) {
        out.key("list").begin_array();
        for (const RecordId id : ids)
            out.integer(id);
        out.end_array();
    });
}

Status push_read_all(model::Records& records, UserId user) {
    return send(records, user, "notifyReadAll", [](json::Writer&) {});
}

Status push_deleted(model::Records& records, UserId user, const std::vector<const model::Record*>& rows) {
    if (rows.empty()) return {};
    return send(records, user, "notifyDelete", [&](json::Writer& out) {
        out.key("id").begin_object();
        for (const model::Record* row : rows)
            out.key(std::to_string(row->id())).integer(row->integer("TYPE"));
        out.end_object();
    });
}

Status push_confirmed(model::Records& records, const model::Record& row, std::string_view value) {
    return send(records, row.integer("USER_ID"), "notifyConfirm",
                [&](json::Writer& out) { out.field("id", row.id()).field("confirmType", value); });
}

}  // namespace stoa::notify
