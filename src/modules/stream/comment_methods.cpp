// log.blogcomment.*: comments on posts. Stoa's own: log.blogcomment.list, those of one post, and
// log.blogcomment.update. https://github.com/bitrix24/b24restdocs api-reference/log/blogcomment/index.md

#include <algorithm>
#include <set>

#include "base/time_format.hpp"
#include "modules/stream/finding.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr const char* kFileField = "UF_BLOG_COMMENT_FILE";

const model::Entity& comments(const Call& call) {
    return call.registry().entity(kComment);
}

/// The newest comment of the post says the same, by the same author: somebody pressed twice.
Result<bool> is_duplicate(Call& call, const Record& post, UserId author, const std::string& text) {
    model::Query query;
    query.where = Condition::equals("post_id", post.id());
    query.order = {{{"id", ""}, true}};
    query.limit = 1;
    STOA_TRY(const std::vector<Record> rows, call.records.list(comments(call), query));
    return !rows.empty() && rows.front().integer("AUTHOR_ID") == author && rows.front().text("POST_TEXT") == text;
}

Status add(Call& call, const KeepFile& keep) {
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return uncoded("No post found", "POST_ID");
    STOA_TRY(const std::string text, call.params.text_or("TEXT", ""));
    if (text.empty()) return uncoded("Blog comment hasn't been added", "TEXT");
    STOA_TRY(const UserId author, author_of(call));
    if (!call.params.find("FILES")) {
        STOA_TRY(const bool twice, is_duplicate(call, *post, author, text));
        if (twice) return uncoded("Duplicate comment", "TEXT");
    }
    model::Changes changes(comments(call));
    changes.set("POST_ID", post->id());
    changes.set("AUTHOR_ID", author);
    changes.set("POST_TEXT", text);
    auto id = call.records.add(std::move(changes));
    if (!id && id.error().code == Errc::forbidden) return uncoded("No permissions", "POST_ID");
    if (!id) return id.error();
    STOA_CHECK(save_files(call, keep, {kCommentFiles, *id, kFileField}));
    call.out.integer(*id);
    return {};
}

/// Named, and the caller's to do this with; `refusal` says that it is not.
Result<Record> comment_to(Call& call, model::Operation operation, const char* refusal) {
    const json::Value* given = call.params.find("COMMENT_ID");
    const auto id = given ? given->as_integer() : std::nullopt;
    if (!id || *id <= 0) return uncoded("Wrong comment ID", "COMMENT_ID");
    STOA_TRY(std::optional<Record> comment, find_named(call, kComment, "COMMENT_ID"));
    if (!comment) return uncoded("No comment found", "COMMENT_ID");
    STOA_TRY(const bool allowed, may(call, *comment, operation));
    if (!allowed) return uncoded(refusal, "COMMENT_ID");
    return std::move(*comment);
}

Status update(Call& call, const KeepFile& keep) {
    STOA_TRY(const Record comment, comment_to(call, model::Operation::update, "No edit perms"));
    STOA_TRY(const std::string text, call.params.text_or("TEXT", ""));
    if (text.empty()) return uncoded("Blog comment hasn't been changed", "TEXT");
    model::Changes changes(comments(call));
    changes.set("POST_TEXT", text);
    STOA_CHECK(call.records.update(comment.id(), std::move(changes)));
    STOA_CHECK(save_files(call, keep, {kCommentFiles, comment.id(), kFileField}));
    call.out.boolean(true);
    return {};
}

Status remove(Call& call) {
    STOA_TRY(const Record comment, comment_to(call, model::Operation::remove, "No delete perms"));
    STOA_CHECK(call.records.remove(comments(call), comment.id()));
    call.out.boolean(true);
    return {};
}

/// FIRST_ID goes on to newer ones in their order, LAST_ID to older ones, neither begins with the newest.
Result<std::vector<Record>> read_page(Call& call, Condition which) {
    STOA_TRY(const RecordId first_id, call.params.integer_or("FIRST_ID", 0));
    STOA_TRY(const RecordId last_id, call.params.integer_or("LAST_ID", 0));
    STOA_TRY(const std::int64_t limit, call.params.integer_or("LIMIT", limits::stream_comments_page_max));
    if (limit < 1 || limit > limits::stream_comments_page_max) {
        return invalid("LIMIT must be 1 to " + std::to_string(limits::stream_comments_page_max) + ".", "LIMIT");
    }
    std::vector<Condition> where{std::move(which)};
    if (first_id > 0) where.push_back(Condition::compare("id", Condition::Op::gt, first_id));
    if (last_id > 0) where.push_back(Condition::compare("id", Condition::Op::lt, last_id));
    model::Query query;
    query.where = Condition::all(std::move(where));
    query.order = {{{"id", ""}, first_id <= 0}};
    query.limit = limit;
    return call.records.list(comments(call), query);
}

