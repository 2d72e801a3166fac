#include "modules/notify/notify.hpp"

#include <algorithm>
#include <map>

#include "base/utf8.hpp"
#include "json/writer.hpp"
#include "modules/notify/crowds.hpp"
#include "modules/notify/inbox.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/pushes.hpp"
#include "modules/notify/settings.hpp"

namespace stoa::notify {

using db::Condition;
using model::Record;

namespace {

const model::Entity& entity_of(model::Records& records) {
    return records.services().registry.entity(kNotification);
}

Status check_length(std::string_view text, std::size_t chars_max, const char* field) {
    if (!is_valid_utf8(text) || has_nul(text)) return invalid(std::string(field) + " must be UTF-8 text.", field);
    if (utf8_length(text) <= chars_max) return {};
    return Error{Errc::too_large, std::string(field) + " has at most " + std::to_string(chars_max) + " characters.",
                 field};
}

Status check_buttons(const Notification& given) {
    if (given.type == Type::confirm && given.buttons.empty()) {
        return invalid("A question needs buttons to answer it.", "BUTTONS");
    }
    if (given.buttons.size() > limits::notify_buttons_max) {
        return Error{Errc::too_large,
                     "A notification has at most " + std::to_string(limits::notify_buttons_max) + " buttons.",
                     "BUTTONS"};
    }
    for (const Button& button : given.buttons) {
        if (button.title.empty() || button.value.empty()) {
            return invalid("A button needs a title and a value.", "BUTTONS");
        }
        for (const std::string* text : {&button.title, &button.value, &button.type})
            STOA_CHECK(check_length(*text, limits::notify_button_chars_max, "BUTTONS"));
    }
    return {};
}

Status check(const Notification& given, const model::Entity& entity) {
    if (given.receiver <= 0) return invalid("User ID can't be empty", "USER_ID", "USER_ID_EMPTY");
    if (given.text.empty()) return invalid("Message can't be empty", "MESSAGE", "MESSAGE_EMPTY");
    STOA_CHECK(check_length(given.text, limits::notify_text_chars_max, "MESSAGE"));
    STOA_CHECK(check_length(given.mail_text, limits::notify_text_chars_max, "MESSAGE_OUT"));
    const std::pair<const char*, const std::string*> lines[] = {
        {"MODULE", &given.module}, {"EVENT", &given.event}, {"TAG", &given.tag},           {"SUB_TAG", &given.sub_tag},
        {"TITLE", &given.title},   {"LINK", &given.link},   {"TITLE", &given.crowd_title}, {"LINK", &given.crowd_link}};
    for (const auto& [name, text] : lines)
        STOA_CHECK(check_length(*text, static_cast<std::size_t>(entity.field(name).length), name));
    if (given.attach_json.size() > limits::notify_attach_bytes_max) {
        return Error{Errc::too_large, "You have exceeded the maximum allowable size of attach", "ATTACH",
                     "ATTACH_OVERSIZE"};
    }
    return check_buttons(given);
}

std::string to_json(const std::vector<Button>& buttons) {
    std::string text;
    json::Writer out(text);
    out.begin_array();
    for (const Button& button : buttons) {
        out.begin_object().field("TITLE", button.title).field("VALUE", button.value);
        out.field("TYPE", button.type).end_object();
    }
    out.end_array();
    return text;
}

/// Rows with the tag; of everybody when user is 0.
Result<std::vector<Record>> tagged(model::Records& records, const char* field, std::string_view tag, UserId user) {
    model::Query query;
    query.where = Condition::equals(entity_of(records).field(field).column, std::string(tag));
    if (user > 0) query.where = Condition::all({std::move(query.where), Condition::equals("user_id", user)});
    query.limit = limits::notify_withdrawn_at_once_max;
    return records.as_system().list(entity_of(records), query);
}

/// Removes the rows and tells each receiver of his.
Status take_back(model::Records& records, const std::vector<Record>& rows) {
    STOA_CHECK(remove_rows(records, rows));
    std::map<UserId, std::vector<const Record*>> by_user;
    for (const Record& row : rows) {
        if (row.integer("SHOWN") != 0) by_user[row.integer("USER_ID")].push_back(&row);
    }
    for (const auto& [user, of_user] : by_user)
        STOA_CHECK(push_deleted(records, user, of_user));
    return {};
}

/// Which time it is that the receiver is told of this without having read it.
Result<std::int64_t> replace_same(model::Records& records, const Notification& given) {
    if (given.tag.empty()) return std::int64_t{1};
    STOA_TRY(const std::vector<Record> rows, tagged(records, "TAG", given.tag, given.receiver));
    std::int64_t times = 0;
    for (const Record& row : rows) {
        if (row.integer("READ") == 0) times = std::max(times, row.integer("GROUPED"));
    }
    STOA_CHECK(take_back(records, rows));
    return times + 1;
}

model::Changes to_changes(const Notification& given, const model::Entity& entity) {
    const auto text_or_null = [](const std::string& text) { return text.empty() ? db::Value() : db::Value(text); };
    model::Changes changes(entity);
    changes.set("USER_ID", given.receiver);
    if (given.author > 0) changes.set("AUTHOR_ID", given.author);
    changes.set("TYPE", std::int64_t{static_cast<int>(given.type)});
    changes.set("MODULE", given.module);
    changes.set("EVENT", given.event);
    changes.set("TAG", text_or_null(given.tag));
    changes.set("SUB_TAG", text_or_null(given.sub_tag));
    changes.set("TITLE", text_or_null(given.title));
    changes.set("TEXT", given.text);
    changes.set("MAIL_TEXT", text_or_null(given.mail_text));
    changes.set("LINK", text_or_null(given.link));
    changes.set("ANSWERABLE", std::int64_t{given.answerable});
    if (!given.buttons.empty()) changes.set("BUTTONS", to_json(given.buttons));
    changes.set("ATTACH", text_or_null(given.attach_json));
    return changes;
}

/// Into the receiver's list, and to his clients.
Result<RecordId> put(model::Records& system, const Notification& given, const Delivery& delivery) {
    const model::Entity& entity = entity_of(system);
    STOA_TRY(const std::int64_t times, replace_same(system, given));
    if (delivery.site) STOA_CHECK(make_room(system, given.receiver));
    model::Changes changes = to_changes(given, entity);
    changes.set("GROUPED", times);
    changes.set("SHOWN", std::int64_t{delivery.site});
    if (delivery.mail_due) changes.set("MAIL_DUE", *delivery.mail_due);
    STOA_TRY(const RecordId id, system.add(std::move(changes)));
    if (!delivery.site) return id;
    STOA_TRY(const Record added, system.get(entity, id));
    STOA_CHECK(push_added(system, added, delivery.silent));
    return id;
}

}  // namespace

Result<RecordId> notify(model::Records& records, const Notification& given) {
    const model::Entity& entity = entity_of(records);
    STOA_CHECK(check(given, entity));
    model::Records system = records.as_system();
    const auto receiver = system.get(records.services().registry.entity(kUser), given.receiver);
    if (!receiver && receiver.error().code == Errc::not_found) {
        return invalid("There is no user " + std::to_string(given.receiver) + ".", "USER_ID", "USER_ID_EMPTY");
    }
    if (!receiver) return receiver.error();
    if (receiver->integer("ACTIVE") == 0) return RecordId{0};

    STOA_TRY(Delivery delivery, delivery_for(system, *receiver, given.module, given.event));
    if (given.type == Type::confirm) delivery.site = true;
    if (!delivery.site && !delivery.mail_due) return RecordId{0};

    if (given.crowd_title.empty()) return put(system, given, delivery);
    STOA_TRY(const std::optional<Record> crowd, running_crowd(system, given));
    if (crowd) {
        STOA_CHECK(count_on(system, *crowd, given, delivery.mail_due));
        return crowd->id();
    }
    STOA_TRY(const bool crowded, is_crowded(system, given));
    return put(system, crowded ? as_crowd(given) : given, delivery);
}

Result<std::int64_t> withdraw(model::Records& records, std::string_view tag, std::string_view sub_tag) {
    if (tag.empty() && sub_tag.empty()) return std::int64_t{0};
    STOA_TRY(const std::vector<Record> rows,
             tagged(records, tag.empty() ? "SUB_TAG" : "TAG", tag.empty() ? sub_tag : tag, 0));
    STOA_CHECK(take_back(records, rows));
    return static_cast<std::int64_t>(rows.size());
}

}  // namespace stoa::notify
