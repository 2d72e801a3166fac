#include "rest/errors.hpp"

#include "json/writer.hpp"

namespace stoa::rest {
namespace {

struct ByKind {
    Errc kind;
    int v2_status;
    std::string_view v2_code;
    int v3_status;
    std::string_view v3_code;  ///< without the prefix when it ends in EXCEPTION
    std::string_view message;  ///< when the error brings none
};

constexpr ByKind kByKind[] = {
    {Errc::invalid_argument, 400, "ERROR_ARGUMENT", 400, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "Invalid argument."},
    {Errc::unauthorized, 401, "NO_AUTH_FOUND", 401, "NO_AUTH_FOUND", "Wrong authorization data"},
    {Errc::forbidden, 403, "ACCESS_DENIED", 403, "ACCESSDENIEDEXCEPTION", "Access denied!"},
    {Errc::not_found, 400, "", 400, "ENTITYNOTFOUNDEXCEPTION", "Not found"},
    {Errc::already_exists, 400, "ERROR_CORE", 400, "VALIDATION_DTOVALIDATIONEXCEPTION", "It exists already."},
    {Errc::conflict, 400, "ERROR_CORE", 400, "VALIDATION_DTOVALIDATIONEXCEPTION", "Somebody else changed it."},
    {Errc::too_large, 400, "ERROR_ARGUMENT", 400, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "Too large."},
    {Errc::busy, 503, "QUERY_LIMIT_EXCEEDED", 503, "QUERY_LIMIT_EXCEEDED", "Too many requests"},
    {Errc::timeout, 503, "QUERY_LIMIT_EXCEEDED", 503, "QUERY_LIMIT_EXCEEDED", "The server is busy. Try again."},
    {Errc::unavailable, 503, "OVERLOAD_LIMIT", 503, "OVERLOAD_LIMIT", "The server is busy. Try again."},
    {Errc::unsupported, 400, "ERROR_ARGUMENT", 400, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "Not supported."},
    {Errc::internal, 500, "INTERNAL_SERVER_ERROR", 500, "INTERNAL_SERVER_ERROR", "Internal server error"},
};

/// Codes whose documented status is not that of their kind.
struct ByCode {
    std::string_view code;
    int status;
};

constexpr ByCode kByCode[] = {
    {"ERROR_METHOD_NOT_FOUND", 404},
    {"METHODNOTFOUNDEXCEPTION", 404},
    {"ERROR_METHOD_NOT_ALLOWED", 405},
    {"ERROR_BATCH_METHOD_NOT_ALLOWED", 405},
    {"PORTAL_DELETED", 410},
    {"IDEMPOTENCYKEYREUSED", 422},
    {"IDEMPOTENCYKEYREUSEDEXCEPTION", 422},
    {"OPERATION_TIME_LIMIT", 429},
    // Clients look at the error key of these, not at the status: api-reference/widgets/placement-bind.md
    {"ERROR_PLACEMENT_MAX_COUNT", 200},
    {"ERROR_PLACEMENT_USER_MODE", 200},
    {"EMPTY_ERROR_HANDLER_URL", 200},
};

const ByKind& row_of(Errc kind) {
    for (const ByKind& row : kByKind) {
        if (row.kind == kind) return row;
    }
    return kByKind[std::size(kByKind) - 1];
}

/// The two codes of Idempotency-Key are short in v2 and long in v3.
std::string_view v3_spelling(std::string_view code) {
    if (code == "IDEMPOTENCYKEYREUSED") return "IDEMPOTENCYKEYREUSEDEXCEPTION";
    if (code == "INVALIDIDEMPOTENCYKEY") return "INVALIDIDEMPOTENCYKEYEXCEPTION";
    if (code == "insufficient_scope") return "INSUFFICIENTSCOPEEXCEPTION";
    return code;
}

std::string v3_code(std::string_view code) {
    if (code.ends_with("EXCEPTION") && !code.starts_with(v3_code_prefix)) {
        return std::string(v3_code_prefix) + std::string(code);
    }
    return std::string(code);
}

int status_of(const ByKind& row, api::Wire wire, std::string_view code) {
    if (code.starts_with(v3_code_prefix)) code.remove_prefix(v3_code_prefix.size());
    for (const ByCode& special : kByCode) {
        if (special.code == code) return special.status;
    }
    return wire == api::Wire::v2 ? row.v2_status : row.v3_status;
}

}  // namespace

bool is_outage(Errc code) {
    return code == Errc::busy || code == Errc::timeout || code == Errc::unavailable;
}

WireError to_wire(api::Wire wire, const Error& error, std::string_view request_id) {
    const ByKind& row = row_of(error.code);
    WireError out;
    out.field = error.field;
    if (wire == api::Wire::v2) {
        out.code = error.api_code.empty() ? std::string(row.v2_code) : error.api_code;
    } else {
        out.code = v3_code(error.api_code.empty() ? row.v3_code : v3_spelling(error.api_code));
    }
    out.status = status_of(row, wire, out.code);
    out.message = error.message.empty() ? std::string(row.message) : error.message;
    // Without a code clients recognise an absent record by its text: "Not found", or one like "User not found".
    const bool documented = out.message.ends_with(" not found");
    if (wire == api::Wire::v2 && out.code.empty() && !documented) out.message = std::string(row.message);
    if (error.code == Errc::internal) {
        out.message = std::string(row.message);
        if (!request_id.empty()) out.message.append(" (request ").append(request_id).append(")");
        out.field.clear();
    }
    if (out.status == 503 || out.status == 429) out.retry_after_s = std::max(1, error.retry_after_s);
    return out;
}

void append_error_body(std::string& out, api::Wire wire, const WireError& error) {
    json::Writer json(out);
    json.begin_object();
    if (wire == api::Wire::v2) {
        json.field("error", std::string_view(error.code)).field("error_description", std::string_view(error.message));
        if (!error.field.empty() && error.code == "ERROR_ARGUMENT")
            json.field("argument", std::string_view(error.field));
        json.end_object();
        return;
    }
    json.key("error").begin_object();
    json.field("code", std::string_view(error.code)).field("message", std::string_view(error.message));
    if (!error.field.empty()) {
        json.key("validation").begin_array().begin_object();
        json.field("message", std::string_view(error.message)).field("field", std::string_view(error.field));
        json.end_object().end_array();
    }
    json.end_object().end_object();
}

Error method_not_found(api::Wire wire, std::string_view method) {
    if (wire == api::Wire::v2) return not_found("Method not found!", "ERROR_METHOD_NOT_FOUND");
    return not_found("Method '" + std::string(method) + "' not found.", "METHODNOTFOUNDEXCEPTION");
}

Error no_auth_found() {
    return {Errc::unauthorized, "Wrong authorization data", {}, "NO_AUTH_FOUND"};
}

Error insufficient_scope(bool through_application) {
    return forbidden(std::string("The request requires higher privileges than provided by the ") +
                         (through_application ? "access token" : "webhook token"),
                     "insufficient_scope");
}

Error wrong_auth_type() {
    return forbidden("Current authorization type is denied for this method Application context required",
                     "WRONG_AUTH_TYPE");
}

Error too_many_requests(int retry_after_s) {
    return {Errc::busy, "Too many requests", {}, "QUERY_LIMIT_EXCEEDED", retry_after_s};
}

Error operating_limit(int retry_after_s) {
    return {Errc::busy, "Method is blocked due to operation time limit.", {}, "OPERATION_TIME_LIMIT", retry_after_s};
}

Error overloaded() {
    return {Errc::busy, "The server is busy. Try again.", {}, "QUERY_LIMIT_EXCEEDED", 1};
}

Error key_reused() {
    return {Errc::conflict,
            "This Idempotency-Key was used with another request. Take a new one.",
            {},
            "IDEMPOTENCYKEYREUSED"};
}

Error invalid_key() {
    return invalid("Idempotency-Key must be 1 to 255 printable ASCII characters.", {}, "INVALIDIDEMPOTENCYKEY");
}

}  // namespace stoa::rest
