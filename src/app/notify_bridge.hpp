#pragma once
// How the bridges of modules tell people of things: in the account's language, and never the author of a change. On the
// transaction's thread.

#include <string>

#include "modules/notify/notify.hpp"

namespace stoa::app {

struct Phrase {
    const char *en, *de, *ru;
};
std::string in_language(const model::Records& records, const Phrase& phrase);

/// A link to a page of the portal, for texts. With the account's address: clients follow no others.
std::string link_text(const model::Records& records, const std::string& path, const std::string& title);

/// The receiver is not told when he is the author, or is no more.
Status tell(model::Records& records, notify::Notification out, UserId receiver);
/// Takes back all that carries the second tag, from all receivers.
Status take_back(model::Records& records, const std::string& sub_tag);

}  // namespace stoa::app
