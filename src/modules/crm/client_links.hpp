#pragma once
// Which contacts belong to a deal, a lead or a company and the reverse, as the *.contact.* and *.company.* methods see
// it: lists of {CONTACT_ID, SORT, ROLE_ID, IS_PRIMARY}. Links are kept in order; the primary one is the first.
// https://github.com/bitrix24/b24restdocs api-reference/crm/deals/contacts/

#include <string_view>
#include <vector>

#include "api/call.hpp"

namespace stoa::crm {

struct LinkFamily {
    std::string_view prefix;  ///< "crm.deal.contact"
    std::string_view entity;  ///< whose links: "crm.deal"
    std::string_view target;  ///< "crm.contact"
    std::string_view key;     ///< "CONTACT_ID"
    std::string_view field;   ///< the links field: "CONTACT_IDS"
    bool reversed = false;    ///< the links are the target's: a company's contacts are the contacts that name it
};

Status add_link(api::Call& call, const LinkFamily& family);
Status delete_link(api::Call& call, const LinkFamily& family);
Status get_links(api::Call& call, const LinkFamily& family);
Status set_links(api::Call& call, const LinkFamily& family);
Status clear_links(api::Call& call, const LinkFamily& family);
Status describe_link(api::Call& call, const LinkFamily& family);

}  // namespace stoa::crm
