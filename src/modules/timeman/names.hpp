#pragma once
// Names that the files of this module share.

namespace stoa::timeman {

inline constexpr const char* kRecord = "timeman.record";
inline constexpr const char* kWorktime = "timeman.worktime";
inline constexpr const char* kUser = "user";
inline constexpr const char* kScope = "timeman";

}  // namespace stoa::timeman
