// im.dialog.messages.get and .search: pages of what was written.

#include <algorithm>
#include <limits>
#include <optional>

#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/message_page.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::int64_t kDay_s = 86'400;

constexpr RecordId kNewest = std::numeric_limits<RecordId>::max();

/// Messages from `first` to `last`, both included.
struct Range {
    RecordId first = 0;
    RecordId last = kNewest;
};

/// Nothing when it is not given. Errors: the method's own code for what is no number.
Result<std::optional<RecordId>> message_id(const Call& call, const char* name, const char* code) {
    if (!is_given(call, name)) return std::optional<RecordId>();
    const auto id = call.params.integer(name);
    if (!id) return invalid(std::string(name) + " can't be string", name, code);
    return std::optional<RecordId>(std::clamp<RecordId>(*id, 0, kNewest - 1));
}

/// What the caller sees of the chat. One bound on each side: the embedded store uses only one of two for its index.
Condition in_chat(const Dialog& dialog, const Range& range) {
    return Condition::all(
        {Condition::equals("chat_id", dialog.id()),
         Condition::compare("position", Condition::Op::ge, std::max(range.first, dialog.first_visible())),
         Condition::compare("position", Condition::Op::le, range.last)});
}

Result<std::vector<Record>> list(Call& call, Condition where, bool newest_first, std::int64_t limit) {
    model::Query query;
    query.where = std::move(where);
    query.order = {{{"position", ""}, newest_first}};
    query.limit = limit;
    return call.records.as_system().list(call.registry().entity(kMessage), query);
}

/// Newest first, whichever way it was asked for: the latest, those before LAST_ID, or those behind FIRST_ID.
Status get(Call& call) {
    STOA_TRY(const Dialog dialog, dialog_of(call));
    STOA_TRY(const std::optional<RecordId> before, message_id(call, "LAST_ID", "LAST_ID_STRING"));
    STOA_TRY(const std::optional<RecordId> behind, message_id(call, "FIRST_ID", "FIRST_ID_STRING"));
    STOA_TRY(const PageOf page, read_page(call, limits::message_page_default, limits::message_page_max));
    const bool forward = behind.has_value();
    Range range;
    if (forward) range.first = *behind + 1;
    if (before && *before > 0) range.last = *before - 1;
    STOA_TRY(std::vector<Record> rows, list(call, in_chat(dialog, range), !forward, page.limit));
    if (forward) std::reverse(rows.begin(), rows.end());
    MessagePage messages(call, dialog);
    STOA_CHECK(messages.load(std::move(rows)));
    call.out.begin_object().field("chat_id", dialog.id());
    STOA_CHECK(messages.write());
    call.out.end_object();
    return {};
}

struct Search {
    std::string text;
    UnixSeconds from = 0, to = 0;  ///< 0 = no bound; `to` is included
    bool newest_first = true;
    RecordId behind = 0;  ///< the last message of the page before; 0 = this is the first one
    std::int64_t limit = 0;
};

Result<Search> read_search(Call& call) {
    Search search;
    STOA_TRY(search.text, read_text(call, "SEARCH_MESSAGE", limits::search_characters_max));
    STOA_TRY(search.from, read_time(call, "DATE_FROM"));
    STOA_TRY(search.to, read_time(call, "DATE_TO"));
    STOA_TRY(const UnixSeconds day, read_time(call, "DATE"));
    if (day != 0) {
        search.from = day;
        search.to = day + kDay_s - 1;
    }
    STOA_TRY(const json::Value* order, call.params.object_or_empty("ORDER"));
    if (const json::Value* by_id = order->find_any_case("ID")) {
        search.newest_first = by_id->as_text().value_or("") != "ASC" && by_id->as_text().value_or("") != "asc";
    }
    STOA_TRY(const std::optional<RecordId> behind, message_id(call, "LAST_ID", "LAST_ID_STRING"));
    search.behind = behind.value_or(0);
    STOA_TRY(const PageOf page, read_page(call, limits::page_default, limits::page_max));
    search.limit = page.limit;
    return search;
}

/// Behind which message a search stops, so that one call never looks through all of a long chat; 0 = it does not.
Result<RecordId> end_of_span(Call& call, const Condition& where, bool newest_first) {
    db::Select select;
    select.table = call.registry().entity(kMessage).table;
    select.columns = {{"position", ""}};
    select.where = where;
    select.order = {{{"position", ""}, newest_first}};
    select.limit = 1;
    select.offset = limits::search_span_messages - 1;
    RecordId end = 0;
    STOA_CHECK(call.tx().select(select, [&](const db::Row& row) {
        end = row.integer(0);
        return true;
    }));
    return end;
}

Condition matches(const Search& search) {
    std::vector<Condition> all{Condition::equals("deleted", std::int64_t{0})};
    // Shorter texts are in almost everything; clients send them while somebody is still typing.
    if (search.text.size() > limits::search_characters_min) {
        all.push_back(Condition::like("text", "%" + db::escape_like(search.text) + "%"));
    }
    if (search.from != 0) all.push_back(Condition::compare("date_create", Condition::Op::ge, search.from));
    if (search.to != 0) all.push_back(Condition::compare("date_create", Condition::Op::le, search.to));
    return Condition::all(std::move(all));
}

/// `nextId` is Stoa's own: pass it as LAST_ID to look further, also where nothing was found so far.
Status search(Call& call) {
    const auto id = call.params.id("CHAT_ID");
    if (!id) return chat_id_empty();
    STOA_TRY(const Dialog dialog, find_chat(call, *id));
    STOA_TRY(const Search search, read_search(call));
    Range range;
    RecordId& near_end = search.newest_first ? range.last : range.first;
    RecordId& far_end = search.newest_first ? range.first : range.last;
    if (search.behind > 0) near_end = search.behind + (search.newest_first ? -1 : 1);
    STOA_TRY(const RecordId end, end_of_span(call, in_chat(dialog, range), search.newest_first));
    if (end > 0) far_end = end;
    const Condition where = in_chat(dialog, range);
    STOA_TRY(std::vector<Record> rows,
             list(call, Condition::all({where, matches(search)}), search.newest_first, search.limit));
    const bool full = static_cast<std::int64_t>(rows.size()) == search.limit;
    const RecordId next = full ? rows.back().id() : end;
    MessagePage messages(call, dialog);
    STOA_CHECK(messages.load(std::move(rows)));
    call.out.begin_object();
    STOA_CHECK(messages.write(Keys::camel));
    call.out.key("nextId");
    next > 0 ? call.out.integer(next) : call.out.null();
    call.out.end_object();
    return {};
}

}  // namespace

std::vector<api::Method> history_methods() {
    return {
        {.name = "im.dialog.messages.get", .scope = kScope, .handler = get, .snapshot = true},
        {.name = "im.dialog.messages.search", .scope = kScope, .handler = search, .snapshot = true},
    };
}

}  // namespace stoa::chat
