#pragma once
// What is special about writing posts and the rows that belong to them. Used inside write transactions.

#include <memory>

#include "model/hooks.hpp"
#include "modules/stream/listener.hpp"

namespace stoa::stream {

/// Recipients that exist, rows for access, a title in any case, events, messages to clients; removal takes everything
/// of the post with it. The listener may be null.
std::unique_ptr<model::EntityHooks> make_post_hooks(StreamListener* listener);
/// The post's counter, followers, messages to clients.
std::unique_ptr<model::EntityHooks> make_comment_hooks(StreamListener* listener);
/// The counter of what is liked, messages to clients.
std::unique_ptr<model::EntityHooks> make_like_hooks(StreamListener* listener);

}  // namespace stoa::stream
