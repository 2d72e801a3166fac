#pragma once
// Bounds of uploads in parts, as base/limits.hpp has those of the rest. A part itself is a request body
// (limits::body_bytes_max).

#include <cstddef>
#include <cstdint>

namespace stoa::limits {

inline constexpr std::uint64_t upload_bytes_max = 5ULL << 30;
inline constexpr std::size_t upload_parts_max = 1'000;
inline constexpr std::int64_t upload_lifetime_s = 12 * 3600;              ///< from its first part; below file_grace_s
inline constexpr std::int64_t uploads_unfinished_max = 100;               ///< of one account
inline constexpr std::int64_t uploads_unfinished_bytes_max = 20LL << 30;  ///< of one account, as announced
inline constexpr int upload_assemblies_max = 2;                           ///< of one process at a time; others wait
inline constexpr std::size_t upload_assembly_queue_max = 64;
inline constexpr int upload_answer_ms = 20'000;  ///< then the client is told to ask again

}  // namespace stoa::limits
