#include "modules/chat/pushes.hpp"

#include <algorithm>
#include <functional>
#include <span>

#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/members.hpp"
#include "modules/chat/mentions.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

using api::Call;
using model::Record;

namespace {

/// The params of one push, begun with what all of them say: which chat, under the receiver's name for it.
class Params {
  public:
    Params(RecordId chat, std::string_view dialog_id) {
        out.begin_object().field("chatId", chat).field("dialogId", dialog_id);
    }
    Status send(Call& call, std::vector<UserId> users, const char* command) {
        if (users.empty()) return {};  // nobody would mean everybody
        out.end_object();
        return call.services.model.pushes.append(call.write_tx(), {std::move(users), kScope, command, text_});
    }

  private:
    std::string text_;

  public:
    json::Writer out{text_};
};

bool is_private(const Record& chat) {
    return chat.text("TYPE") == kPrivate;
}

/// Those who must be told the same thing in the same words.
struct Audience {
    std::string dialog_id;
    bool muted = false;
    std::vector<UserId> users;
};

/// A private chat has another name for each of the two; in a group only the muted ones differ.
std::vector<Audience> audiences(const Record& chat, const std::vector<Record>& members) {
    std::vector<Audience> out;
    for (const Record& member : members) {
        const bool alone = is_private(chat);
        const std::string name = alone ? std::to_string(member.integer("PEER_ID")) : chat_dialog_id(chat.id());
        const bool muted = member.integer("MUTED") != 0;
        const auto same = std::find_if(out.begin(), out.end(), [&](const Audience& audience) {
            return audience.dialog_id == name && audience.muted == muted;
        });
        Audience& audience = same == out.end() ? out.emplace_back(Audience{name, muted, {}}) : *same;
        audience.users.push_back(member.integer("USER_ID"));
    }
    return out;
}

/// Cut between characters, and so that quotes and control characters leave it short enough when they are escaped.
void write_text(json::Writer& out, const std::string& text) {
    std::size_t bytes = std::min(text.size(), limits::push_text_bytes_max);
    while (json::to_json(json::Value(std::string_view(text).substr(0, bytes))).size() > 2 * limits::push_text_bytes_max)
        bytes /= 2;
    while (bytes < text.size() && bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U)
        --bytes;
    out.field("text", std::string_view(text).substr(0, bytes)).field("textCut", bytes < text.size());
}

template <class List>
void write_ids(json::Writer& out, std::string_view key, const List& ids) {
    out.key(key).begin_array();
    for (const auto id : ids)
        out.integer(id);
    out.end_array();
}

void write_message(const Call& call, json::Writer& out, const Record& message, RecordId previous) {
    const bool system = message.integer("SYSTEM") != 0;
    out.key("message").begin_object();
    out.field("id", message.id()).field("prevId", previous).field("chatId", message.integer("CHAT_ID"));
    out.field("senderId", system ? UserId{0} : message.integer("AUTHOR_ID"));
    out.field("templateId", message.text("CLIENT_ID")).field("system", system ? "Y" : "N");
    out.field("code", message.text("CODE")).field("replyId", message.integer("REPLY_ID"));
    write_time(call, out, "date", message.integer("DATE_CREATE"));
    write_text(out, message.text("TEXT"));
    const std::string files = message.text("FILES");
    out.key("files").raw(files.empty() ? "[]" : files);
    out.field("attach", !message.is_null("ATTACH")).field("keyboard", !message.is_null("KEYBOARD"));
    out.end_object();
}

/// The others of a chat that is small enough to hear of everything.
Result<std::vector<Record>> close_others(Call& call, const Dialog& dialog) {
    if (dialog.chat.integer("USER_COUNT") > static_cast<std::int64_t>(limits::chatty_chat_members_max)) {
        return std::vector<Record>();
    }
    STOA_TRY(std::vector<Record> members, members_of(call, dialog.id()));
    std::erase_if(members, [&](const Record& member) { return member.integer("USER_ID") == call.actor().user; });
    return members;
}

Result<std::string> own_name(Call& call) {
    People people(call);
    STOA_CHECK(people.load({call.actor().user}));
    return people.name(call.actor().user);
}

void write_counter(json::Writer& out, const Dialog& dialog) {
    out.field("counter", dialog.unread()).field("muted", dialog.member->integer("MUTED") != 0);
    out.field("unread", dialog.member->integer("MARKED") != 0);
}

Status push_own(Call& call, const Dialog& dialog, const char* command,
                const std::function<void(json::Writer&)>& more = {}) {
    Params params(dialog.id(), dialog.name());
    if (more) more(params.out);
    return params.send(call, {call.actor().user}, command);
}

}  // namespace

Status push_message(Call& call, const Record& chat, const std::vector<Record>& members, const Record& message,
                    RecordId previous) {
    People people(call);
    const UserId author = message.integer("AUTHOR_ID");
    STOA_CHECK(people.load({author}));
    const std::vector<UserId> mentioned = mentions_in(message.text("TEXT"));
    for (Audience& audience : audiences(chat, members)) {
        Params params(chat.id(), audience.dialog_id);
        params.out.field("type", chat.text("TYPE")).field("title", chat.text("TITLE"));
        params.out.field("muted", audience.muted).field("notify", message.integer("SILENT") == 0);
        write_ids(params.out, "mentions", mentioned);
        write_message(call, params.out, message, previous);
        params.out.key("users").begin_object().key(std::to_string(author)).begin_object();
        params.out.field("id", author).field("name", people.name(author)).field("color", people.color(author));
        params.out.end_object().end_object();
        STOA_CHECK(params.send(call, std::move(audience.users), is_private(chat) ? "message" : "messageChat"));
    }
    return {};
}

