#pragma once
// Parameters that several methods read alike. Errors name the parameter. Pure functions over a call.

#include <string>
#include <string_view>

#include "api/call.hpp"

namespace stoa::chat {

/// Text of at most so many characters; "" when it is not given. Errors: too_large, invalid_argument (no UTF-8).
Result<std::string> read_text(const api::Call& call, std::string_view name, std::size_t characters_max);
std::string trimmed(const std::string& text);

struct PageOf {
    std::int64_t limit = 0;
    std::int64_t offset = 0;
};
/// LIMIT (1 to `max`, more is cut) and OFFSET.
Result<PageOf> read_page(const api::Call& call, std::int64_t otherwise, std::int64_t max);

/// A date and time, or 0 when it is not given.
Result<UnixSeconds> read_time(const api::Call& call, std::string_view name);

/// ATTACH, KEYBOARD, MENU: an object or list, or the same as JSON text, kept as it is. "" when it is not given,
/// "N" or empty. Errors: `<name>_ERROR`, `<name>_OVERSIZE`.
Result<std::string> read_json(const api::Call& call, std::string_view name);
bool is_given(const api::Call& call, std::string_view name);

}  // namespace stoa::chat
