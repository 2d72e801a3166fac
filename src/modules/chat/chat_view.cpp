#include "modules/chat/chat_view.hpp"

#include "api/file_links.hpp"
#include "base/utf8.hpp"
#include "modules/chat/colors.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

using db::Condition;
using model::Record;

namespace {

std::string_view message_type(const Record& chat) {
    const std::string type = chat.text("TYPE");
    if (type == kPrivate) return "P";
    return type == kOpen ? "O" : "C";
}

std::string role(const Dialog& dialog, UserId user) {
    if (!dialog.member) return "guest";
    if (dialog.is_owner(user)) return "owner";
    return dialog.manages() ? "manager" : "member";
}

}  // namespace

void write_mute_list(json::Writer& out, const std::vector<UserId>& muted) {
    if (muted.empty()) {
        out.begin_array().end_array();
        return;
    }
    out.begin_object();
    for (const UserId user : muted)
        out.field(std::to_string(user), true);
    out.end_object();
}

Status ChatView::load(const std::vector<Dialog>& dialogs, std::vector<UserId> more) {
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call_.records));
    std::vector<db::Value> groups;
    for (const Dialog& dialog : dialogs) {
        if (const RecordId file = dialog.chat.integer("AVATAR"); file > 0) pictures_[dialog.id()] = links.show(file);
        if (dialog.is_private()) {
            more.push_back(dialog.peer());
        } else {
            groups.emplace_back(dialog.id());
        }
    }
    STOA_CHECK(people_.load(more));
    if (groups.empty()) return {};
    model::Query query;
    query.where =
        Condition::all({Condition::in("chat_id", std::move(groups)), Condition::equals("manager", std::int64_t{1})});
    query.order = {{{"chat_id", ""}, false}, {{"user_id", ""}, false}};
    query.limit = static_cast<std::int64_t>(limits::managers_per_page_max);
    STOA_TRY(const std::vector<Record> rows, call_.records.as_system().list(call_.registry().entity(kMember), query));
    for (const Record& row : rows)
        managers_[row.integer("CHAT_ID")].push_back(row.integer("USER_ID"));
    return {};
}

std::string ChatView::title(const Dialog& dialog) const {
    return dialog.is_private() ? people_.name(dialog.peer()) : dialog.chat.text("TITLE");
}

std::string ChatView::avatar(const Dialog& dialog) const {
    if (dialog.is_private()) return people_.avatar(dialog.peer());
    const auto found = pictures_.find(dialog.id());
    return found == pictures_.end() ? std::string() : found->second;
}

std::string ChatView::color(const Dialog& dialog) const {
    if (dialog.is_private()) return people_.color(dialog.peer());
    const std::string own = dialog.chat.text("COLOR");
    return own.empty() ? color_of(dialog.id()) : own;
}

void ChatView::write_avatar(const Dialog& dialog) const {
    call_.out.begin_object().field("url", avatar(dialog)).field("color", color(dialog)).end_object();
}

void ChatView::write_managers(const Dialog& dialog) const {
    call_.out.key("manager_list").begin_array();
    if (const auto found = managers_.find(dialog.id()); found != managers_.end()) {
        for (const UserId user : found->second)
            call_.out.integer(user);
    }
    call_.out.end_array();
}

void ChatView::write_short(const Dialog& dialog) const {
    json::Writer& out = call_.out;
    const bool muted = dialog.member && dialog.member->integer("MUTED") != 0;
    const std::vector<UserId> mute_list = muted ? std::vector<UserId>{call_.actor().user} : std::vector<UserId>();
    if (dialog.is_private()) {
        out.begin_object().field("text_field_enabled", true).key("background_id").null().key("mute_list");
        write_mute_list(out, mute_list);
        out.end_object();
        return;
    }
    write_identity(dialog);
    write_entity(dialog);
    out.key("mute_list");
    write_mute_list(out, mute_list);
    write_managers(dialog);
    write_rules(dialog, true);
    out.end_object();
}

void ChatView::begin_full(const Dialog& dialog, const std::vector<UserId>& muted) const {
    json::Writer& out = call_.out;
    write_identity(dialog);
    out.field("description", dialog.chat.text("DESCRIPTION")).field("counter", dialog.unread());
    out.field("message_count", dialog.chat.integer("MESSAGE_COUNT"));
    out.field("unread_id", dialog.member ? dialog.member->integer("UNREAD_ID") : 0);
    out.field("last_message_id", dialog.chat.integer("LAST_MESSAGE_ID"));
    out.field("last_id", dialog.member ? dialog.member->integer("LAST_READ_ID") : 0);
    out.field("marked_id", dialog.member ? dialog.member->integer("UNREAD_ID") : 0).field("disk_folder_id", 0);
    write_entity(dialog);
    out.key("mute_list");
    write_mute_list(out, muted);
    write_rules(dialog, false);
    out.field("is_new", dialog.chat.integer("MESSAGE_COUNT") == 0).field("dialog_id", dialog.name());
}

void ChatView::write_identity(const Dialog& dialog) const {
    json::Writer& out = call_.out;
    const std::string entity = dialog.chat.text("ENTITY_TYPE");
    out.begin_object().field("id", dialog.id()).field("parent_chat_id", 0).field("parent_message_id", 0);
    out.field("name", title(dialog)).field("owner", dialog.chat.integer("OWNER_ID"));
    out.field("extranet", dialog.is_private() && people_.is_extranet(dialog.peer())).field("contains_collaber", false);
    out.field("avatar", avatar(dialog)).field("color", color(dialog));
    out.field("type", entity.empty() ? dialog.chat.text("TYPE") : model::camel_case(to_upper_ascii(entity)));
    out.field("user_counter", dialog.chat.integer("USER_COUNT"));
    write_time(call_, out, "date_create", dialog.chat.integer("DATE_CREATE"));
    out.field("message_type", message_type(dialog.chat));
}

void ChatView::write_entity(const Dialog& dialog) const {
    json::Writer& out = call_.out;
    const std::string type = dialog.chat.text("ENTITY_TYPE");
    const std::string id = dialog.chat.text("ENTITY_ID");
    out.field("entity_type", type).field("entity_id", id);
    for (const char* name : {"entity_data_1", "entity_data_2", "entity_data_3"})
        out.field(name, "");
    out.key("entity_link").begin_object().field("type", type).field("url", "").field("id", id).end_object();
}

/// What may be done in the chat, and by whom.
void ChatView::write_rules(const Dialog& dialog, bool upper) const {
    json::Writer& out = call_.out;
    const bool group = !dialog.is_private();
    const std::string mine = role(dialog, call_.actor().user);
    out.key("restrictions").begin_object();
    out.field("avatar", group).field("rename", group).field("extend", group).field("call", true).field("mute", true);
    out.field("leave", group).field("leave_owner", group).field("send", dialog.member.has_value());
    out.field("user_list", true).field("path", "").field("path_title", "").end_object();
    out.field("role", upper ? to_upper_ascii(mine) : mine).field("text_field_enabled", dialog.member.has_value());
    out.key("background_id").null().key("permissions").begin_object();
    out.field("manage_users_add", "member").field("manage_users_delete", "manager").field("manage_ui", "member");
    out.field("manage_settings", "owner").field("manage_messages", "member").field("can_post", "member").end_object();
    out.field("public", "");
}

}  // namespace stoa::chat
