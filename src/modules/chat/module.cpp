#include "modules/chat/module.hpp"

#include "chat_data.hpp"
#include "modules/chat/messages.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

Status register_entities(model::Registry& registry) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kMessage, make_message_hooks());
    return {};
}

void add_methods(api::MethodTable& table) {
    table.add(chat_methods());
    table.add(member_methods());
    table.add(dialog_methods());
    table.add(message_methods());
    table.add(history_methods());
    table.add(recent_methods());
    table.add(counter_methods());
    table.add(search_methods());
    table.add(user_methods());
}

}  // namespace stoa::chat
