#include "modules/mail/module.hpp"

#include "mail_data.hpp"
#include "modules/mail/mailbox_hooks.hpp"
#include "modules/mail/methods.hpp"
#include "modules/mail/names.hpp"

namespace stoa::mail {

Status register_entities(model::Registry& registry) {
    STOA_CHECK(registry.add_all(data::embedded_files()));
    registry.set_hooks(kMailbox, make_mailbox_hooks());
    return {};
}

void add_methods(api::MethodTable& table) {
    table.add(mailbox_methods());
}

}  // namespace stoa::mail
