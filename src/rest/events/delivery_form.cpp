#include "rest/events/delivery_form.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/utf8.hpp"
#include "json/url.hpp"

namespace stoa::rest {
namespace {

std::string domain_of(std::string_view url) {
    const auto mark = url.find("://");
    if (mark != url.npos) url.remove_prefix(mark + 3);
    return std::string(url.substr(0, url.find('/')));
}

std::string member(const std::string& key, std::string_view name) {
    return key + "%5B" + json::url_encode(name) + "%5D";
}

void append_text(std::string& out, const std::string& key, std::string_view value) {
    if (!out.empty()) out.push_back('&');
    out.append(key).push_back('=');
    out.append(json::url_encode(value));
}

void append_auth(std::string& out, const EventCall& call, const model::AccountInfo& account, UnixSeconds now) {
    const auto add = [&](std::string_view name, std::string_view value) {
        append_text(out, member("auth", name), value);
    };
    const auto& auth = call.auth;
    if (!auth.access_token.empty()) {
        add("access_token", auth.access_token);
        add("expires", std::to_string(auth.expires_at));
        add("expires_in", std::to_string(std::max<std::int64_t>(0, auth.expires_at - now)));
    }
    add("scope", auth.scope);
    add("domain", domain_of(account.url));
    add("server_endpoint", account.url + "/rest/");
    add("status", "L");
    add("client_endpoint", account.url + "/rest/");
    add("member_id", account.member_id);
    add("application_token", auth.application_token);
}

}  // namespace

void append_form(std::string& out, const std::string& key, const json::Value& value) {
    if (value.is_array()) {
        std::size_t position = 0;
        for (const json::Value& element : value.array()) {
            append_form(out, member(key, std::to_string(position++)), element);
        }
    } else if (value.is_object()) {
        for (const auto& [name, inner] : value.object())
            append_form(out, member(key, name), inner);
    } else if (value.is_bool()) {
        append_text(out, key, value.boolean() ? "1" : "0");
    } else if (!value.is_null()) {
        append_text(out, key, value.as_text().value_or(""));
    }
}

std::string delivery_form(const EventCall& call, const model::AccountInfo& account, UnixSeconds now) {
    std::string out;
    append_text(out, "event", to_upper_ascii(call.event));
    append_text(out, "event_handler_id", std::to_string(call.handler));
    append_form(out, "data", call.data);
    append_text(out, "ts", std::to_string(call.at));
    append_auth(out, call, account, now);
    return out;
}

std::string delivery_signature(std::string_view body, std::string_view application_token) {
    return "sha256=" + to_hex(hmac_sha256(application_token, body));
}

}  // namespace stoa::rest
