#pragma once
// The server's configuration: defaults, overridden by a TOML file. Read once at start, then immutable.
// An unknown key or a value of the wrong type is an error that names the key and its line: a typing mistake must not
// silently keep a default.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"

namespace stoa {

/// Defaults are for one process on one machine. The comment behind a field is its key in the file.
struct Config {
    struct Listen {
        std::string address;  ///< IP literal
        std::uint16_t port = 0;
        bool operator==(const Listen&) const = default;
    };

    std::string data_dir = "data";                    ///< data_dir
    std::string public_url;                           ///< public_url, no trailing slash; empty = from the Host header
    std::string ui_dir;                               ///< ui_dir; empty = the built-in page only
    std::vector<Listen> listen{{"127.0.0.1", 8443}};  ///< listen = ["127.0.0.1:8443", "[::1]:8443"]
    bool http = false;                                ///< http: speak plain HTTP on all of `listen` (behind a balancer)
    int workers = 0;                                  ///< workers: threads for blocking work; 0 = 4 per core
    int io_threads = 0;                               ///< io_threads; 0 = one per core
    std::vector<std::string> trusted_proxies;         ///< trusted_proxies = ["10.0.0.0/8"]: whose X-Forwarded-* counts

    struct Tls {
        std::string certificate;  ///< tls.certificate: path of the PEM chain; empty = self-signed in data_dir
        std::string private_key;  ///< tls.private_key
    } tls;

    struct Log {
        log::Level level = log::Level::info;       ///< log.level = "debug" | "info" | "warn" | "error" | "off"
        log::Format format = log::Format::logfmt;  ///< log.format = "logfmt" | "json"
    } log;

    /// Limits of the protocol (https://apidocs.bitrix24.com/limits.html), wide by default: the hosted product has
    /// 50 calls, 2 per second and 480 s.
    struct Rest {
        int bucket_size = 5'000;          ///< rest.bucket_size: calls one address may make at once; 0 = no limit
        double bucket_drain_per_s = 500;  ///< rest.bucket_drain_per_s
        int operating_limit_s = 0;        ///< rest.operating_limit_s: per method in ten minutes; 0 = no limit
    } rest;

    struct Signup {
        bool enabled = false;  ///< signup.enabled: anybody may make an account
    } signup;

    struct Events {
        bool allow_private_targets = false;  ///< events.allow_private_targets: webhooks to private addresses
    } events;
};

/// `source` names the text in messages. Errors: invalid_argument "stoa.toml:3: …" with the key as Error::field.
Result<Config> parse_config(std::string_view text, std::string_view source);
Result<Config> load_config(const std::string& path);

}  // namespace stoa