Status push_change(Call& call, const Record& chat, const std::vector<Record>& members, const Record& message) {
    const bool deleted = message.integer("DELETED") != 0;
    for (Audience& audience : audiences(chat, members)) {
        Params params(chat.id(), audience.dialog_id);
        params.out.field("type", is_private(chat) ? "private" : "chat").field("muted", audience.muted);
        params.out.field("id", message.id()).field("senderId", message.integer("AUTHOR_ID"));
        params.out.field("isEdited", message.integer("EDITED") != 0);
        write_text(params.out, message.text("TEXT"));
        STOA_CHECK(params.send(call, std::move(audience.users), deleted ? "messageDelete" : "messageUpdate"));
    }
    return {};
}

Status push_reactions(Call& call, const Dialog& dialog, const Record& message, const std::vector<UserId>& users,
                      bool set) {
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    const std::span shown(users.data(), std::min(users.size(), limits::reacting_users_in_push_max));
    for (Audience& audience : audiences(dialog.chat, members)) {
        Params params(dialog.id(), audience.dialog_id);
        params.out.field("muted", audience.muted).field("id", message.id()).field("senderId", call.actor().user);
        params.out.field("set", set).field("count", static_cast<std::int64_t>(users.size()));
        write_ids(params.out, "users", shown);
        STOA_CHECK(params.send(call, std::move(audience.users), "messageLike"));
    }
    return {};
}

Status push_read(Call& call, const Dialog& dialog) {
    return push_own(call, dialog, dialog.is_private() ? "readMessage" : "readMessageChat", [&](json::Writer& out) {
        out.field("lastId", dialog.member->integer("LAST_READ_ID"));
        write_counter(out, dialog);
    });
}

Status push_unread(Call& call, const Dialog& dialog) {
    return push_own(call, dialog, dialog.is_private() ? "unreadMessage" : "unreadMessageChat", [&](json::Writer& out) {
        out.field("unreadTo", dialog.member->integer("UNREAD_ID"));
        out.field("lastId", dialog.member->integer("LAST_READ_ID"));
        write_counter(out, dialog);
    });
}

Status push_read_by(Call& call, const Dialog& dialog) {
    STOA_TRY(const std::vector<Record> others, close_others(call, dialog));
    if (others.empty()) return {};
    STOA_TRY(const std::string name, own_name(call));
    const char* command = dialog.is_private() ? "readMessageOpponent" : "readMessageChatOpponent";
    const std::string dialog_id = dialog.is_private() ? std::to_string(call.actor().user) : chat_dialog_id(dialog.id());
    Params params(dialog.id(), dialog_id);
    params.out.field("userId", call.actor().user).field("userName", name);
    params.out.field("lastId", dialog.member->integer("LAST_READ_ID"));
    write_time(call, params.out, "date", dialog.member->integer("LAST_READ_DATE"));
    return params.send(call, users_of(others), command);
}

Status push_writing(Call& call, const Dialog& dialog) {
    STOA_TRY(const std::vector<Record> others, close_others(call, dialog));
    if (others.empty()) return {};
    STOA_TRY(const std::string name, own_name(call));
    const std::string dialog_id = dialog.is_private() ? std::to_string(call.actor().user) : chat_dialog_id(dialog.id());
    Params params(dialog.id(), dialog_id);
    params.out.field("userId", call.actor().user).field("userName", name);
    return params.send(call, users_of(others), "startWriting");
}

Status push_joined(Call& call, const Record& chat, const std::vector<UserId>& members,
                   const std::vector<UserId>& joined) {
    Params params(chat.id(), chat_dialog_id(chat.id()));
    params.out.field("chatTitle", chat.text("TITLE")).field("chatOwner", chat.integer("OWNER_ID"));
    write_ids(params.out, "newUsers", joined);
    params.out.field("userCount", static_cast<std::int64_t>(members.size()));
    return params.send(call, members, "chatUserAdd");
}

Status push_left(Call& call, const Record& chat, const std::vector<UserId>& members, UserId user) {
    Params params(chat.id(), chat_dialog_id(chat.id()));
    params.out.field("chatTitle", chat.text("TITLE")).field("userId", user);
    params.out.field("userCount", static_cast<std::int64_t>(members.size()) - 1);
    return params.send(call, members, "chatUserLeave");
}

Status push_renamed(Call& call, const Dialog& dialog, const std::string& title) {
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    Params params(dialog.id(), chat_dialog_id(dialog.id()));
    params.out.field("title", title);
    return params.send(call, users_of(members), "chatRename");
}

Status push_owner(Call& call, const Dialog& dialog, UserId owner) {
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    Params params(dialog.id(), chat_dialog_id(dialog.id()));
    params.out.field("userId", owner);
    return params.send(call, users_of(members), "chatOwner");
}

Status push_muted(Call& call, const Dialog& dialog, bool muted) {
    return push_own(call, dialog, "chatMuteNotify",
                    [&](json::Writer& out) { out.field("muted", muted).field("counter", dialog.unread()); });
}

Status push_pinned(Call& call, const Dialog& dialog, bool pinned) {
    return push_own(call, dialog, "chatPin", [&](json::Writer& out) { out.field("active", pinned); });
}

Status push_marked(Call& call, const Dialog& dialog, bool marked) {
    return push_own(call, dialog, "chatUnread", [&](json::Writer& out) {
        out.field("active", marked).field("counter", dialog.unread());
        out.field("muted", dialog.member->integer("MUTED") != 0);
    });
}

Status push_hidden(Call& call, const Dialog& dialog) {
    return push_own(call, dialog, "chatHide");
}

}  // namespace stoa::chat
