// log.counter.*: how many posts are new to the caller. Stoa's own. One number per user is kept, the last post that was
// there when he looked, so that a post costs nothing per reader.

#include "modules/stream/limits.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"
#include "modules/stream/pushes.hpp"

namespace stoa::stream {

using api::Call;
using db::Condition;
using model::Record;

namespace {

Result<std::optional<Record>> last_look(Call& call) {
    model::Query query;
    query.where = Condition::equals("user_id", call.actor().user);
    query.limit = 1;
    STOA_TRY(std::vector<Record> rows, call.records.list(call.registry().entity(kLook), query));
    if (rows.empty()) return std::optional<Record>();
    return std::optional<Record>(std::move(rows.front()));
}

/// Newer than that, by others, and for him to see.
Result<std::int64_t> count_newer(Call& call, RecordId post) {
    const model::Entity& posts = call.registry().entity(kPost);
    const Condition visible = call.services.model.access.rows(call.actor(), posts, model::Operation::read);
    const Condition newer = Condition::compare("id", Condition::Op::gt, post);
    const Condition own = Condition::equals("author_id", call.actor().user);
    return call.tx().count(posts.table, Condition::all({newer, Condition::negate(own), visible}),
                           limits::stream_unread_counted_max);
}

Status get(Call& call) {
    STOA_TRY(const std::optional<Record> look, last_look(call));
    STOA_TRY(const std::int64_t unread, count_newer(call, look ? look->integer("LAST_POST_ID") : 0));
    call.out.begin_object().field("counter", unread).end_object();
    return {};
}

Result<RecordId> newest_post(Call& call) {
    model::Query query;
    query.order = {{{"id", ""}, true}};
    query.limit = 1;
    STOA_TRY(const std::vector<Record> rows, call.records.list(call.registry().entity(kPost), query));
    return rows.empty() ? RecordId{0} : rows.front().id();
}

/// He has looked: nothing is new.
Status clear(Call& call) {
    STOA_TRY(const std::optional<Record> look, last_look(call));
    STOA_TRY(const RecordId newest, newest_post(call));
    if (!look || look->integer("LAST_POST_ID") < newest) {
        model::Changes changes(call.registry().entity(kLook));
        changes.set("LAST_POST_ID", newest);
        if (look) {
            STOA_CHECK(call.records.update(look->id(), std::move(changes)));
        } else {
            STOA_TRY([[maybe_unused]] const RecordId id, call.records.add(std::move(changes)));
        }
        STOA_CHECK(push_counter(call.records, call.actor().user, 0));
    }
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> counter_methods() {
    return {
        {.name = "log.counter.get", .scope = kScope, .handler = get},
        {.name = "log.counter.clear", .scope = kScope, .effect = api::Effect::write, .handler = clear},
    };
}

}  // namespace stoa::stream
