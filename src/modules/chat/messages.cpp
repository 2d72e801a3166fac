#include "modules/chat/messages.hpp"

#include <algorithm>

#include "json/writer.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/members.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/pushes.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

/// What the caller sent under this id before; 0 = nothing.
Result<RecordId> sent_before(Call& call, RecordId chat, const std::string& client_id) {
    model::Query query;
    query.where = Condition::all({Condition::equals("chat_id", chat), Condition::equals("author_id", call.actor().user),
                                  Condition::equals("client_id", client_id)});
    query.limit = 1;
    STOA_TRY(const std::vector<Record> rows, call.records.as_system().list(call.registry().entity(kMessage), query));
    return rows.empty() ? RecordId{0} : rows.front().id();
}

void set_json(Changes& changes, const char* field, const std::string& json) {
    if (!json.empty()) changes.set(field, json);
}

Changes to_changes(const Call& call, RecordId chat, const NewMessage& message) {
    Changes changes(call.registry().entity(kMessage));
    changes.set("CHAT_ID", chat);
    changes.set("TEXT", message.text);
    changes.set("SYSTEM", std::int64_t{message.system});
    changes.set("SILENT", std::int64_t{message.silent});
    changes.set("REPLY_ID", message.reply_to);
    changes.set("URL_PREVIEW", std::int64_t{message.url_preview});
    set_json(changes, "CODE", message.code);
    set_json(changes, "CLIENT_ID", message.client_id);
    set_json(changes, "ATTACH", message.attach_json);
    set_json(changes, "KEYBOARD", message.keyboard_json);
    set_json(changes, "MENU", message.menu_json);
    if (!message.files.empty()) {
        json::Array files(message.files.begin(), message.files.end());
        changes.set("FILES", json::to_json(json::Value(std::move(files))));
    }
    return changes;
}

/// Members learn of the message in their own rows: the recent list and the counters are then read from one index.
/// All rows at once, past Records: a chat has hundreds of members and every message concerns all of them.
Status note_in_members(Call& call, RecordId chat, RecordId message, std::int64_t counted, bool silent) {
    const std::string& table = call.registry().entity(kMember).table;
    std::vector<db::Assignment> all = {{"last_message_id", message},
                                       {"last_message_date", call.now()},
                                       {"counted_messages", counted},
                                       {"hidden", std::int64_t{0}}};
    if (!silent) all.push_back({"unread", std::int64_t{1}});
    STOA_CHECK(call.write_tx().update(table, all, Condition::equals("chat_id", chat)));
    if (silent) return {};
    // Who writes has read.
    const db::Assignment author[] = {{"last_read_id", message},      {"last_read_date", call.now()},
                                     {"seen_messages", counted},     {"unread", std::int64_t{0}},
                                     {"unread_id", std::int64_t{0}}, {"marked", std::int64_t{0}}};
    const Condition own =
        Condition::all({Condition::equals("chat_id", chat), Condition::equals("user_id", call.actor().user)});
    STOA_CHECK(call.write_tx().update(table, author, own));
    return {};
}

/// Everything that follows from a new message. The new row's number has locked the others out by now, so what is read
/// here is the newest.
Status after_post(Call& call, RecordId chat_id, RecordId id, bool silent) {
    model::Records system = call.records.as_system();
    const model::Entity& chats = call.registry().entity(kChat);
    STOA_TRY(const Record chat, system.get(chats, chat_id));
    const std::int64_t counted = chat.integer("COUNTED_MESSAGES") + (silent ? 0 : 1);
    Changes changes(chats);
    changes.set("LAST_MESSAGE_ID", id);
    changes.set("MESSAGE_COUNT", chat.integer("MESSAGE_COUNT") + 1);
    changes.set("COUNTED_MESSAGES", counted);
    STOA_CHECK(system.update(chat_id, std::move(changes)));
    STOA_CHECK(note_in_members(call, chat_id, id, counted, silent));
    STOA_TRY(const std::vector<Record> members, members_of(call, chat_id));
    STOA_TRY(const Record message, system.get(call.registry().entity(kMessage), id));
    return push_message(call, chat, members, message, chat.integer("LAST_MESSAGE_ID"));
}

