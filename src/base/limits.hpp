#pragma once
// Every bound of the program in one place, with its unit in the name. Each is tested at the limit and one above.

#include <cstddef>
#include <cstdint>

namespace stoa::limits {

// HTTP
inline constexpr std::size_t header_bytes_max = 16 * 1024;
inline constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
inline constexpr int connections_max = 10'000;
inline constexpr int header_timeout_ms = 10'000;
inline constexpr int body_timeout_ms = 30'000;  ///< without progress
inline constexpr int idle_timeout_ms = 75'000;
inline constexpr int request_timeout_ms = 60'000;

// Parameters
inline constexpr int json_depth_max = 32;
inline constexpr int form_depth_max = 16;
inline constexpr std::size_t parameters_max = 5'000;  ///< members and elements of one request, all levels together

// REST
inline constexpr int page_size = 50;
inline constexpr int page_size_v3_max = 1'000;
inline constexpr int batch_commands_max = 50;
inline constexpr int filter_conditions_max = 100;
inline constexpr int filter_depth_max = 8;
inline constexpr int in_list_max = 1'000;
inline constexpr std::size_t idempotency_key_bytes_max = 255;

// Data
inline constexpr std::size_t string_bytes_max = 255 * 4;
inline constexpr std::size_t text_bytes_max = 1024 * 1024;
inline constexpr int multifields_per_record_max = 100;
inline constexpr int user_fields_per_entity_max = 500;
inline constexpr int product_rows_max = 500;
inline constexpr std::size_t receipt_answer_bytes_max = 4 * 1024 * 1024;
inline constexpr std::int64_t receipt_lifetime_s = 24 * 3600;

// Database
inline constexpr std::size_t write_queue_max = 4'096;   ///< waiting write transactions; more answer 503
inline constexpr std::size_t commit_group_max = 256;    ///< transactions that share one fsync
inline constexpr std::size_t worker_queue_max = 4'096;  ///< requests waiting for the worker pool

// Events
inline constexpr int event_attempts_max = 10;
inline constexpr int offline_events_per_account_max = 100'000;

}  // namespace stoa::limits
