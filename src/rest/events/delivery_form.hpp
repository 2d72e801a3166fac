#pragma once
// The body of an event call: a form with PHP brackets, and its signature. Pure functions, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/events/

#include <string>
#include <string_view>

#include "api/identity.hpp"
#include "json/value.hpp"
#include "model/metadata.hpp"

namespace stoa::rest {

struct EventCall {
    std::string event;  ///< upper case
    RecordId handler = 0;
    json::Value data;
    UnixSeconds at = 0;
    api::Authenticator::EventAuth auth;  ///< without access token when nobody caused the event
};

std::string delivery_form(const EventCall& call, const model::AccountInfo& account, UnixSeconds now);
/// "sha256=" and the HMAC of the body in hex; the key is the application token.
std::string delivery_signature(std::string_view body, std::string_view application_token);

/// a=1 nested as PHP's http_build_query does: a[b][0]=…; empty maps and nulls leave nothing.
void append_form(std::string& out, const std::string& encoded_key, const json::Value& value);

}  // namespace stoa::rest
