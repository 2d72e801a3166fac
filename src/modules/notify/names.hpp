#pragma once
// Names and codes that the files of this module share.

#include <cstdint>

namespace stoa::notify {

inline constexpr const char* kNotification = "notify.notification";
inline constexpr const char* kSettings = "notify.settings";
inline constexpr const char* kUser = "user";
inline constexpr const char* kScope = "im";

/// What REST callers send is of this kind.
inline constexpr const char* kRestModule = "rest";
inline constexpr const char* kRestEvent = "rest_notify";

}  // namespace stoa::notify
