#pragma once
// What clients are told of the stream, in the transaction that changes it: numbers only, so that a message for
// everybody gives nothing away. Modules and commands as the official clients know them where those are known. On the
// transaction's thread.

#include "json/writer.hpp"
#include "model/records.hpp"
#include "modules/stream/destinations.hpp"

namespace stoa::stream {

/// "post_add", "post_update", "post_delete"; to whoever the post is addressed to, and its author.
Status push_post(model::Records& records, const model::Record& post, const char* command);
/// "comment_add", "comment_update", "comment_delete"
Status push_comment(model::Records& records, const model::Record& post, const model::Record& comment,
                    const char* command);

struct Vote {
    const char* entity_type = "";  ///< "BLOG_POST", "BLOG_COMMENT"
    RecordId entity_id = 0;
    UserId user = 0;
    std::int64_t total = 0;  ///< likes now
    bool added = true;
};
Status push_vote(model::Records& records, const model::Record& post, const Vote& vote);
/// The user's own clients: how many posts he has not seen.
Status push_counter(model::Records& records, UserId user, std::int64_t unread);

}  // namespace stoa::stream
