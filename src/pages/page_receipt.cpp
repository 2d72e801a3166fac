#include "pages/page_receipt.hpp"

#include "json/writer.hpp"
#include "pages/api_call.hpp"

namespace stoa::pages {

rest::RequestId request_id_of(const Services& services, const net::Request& request) {
    return rest::choose_request_id(services.proxies, request.remote_address, request.header("X-Request-Id"));
}

accounts::Receipt page_receipt(const rest::RequestId& id, const net::Request& request, const json::Value& content) {
    accounts::Receipt receipt;
    receipt.key = rest::receipt_key(id.text);
    receipt.repeatable = id.taken_over;
    if (!receipt.repeatable) return receipt;  // nobody else can have used a key of our own
    json::Value told = content;
    if (told.is_object()) told.object().erase("password");
    std::string text = request.method;
    text.append("\n").append(request.path()).append("\n");
    text.append(accounts::secret_hash(session_cookie_of(request))).append("\n");
    json::Writer(text).value(told);
    receipt.digest = sha256_hex(text);
    return receipt;
}

}  // namespace stoa::pages
