// log.like.*: likes of posts and comments. Stoa's own: the documentation has no methods for them.

#include "modules/stream/finding.hpp"
#include "modules/stream/limits.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using api::Call;
using db::Condition;
using model::Record;

namespace {

/// What is liked: a comment when COMMENT_ID is given, else a post. Errors: none that the caller may see.
struct Target {
    RecordId post = 0;
    RecordId comment = 0;  ///< 0: the post itself

    Condition likes() const {
        return Condition::all({Condition::equals("post_id", post), Condition::equals("comment_id", comment)});
    }
};

Result<Target> read_target(Call& call) {
    const bool of_comment = call.params.find("COMMENT_ID") != nullptr;
    const char* parameter = of_comment ? "COMMENT_ID" : "POST_ID";
    STOA_TRY(const std::optional<Record> record, find_named(call, of_comment ? kComment : kPost, parameter));
    if (!record) return uncoded(of_comment ? "No comment found" : "No post found", parameter);
    if (of_comment) return Target{record->integer("POST_ID"), record->id()};
    return Target{record->id(), 0};
}

Result<std::vector<Record>> likes_of(Call& call, Condition where, std::int64_t limit) {
    model::Query query;
    query.where = std::move(where);
    query.limit = limit;
    return call.records.list(call.registry().entity(kLike), query);
}

Result<std::vector<Record>> own_like(Call& call, const Target& target) {
    return likes_of(call, Condition::all({target.likes(), Condition::equals("user_id", call.actor().user)}), 1);
}

Status add(Call& call) {
    STOA_TRY(const Target target, read_target(call));
    STOA_TRY(const std::vector<Record> known, own_like(call, target));
    if (known.empty()) {
        model::Changes changes(call.registry().entity(kLike));
        changes.set("POST_ID", target.post);
        changes.set("COMMENT_ID", target.comment);
        STOA_TRY([[maybe_unused]] const RecordId id, call.records.add(std::move(changes)));
    }
    call.out.boolean(true);
    return {};
}

Status remove(Call& call) {
    STOA_TRY(const Target target, read_target(call));
    STOA_TRY(const std::vector<Record> known, own_like(call, target));
    if (!known.empty()) STOA_CHECK(call.records.remove(known.front().entity(), known.front().id()));
    call.out.boolean(true);
    return {};
}

/// Who, first come first.
Status list(Call& call) {
    STOA_TRY(const Target target, read_target(call));
    STOA_TRY(const std::vector<Record> rows, likes_of(call, target.likes(), limits::stream_likes_shown_max));
    call.out.begin_array();
    for (const Record& row : rows)
        call.out.integer(row.integer("USER_ID"));
    call.out.end_array();
    STOA_TRY(call.total, call.records.count(call.registry().entity(kLike), target.likes()));
    return {};
}

}  // namespace

std::vector<api::Method> like_methods() {
    using api::Effect;
    return {
        {.name = "log.like.add", .scope = kScope, .effect = Effect::write, .handler = add},
        {.name = "log.like.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "log.like.list", .scope = kScope, .handler = list},
    };
}

}  // namespace stoa::stream
