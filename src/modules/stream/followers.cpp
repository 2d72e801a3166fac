#include "modules/stream/followers.hpp"

#include <set>

#include "modules/stream/limits.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using db::Condition;
using model::Record;

namespace {

const model::Entity& follows(model::Records& records) {
    return records.services().registry.entity(kFollow);
}

Result<std::vector<Record>> wishes(model::Records& records, Condition where, std::int64_t limit) {
    model::Query query;
    query.where = std::move(where);
    query.limit = limit;
    return records.as_system().list(follows(records), query);
}

Condition wish_of(RecordId post, UserId user) {
    return Condition::all({Condition::equals("post_id", post), Condition::equals("user_id", user)});
}

}  // namespace

Result<std::vector<UserId>> followers_of(model::Records& records, const Record& post) {
    std::set<UserId> users{post.integer("AUTHOR_ID")};
    db::Aggregate commenters;
    commenters.table = records.services().registry.entity(kComment).table;
    commenters.group_by = {{"author_id", ""}};
    commenters.terms = {{db::Aggregate::Fn::count, {}}};
    commenters.where = Condition::equals("post_id", post.id());
    commenters.limit = limits::stream_followers_max;
    STOA_CHECK(records.tx().aggregate(commenters, [&](const db::Row& row) {
        users.insert(row.integer(0));
        return true;
    }));
    STOA_TRY(const std::vector<Record> rows,
             wishes(records, Condition::equals("post_id", post.id()), 2 * limits::stream_followers_max));
    for (const Record& row : rows) {
        if (row.integer("FOLLOWS") != 0) {
            users.insert(row.integer("USER_ID"));
        } else {
            users.erase(row.integer("USER_ID"));
        }
    }
    std::vector<UserId> out(users.begin(), users.end());
    if (out.size() > static_cast<std::size_t>(limits::stream_followers_max)) out.resize(limits::stream_followers_max);
    return out;
}

Status set_following(model::Records& records, RecordId post, bool follows_it) {
    STOA_TRY(const std::vector<Record> known, wishes(records, wish_of(post, records.actor().user), 1));
    model::Changes changes(follows(records));
    changes.set("FOLLOWS", std::int64_t{follows_it});
    if (!known.empty()) return records.update(known.front().id(), std::move(changes));
    changes.set("POST_ID", post);
    auto added = records.add(std::move(changes));
    return added ? Status() : Status(added.error());
}

Result<bool> is_following(model::Records& records, const Record& post) {
    const UserId user = records.actor().user;
    STOA_TRY(const std::vector<Record> known, wishes(records, wish_of(post.id(), user), 1));
    if (!known.empty()) return known.front().integer("FOLLOWS") != 0;
    if (post.integer("AUTHOR_ID") == user) return true;
    const Condition own =
        Condition::all({Condition::equals("post_id", post.id()), Condition::equals("author_id", user)});
    STOA_TRY(const std::int64_t comments,
             records.tx().count(records.services().registry.entity(kComment).table, own, 1));
    return comments > 0;
}

}  // namespace stoa::stream
