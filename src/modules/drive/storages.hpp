#pragma once
// Storages: one per user, one of the company, one per application. Made when somebody first looks at the drive, so that
// accounts and users that never use it cost nothing. On the transaction's thread.

#include <string>

#include "api/call.hpp"

namespace stoa::drive {

inline constexpr const char* kUserStorage = "user";
inline constexpr const char* kCommonStorage = "common";
inline constexpr const char* kGroupStorage = "group";
inline constexpr const char* kAppStorage = "restapp";

/// Makes the caller's own storage and the company's where they are missing. Errors: needs_write() inside a read.
Status ensure_storages(api::Call& call);
/// The storage of the calling application. Only inside a write.
Result<RecordId> ensure_app_storage(api::Call& call);

/// Errors: ERROR_NOT_FOUND.
Result<model::Record> find_storage(api::Call& call, RecordId id);
/// Its root folder.
Result<model::Record> root_of(api::Call& call, const model::Record& storage);

}  // namespace stoa::drive
