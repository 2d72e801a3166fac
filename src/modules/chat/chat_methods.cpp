// im.chat.*: making group chats and changing what they are.

#include <algorithm>

#include "api/file_fields.hpp"
#include "base/utf8.hpp"
#include "model/stored_files.hpp"
#include "modules/chat/colors.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/members.hpp"
#include "modules/chat/messages.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"
#include "modules/chat/phrases.hpp"
#include "modules/chat/pushes.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

Result<std::string> read_type(const Call& call) {
    STOA_TRY(const std::string type, call.params.text_or("TYPE", "CHAT"));
    if (type.empty() || equals_any_case(type, "CHAT")) return std::string(kGroup);
    if (equals_any_case(type, "OPEN")) return std::string(kOpen);
    return invalid("TYPE must be CHAT or OPEN.", "TYPE");
}

Status read_color(const Call& call, Changes& changes) {
    STOA_TRY(const std::string name, call.params.text_or("COLOR", ""));
    if (name.empty()) return {};
    const std::optional<std::string> color = color_by_name(name);
    if (!color) return invalid("This color currently unavailable", "COLOR", "WRONG_COLOR");
    changes.set("COLOR", *color);
    return {};
}

Status read_avatar(Call& call, Changes& changes) {
    if (!is_given(call, "AVATAR")) return {};
    const model::StoredContent* upload = call.upload(*call.params.find("AVATAR"));
    if (!upload || !upload->content_type.starts_with("image/")) {
        return invalid("AVATAR must be an image as [\"name.png\", \"base64\"].", "AVATAR");
    }
    STOA_TRY(const RecordId file, model::add_file(call.records, *upload, ""));
    changes.set("AVATAR", file);
    return {};
}

Result<Changes> read_chat(Call& call, const std::vector<UserId>& others) {
    Changes changes(call.registry().entity(kChat));
    STOA_TRY(const std::string type, read_type(call));
    STOA_TRY(const std::string given, read_text(call, "TITLE", limits::title_characters_max));
    std::string title = trimmed(given);
    if (title.empty()) {
        STOA_TRY(title, default_title(call, others));
    }
    STOA_TRY(const std::string description, read_text(call, "DESCRIPTION", limits::description_characters_max));
    STOA_TRY(const std::string entity, read_text(call, "ENTITY_TYPE", limits::entity_type_characters_max));
    STOA_TRY(const std::string entity_id, read_text(call, "ENTITY_ID", limits::entity_id_characters_max));
    STOA_CHECK(read_color(call, changes));
    STOA_CHECK(read_avatar(call, changes));
    changes.set("TYPE", type);
    changes.set("TITLE", title);
    changes.set("DESCRIPTION", description);
    changes.set("ENTITY_TYPE", entity);
    changes.set("ENTITY_ID", entity_id);
    changes.set("USER_COUNT", static_cast<std::int64_t>(others.size()) + 1);
    return changes;
}

Status add(Call& call) {
    const UserId owner = call.actor().user;
    STOA_TRY(std::vector<UserId> others, read_users(call, "USERS"));
    std::erase(others, owner);
    if (others.size() + 1 > limits::members_per_chat_max) {
        return over_limit("USERS", limits::members_per_chat_max, "members with you");
    }
    STOA_TRY(const std::string message, read_text(call, "MESSAGE", limits::message_characters_max));
    STOA_TRY(Changes changes, read_chat(call, others));
    std::vector<UserId> all = others;
    all.push_back(owner);
    STOA_CHECK(check_group_chats(call, all));
    STOA_TRY(const RecordId chat, call.records.as_system().add(std::move(changes)));
    for (const UserId user : all)
        STOA_CHECK(add_member(call, {.chat = chat, .user = user, .manager = user == owner}));
    STOA_TRY(const std::string created, created_phrase(call));
    STOA_CHECK(post_notice(call, chat, created, "CHAT_CREATE"));
    if (!message.empty()) STOA_CHECK(post(call, chat, {.text = message}));
    call.out.integer(chat);
    return {};
}

