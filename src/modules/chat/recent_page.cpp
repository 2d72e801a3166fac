#include "modules/chat/recent_page.hpp"

#include "modules/chat/mentions.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

using db::Condition;
using model::Record;

namespace {

Result<std::map<RecordId, Record>> by_id(api::Call& call, const char* entity, std::vector<db::Value> ids) {
    std::map<RecordId, Record> out;
    if (ids.empty()) return out;
    model::Query query;
    query.limit = static_cast<std::int64_t>(ids.size());
    query.where = Condition::in("id", std::move(ids));
    STOA_TRY(std::vector<Record> rows, call.records.as_system().list(call.registry().entity(entity), query));
    for (Record& row : rows) {
        const RecordId id = row.id();
        out.emplace(id, std::move(row));
    }
    return out;
}

}  // namespace

Status RecentPage::load(std::vector<Record> rows) {
    STOA_CHECK(load_chats(std::move(rows)));
    STOA_CHECK(load_messages());
    STOA_CHECK(load_readers());
    std::vector<UserId> users;
    for (const Dialog& dialog : dialogs_)
        users.push_back(shown_user(dialog));
    return view_.load(dialogs_, std::move(users));
}

Status RecentPage::load_chats(std::vector<Record> rows) {
    std::vector<db::Value> ids;
    ids.reserve(rows.size());
    for (const Record& row : rows)
        ids.emplace_back(row.integer("CHAT_ID"));
    STOA_TRY(auto chats, by_id(call_, kChat, std::move(ids)));
    for (Record& row : rows) {
        const auto chat = chats.find(row.integer("CHAT_ID"));
        if (chat == chats.end()) continue;
        dialogs_.push_back(Dialog{std::move(chat->second), std::move(row)});
    }
    return {};
}

Status RecentPage::load_messages() {
    std::vector<db::Value> ids;
    for (const Dialog& dialog : dialogs_) {
        if (const RecordId last = dialog.chat.integer("LAST_MESSAGE_ID"); last > 0) ids.emplace_back(last);
    }
    STOA_TRY(messages_, by_id(call_, kMessage, std::move(ids)));
    return {};
}

Status RecentPage::load_readers() {
    std::vector<db::Value> chats;
    for (const Dialog& dialog : dialogs_) {
        if (dialog.is_private()) chats.emplace_back(dialog.id());
    }
    if (chats.empty()) return {};
    model::Query query;
    query.limit = static_cast<std::int64_t>(chats.size());
    query.where = Condition::all({Condition::in("chat_id", std::move(chats)),
                                  Condition::compare("user_id", Condition::Op::ne, call_.actor().user)});
    query.order = {{{"chat_id", ""}, false}, {{"user_id", ""}, false}};
    STOA_TRY(const std::vector<Record> rows, call_.records.as_system().list(call_.registry().entity(kMember), query));
    for (const Record& row : rows)
        read_by_peer_[row.integer("CHAT_ID")] = row.integer("LAST_READ_ID");
    return {};
}

void RecentPage::write() const {
    call_.out.begin_array();
    for (const Dialog& dialog : dialogs_)
        write_item(dialog);
    call_.out.end_array();
}

/// The other one of a private chat; in a group whoever wrote last.
UserId RecentPage::shown_user(const Dialog& dialog) const {
    if (dialog.is_private()) return dialog.peer();
    const auto found = messages_.find(dialog.chat.integer("LAST_MESSAGE_ID"));
    if (found == messages_.end() || found->second.integer("SYSTEM") != 0) return 0;
    return found->second.integer("AUTHOR_ID");
}

void RecentPage::write_item(const Dialog& dialog) const {
    json::Writer& out = call_.out;
    const Record& member = *dialog.member;
    out.begin_object().key("id");
    dialog.is_private() ? out.integer(dialog.peer()) : out.text(dialog.name());
    out.field("chat_id", dialog.id()).field("type", dialog.is_private() ? "user" : "chat").key("avatar");
    view_.write_avatar(dialog);
    out.field("title", view_.title(dialog)).key("message");
    write_message(dialog);
    out.field("counter", dialog.unread()).field("last_id", member.integer("LAST_READ_ID"));
    out.field("pinned", member.integer("PINNED") != 0).field("unread", member.integer("MARKED") != 0);
    out.field("has_reminder", false);
    write_time(call_, out, "date_update", member.integer("LAST_MESSAGE_DATE"));
    write_time(call_, out, "date_last_activity", member.integer("LAST_MESSAGE_DATE"));
    out.key("chat");
    view_.write_short(dialog);
    out.key("user");
    view_.people().write(shown_user(dialog));
    out.key("options").begin_array().end_array().end_object();
}

bool RecentPage::is_delivered(const Dialog& dialog, const Record& message) const {
    const auto read = read_by_peer_.find(dialog.id());
    return message.integer("AUTHOR_ID") == call_.actor().user && read != read_by_peer_.end() &&
           read->second >= message.id();
}

void RecentPage::write_message(const Dialog& dialog) const {
    json::Writer& out = call_.out;
    const auto found = messages_.find(dialog.chat.integer("LAST_MESSAGE_ID"));
    if (found == messages_.end()) {
        out.begin_object().field("id", 0).field("text", "").end_object();
        return;
    }
    const Record& message = found->second;
    const bool system = message.integer("SYSTEM") != 0;
    out.begin_object().field("id", message.id()).field("text", preview(message.text("TEXT")));
    out.field("file", !message.is_null("FILES"));
    out.field("author_id", system ? UserId{0} : message.integer("AUTHOR_ID"));
    out.field("attach", !message.is_null("ATTACH")).key("sticker").null();
    write_time(call_, out, "date", message.integer("DATE_CREATE"));
    out.field("status", is_delivered(dialog, message) ? "delivered" : "received").key("uuid");
    message.is_null("CLIENT_ID") ? out.null() : out.text(message.text("CLIENT_ID"));
    out.field("deleted", message.integer("DELETED") != 0).end_object();
}

}  // namespace stoa::chat
