#include "rest/parameters.hpp"

#include "base/utf8.hpp"
#include "json/parse.hpp"

namespace stoa::rest {
namespace {

enum class BodyKind { none, json, form, multipart };

std::string_view media_type(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && type.back() == ' ')
        type.remove_suffix(1);
    return type;
}

bool is_json_type(std::string_view type) {
    return equals_any_case(type, "application/json") ||
           (type.size() > 5 && equals_any_case(type.substr(type.size() - 5), "+json"));
}

std::size_t skip_space(std::string_view text) {
    const auto at = text.find_first_not_of(" \t\r\n");
    return at == text.npos ? text.size() : at;
}

/// Clients forget the content type or send text/plain: the first character then decides.
BodyKind body_kind(std::string_view body, std::string_view content_type) {
    const std::size_t start = skip_space(body);
    if (start == body.size()) return BodyKind::none;
    const std::string_view type = media_type(content_type);
    if (is_json_type(type)) return BodyKind::json;
    if (equals_any_case(type, "multipart/form-data")) return BodyKind::multipart;
    if (body[start] == '{' || body[start] == '[') {
        return equals_any_case(type, "application/x-www-form-urlencoded") && body.find('=') != body.npos
                   ? BodyKind::form
                   : BodyKind::json;
    }
    return BodyKind::form;
}

Error unreadable(Error error) {
    error.field.clear();
    if (error.code == Errc::invalid_argument) error.api_code = "INVALID_REQUEST";
    return error;
}

}  // namespace

void strip_transport(json::Value& parameters, std::string& auth) {
    if (!parameters.is_object()) return;
    json::Object& object = parameters.object();
    if (json::Value* token = object.find("auth")) {
        if (token->is_string()) auth = std::move(*token).string();
        object.erase("auth");
    }
    for (const char* name : {"bx24_request_id", "bx24_sdk_ver", "bx24_sdk_type"})
        object.erase(name);
}

Result<Parameters> read_parameters(const net::Request& request, std::string_view content_type) {
    Parameters out;
    if (const std::string_view query = request.query(); !query.empty()) {
        auto parsed = json::parse_form(query);
        if (!parsed) return unreadable(std::move(parsed).error());
        out.value = std::move(*parsed);
    }
    const BodyKind kind = body_kind(request.body, content_type);
    if (kind != BodyKind::none) {
        auto parsed = kind == BodyKind::json        ? json::parse(request.body)
                      : kind == BodyKind::multipart ? json::parse_multipart(request.body, content_type)
                                                    : json::parse_form(request.body);
        if (!parsed) return unreadable(std::move(parsed).error());
        if (parsed->is_array()) {
            strip_transport(out.value, out.auth);
            out.value = std::move(*parsed);
            return out;
        }
        if (!parsed->is_object() && !parsed->is_null()) {
            return invalid("The request body must be a JSON object or array.", {}, "INVALID_REQUEST");
        }
        if (parsed->is_object()) {
            if (out.value.object().empty()) {
                out.value = std::move(*parsed);
            } else {
                json::merge(out.value, std::move(*parsed));
            }
        }
    }
    strip_transport(out.value, out.auth);
    return out;
}

Result<Parameters> read_parameters_v3(const net::Request& request, std::string_view content_type) {
    Parameters out;
    if (request.method != "POST" || skip_space(request.body) == request.body.size()) return out;
    if (!is_json_type(media_type(content_type))) {
        return invalid("The request body must be JSON, with Content-Type: application/json.", {},
                       "INVALIDJSONEXCEPTION");
    }
    auto parsed = json::parse(request.body);
    if (!parsed) {
        Error error = std::move(parsed).error();
        error.field.clear();
        error.api_code = "INVALIDJSONEXCEPTION";
        return error;
    }
    if (!parsed->is_object() && !parsed->is_array()) {
        return invalid("The request body must be a JSON object or array.", {}, "INVALIDJSONEXCEPTION");
    }
    out.value = std::move(*parsed);
    strip_transport(out.value, out.auth);
    return out;
}

}  // namespace stoa::rest
