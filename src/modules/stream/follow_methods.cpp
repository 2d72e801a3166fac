// log.follow.*: whether the caller wants to hear of a post. Stoa's own.

#include "modules/stream/finding.hpp"
#include "modules/stream/followers.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"

namespace stoa::stream {

using api::Call;
using model::Record;

namespace {

Status get(Call& call) {
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return uncoded("No post found", "POST_ID");
    STOA_TRY(const bool follows, is_following(call.records, *post));
    call.out.boolean(follows);
    return {};
}

Status set(Call& call) {
    STOA_TRY(const std::optional<Record> post, find_named(call, kPost, "POST_ID"));
    if (!post) return uncoded("No post found", "POST_ID");
    STOA_TRY(const bool follows, call.params.boolean_or("FOLLOW", true));
    STOA_CHECK(set_following(call.records, post->id(), follows));
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> follow_methods() {
    return {
        {.name = "log.follow.get", .scope = kScope, .handler = get},
        {.name = "log.follow.set", .scope = kScope, .effect = api::Effect::write, .handler = set},
    };
}

}  // namespace stoa::stream
