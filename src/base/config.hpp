#pragma once
// The server's configuration: defaults, overridden by a TOML file. Read once at start, then immutable.
// An unknown key or a value of the wrong type is an error that names the key and its line: a typing mistake must not
// silently keep a default. What each key means stands in the table of config.cpp; `stoa config print` prints it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/engine_url.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

namespace stoa {

/// Defaults are for one process on one machine. A field is named as its key in the file.
struct Config {
    struct Listen {
        std::string address;  ///< IP literal
        std::uint16_t port = 0;
        bool operator==(const Listen&) const = default;
    };

    std::string data_dir = "data";
    std::string public_url;                           ///< without a slash at the end; empty = from the Host header
    std::string ui_dir;                               ///< empty = the built-in page only
    std::vector<Listen> listen{{"127.0.0.1", 8443}};  ///< written "127.0.0.1:8443", "[::1]:8443"
    bool http = false;
    int workers = 0;     ///< 0 = four per core
    int io_threads = 0;  ///< 0 = one per core
    int drain_ms = 60'000;
    int connections_max = limits::connections_max;
    std::vector<std::string> trusted_proxies;

    struct Tls {
        std::string certificate;  ///< empty = self-signed in data_dir
        std::string private_key;
    } tls;

    struct Log {
        log::Level level = log::Level::info;
        log::Format format = log::Format::logfmt;
    } log;

    /// Limits of the protocol (https://apidocs.bitrix24.com/limits.html), wide by default: the hosted product has
    /// 50 calls, 2 per second and 480 s.
    struct Rest {
        int bucket_size = 5'000;  ///< 0 = no limit
        double bucket_drain_per_s = 500;
        int operating_limit_s = 0;  ///< 0 = no limit
    } rest;

    struct Signup {
        bool enabled = false;
    } signup;

    struct Events {
        bool allow_private_targets = false;
    } events;

    // Engines. An address whose scheme is empty: none, the process does it itself.

    struct Database {
        EngineUrl url;              ///< mariadb
        std::string password_file;  ///< see address_of()
        int hold_ms = 15'000;
        int connections = 0;  ///< 0 = as many as there are workers
        int writers = 8;
        int replica_lag_max_ms = 5'000;
        int replica_wait_ms = 5;
        std::string tls_ca;  ///< empty = no TLS
    } database;

    /// Whose agents elect the primary of the database (docs/database-ha.md). Both or none.
    struct Cluster {
        std::string name;               ///< empty = the servers are asked who takes writes
        std::vector<std::string> etcd;  ///< "http://10.0.0.1:2379"
    } cluster;

    struct Cache {
        EngineUrl url;  ///< redis, redis+sentinel, memcached, memory
        std::string password_file;
    } cache;

    struct Bus {
        EngineUrl url;  ///< redis, redis+sentinel, memory
        std::string password_file;
    } bus;

    struct Push {
        std::string key_file;  ///< empty = push.key in data_dir, made when it is not there
        int sender_messages_per_s = 50;
        int account_messages_per_s = 1'000;
    } push;

    struct Files {
        EngineUrl url;  ///< dir, s3+https, s3+http
        std::string secret_key_file;
        bool presigned_downloads = false;
    } files;

    enum class ScanFailure : std::uint8_t { refuse, accept };
    struct VirusScan {
        EngineUrl address;  ///< clamd
        ScanFailure on_failure = ScanFailure::refuse;
    } virus_scan;
};

/// `source` names the text in messages. Errors: invalid_argument "stoa.toml:3: …" with the key as Error::field.
Result<Config> parse_config(std::string_view text, std::string_view source);
Result<Config> load_config(const std::string& path);

/// A complete stoa.toml with a comment for each key. What has its default is commented out; passwords are left out.
std::string print_config(const Config& config);

/// The address with the password that is in the file, when one is named. Blocking. Errors: those of read_file() with
/// `key` as Error::field; invalid_argument when the file is empty.
Result<EngineUrl> address_of(const EngineUrl& url, const std::string& password_file, std::string_view key);

}  // namespace stoa
