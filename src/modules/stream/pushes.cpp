#include "modules/stream/pushes.hpp"

#include <algorithm>

#include "model/limits.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

namespace {

constexpr const char* kStreamModule = "socialnetwork";
constexpr const char* kMainModule = "main";

/// One message for everybody, else one per limits::push_users_max people.
Status send(model::Records& records, const model::Record& post, const char* module, const char* command,
            const std::string& params) {
    STOA_TRY(Audience audience, audience_of(records, destinations_of(post)));
    model::PushOutbox& outbox = records.services().pushes;
    db::WriteTx& tx = records.write_tx();
    if (audience.everybody) return outbox.append(tx, {{}, module, command, params});
    const UserId author = post.integer("AUTHOR_ID");
    const auto place = std::lower_bound(audience.users.begin(), audience.users.end(), author);
    if (place == audience.users.end() || *place != author) audience.users.insert(place, author);
    for (std::size_t from = 0; from < audience.users.size(); from += limits::push_users_max) {
        const std::size_t to = std::min(audience.users.size(), from + limits::push_users_max);
        const auto begin = audience.users.begin();
        const std::vector<UserId> some(begin + static_cast<std::ptrdiff_t>(from),
                                       begin + static_cast<std::ptrdiff_t>(to));
        STOA_CHECK(outbox.append(tx, {some, module, command, params}));
    }
    return {};
}

}  // namespace

Status push_post(model::Records& records, const model::Record& post, const char* command) {
    std::string params;
    json::Writer out(params);
    out.begin_object().field("POST_ID", post.id()).field("AUTHOR_ID", post.integer("AUTHOR_ID"));
    out.field("IMPORTANT", post.integer("IMPORTANT") != 0 ? "Y" : "N").end_object();
    return send(records, post, kStreamModule, command, params);
}

Status push_comment(model::Records& records, const model::Record& post, const model::Record& comment,
                    const char* command) {
    std::string params;
    json::Writer out(params);
    out.begin_object().field("POST_ID", post.id()).field("COMMENT_ID", comment.id());
    out.field("AUTHOR_ID", comment.integer("AUTHOR_ID")).field("NUM_COMMENTS", post.integer("NUM_COMMENTS"));
    out.end_object();
    return send(records, post, kStreamModule, command, params);
}

Status push_vote(model::Records& records, const model::Record& post, const Vote& vote) {
    std::string params;
    json::Writer out(params);
    out.begin_object().field("TYPE", vote.added ? "ADD" : "CANCEL").field("ENTITY_TYPE_ID", vote.entity_type);
    out.field("ENTITY_ID", vote.entity_id).field("USER_ID", vote.user);
    out.field("TOTAL_POSITIVE_VOTES", vote.total).end_object();
    return send(records, post, kMainModule, "rating_vote", params);
}

Status push_counter(model::Records& records, UserId user, std::int64_t unread) {
    std::string params;
    json::Writer out(params);
    // "**" is the stream among the counters of the main site
    out.begin_object().key("s1").begin_object().field("**", unread).end_object().end_object();
    return records.services().pushes.append(records.write_tx(), {{user}, kMainModule, "user_counter", params});
}

}  // namespace stoa::stream
