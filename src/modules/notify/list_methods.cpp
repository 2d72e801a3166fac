// im.notify.get, im.notify.history.search, im.notify.schema.get: the caller's own notifications.
// https://github.com/bitrix24/b24restdocs api-reference/chats/notifications/im-notify-get.md

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "base/utf8.hpp"
#include "modules/notify/inbox.hpp"
#include "modules/notify/kinds.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/methods.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/notify.hpp"
#include "modules/notify/text_format.hpp"
#include "modules/notify/user_cards.hpp"

namespace stoa::notify {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::int64_t kNoChat = 0;        ///< notifications are rows of their own here, not a chat
constexpr std::int64_t kConfirmStage = 1;  ///< LAST_TYPE

const model::Entity& notifications(const Call& call) {
    return call.registry().entity(kNotification);
}

Condition is_confirm() {
    return Condition::equals("type", std::int64_t{static_cast<int>(Type::confirm)});
}

Condition before(RecordId id) {
    return Condition::compare("id", Condition::Op::lt, id);
}

/// Newest first. Administrators too see their own only.
Result<std::vector<Record>> page(Call& call, std::vector<Condition> where, std::int64_t limit) {
    where.push_back(shown_to(call.actor().user));
    model::Query query;
    query.where = Condition::all(std::move(where));
    query.order = {{{"id", ""}, true}};
    query.limit = limit;
    return call.records.list(notifications(call), query);
}

void write_params(json::Writer& out, const Record& row) {
    const std::string attach = row.text("ATTACH");
    const std::string link = row.text("LINK");
    const bool answerable = row.integer("ANSWERABLE") != 0;
    const std::int64_t times = row.integer("GROUPED");
    out.key("params");
    if (attach.empty() && link.empty() && !answerable && times < 2) {
        out.null();
        return;
    }
    out.begin_object();
    if (!attach.empty()) out.key("ATTACH").raw(attach);
    if (answerable) out.field("CAN_ANSWER", "Y");
    if (!link.empty()) out.field("LINK", link);
    if (times > 1) out.field("GROUPED", times);
    out.end_object();
}

void write_notification(Call& call, const Record& row, bool as_html) {
    json::Writer& out = call.out;
    const std::string module = row.text("MODULE");
    const std::string event = row.text("EVENT");
    const std::string text = row.text("TEXT");
    std::string date;
    append_iso(date, row.integer("DATE_CREATE"), call.zone());
    out.begin_object();
    out.field("id", row.id()).field("chat_id", kNoChat).field("author_id", row.integer("AUTHOR_ID"));
    out.key("date").raw_text(date);
    out.field("notify_type", row.integer("TYPE")).field("notify_module", module).field("notify_event", event);
    out.field("notify_tag", row.text("TAG")).field("notify_sub_tag", row.text("SUB_TAG"));
    out.field("notify_title", row.text("TITLE")).field("setting_name", module + "|" + event);
    out.field("text", as_html ? to_html(text) : text).field("notify_read", row.integer("READ") != 0 ? "Y" : "N");
    if (const std::string buttons = row.text("BUTTONS"); !buttons.empty()) out.field("notify_buttons", buttons);
    write_params(out, row);
    out.end_object();
}

/// "notifications" and "users": their authors.
Status write_page(Call& call, const std::vector<Record>& rows) {
    STOA_TRY(const std::string convert, call.params.text_or("CONVERT_TEXT", "N"));
    std::set<UserId> authors;
    call.out.key("notifications").begin_array();
    for (const Record& row : rows) {
        write_notification(call, row, convert == "Y");
        if (const UserId author = row.integer("AUTHOR_ID"); author > 0) authors.insert(author);
    }
    call.out.end_array().key("users");
    return write_users(call, authors);
}

/// 0 when it is not given. Errors: LAST_ID_STRING.
Result<RecordId> read_last_id(const Call& call) {
    const json::Value* given = call.params.find("LAST_ID");
    if (!given || given->is_null()) return RecordId{0};
    const auto id = given->as_integer();
    if (!id) return invalid("Last notification ID can't be string", "LAST_ID", "LAST_ID_STRING");
    return std::max<RecordId>(0, *id);
}

Result<std::int64_t> read_limit(const Call& call) {
    STOA_TRY(const std::int64_t limit, call.params.integer_or("LIMIT", limits::notify_page_size));
    return limit < 1 ? limits::notify_page_size : std::min(limit, limits::notify_page_size);
}

Status get(Call& call) {
    STOA_TRY(const RecordId last_id, read_last_id(call));
    STOA_TRY(const std::int64_t last_type, call.params.integer_or("LAST_TYPE", 0));
    if ((last_id > 0) != (last_type != 0)) {
        return invalid("Parameters LAST_ID and LAST_TYPE should be used together.",
                       last_id > 0 ? "LAST_TYPE" : "LAST_ID", "LAST_ID_AND_LAST_TYPE");
    }
    STOA_TRY(const std::int64_t limit, read_limit(call));
    std::vector<Record> rows;
    const bool in_confirms = last_id == 0 || last_type == kConfirmStage;
    if (in_confirms) {
        std::vector<Condition> where{is_confirm()};
        if (last_id > 0) where.push_back(before(last_id));
        STOA_TRY(rows, page(call, std::move(where), limit));
    }
    if (const auto found = static_cast<std::int64_t>(rows.size()); found < limit) {
        std::vector<Condition> where{Condition::negate(is_confirm())};
        if (!in_confirms) where.push_back(before(last_id));
        STOA_TRY(std::vector<Record> more, page(call, std::move(where), limit - found));
        std::move(more.begin(), more.end(), std::back_inserter(rows));
    }
    const UserId user = call.actor().user;
    STOA_TRY(const std::int64_t total,
             call.tx().count(notifications(call).table, shown_to(user), limits::notify_counted_max));
    STOA_TRY(const std::int64_t unread, unread_count(call.records, user));
    call.out.begin_object();
    if (total > 0) {
        call.out.field("total_count", total).field("total_unread_count", unread).field("chat_id", kNoChat);
    }
    STOA_CHECK(write_page(call, rows));
    call.out.end_object();
    return {};
}

Result<std::vector<const json::Value*>> read_values(const Call& call, const char* name) {
    const json::Value* given = call.params.find(name);
    if (!given || given->is_null()) return std::vector<const json::Value*>();
    if (given->is_scalar()) return std::vector<const json::Value*>{given};
    std::vector<const json::Value*> items = given->items();
    if (items.size() > limits::notify_search_values_max) {
        return Error{
            Errc::too_large,
            std::string(name) + " has at most " + std::to_string(limits::notify_search_values_max) + " values.", name};
    }
    return items;
}

/// "tasks" or "tasks|comment"
Condition is_kind(const std::string& kind) {
    const std::size_t bar = kind.find('|');
    const Condition module = Condition::equals("module", kind.substr(0, bar));
    if (bar == std::string::npos) return module;
    return Condition::all({module, Condition::equals("event", kind.substr(bar + 1))});
}

Status add_kinds(const Call& call, std::vector<Condition>& where) {
    std::vector<Condition> any;
    for (const char* name : {"SEARCH_TYPE", "SEARCH_TYPES"}) {
        STOA_TRY(const auto values, read_values(call, name));
        for (const json::Value* value : values) {
            if (const std::string kind = value->as_text().value_or(""); !kind.empty()) any.push_back(is_kind(kind));
        }
    }
    if (!any.empty()) where.push_back(Condition::any(std::move(any)));
    return {};
}

Status add_authors(const Call& call, std::vector<Condition>& where) {
    STOA_TRY(const auto values, read_values(call, "SEARCH_AUTHORS"));
    std::vector<db::Value> authors;
    for (const json::Value* value : values) {
        const auto author = value->as_integer();
        if (!author) return invalid("SEARCH_AUTHORS must be numbers of users.", "SEARCH_AUTHORS");
        authors.emplace_back(*author);
    }
    if (!authors.empty()) where.push_back(Condition::in("author_id", std::move(authors)));
    return {};
}

Result<std::optional<UnixSeconds>> read_moment(const Call& call, const char* name) {
    STOA_TRY(const std::string text, call.params.text_or(name, ""));
    if (text.empty()) return std::optional<UnixSeconds>();
    const auto at = parse_datetime(text, call.zone());
    if (!at) return invalid(std::string(name) + " must be a date like 2026-03-03T09:00:00+00:00.", name);
    return std::optional<UnixSeconds>(*at);
}

void add_period(std::vector<Condition>& where, UnixSeconds from, UnixSeconds before_s) {
    where.push_back(Condition::compare("date_create", Condition::Op::ge, from));
    where.push_back(Condition::compare("date_create", Condition::Op::lt, before_s));
}

/// SEARCH_DATE is a day, the pair FROM and TO a period.
Status add_dates(const Call& call, std::vector<Condition>& where) {
    constexpr std::int64_t kDay_s = 86'400;
    STOA_TRY(const auto day, read_moment(call, "SEARCH_DATE"));
    STOA_TRY(const auto from, read_moment(call, "SEARCH_DATE_FROM"));
    STOA_TRY(const auto to, read_moment(call, "SEARCH_DATE_TO"));
    if (day) {
        const std::int64_t local_s = *day + call.zone().offset_s(*day);
        const std::int64_t midnight_s = local_s - ((local_s % kDay_s) + kDay_s) % kDay_s;
        add_period(where, call.zone().from_local(midnight_s), call.zone().from_local(midnight_s + kDay_s));
    }
    if (from && to) add_period(where, *from, *to + 1);
    return {};
}

Status add_text(const Call& call, std::vector<Condition>& where) {
    STOA_TRY(const std::string text, call.params.text_or("SEARCH_TEXT", ""));
    const std::size_t length = utf8_length(text);
    if (where.empty() && length < limits::notify_search_text_chars_min) {
        return invalid("SEARCH_TEXT can't be less than 3 symbols", "SEARCH_TEXT", "SEARCH_TEXT_ERROR");
    }
    if (length > limits::notify_search_text_chars_max) {
        return Error{Errc::too_large, "SEARCH_TEXT is too long.", "SEARCH_TEXT"};
    }
    if (text.empty()) return {};
    const std::string pattern = "%" + db::escape_like(text) + "%";
    where.push_back(Condition::any({Condition::like("text", pattern), Condition::like("title", pattern)}));
    return {};
}

Status search(Call& call) {
    std::vector<Condition> where;
    STOA_CHECK(add_kinds(call, where));
    STOA_CHECK(add_authors(call, where));
    STOA_CHECK(add_dates(call, where));
    STOA_CHECK(add_text(call, where));
    STOA_TRY(const std::string tag, call.params.text_or("GROUP_TAG", ""));
    if (!tag.empty()) where.push_back(Condition::equals("tag", tag));
    STOA_TRY(const RecordId last_id, read_last_id(call));
    STOA_TRY(const std::int64_t limit, read_limit(call));
    call.out.begin_object().field("chat_id", kNoChat);
    if (last_id == 0) {
        std::vector<Condition> counted = where;
        counted.push_back(shown_to(call.actor().user));
        STOA_TRY(const std::int64_t total,
                 call.tx().count(notifications(call).table, Condition::all(counted), limits::notify_counted_max));
        call.out.field("total_results", total);
    } else {
        where.push_back(before(last_id));
    }
    STOA_TRY(const std::vector<Record> rows, page(call, std::move(where), limit));
    STOA_CHECK(write_page(call, rows));
    call.out.end_object();
    return {};
}

Status schema(Call& call) {
    const std::string& language = call.metadata().account.language;
    call.out.begin_object();
    for (const KindGroup& group : kind_groups()) {
        call.out.key(group.module).begin_object().field("NAME", name_in(group.name, language));
        call.out.field("MODULE_ID", group.module).key("LIST").begin_array();
        for (const Kind& kind : group.kinds) {
            call.out.begin_object().field("ID", group.module + "|" + kind.event);
            call.out.field("NAME", name_in(kind.name, language)).end_object();
        }
        call.out.end_array().end_object();
    }
    call.out.end_object();
    return {};
}

}  // namespace

std::vector<api::Method> list_methods() {
    return {
        {.name = "im.notify.get", .scope = kScope, .handler = get},
        {.name = "im.notify.history.search", .scope = kScope, .handler = search},
        {.name = "im.notify.schema.get", .scope = kScope, .run = api::Run::io, .handler = schema},
    };
}

}  // namespace stoa::notify