Result<FilesOf> load_files(Call& call, const std::vector<Record>& rows) {
    std::vector<RecordId> ids;
    for (const Record& row : rows)
        ids.push_back(row.id());
    FilesOf files;
    STOA_CHECK(files.load(call, kCommentFiles, ids));
    return files;
}

std::string date_of(const Call& call, const Record& comment) {
    std::string date;
    append_iso(date, comment.integer("DATE_CREATE"), call.zone());
    return date;
}

/// All that one person wrote, as far as the caller may see the posts.
Status get_of_user(Call& call) {
    const json::Value* given = call.params.find("USER_ID");
    const UserId named = given ? given->as_integer().value_or(0) : 0;
    const UserId user = named > 0 ? named : call.actor().user;
    STOA_TRY(const std::vector<Record> rows, read_page(call, Condition::equals("author_id", user)));
    STOA_TRY(FilesOf files, load_files(call, rows));
    call.out.begin_object().key("comments").begin_array();
    for (const Record& row : rows) {
        call.out.begin_object().field("id", row.id()).field("comment_id", row.id());
        call.out.field("log_id", row.integer("POST_ID")).field("date", date_of(call, row));
        call.out.field("text", row.text("POST_TEXT")).key("attach");
        files.write_objects(call.out, row.id());
        call.out.end_object();
    }
    call.out.end_array().key("files");
    STOA_CHECK(files.write_cards(call));
    call.out.end_object();
    return {};
}

Result<std::set<RecordId>> liked_by_caller(Call& call, RecordId post) {
    std::set<RecordId> out;
    db::Select select;
    select.table = call.registry().entity(kLike).table;
    select.columns = {{"comment_id", ""}};
    select.where =
        Condition::all({Condition::equals("post_id", post), Condition::equals("user_id", call.actor().user)});
    select.limit = limits::stream_comments_per_post_max;
    STOA_CHECK(call.tx().select(select, [&](const db::Row& row) {
        out.insert(row.integer(0));
        return true;
    }));
    return out;
}

Status get_of_post(Call& call) {
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return uncoded("No post found", "POST_ID");
    STOA_TRY(const std::vector<Record> rows, read_page(call, Condition::equals("post_id", post->id())));
    STOA_TRY(FilesOf files, load_files(call, rows));
    STOA_TRY(const std::set<RecordId> liked, liked_by_caller(call, post->id()));
    call.out.begin_object().key("comments").begin_array();
    for (const Record& row : rows) {
        call.out.begin_object().field("id", row.id()).field("postId", post->id());
        call.out.field("authorId", row.integer("AUTHOR_ID")).field("date", date_of(call, row));
        call.out.field("text", row.text("POST_TEXT")).field("likes", row.integer("NUM_LIKES"));
        call.out.field("liked", liked.contains(row.id())).key("attach");
        files.write_objects(call.out, row.id());
        call.out.end_object();
    }
    call.out.end_array().key("files");
    STOA_CHECK(files.write_cards(call));
    call.out.end_object();
    call.total = post->integer("NUM_COMMENTS");
    return {};
}

}  // namespace

std::vector<api::Method> comment_methods(const KeepFile& keep) {
    using api::Effect;
    return {
        {.name = "log.blogcomment.add",
         .scope = kScope,
         .effect = Effect::write,
         .handler = [keep](Call& call) { return add(call, keep); },
         .files = find_files},
        {.name = "log.blogcomment.update",
         .scope = kScope,
         .effect = Effect::write,
         .handler = [keep](Call& call) { return update(call, keep); },
         .files = find_files},
        {.name = "log.blogcomment.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "log.blogcomment.user.get", .scope = kScope, .handler = get_of_user},
        {.name = "log.blogcomment.list", .scope = kScope, .handler = get_of_post},
    };
}

}  // namespace stoa::stream