/// Messages of others behind `last_read`, up to limits::counter_max. Asked for in their order, so that
/// the walk along the chat's index ends at the limit.
Result<std::int64_t> count_unread(Call& call, const Dialog& dialog, RecordId last_read) {
    db::Select select;
    select.table = call.registry().entity(kMessage).table;
    select.columns = {{"position", ""}};
    select.where = Condition::all({
        Condition::equals("chat_id", dialog.id()),
        Condition::compare("position", Condition::Op::ge, std::max(last_read + 1, dialog.first_visible())),
        Condition::compare("author_id", Condition::Op::ne, call.actor().user),
        Condition::equals("silent", std::int64_t{0}),
    });
    select.order = {{{"position", ""}, false}};
    select.limit = limits::counter_max;
    std::int64_t unread = 0;
    STOA_CHECK(call.tx().select(select, [&](const db::Row&) { return ++unread, true; }));
    return unread;
}

/// Written first and read again then: from here on no new message can change the counter under our hands.
Status lock_member(Call& call, Dialog& dialog) {
    model::Records system = call.records.as_system();
    const model::Entity& members = call.registry().entity(kMember);
    Changes changes(members);
    changes.set("LAST_READ_DATE", call.now());
    STOA_CHECK(system.update(dialog.member->id(), std::move(changes)));
    STOA_TRY(dialog.member, system.get(members, dialog.member->id()));
    return {};
}

Status set_position(Call& call, Dialog& dialog, RecordId last_read, RecordId unread_from) {
    STOA_TRY(const std::int64_t unread, count_unread(call, dialog, last_read));
    model::Records system = call.records.as_system();
    const model::Entity& members = call.registry().entity(kMember);
    Changes changes(members);
    changes.set("LAST_READ_ID", last_read);
    changes.set("SEEN_MESSAGES", dialog.member->integer("COUNTED_MESSAGES") - unread);
    changes.set("UNREAD", std::int64_t{unread > 0});
    changes.set("UNREAD_ID", unread_from);
    changes.set("MARKED", std::int64_t{0});
    STOA_CHECK(system.update(dialog.member->id(), std::move(changes)));
    STOA_TRY(dialog.member, system.get(members, dialog.member->id()));
    return {};
}

class MessageHooks final : public model::EntityHooks {
  public:
    Status before_save(model::SaveContext& context) override {
        if (context.operation == model::Operation::add) context.changes.set("POSITION", context.id);
        return {};
    }
};

}  // namespace

Result<RecordId> post(Call& call, RecordId chat, const NewMessage& message) {
    if (!message.client_id.empty()) {
        STOA_TRY(const RecordId known, sent_before(call, chat, message.client_id));
        if (known > 0) return known;
    }
    RecordId id = 0;
    const Status posted = call.write_tx().nested([&]() -> Status {
        STOA_TRY(id, call.records.as_system().add(to_changes(call, chat, message)));
        return after_post(call, chat, id, message.silent);
    });
    if (posted) return id;
    if (posted.error().code != Errc::already_exists || message.client_id.empty()) return posted.error();
    // The same message came twice at once: the unique key let the other one in.
    STOA_TRY(const RecordId known, sent_before(call, chat, message.client_id));
    if (known == 0) return posted.error();
    return known;
}

Result<RecordId> post_notice(Call& call, RecordId chat, const std::string& text, const char* code) {
    return post(call, chat, {.text = text, .system = true, .silent = true, .code = code});
}

Status change_message(Call& call, const Found& found, Changes changes) {
    model::Records system = call.records.as_system();
    STOA_CHECK(system.update(found.message.id(), std::move(changes)));
    STOA_TRY(const Record message, system.get(call.registry().entity(kMessage), found.message.id()));
    STOA_TRY(const std::vector<Record> members, members_of(call, found.dialog.id()));
    return push_change(call, found.dialog.chat, members, message);
}

Status delete_message(Call& call, const Found& found) {
    Changes changes(call.registry().entity(kMessage));
    changes.set("DELETED", std::int64_t{1});
    changes.set("TEXT", std::string());
    for (const char* name : {"FILES", "ATTACH", "KEYBOARD", "MENU"})
        changes.set(name, db::Value());
    return change_message(call, found, std::move(changes));
}

Status set_read(Call& call, Dialog& dialog, RecordId last_read) {
    STOA_CHECK(lock_member(call, dialog));
    return set_position(call, dialog, std::max(last_read, dialog.member->integer("LAST_READ_ID")), 0);
}

Status set_unread_from(Call& call, Dialog& dialog, RecordId first_unread) {
    STOA_CHECK(lock_member(call, dialog));
    return set_position(call, dialog, first_unread - 1, first_unread);
}

std::unique_ptr<model::EntityHooks> make_message_hooks() {
    return std::make_unique<MessageHooks>();
}

}  // namespace stoa::chat
