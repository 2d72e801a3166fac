#pragma once
// Tags that applications give belong to the application: "MP|12|TASK_42". Pure functions over a call.
// https://github.com/bitrix24/b24restdocs api-reference/chats/notifications/index.md

#include <string>

#include "api/call.hpp"

namespace stoa::notify {

/// The tag of the parameter as it is kept; empty when the parameter is. A webhook names an application by CLIENT_ID.
/// Errors: ACCESS_DENIED (no application), too_large.
Result<std::string> app_tag(const api::Call& call, const char* parameter);

}  // namespace stoa::notify
