#include "cluster/etcd/gateway.hpp"

#include <charconv>

#include "base/crypto.hpp"
#include "json/parse_limits.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster::etcd::gateway {
namespace {

constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;
constexpr json::ParseLimits kParseLimits{.depth_max = 16, .values_max = 1'000'000};

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
enum GrpcCode : std::int64_t {
    kInvalidArgument = 3,
    kNotFound = 5,
    kResourceExhausted = 8,
    kFailedPrecondition = 9,
    kOutOfRange = 11,
    kUnauthenticated = 16,
};

std::string text(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    return found && found->is_string() ? found->string() : "";
}

std::string bytes(const json::Value& object, std::string_view name) {
    return base64_decode(text(object, name)).value_or("");
}

}  // namespace

Result<json::Value> parse(std::string_view text) {
    return json::parse_within(text, kParseLimits);
}

Error error_of(const json::Value& body) {
    // Calls answer {"error": "text", "code": 5}, streams {"error": {"message": "text", "grpc_code": 5}}.
    const json::Value* inner = body.find("error");
    const bool nested = inner && inner->is_object();
    const std::string message = "etcd says: " + (nested ? text(*inner, "message") : text(body, "error"));
    switch (nested ? number(*inner, "grpc_code") : number(body, "code")) {
        case kInvalidArgument:
            if (message.find("too large") != message.npos) return {Errc::too_large, message};
            return invalid(message);
        case kNotFound:
            return not_found(message);
        case kResourceExhausted:
            return {Errc::busy, message};
        case kFailedPrecondition:
        case kOutOfRange:
            return {Errc::conflict, message};
        case kUnauthenticated:
            return {Errc::unauthorized, message};
        default:
            return {Errc::unavailable, message};
    }
}

Result<json::Value> post(const std::string& server, std::string_view path, const std::string& body, int timeout_ms) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = server + "/v3/" + std::string(path);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    request.timeout_ms = timeout_ms;
    request.connect_timeout_ms = timeout_ms;
    request.answer_bytes_max = kAnswerBytesMax;
    request.allow_private_targets = true;
    auto answer = net::fetch(request);
    if (!answer) {
        Error error = std::move(answer).error();
        error.message = server + ": " + error.message;
        return error;
    }
    auto parsed = parse(answer->body);
    if (!parsed || !parsed->is_object()) {
        return Error{Errc::unavailable, server + " answers " + std::to_string(answer->status) + " but is no etcd."};
    }
    if (answer->status != 200) return error_of(*parsed);
    return std::move(*parsed);
}

std::int64_t number(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    return found ? found->as_integer().value_or(0) : 0;
}

std::uint64_t id(const json::Value& object, std::string_view name) {
    const std::string digits = text(object, name);
    std::uint64_t out = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return out;
}

std::int64_t revision(const json::Value& body) {
    const json::Value* header = body.find("header");
    return header ? number(*header, "revision") : 0;
}

KeyValue key_value(const json::Value& object) {
    return {bytes(object, "key"), bytes(object, "value"), number(object, "create_revision"),
            number(object, "mod_revision"), number(object, "lease")};
}

std::string range_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff')
        end.pop_back();
    if (end.empty()) return std::string(1, '\0');  // everything
    end.back() = static_cast<char>(end.back() + 1);
    return end;
}

}  // namespace stoa::cluster::etcd::gateway
