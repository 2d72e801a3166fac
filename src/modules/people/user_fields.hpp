#pragma once
// Which fields of a user a caller may see (by scope) and wants to see (by select).

#include <vector>

#include "api/call.hpp"

namespace stoa::people {

/// How much the scopes of the caller show. https://github.com/bitrix24/b24restdocs api-reference/user/user-scope.md
enum class Detail : std::uint8_t { brief, basic, full };

Detail detail_of(const api::Identity& identity);
bool shows(Detail detail, std::string_view field);

struct UserSelection {
    std::vector<const model::Field*> fields;  ///< stored ones, in entity order
    bool is_online = false;
    bool departments = false;
    std::vector<const model::UserField*> user_fields;
};

UserSelection select_user_fields(const api::Call& call, const model::Entity& users, const json::Value* select);

/// The value of user.fields: documented names with titles in the account's language.
void write_user_titles(api::Call& call, const model::Entity& users);

}  // namespace stoa::people
