#include "modules/notify/module.hpp"

#include "modules/notify/methods.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/settings.hpp"
#include "notify_data.hpp"

namespace stoa::notify {

Status register_entities(model::Registry& registry) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kSettings, make_settings_hooks());
    return {};
}

void add_methods(api::MethodTable& table, ReplyListener* listener) {
    table.add(send_methods());
    table.add(list_methods());
    table.add(read_methods());
    table.add(reply_methods(listener));
}

}  // namespace stoa::notify
