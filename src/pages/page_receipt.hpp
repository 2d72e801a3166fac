#pragma once
// The receipt of what a page of the portal is asked for. Pure functions, any thread.
//
// The id is the balancer's X-Request-Id, or one of our own making; see rest/request_key.hpp.

#include "json/value.hpp"
#include "modules/accounts/receipt.hpp"
#include "net/server.hpp"
#include "pages/services.hpp"
#include "rest/request_key.hpp"

namespace stoa::pages {

rest::RequestId request_id_of(const Services& services, const net::Request& request);

/// `content`: body and query as they were read. The digest covers method, path, session and content, but no password:
/// whoever steals the store must not be able to try passwords on it.
accounts::Receipt page_receipt(const rest::RequestId& id, const net::Request& request, const json::Value& content);

}  // namespace stoa::pages
