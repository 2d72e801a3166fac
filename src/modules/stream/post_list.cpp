// log.blogpost.get, log.blogpost.getusers.important, and Stoa's own log.blogpost.important.read.
// https://github.com/bitrix24/b24restdocs api-reference/log/log-blogpost-get.md

#include <algorithm>
#include <set>

#include "base/time_format.hpp"
#include "modules/stream/destinations.hpp"
#include "modules/stream/finding.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using api::Call;
using db::Condition;
using model::Record;

namespace {

const model::Entity& posts(const Call& call) {
    return call.registry().entity(kPost);
}

/// What a page of posts shows besides their own fields.
struct Beside {
    FilesOf files;
    std::set<RecordId> liked, read;  ///< by the caller
};

/// Posts of the page that the caller has a row of this entity for.
Result<std::set<RecordId>> own_rows(Call& call, const char* entity, const std::vector<RecordId>& ids, Condition more) {
    std::set<RecordId> out;
    if (ids.empty()) return out;
    db::Select select;
    select.table = call.registry().entity(entity).table;
    select.columns = {{"post_id", ""}};
    select.where = Condition::all({Condition::in("post_id", {ids.begin(), ids.end()}),
                                   Condition::equals("user_id", call.actor().user), std::move(more)});
    select.limit = static_cast<std::int64_t>(ids.size());
    STOA_CHECK(call.tx().select(select, [&](const db::Row& row) {
        out.insert(row.integer(0));
        return true;
    }));
    return out;
}

Result<Beside> load_beside(Call& call, const std::vector<Record>& rows) {
    Beside beside;
    std::vector<RecordId> ids, important;
    for (const Record& row : rows) {
        ids.push_back(row.id());
        if (row.integer("IMPORTANT") != 0) important.push_back(row.id());
    }
    STOA_CHECK(beside.files.load(call, kPostFiles, ids));
    STOA_CHECK(beside.files.load_cards(call));
    STOA_TRY(beside.liked, own_rows(call, kLike, ids, Condition::equals("comment_id", std::int64_t{0})));
    STOA_TRY(beside.read, own_rows(call, kReader, important, Condition::always()));
    return beside;
}

void write_text_or_null(json::Writer& out, const char* name, const std::string& text) {
    out.key(name);
    if (text.empty()) {
        out.null();
    } else {
        out.text(text);
    }
}

const char* flag(bool on) {
    return on ? "Y" : "N";
}

/// A field as the documentation shows user fields: with its description; `value` writes what is in it.
template <class Value>
void write_user_field(json::Writer& out, const Record& post, const char* name, const char* type, bool multiple,
                      const Value& value) {
    out.key(name).begin_object();
    out.field("ENTITY_ID", "BLOG_POST").field("FIELD_NAME", name).field("USER_TYPE_ID", type);
    out.field("MULTIPLE", flag(multiple)).field("MANDATORY", "N").key("VALUE");
    value();
    out.field("ENTITY_VALUE_ID", post.id()).field("VALUE_EXISTS", true).end_object();
}

void write_user_fields(Call& call, const Record& post, const Beside& beside) {
    json::Writer& out = call.out;
    write_user_field(out, post, "UF_BLOG_POST_FILE", "disk_file", true, [&] {
        if (beside.files.has(post.id())) {
            beside.files.write_attachments(out, post.id());
        } else {
            out.boolean(false);
        }
    });
    write_user_field(out, post, "UF_BLOG_POST_IMPRTNT", "integer", false, [&] {
        if (post.integer("IMPORTANT") != 0) {
            out.text("1");
        } else {
            out.null();
        }
    });
    write_user_field(out, post, "UF_IMPRTANT_DATE_END", "datetime", false, [&] {
        if (post.is_null("IMPORTANT_DATE_END")) {
            out.null();
            return;
        }
        std::string date;
        append_iso(date, post.integer("IMPORTANT_DATE_END"), call.zone());
        out.text(date);
    });
}

void write_post(Call& call, const Record& post, const Beside& beside) {
    json::Writer& out = call.out;
    const auto number = [&](const char* name) { return std::to_string(post.integer(name)); };
    const std::vector<std::string> codes = destinations_of(post);
    const bool has_files = beside.files.has(post.id());
    std::string date;
    append_iso(date, post.integer("DATE_PUBLISH"), call.zone());
    out.begin_object();
    out.field("ID", number("ID")).field("BLOG_ID", number("AUTHOR_ID")).field("PUBLISH_STATUS", "P");
    out.field("TITLE", post.text("TITLE")).field("AUTHOR_ID", number("AUTHOR_ID")).field("ENABLE_COMMENTS", "Y");
    out.field("NUM_COMMENTS", number("NUM_COMMENTS")).key("CODE").null();
    out.field("MICRO", flag(post.integer("MICRO") != 0)).field("DETAIL_TEXT", post.text("DETAIL_TEXT"));
    out.field("DATE_PUBLISH", date).key("CATEGORY_ID").null();
    out.field("HAS_SOCNET_ALL", flag(std::find(codes.begin(), codes.end(), kEverybody) != codes.end()));
    out.field("HAS_TAGS", flag(!post.text("TAGS").empty())).key("HAS_IMAGES").null();
    out.field("HAS_PROPS", flag(has_files || post.integer("IMPORTANT") != 0)).key("HAS_COMMENT_IMAGES").null();
    write_text_or_null(out, "TAGS", post.text("TAGS"));
    write_text_or_null(out, "BACKGROUND_CODE", post.text("BACKGROUND_CODE"));
    out.key("DEST").begin_array();
    for (const std::string& code : codes)
        out.text(code);
    out.end_array();
    out.field("NUM_LIKES", number("NUM_LIKES")).field("LIKED", flag(beside.liked.contains(post.id())));
    out.field("IMPORTANT_READ", flag(beside.read.contains(post.id())));
    write_user_fields(call, post, beside);
    out.key("FILES");
    beside.files.write_attachments(out, post.id());
    out.key("FILE_CARDS");
    beside.files.write_cards_of(out, post.id());
    out.end_object();
}

Result<std::optional<UnixSeconds>> read_moment(const Call& call, const char* name) {
    STOA_TRY(const std::string text, call.params.text_or(name, ""));
    if (text.empty()) return std::optional<UnixSeconds>();
    const auto at = parse_datetime(text, call.zone());
    if (!at) return invalid(std::string(name) + " must be a date and time.", name);
    return std::optional<UnixSeconds>(*at);
}

Result<std::vector<Condition>> read_filter(const Call& call) {
    std::vector<Condition> where;
    STOA_TRY(const RecordId id, call.params.integer_or("POST_ID", 0));
    const json::Value* rights = call.params.find("LOG_RIGHTS");
    if (id > 0) {
        where.push_back(Condition::equals("id", id));
    } else if (rights && !rights->is_null()) {
        const auto codes = parse_destinations(*rights);
        if (!codes) return Error{codes.error().code, codes.error().message, "LOG_RIGHTS"};
        const model::Entity& entity = call.registry().entity(kDestination);
        where.push_back(Condition::exists(entity.table, "object_id", "id",
                                          Condition::in("access_code", {codes->begin(), codes->end()})));
    }
    STOA_TRY(const auto from, read_moment(call, "LOG_DATE_FROM"));
    STOA_TRY(const auto to, read_moment(call, "LOG_DATE_TO"));
    if (from && to && *from > *to) return invalid("LOG_DATE_FROM is later than LOG_DATE_TO.", "LOG_DATE_FROM");
    if (from) where.push_back(Condition::compare("date_publish", Condition::Op::ge, *from));
    if (to) where.push_back(Condition::compare("date_publish", Condition::Op::le, *to));
    return where;
}

Status write_page(Call& call, const model::Query& query, std::int64_t& rows_written) {
    STOA_TRY(const std::vector<Record> rows, call.records.list(posts(call), query));
    STOA_TRY(const Beside beside, load_beside(call, rows));
    call.out.begin_array();
    for (const Record& row : rows)
        write_post(call, row, beside);
    call.out.end_array();
    rows_written = static_cast<std::int64_t>(rows.size());
    return {};
}

/// FIRST_ID goes on to newer ones in their order, LAST_ID to older ones.
Status get_by_cursor(Call& call, std::vector<Condition> where, RecordId first_id, RecordId last_id) {
    const json::Value* given = call.params.find("LIMIT");
    const std::int64_t limit = given ? given->as_integer().value_or(0) : 0;
    const bool forward = first_id > 0;
    where.push_back(forward ? Condition::compare("id", Condition::Op::gt, first_id)
                            : Condition::compare("id", Condition::Op::lt, last_id));
    model::Query query;
    query.where = Condition::all(std::move(where));
    query.order = {{{"id", ""}, !forward}};
    query.limit = limit < 1 ? limits::stream_page_size : std::min(limit, limits::stream_cursor_page_max);
    std::int64_t rows = 0;
    return write_page(call, query, rows);
}

Status get(Call& call) {
    STOA_TRY(std::vector<Condition> where, read_filter(call));
    STOA_TRY(const RecordId first_id, call.params.integer_or("FIRST_ID", 0));
    STOA_TRY(const RecordId last_id, call.params.integer_or("LAST_ID", 0));
    if (first_id > 0 || last_id > 0) return get_by_cursor(call, std::move(where), first_id, last_id);
    STOA_TRY(const std::int64_t start, call.params.integer_or("start", 0));
    model::Query query;
    query.where = Condition::all(std::move(where));
    query.order = {{{"id", ""}, true}};
    query.limit = limits::stream_page_size;
    query.offset = std::max<std::int64_t>(0, start - start % limits::stream_page_size);
    std::int64_t rows = 0;
    STOA_CHECK(write_page(call, query, rows));
    if (start < 0) return {};
    if (query.offset == 0 && rows < query.limit) {
        call.total = rows;
        return {};
    }
    STOA_TRY(call.total, call.records.count(posts(call), query.where));
    if (query.offset + rows < *call.total) call.next = query.offset + query.limit;
    return {};
}

/// Errors: "Wrong post ID" where it is no number.
Status check_post_id(const Call& call) {
    const json::Value* given = call.params.find("POST_ID");
    const auto id = given ? given->as_integer() : std::nullopt;
    if (!id || *id <= 0) return uncoded("Wrong post ID", "POST_ID");
    return {};
}

/// Nobody for a post that the caller may not see.
Status get_important_users(Call& call) {
    STOA_CHECK(check_post_id(call));
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    call.out.begin_array();
    if (post) {
        model::Query query;
        query.where = Condition::equals("post_id", post->id());
        query.limit = limits::stream_readers_shown_max;
        STOA_TRY(const std::vector<Record> rows, call.records.list(call.registry().entity(kReader), query));
        for (const Record& row : rows)
            call.out.integer_text(row.integer("USER_ID"));
    }
    call.out.end_array();
    return {};
}

/// The caller has read it; once is enough.
Status read_important(Call& call) {
    STOA_CHECK(check_post_id(call));
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return uncoded("No post found", "POST_ID");
    if (post->integer("IMPORTANT") == 0) return invalid("The post is not important.", "POST_ID");
    STOA_TRY(const std::set<RecordId> known, own_rows(call, kReader, {post->id()}, Condition::always()));
    if (known.empty()) {
        model::Changes changes(call.registry().entity(kReader));
        changes.set("POST_ID", post->id());
        STOA_TRY([[maybe_unused]] const RecordId id, call.records.add(std::move(changes)));
    }
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> post_list_methods() {
    using api::Effect;
    return {
        {.name = "log.blogpost.get", .scope = kScope, .handler = get},
        {.name = "log.blogpost.getusers.important", .scope = kScope, .handler = get_important_users},
        {.name = "log.blogpost.important.read", .scope = kScope, .effect = Effect::write, .handler = read_important},
    };
}

}  // namespace stoa::stream
