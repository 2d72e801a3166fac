// im.notify, im.notify.personal.add, im.notify.system.add: what applications and webhooks send.
// https://github.com/bitrix24/b24restdocs api-reference/chats/notifications/im-notify.md

#include <algorithm>

#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "modules/notify/app_tags.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/methods.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/notify.hpp"

namespace stoa::notify {

using api::Call;

namespace {

std::string trimmed(const std::string& text) {
    constexpr const char* kSpaces = " \t\r\n";
    const std::size_t from = text.find_first_not_of(kSpaces);
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(kSpaces) - from + 1);
}

Error attach_error() {
    return invalid("Incorrect attach params", "ATTACH", "ATTACH_ERROR");
}

/// {"BLOCKS": […], …}, or the list of blocks alone; as an object or as JSON text.
Result<std::string> read_attach(const Call& call) {
    const json::Value* given = call.params.find("ATTACH");
    if (!given || given->is_null()) return std::string();
    json::Value parsed;
    if (given->is_string()) {
        if (given->string().empty()) return std::string();
        if (given->string().size() > limits::notify_attach_bytes_max) {
            return Error{Errc::too_large, "You have exceeded the maximum allowable size of attach", "ATTACH",
                         "ATTACH_OVERSIZE"};
        }
        auto read = json::parse(given->string());
        if (!read) return attach_error();
        parsed = std::move(*read);
        given = &parsed;
    }
    const json::Value* blocks = given->find_any_case("BLOCKS");
    const auto items = (blocks ? blocks : given)->items();
    const auto is_block = [](const json::Value* item) { return item->is_object(); };
    if (items.empty() || !std::all_of(items.begin(), items.end(), is_block)) return attach_error();
    return json::to_json(*given);
}

Status send(Call& call, Type type) {
    if (call.identity.through == api::Through::session) {
        return forbidden("Access for this method not allowed by session authorization.", "WRONG_AUTH_TYPE");
    }
    Notification given;
    given.type = type;
    const json::Value* receiver = call.params.find("USER_ID");
    if (!receiver) receiver = call.params.find("TO");  // its older name
    given.receiver = receiver ? receiver->as_integer().value_or(0) : 0;
    if (type == Type::personal) given.author = call.actor().user;
    given.module = kRestModule;
    given.event = kRestEvent;
    STOA_TRY(const std::string message, call.params.text_or("MESSAGE", ""));
    given.text = trimmed(message);
    STOA_TRY(given.mail_text, call.params.text_or("MESSAGE_OUT", ""));
    STOA_TRY(given.tag, app_tag(call, "TAG"));
    STOA_TRY(given.sub_tag, app_tag(call, "SUB_TAG"));
    STOA_TRY(given.attach_json, read_attach(call));
    STOA_TRY(const RecordId id, notify(call.records, given));
    if (id > 0) {
        call.out.integer(id);
    } else {
        call.out.boolean(false);  // the receiver does not want it
    }
    return {};
}

Status add_personal(Call& call) {
    return send(call, Type::personal);
}

Status add_system(Call& call) {
    return send(call, Type::system);
}

Status add_any(Call& call) {
    STOA_TRY(const std::string type, call.params.text_or("TYPE", "USER"));
    return send(call, equals_any_case(type, "SYSTEM") ? Type::system : Type::personal);
}

}  // namespace

std::vector<api::Method> send_methods() {
    using api::Effect;
    return {
        {.name = "im.notify", .scope = kScope, .effect = Effect::write, .handler = add_any},
        {.name = "im.notify.personal.add", .scope = kScope, .effect = Effect::write, .handler = add_personal},
        {.name = "im.notify.system.add", .scope = kScope, .effect = Effect::write, .handler = add_system},
    };
}

}  // namespace stoa::notify
