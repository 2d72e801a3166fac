// The method table of links between clients and what they take part in; the steps are in client_links.cpp.

#include "modules/crm/client_links.hpp"
#include "modules/crm/methods.hpp"

namespace stoa::crm {

using api::Call;
using api::Effect;

namespace {

constexpr LinkFamily kFamilies[] = {
    {"crm.deal.contact", "crm.deal", "crm.contact", "CONTACT_ID", "CONTACT_IDS"},
    {"crm.lead.contact", "crm.lead", "crm.contact", "CONTACT_ID", "CONTACT_IDS"},
    {"crm.contact.company", "crm.contact", "crm.company", "COMPANY_ID", "COMPANY_IDS"},
    {"crm.company.contact", "crm.company", "crm.contact", "CONTACT_ID", "COMPANY_IDS", true},
};

struct Step {
    std::string_view suffix;
    Effect effect;
    Status (*step)(Call&, const LinkFamily&);
};

constexpr Step kSteps[] = {
    {"add", Effect::write, add_link},
    {"delete", Effect::write, delete_link},
    {"items.get", Effect::read, get_links},
    {"items.set", Effect::write, set_links},
    {"items.delete", Effect::write, clear_links},
    {"fields", Effect::read, describe_link},
};

}  // namespace

void add_link_methods(api::MethodTable& table) {
    for (const LinkFamily& family : kFamilies) {
        for (const Step& step : kSteps) {
            table.add({.name = std::string(family.prefix) + "." + std::string(step.suffix),
                       .scope = "crm",
                       .effect = step.effect,
                       .handler = [&family, run = step.step](Call& call) { return run(call, family); }});
        }
    }
}

}  // namespace stoa::crm
