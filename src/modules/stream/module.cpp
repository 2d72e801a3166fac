#include "modules/stream/module.hpp"

#include "modules/stream/hooks.hpp"
#include "modules/stream/methods.hpp"
#include "modules/stream/names.hpp"
#include "stream_data.hpp"

namespace stoa::stream {

Status register_entities(model::Registry& registry, StreamListener* listener) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kPost, make_post_hooks(listener));
    registry.set_hooks(kComment, make_comment_hooks(listener));
    registry.set_hooks(kLike, make_like_hooks(listener));
    return {};
}

void add_methods(api::MethodTable& table, const KeepFile& keep) {
    table.add(post_methods(keep));
    table.add(post_list_methods());
    table.add(comment_methods(keep));
    table.add(like_methods());
    table.add(follow_methods());
    table.add(counter_methods());
}

}  // namespace stoa::stream
