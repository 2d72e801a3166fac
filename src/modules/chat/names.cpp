#include "modules/chat/names.hpp"

namespace stoa::chat {

Error dialog_id_empty() {
    return invalid("Dialog ID can't be empty", "DIALOG_ID", "DIALOG_ID_EMPTY");
}

Error chat_id_empty() {
    return invalid("Chat ID can't be empty", "CHAT_ID", "CHAT_ID_EMPTY");
}

Error user_id_empty() {
    return invalid("User ID can't be empty", "USER_ID", "USER_ID_EMPTY");
}

Error message_id_error() {
    return invalid("Message ID can't be empty", "MESSAGE_ID", "MESSAGE_ID_ERROR");
}

Error no_access(std::string message) {
    return forbidden(std::move(message), "ACCESS_ERROR");
}

Error not_allowed(std::string message) {
    return forbidden(std::move(message), "ACCESS_ERROR");
}

Error over_limit(std::string_view field, std::size_t limit, std::string_view unit) {
    return Error{Errc::too_large,
                 std::string(field) + " may have at most " + std::to_string(limit) + " " + std::string(unit) + ".",
                 std::string(field)};
}

}  // namespace stoa::chat
