#pragma once
// Names and codes that the files of this module share, and the errors all its methods have in common.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/call.hpp"

namespace stoa::drive {

inline constexpr const char* kStorage = "disk.storage";
inline constexpr const char* kObject = "disk.object";
inline constexpr const char* kVersion = "disk.version";
inline constexpr const char* kRight = "disk.right";
inline constexpr const char* kExternalLink = "disk.external_link";
inline constexpr const char* kAttachedObject = "disk.attached_object";
inline constexpr const char* kScope = "disk";

inline constexpr const char* kFile = "file";      ///< TYPE of a file
inline constexpr const char* kFolder = "folder";  ///< TYPE of a folder

/// DELETED_TYPE
inline constexpr std::int64_t kNotDeleted = 0;
inline constexpr std::int64_t kInTrash = 3;
inline constexpr std::int64_t kInTrashWithParent = 4;

inline constexpr const char* kNameTaken = "DISK_OBJ_22000";

/// The n-th parameter of a method is missing or of the wrong type.
Error wrong_parameter(int position, std::string_view name);
/// No such file, folder, storage or version, or none that the caller may see.
Error no_entity(RecordId id);
Error access_denied();

/// A required id. Errors: wrong_parameter().
Result<RecordId> needed_id(const api::Call& call, std::string_view name, int position);

}  // namespace stoa::drive
