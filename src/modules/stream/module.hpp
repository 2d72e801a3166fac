#pragma once
// The activity stream: posts, comments, likes. Called once at start.

#include "api/method.hpp"
#include "model/registry.hpp"
#include "modules/stream/listener.hpp"
#include "modules/stream/post_files.hpp"

namespace stoa::stream {

/// The listener, if any, lives as long as the program.
Status register_entities(model::Registry& registry, StreamListener* listener = nullptr);
/// Without `keep` no files can be uploaded with posts and comments; those of the drive can be named all the same.
void add_methods(api::MethodTable& table, const KeepFile& keep = {});

}  // namespace stoa::stream
