#pragma once
// Names and codes that the files of this module share.

namespace stoa::stream {

inline constexpr const char* kPost = "log.post";
inline constexpr const char* kDestination = "log.destination";
inline constexpr const char* kComment = "log.comment";
inline constexpr const char* kLike = "log.like";
inline constexpr const char* kReader = "log.reader";
inline constexpr const char* kFollow = "log.follow";
inline constexpr const char* kLook = "log.look";
inline constexpr const char* kUser = "user";
inline constexpr const char* kDepartment = "department";
inline constexpr const char* kScope = "log";

}  // namespace stoa::stream
