#include "modules/chat/dialogs.hpp"

#include <algorithm>

#include "modules/chat/limits.hpp"
#include "modules/chat/members.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr const char* kWorkgroup = "SONET_GROUP";

struct Name {
    enum class Kind : std::uint8_t { user, chat, workgroup } kind = Kind::user;
    RecordId id = 0;
};

std::optional<Name> parse(std::string_view text) {
    Name name;
    if (text.starts_with("chat")) {
        name.kind = Name::Kind::chat;
        text.remove_prefix(4);
    } else if (text.starts_with("sg")) {
        name.kind = Name::Kind::workgroup;
        text.remove_prefix(2);
    }
    const auto id = json::Value(text).as_integer();
    if (!id || *id < 1) return std::nullopt;
    name.id = *id;
    return name;
}

/// `order` is the column behind those of `where` in an index: it makes the embedded store use that index.
Result<std::optional<Record>> first(Call& call, const char* entity, Condition where, const char* order = "id") {
    model::Query query;
    query.where = std::move(where);
    query.order = {{{order, ""}, false}};
    query.limit = 1;
    STOA_TRY(std::vector<Record> rows, call.records.as_system().list(call.registry().entity(entity), query));
    if (rows.empty()) return std::optional<Record>();
    return std::optional<Record>(std::move(rows.front()));
}

Result<std::optional<Record>> member_of(Call& call, RecordId chat, UserId user) {
    return first(call, kMember,
                 Condition::all({Condition::equals("chat_id", chat), Condition::equals("user_id", user)}));
}

/// The same for both: the smaller number first.
std::string pair_key(UserId one, UserId other) {
    return std::to_string(std::min(one, other)) + ":" + std::to_string(std::max(one, other));
}

/// The chat of the caller and `peer`; nothing was there when it was looked for.
Result<RecordId> make_private(Call& call, UserId peer) {
    const UserId user = call.actor().user;
    RecordId id = 0;
    const Status made = call.write_tx().nested([&]() -> Status {
        model::Changes chat(call.registry().entity(kChat));
        chat.set("TYPE", std::string(kPrivate));
        chat.set("PAIR_KEY", pair_key(user, peer));
        chat.set("USER_COUNT", std::int64_t{peer == user ? 1 : 2});
        STOA_TRY(id, call.records.as_system().add(std::move(chat)));
        STOA_CHECK(add_member(call, {.chat = id, .user = user, .peer = peer, .hidden = true}));
        if (peer == user) return {};
        return add_member(call, {.chat = id, .user = peer, .peer = user, .hidden = true});
    });
    if (made) return id;
    if (made.error().code != Errc::already_exists) return made.error();
    // The other one was faster: the unique key let only one chat of the two be made.
    STOA_TRY(const std::optional<Record> there,
             first(call, kChat, Condition::equals("pair_key", pair_key(user, peer))));
    if (!there) return made.error();
    return there->id();
}

Result<Dialog> find_private(Call& call, UserId peer) {
    const Condition ours =
        Condition::all({Condition::equals("user_id", call.actor().user), Condition::equals("peer_id", peer)});
    STOA_TRY(const std::optional<Record> member, first(call, kMember, ours, "chat_id"));
    if (member) return find_chat(call, member->integer("CHAT_ID"));
    STOA_TRY(const bool known, call.records.exists(call.registry().entity(kUser), peer));
    if (!known) return Error{Errc::not_found, "User not found", "DIALOG_ID", "USER_NOT_FOUND"};
    if (!call.records.writable()) return api::needs_write();
    STOA_TRY(const RecordId chat, make_private(call, peer));
    return find_chat(call, chat);
}

Result<Dialog> find_workgroup_chat(Call& call, RecordId group) {
    STOA_TRY(const std::optional<Record> chat,
             first(call, kChat,
                   Condition::all({Condition::equals("entity_type", std::string(kWorkgroup)),
                                   Condition::equals("entity_id", std::to_string(group))}),
                   "date_create"));
    if (!chat) return no_access();
    return find_chat(call, chat->id());
}

}  // namespace

bool Dialog::is_private() const {
    return chat.text("TYPE") == kPrivate;
}

std::string Dialog::name() const {
    return is_private() ? std::to_string(peer()) : chat_dialog_id(id());
}

RecordId Dialog::first_visible() const {
    return member ? member->integer("START_ID") : 0;
}

std::int64_t Dialog::unread() const {
    return member ? unread_of(*member) : 0;
}

bool Dialog::sees(const Record& message) const {
    return message.integer("CHAT_ID") == id() && message.id() >= first_visible();
}

std::string chat_dialog_id(RecordId chat) {
    return "chat" + std::to_string(chat);
}

std::int64_t unread_of(const Record& member) {
    const std::int64_t unread = member.integer("COUNTED_MESSAGES") - member.integer("SEEN_MESSAGES");
    return std::clamp<std::int64_t>(unread, 0, limits::counter_max);
}

Result<Dialog> find_chat(Call& call, RecordId id) {
    auto chat = call.records.as_system().get(call.registry().entity(kChat), id);
    if (!chat) return chat.error().code == Errc::not_found ? no_access() : chat.error();
    STOA_TRY(std::optional<Record> member, member_of(call, id, call.actor().user));
    const bool may_look = chat->text("TYPE") == kOpen && call.actor().role != model::Role::extranet;
    if (!member && !may_look) return no_access();
    return Dialog{std::move(*chat), std::move(member)};
}

Result<Dialog> find_dialog(Call& call, std::string_view dialog_id) {
    const std::optional<Name> name = parse(dialog_id);
    if (!name) return dialog_id_empty();
    if (name->kind == Name::Kind::chat) return find_chat(call, name->id);
    if (name->kind == Name::Kind::workgroup) return find_workgroup_chat(call, name->id);
    return find_private(call, name->id);
}

Result<Dialog> dialog_of(Call& call) {
    const auto name = call.params.text("DIALOG_ID");
    if (!name) return dialog_id_empty();
    return find_dialog(call, *name);
}

Result<Dialog> chat_or_dialog_of(Call& call) {
    if (!is_given(call, "CHAT_ID") && is_given(call, "DIALOG_ID")) return dialog_of(call);
    const auto id = call.params.id("CHAT_ID");
    if (!id) return chat_id_empty();
    return find_chat(call, *id);
}

Result<Dialog> group_of(Call& call) {
    STOA_TRY(Dialog dialog, chat_or_dialog_of(call));
    if (dialog.is_private()) {
        if (is_given(call, "CHAT_ID")) return not_allowed("Action unavailable");
        return dialog_id_empty();
    }
    STOA_CHECK(check_member(dialog));
    return dialog;
}

Status check_member(const Dialog& dialog) {
    if (!dialog.member) return not_allowed("Action unavailable");
    return {};
}

Result<Found> find_message(Call& call, RecordId id) {
    auto message = call.records.as_system().get(call.registry().entity(kMessage), id);
    if (!message) return message.error();
    auto dialog = find_chat(call, message->integer("CHAT_ID"));
    if (!dialog) return dialog.error().code == Errc::forbidden ? stoa::not_found("Not found") : dialog.error();
    if (!dialog->sees(*message)) return stoa::not_found("Not found");
    return Found{std::move(*dialog), std::move(*message)};
}

}  // namespace stoa::chat