/// null where there is none that the caller may look into.
Status get(Call& call) {
    STOA_TRY(const std::string type, call.params.text_or("ENTITY_TYPE", ""));
    STOA_TRY(const std::string id, call.params.text_or("ENTITY_ID", ""));
    std::vector<Record> found;
    if (!type.empty() && !id.empty()) {
        const model::Entity& members = call.registry().entity(kMember);
        const Condition mine =
            Condition::exists(members.table, "chat_id", "id", Condition::equals("user_id", call.actor().user));
        const Condition open = call.actor().role == model::Role::extranet
                                   ? Condition::never()
                                   : Condition::equals("type", std::string(kOpen));
        model::Query query;
        query.where = Condition::all(
            {Condition::equals("entity_type", type), Condition::equals("entity_id", id), Condition::any({mine, open})});
        query.order = {{{"date_create", ""}, false}};
        query.limit = 1;
        STOA_TRY(found, call.records.as_system().list(call.registry().entity(kChat), query));
    }
    if (found.empty()) {
        call.out.null();
    } else {
        call.out.begin_object().field("ID", found.front().id()).end_object();
    }
    return {};
}

Status update_title(Call& call) {
    STOA_TRY(const Dialog dialog, group_of(call));
    STOA_TRY(const std::string given, read_text(call, "TITLE", limits::title_characters_max));
    const std::string title = trimmed(given);
    if (title.empty()) return invalid("Title can't be empty", "TITLE", "TITLE_EMPTY");
    if (title != dialog.chat.text("TITLE")) {
        STOA_TRY(const std::string text, renamed_phrase(call, title));
        STOA_CHECK(post_notice(call, dialog.id(), text, "CHAT_RENAME"));
        Changes changes(call.registry().entity(kChat));
        changes.set("TITLE", title);
        STOA_CHECK(call.records.as_system().update(dialog.id(), std::move(changes)));
        STOA_CHECK(push_renamed(call, dialog, title));
    }
    call.out.boolean(true);
    return {};
}

Status set_owner(Call& call) {
    STOA_TRY(const Dialog dialog, group_of(call));
    const auto user = call.params.id("USER_ID");
    if (!user) return user_id_empty();
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    const auto next = std::find_if(members.begin(), members.end(),
                                   [&](const Record& row) { return row.integer("USER_ID") == *user; });
    if (!dialog.is_owner(call.actor().user) || next == members.end()) {
        return invalid("Change owner can only owner and user must be member in chat", "USER_ID", "WRONG_REQUEST");
    }
    if (*user != call.actor().user) {
        STOA_TRY(const std::string text, owner_phrase(call, *user));
        STOA_CHECK(post_notice(call, dialog.id(), text, "CHAT_OWNER"));
        Changes manager(call.registry().entity(kMember));
        manager.set("MANAGER", std::int64_t{1});
        STOA_CHECK(call.records.as_system().update(next->id(), std::move(manager)));
        Changes owner(call.registry().entity(kChat));
        owner.set("OWNER_ID", *user);
        STOA_CHECK(call.records.as_system().update(dialog.id(), std::move(owner)));
        STOA_CHECK(push_owner(call, dialog, *user));
    }
    call.out.boolean(true);
    return {};
}

Status mute(Call& call) {
    STOA_TRY(const bool muted, call.params.boolean_or("MUTE", true));
    STOA_TRY(const Dialog dialog, chat_or_dialog_of(call));
    STOA_CHECK(check_member(dialog));
    Changes changes(call.registry().entity(kMember));
    changes.set("MUTED", std::int64_t{muted});
    STOA_CHECK(call.records.as_system().update(dialog.member->id(), std::move(changes)));
    STOA_CHECK(push_muted(call, dialog, muted));
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> chat_methods() {
    using api::Effect;
    return {
        {.name = "im.chat.add",
         .scope = kScope,
         .effect = Effect::write,
         .handler = add,
         .files = api::files_in_parameter("AVATAR")},
        {.name = "im.chat.get", .scope = kScope, .handler = get},
        {.name = "im.chat.updateTitle", .scope = kScope, .effect = Effect::write, .handler = update_title},
        {.name = "im.chat.setOwner", .scope = kScope, .effect = Effect::write, .handler = set_owner},
        {.name = "im.chat.mute", .scope = kScope, .effect = Effect::write, .handler = mute},
    };
}

}  // namespace stoa::chat
