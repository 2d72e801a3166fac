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

// WebSocket
inline constexpr std::size_t websocket_message_bytes_max = 32 * 1024;  ///< received; all its parts together
inline constexpr int websocket_parts_max = 128;                        ///< frames that make one message
inline constexpr int websocket_close_timeout_ms = 2'000;               ///< for the peer to answer a close frame
/// Waiting to be sent to one client; a client that is slower is closed and comes back with its position.
inline constexpr std::size_t websocket_queue_bytes_max = 512 * 1024;

// Fibers, per I/O thread (base/fibers.hpp)
inline constexpr std::size_t fibers_running_max = 6;   ///< more made each request dearer: measured with bench/engines
inline constexpr std::size_t fiber_queue_max = 4'096;  ///< tasks that wait for one; more go to the worker pool
inline constexpr std::size_t fiber_stack_bytes = 512 * 1'024;  ///< address space; memory is what a task touches

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

// Drive
inline constexpr int disk_depth_max = 64;               ///< folders above an object
inline constexpr int disk_tree_objects_max = 5'000;     ///< copied, moved or deleted by one call
inline constexpr int disk_rights_per_object_max = 100;  ///< given explicitly, without inherited ones

// Database
inline constexpr std::size_t write_queue_max = 4'096;   ///< waiting write transactions; more answer 503
inline constexpr std::size_t commit_group_max = 256;    ///< transactions that share one fsync
inline constexpr std::size_t worker_queue_max = 4'096;  ///< requests waiting for the worker pool

// Moving between databases
inline constexpr int home_open_wait_ms = 5'000;       ///< a read waits so long for a home that is being opened
inline constexpr std::size_t home_queue_max = 4'096;  ///< writes that wait for one
inline constexpr std::uint32_t backup_frame_bytes_max = 64 * 1024 * 1024;  ///< of a file that is read
inline constexpr int move_pause_ms_max = 2'000;                ///< writers are held so long for the switch, then let go
inline constexpr int move_rounds_max = 200;                    ///< replays of the log that did not get short enough
inline constexpr std::int64_t move_log_rows_max = 10'000'000;  ///< changes since the copy began; more ends the move

// Files
inline constexpr std::size_t file_key_bytes_max = 200;
inline constexpr std::uint64_t file_bytes_max = 16ULL << 30;
inline constexpr std::size_t file_read_bytes_max = 8 * 1024 * 1024;         ///< given back at once
inline constexpr std::size_t file_part_bytes = 8 * 1024 * 1024;             ///< of an upload to S3 in parts
inline constexpr std::size_t file_single_put_bytes_max = 16 * 1024 * 1024;  ///< more goes to S3 in parts
inline constexpr int file_stall_ms = 1'500;         ///< without progress; then the operation is refused
inline constexpr int file_queue_wait_ms = 10'000;   ///< for a worker
inline constexpr std::size_t file_queue_max = 256;  ///< operations that wait for a worker; more are refused
inline constexpr int file_workers = 8;
inline constexpr int file_threads_max = 24;  ///< workers that hang in the kernel included
inline constexpr int file_probes_max = 4;    ///< threads that try whether a hanging store is back
inline constexpr int file_link_lifetime_s_max = 7 * 24 * 3600;
inline constexpr std::size_t files_per_request_max = 50;
inline constexpr std::size_t file_bytes_in_memory_max = 256 * 1024 * 1024;  ///< of all requests under way together
inline constexpr std::int64_t file_grace_s = 24 * 3600;  ///< how long bytes that no record names stay in the store
inline constexpr int files_removed_at_once_max = 200;
inline constexpr std::int64_t download_link_lifetime_s = 3600;  ///< at least; up to twice as long
inline constexpr std::int64_t upload_link_lifetime_s = 3600;
inline constexpr int virus_scanner_answer_ms = 30'000;  ///< for its verdict, once it has everything
inline constexpr std::size_t virus_scan_queue_max = 64;
inline constexpr int virus_scan_workers = 4;

// Cache and bus
inline constexpr std::size_t cache_key_bytes_max = 200;  ///< Memcached itself allows 250
inline constexpr std::size_t cache_value_bytes_max = 512 * 1024;
inline constexpr std::size_t cache_keys_per_call_max = 1'000;
inline constexpr int cache_lifetime_s_max = 30 * 24 * 3600;  ///< Memcached takes more for a date
inline constexpr int cache_connections_max = 128;
inline constexpr int single_flight_wait_ms = 20'000;  ///< longer than a read waits for its server
inline constexpr std::size_t bus_channel_bytes_max = 200;
inline constexpr std::size_t bus_message_bytes_max = 64 * 1024;
inline constexpr std::size_t bus_queue_max = 4'096;  ///< messages not sent yet; past it subscribers are told of a gap
inline constexpr std::size_t bus_subscriptions_max = 16'384;
inline constexpr std::size_t bus_stream_length_max = 100'000;
inline constexpr std::size_t bus_stream_read_max = 1'000;
inline constexpr std::size_t bus_tellings_max = 256;  ///< at once
inline constexpr int bus_once_s = 600;                ///< how long the key of a telling is remembered
inline constexpr std::size_t causal_token_bytes_max = 512;
inline constexpr std::size_t causal_lookups_max = 65'536;   ///< waiting; more get "unknown" at once
inline constexpr std::size_t causal_batch_max = 1'000;      ///< accounts per round trip
inline constexpr std::size_t causal_unstored_max = 10'000;  ///< accounts whose token waits for the store to return

// Push
inline constexpr std::size_t push_route_bytes_max = 64;
inline constexpr std::size_t push_routes_per_message_max = 1'000;  ///< receivers of one message
inline constexpr std::size_t push_channels_per_connection_max = 8;
inline constexpr std::size_t push_status_subscriptions_max = 500;   ///< users whose presence a connection hears of
inline constexpr std::size_t push_message_bytes_max = 48 * 1024;    ///< routes and body; the bus takes 64 KiB
inline constexpr std::size_t push_history_messages_max = 20'000;    ///< kept for whoever comes back, per account
inline constexpr std::size_t push_history_bytes_max = 16ULL << 20;  ///< the same
inline constexpr std::int64_t push_history_lifetime_s = 300;        ///< the same
inline constexpr int push_client_messages_per_s_max = 50;           ///< that one connection may send to others
inline constexpr std::size_t push_pending_max = 2'000;              ///< messages of an account that is being loaded
inline constexpr std::size_t push_queue_max = 4'096;                ///< messages on their way to other processes
inline constexpr std::size_t push_rpc_batch_max = 100;              ///< requests in one message of a client

// Events
inline constexpr int event_attempts_max = 10;
inline constexpr int offline_events_per_account_max = 100'000;

}  // namespace stoa::limits
