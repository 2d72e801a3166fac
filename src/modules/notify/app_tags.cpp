#include "modules/notify/app_tags.hpp"

#include "base/utf8.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"

namespace stoa::notify {

namespace {

/// Apart from each other: numbers of applications, and names that webhooks chose.
Result<std::string> app_of(const api::Call& call) {
    if (call.identity.through == api::Through::application) return std::to_string(call.identity.credential_id);
    STOA_TRY(const std::string client, call.params.text_or("CLIENT_ID", ""));
    if (client.empty())
        return Error{Errc::forbidden, "Access denied! Client ID not specified", "CLIENT_ID", "ACCESS_DENIED"};
    if (client.size() > limits::notify_client_id_bytes_max) {
        return Error{Errc::too_large, "CLIENT_ID is too long.", "CLIENT_ID"};
    }
    return "custom-" + client;
}

}  // namespace

Result<std::string> app_tag(const api::Call& call, const char* parameter) {
    STOA_TRY(const std::string given, call.params.text_or(parameter, ""));
    if (given.empty()) return std::string();
    STOA_TRY(const std::string app, app_of(call));
    std::string tag = "MP|" + app + "|" + given;
    const model::Field& field = call.registry().entity(kNotification).field(parameter);
    if (utf8_length(tag) > static_cast<std::size_t>(field.length)) {
        return Error{Errc::too_large, std::string(parameter) + " is too long.", parameter};
    }
    return tag;
}

}  // namespace stoa::notify
