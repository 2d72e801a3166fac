#include "api/file_links.hpp"

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "model/stored_files.hpp"

namespace stoa::api {

namespace {

constexpr std::size_t kTokenBytesMax = 8 * 1024;
constexpr std::size_t kSignatureBytes = 16;

Error bad_link() {
    return forbidden("The link is not valid. Ask for a new one.", "INVALID_TOKEN");
}

std::string signature(std::string_view key, std::string_view payload) {
    return base64url_encode(hmac_sha256(key, payload).substr(0, kSignatureBytes));
}

Result<json::Value> payload_of(std::string_view token) {
    if (token.size() > kTokenBytesMax) return bad_link();
    STOA_TRY(const std::string text, base64url_decode(token.substr(0, token.find('.'))));
    STOA_TRY(json::Value value, json::parse(text));
    if (!value.is_array() || value.array().size() < 4) return bad_link();
    for (std::size_t i = 1; i < 4; ++i) {
        if (!value.array()[i].is_integer()) return bad_link();
    }
    if (!value.array()[0].is_string()) return bad_link();
    return value;
}

}  // namespace

FileLinks::FileLinks(const model::AccountInfo& account, UnixSeconds now)
    : url_(account.url), key_(account.file_key), account_(account.id), now_(now) {}

Result<FileLinks> FileLinks::of(model::Records& records) {
    FileLinks links(records.metadata().account, records.services().clock.now());
    if (links.key_.empty()) {
        STOA_TRY(links.key_, model::find_file_key(records.tx()));
    }
    return links;
}

std::string FileLinks::address(std::string_view page, const json::Value& ticket) const {
    const std::string payload = json::to_json(ticket);
    return url_ + "/rest/" + std::string(page) + ".json?token=" + base64url_encode(payload) + "." +
           signature(key_, payload);
}

std::string FileLinks::download(RecordId file) const {
    const std::int64_t hours = now_ / limits::download_link_lifetime_s + 2;
    return address("download", json::Array{"d", account_, hours * limits::download_link_lifetime_s, file});
}

std::string FileLinks::show(RecordId file) const {
    const std::int64_t hours = now_ / limits::download_link_lifetime_s + 2;
    return address("download", json::Array{"s", account_, hours * limits::download_link_lifetime_s, file});
}

std::string FileLinks::upload(UserId user, std::string_view method, json::Value parameters) const {
    return address("upload", json::Array{"u", account_, now_ + limits::upload_link_lifetime_s, user, method,
                                         std::move(parameters), random_alnum(8)});
}

AccountId ticket_account(std::string_view token) {
    const auto payload = payload_of(token);
    return payload ? payload->array()[1].integer() : 0;
}

Result<FileTicket> open_ticket(std::string_view token, std::string_view key, UnixSeconds now) {
    const std::size_t dot = token.find('.');
    if (key.empty() || dot == std::string_view::npos || token.size() > kTokenBytesMax) return bad_link();
    const auto text = base64url_decode(token.substr(0, dot));
    if (!text || !equal_constant_time(signature(key, *text), token.substr(dot + 1))) return bad_link();
    auto payload = payload_of(token);
    if (!payload) return bad_link();
    json::Array& parts = payload->array();
    FileTicket ticket;
    const std::string& kind = parts[0].string();
    ticket.account = parts[1].integer();
    ticket.expires_at = parts[2].integer();
    if (ticket.expires_at <= now) return forbidden("The link has expired. Ask for a new one.", "EXPIRED_TOKEN");
    if (kind == "d" || kind == "s") {
        ticket.kind = kind == "d" ? FileTicket::Kind::download : FileTicket::Kind::show;
        ticket.file = parts[3].integer();
        return ticket;
    }
    if (kind != "u" || parts.size() != 7 || !parts[4].is_string()) return bad_link();
    ticket.kind = FileTicket::Kind::upload;
    ticket.user = parts[3].integer();
    ticket.method = parts[4].string();
    ticket.parameters = std::move(parts[5]);
    return ticket;
}

}  // namespace stoa::api
