#pragma once
// Names and codes that the files of this module share.

#include <cstdint>

namespace stoa::tasks {

inline constexpr const char* kTask = "tasks.task";
inline constexpr const char* kChecklistItem = "tasks.checklistitem";
inline constexpr const char* kComment = "tasks.comment";
inline constexpr const char* kElapsedItem = "tasks.elapseditem";
inline constexpr const char* kUser = "user";
inline constexpr const char* kScope = "task|tasks";

/// Values of STATUS (REAL_STATUS in filters).
enum TaskStatus : std::int64_t {
    pending = 2,
    in_progress = 3,
    awaiting_review = 4,
    completed = 5,
    deferred = 6,
    declined = 7,
};

}  // namespace stoa::tasks
