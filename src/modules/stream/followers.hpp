#pragma once
// Who wants to hear of what happens to a post: its author, whoever commented on it, and whoever asked to; without those
// who asked not to. On the transaction's thread.

#include <vector>

#include "model/records.hpp"

namespace stoa::stream {

/// Sorted, each once; at most limits::stream_followers_max.
Result<std::vector<UserId>> followers_of(model::Records& records, const model::Record& post);
/// The user's own wish.
Status set_following(model::Records& records, RecordId post, bool follows);
/// Whether the caller is among them.
Result<bool> is_following(model::Records& records, const model::Record& post);

}  // namespace stoa::stream
