// im.notify.confirm, im.notify.answer: what a receiver says to a notification.
// https://github.com/bitrix24/b24restdocs api-reference/chats/notifications/im-notify-confirm.md

#include <algorithm>

#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "modules/notify/inbox.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/methods.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/notify.hpp"
#include "modules/notify/pushes.hpp"

namespace stoa::notify {

using api::Call;
using model::Record;

namespace {

/// What came of it: a text for the user, or false.
void write_message(Call& call, const std::optional<std::string>& message) {
    call.out.begin_object().key("result_message");
    if (message) {
        call.out.begin_array().text(*message).end_array();
    } else {
        call.out.boolean(false);
    }
    call.out.end_object();
}

/// One of the caller's own; nothing when he has no such one. Errors: ID_ERROR.
Result<std::optional<Record>> find_own(Call& call) {
    const json::Value* given = call.params.find("NOTIFY_ID");
    const RecordId id = given ? given->as_integer().value_or(0) : 0;
    if (id <= 0) return invalid("Notification ID can't be empty", "NOTIFY_ID", "ID_ERROR");
    model::Query query;
    query.where = db::Condition::all({shown_to(call.actor().user), db::Condition::equals("id", id)});
    query.limit = 1;
    STOA_TRY(std::vector<Record> rows, call.records.list(call.registry().entity(kNotification), query));
    if (rows.empty()) return std::optional<Record>();
    return std::optional<Record>(std::move(rows.front()));
}

bool has_button(const Record& row, const std::string& value) {
    const auto buttons = json::parse(row.text("BUTTONS"));
    if (!buttons) return false;
    const auto items = buttons->items();
    return std::any_of(items.begin(), items.end(), [&](const json::Value* button) {
        const json::Value* known = button->find("VALUE");
        return known && known->as_text() == value;
    });
}

/// The question is answered and goes; whoever asked it hears of the answer in the same transaction.
Status confirm(Call& call, ReplyListener* listener) {
    STOA_TRY(std::optional<Record> row, find_own(call));
    STOA_TRY(const std::string value, call.params.text_or("NOTIFY_VALUE", ""));
    if (value.empty()) return invalid("Notification Value can't be empty", "NOTIFY_VALUE", "NOTIFY_VALUE_ERROR");
    std::optional<std::string> message;
    if (row && !row->is_null("BUTTONS")) {
        if (!has_button(*row, value)) {
            return invalid("The notification has no such button.", "NOTIFY_VALUE", "NOTIFY_VALUE_ERROR");
        }
        if (listener != nullptr) {
            STOA_TRY(message, listener->confirmed(call.records, *row, value));
        }
        STOA_CHECK(remove_rows(call.records, {*row}));
        STOA_CHECK(push_confirmed(call.records, *row, value));
    }
    write_message(call, message);
    return {};
}

Status answer(Call& call, ReplyListener* listener) {
    STOA_TRY(const std::optional<Record> row, find_own(call));
    STOA_TRY(const std::string text, call.params.text_or("ANSWER_TEXT", ""));
    if (text.empty()) return invalid("ANSWER_TEXT can't be empty", "ANSWER_TEXT", "ANSWER_TEXT_ERROR");
    if (utf8_length(text) > limits::notify_answer_chars_max) {
        return Error{Errc::too_large,
                     "ANSWER_TEXT has at most " + std::to_string(limits::notify_answer_chars_max) + " characters.",
                     "ANSWER_TEXT", "ANSWER_TEXT_ERROR"};
    }
    std::optional<std::string> message;
    if (row && row->integer("ANSWERABLE") != 0 && listener != nullptr) {
        STOA_TRY(message, listener->answered(call.records, *row, text));
        const UserId user = call.actor().user;
        STOA_TRY(const auto ids, mark(call.records, user, db::Condition::equals("id", row->id()), true));
        STOA_CHECK(push_marked(call.records, user, ids, true));
    }
    write_message(call, message);
    return {};
}

}  // namespace

std::vector<api::Method> reply_methods(ReplyListener* listener) {
    using api::Effect;
    return {
        {.name = "im.notify.confirm",
         .scope = kScope,
         .effect = Effect::write,
         .handler = [listener](Call& call) { return confirm(call, listener); }},
        {.name = "im.notify.answer",
         .scope = kScope,
         .effect = Effect::write,
         .handler = [listener](Call& call) { return answer(call, listener); }},
    };
}

}  // namespace stoa::notify
