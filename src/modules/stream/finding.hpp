#pragma once
// Finding posts and comments for a caller, and asking what he may do with them. On the transaction's thread.

#include <optional>

#include "api/call.hpp"

namespace stoa::stream {

/// An error that the documentation gives no code: {"error": ""} with status 400.
Error uncoded(std::string message, std::string field);
/// The error with the code, where it has none and is about what was sent.
Error with_code(Error error, const char* code);

/// The record whose number stands in the parameter; nothing when it names none that the caller may see.
Result<std::optional<model::Record>> find_named(api::Call& call, const char* entity, const char* parameter);
Result<bool> may(api::Call& call, const model::Record& record, model::Operation operation);

/// In whose name: USER_ID for administrators, else the caller. Errors: no such user.
Result<UserId> author_of(api::Call& call);

}  // namespace stoa::stream
