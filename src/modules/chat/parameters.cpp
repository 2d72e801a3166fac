#include "modules/chat/parameters.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

using api::Call;

Result<std::string> read_text(const Call& call, std::string_view name, std::size_t characters_max) {
    STOA_TRY(std::string text, call.params.text_or(name, ""));
    if (!is_valid_utf8(text) || has_nul(text)) return invalid("Send text as UTF-8.", std::string(name));
    if (utf8_length(text) > characters_max) return over_limit(name, characters_max, "characters");
    return text;
}

std::string trimmed(const std::string& text) {
    constexpr const char* kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

Result<PageOf> read_page(const Call& call, std::int64_t otherwise, std::int64_t max) {
    PageOf page;
    STOA_TRY(page.limit, call.params.integer_or("LIMIT", otherwise));
    STOA_TRY(page.offset, call.params.integer_or("OFFSET", 0));
    if (page.limit < 1) return invalid("LIMIT must be 1 or more.", "LIMIT");
    if (page.offset < 0) return invalid("OFFSET must be 0 or more.", "OFFSET");
    page.limit = std::min(page.limit, max);
    return page;
}

Result<UnixSeconds> read_time(const Call& call, std::string_view name) {
    STOA_TRY(const std::string text, call.params.text_or(name, ""));
    if (text.empty()) return UnixSeconds{0};
    const auto at = parse_datetime(text, call.zone());
    if (!at) {
        return invalid(std::string(name) + " must be a date and time like 2026-01-31T10:00:00+01:00.",
                       std::string(name));
    }
    return *at;
}

Result<std::string> read_json(const Call& call, std::string_view name) {
    if (!is_given(call, name)) return std::string();
    const json::Value* given = call.params.find(name);
    json::Value parsed;
    if (given->is_string()) {
        if (given->string() == "N") return std::string();
        auto value = json::parse(given->string());
        if (value) parsed = std::move(*value);
        given = &parsed;
    }
    if (!given->is_array() && !given->is_object()) {
        return invalid("Incorrect " + to_lower_ascii(name) + " params", std::string(name),
                       std::string(name) + "_ERROR");
    }
    std::string text = json::to_json(*given);
    if (text.size() > limits::attach_bytes_max) {
        return Error{Errc::too_large, "You have exceeded the maximum allowable size of " + to_lower_ascii(name),
                     std::string(name), std::string(name) + "_OVERSIZE"};
    }
    return text;
}

bool is_given(const Call& call, std::string_view name) {
    const json::Value* value = call.params.find(name);
    return value && !value->is_null() && !(value->is_string() && value->string().empty());
}

}  // namespace stoa::chat
