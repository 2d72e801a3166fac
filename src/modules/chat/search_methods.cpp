// im.search.user.list, im.search.chat.list.

#include <algorithm>

#include "base/utf8.hpp"
#include "modules/chat/chat_view.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::size_t kWordsMax = 5;  ///< more words find nothing else
constexpr const char* kDepartment = "department";

Result<std::string> read_phrase(const Call& call) {
    STOA_TRY(const std::string given, read_text(call, "FIND", limits::search_characters_max));
    std::string phrase = trimmed(given);
    if (utf8_length(phrase) < limits::search_characters_min) {
        return invalid("Too short a search phrase.", "FIND", "FIND_SHORT");
    }
    return phrase;
}

std::vector<std::string> words_of(const std::string& phrase) {
    std::vector<std::string> out;
    std::string_view rest = phrase;
    while (!rest.empty() && out.size() < kWordsMax) {
        const auto blank = rest.find(' ');
        if (blank != 0) out.emplace_back(rest.substr(0, blank));
        rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
    }
    return out;
}

/// Each word begins a name, a position, or the name of a department that the user is in.
Condition user_matches(const Call& call, const std::string& phrase) {
    const model::Entity& users = call.registry().entity(kUser);
    const model::Field& departments = users.field("UF_DEPARTMENT");
    const model::Entity* department = call.registry().find(kDepartment);
    std::vector<Condition> all{Condition::equals(users.field("ACTIVE").column, std::int64_t{1})};
    for (const std::string& word : words_of(phrase)) {
        const std::string pattern = db::escape_like(word) + "%";
        std::vector<Condition> any;
        for (const char* name : {"NAME", "LAST_NAME", "WORK_POSITION"})
            any.push_back(Condition::like(users.field(name).column, pattern));
        if (department) {
            Condition named = Condition::like(department->field("NAME").column, pattern);
            Condition in_it = Condition::exists(department->table, "id", "target_id", std::move(named));
            any.push_back(Condition::exists(departments.link_table, "owner_id", "id", std::move(in_it)));
        }
        all.push_back(Condition::any(std::move(any)));
    }
    return Condition::all(std::move(all));
}

void set_paging(Call& call, const PageOf& page, std::int64_t total) {
    call.total = total;
    if (page.offset + page.limit < total) call.next = page.offset + page.limit;
}

/// Whom the caller may see at all is for access to say.
Status find_users(Call& call) {
    STOA_TRY(const std::string phrase, read_phrase(call));
    STOA_TRY(const PageOf page, read_page(call, limits::search_page_default, limits::search_page_max));
    const model::Entity& entity = call.registry().entity(kUser);
    model::Query query;
    query.where = user_matches(call, phrase);
    query.order = {{{"last_name", ""}, false}, {{"id", ""}, false}};
    query.limit = page.limit;
    query.offset = page.offset;
    STOA_TRY(std::vector<Record> found, call.records.list(entity, query));
    STOA_TRY(const std::int64_t total, call.records.count(entity, query.where));
    set_paging(call, page, total);
    if (found.empty()) {
        call.out.begin_array().end_array();
        return {};
    }
    std::vector<UserId> order;
    order.reserve(found.size());
    for (const Record& user : found)
        order.push_back(user.id());
    People people(call);
    STOA_CHECK(people.add(std::move(found)));
    call.out.begin_object();
    for (const UserId user : order) {
        call.out.key(std::to_string(user));
        people.write(user);
    }
    call.out.end_object();
    return {};
}

/// The caller's rows in groups, by chat.
Result<std::vector<Record>> own_groups(Call& call) {
    model::Query query;
    query.where = Condition::all(
        {Condition::equals("user_id", call.actor().user), Condition::equals("peer_id", std::int64_t{0})});
    query.order = {{{"chat_id", ""}, false}};
    query.limit = limits::group_chats_per_user_max;
    return call.records.as_system().list(call.registry().entity(kMember), query);
}

/// By title: the caller's groups and open chats. Only these are looked through, never all chats of an account.
Condition chat_matches(const Call& call, const std::vector<Record>& own, const std::string& phrase) {
    std::vector<db::Value> ids;
    ids.reserve(own.size());
    for (const Record& member : own)
        ids.emplace_back(member.integer("CHAT_ID"));
    std::vector<Condition> any{Condition::in("id", std::move(ids))};
    if (call.actor().role != model::Role::extranet) any.push_back(Condition::equals("type", std::string(kOpen)));
    return Condition::all(
        {Condition::any(std::move(any)), Condition::like("title", "%" + db::escape_like(phrase) + "%")});
}

Status find_chats(Call& call) {
    STOA_TRY(const std::string phrase, read_phrase(call));
    STOA_TRY(const PageOf page, read_page(call, limits::search_page_default, limits::search_page_max));
    STOA_TRY(const std::vector<Record> own, own_groups(call));
    const model::Entity& entity = call.registry().entity(kChat);
    model::Query query;
    query.where = chat_matches(call, own, phrase);
    query.order = {{{"id", ""}, true}};
    query.limit = page.limit;
    query.offset = page.offset;
    STOA_TRY(std::vector<Record> found, call.records.as_system().list(entity, query));
    STOA_TRY(const std::int64_t total, call.tx().count(entity.table, query.where));
    set_paging(call, page, total);
    std::vector<Dialog> dialogs;
    dialogs.reserve(found.size());
    for (Record& chat : found) {
        const auto member = std::find_if(own.begin(), own.end(),
                                         [&](const Record& row) { return row.integer("CHAT_ID") == chat.id(); });
        dialogs.push_back(Dialog{std::move(chat), {}});
        if (member != own.end()) dialogs.back().member = *member;
    }
    ChatView view(call);
    STOA_CHECK(view.load(dialogs, {}));
    call.out.begin_array();
    for (const Dialog& dialog : dialogs) {
        const bool muted = dialog.member && dialog.member->integer("MUTED") != 0;
        view.begin_full(dialog, muted ? std::vector<UserId>{call.actor().user} : std::vector<UserId>());
        call.out.end_object();
    }
    call.out.end_array();
    return {};
}

}  // namespace

std::vector<api::Method> search_methods() {
    return {
        {.name = "im.search.user.list", .scope = kScope, .handler = find_users},
        {.name = "im.search.chat.list", .scope = kScope, .handler = find_chats},
    };
}

}  // namespace stoa::chat
