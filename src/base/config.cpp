#include "base/config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/config_values.hpp"
#include "base/file_util.hpp"

namespace stoa {
namespace {

using namespace config_values;

constexpr std::size_t kConfigBytesMax = 1024 * 1024;
constexpr std::size_t kPasswordBytesMax = 4096;
constexpr std::size_t kCommentColumns = 110;

/// One key of the file.
struct Row {
    std::string_view key;
    std::string_view comment;
    std::function<Fault(const toml::node&, Config&)> read;
    std::function<std::string(const Config&)> print;
};

/// `path` leads from a Config to the field: &Config::tls, &Config::Tls::certificate.
template <class Kind, class... Path>
Row row(std::string_view key, std::string_view comment, Kind kind, Path... path) {
    return {key, comment,
            [kind, path...](const toml::node& node, Config& c) { return kind.read(node, (c.*....*path)); },
            [kind, path...](const Config& c) { return kind.print((c.*....*path)); }};
}

/// Every key there is; keys of one section stand together, keys without a section first.
std::vector<Row> make_rows() {
    using C = Config;
    using log::Format;
    using log::Level;
    const std::vector<std::string_view> redis{"redis", "redis+sentinel", "memory"};
    return {
        row("data_dir", "Folder of what this machine keeps: the embedded store, files, keys.", Text(), &C::data_dir),
        row("public_url", "Address at which browsers reach the portal. Empty: taken from each request's Host header.",
            Text(), &C::public_url),
        row("ui_dir", "Folder of the built interface. Empty: only the built-in page.", Text(), &C::ui_dir),
        row("listen", "Where to listen, with HTTPS unless `http` is set. IPv6 as \"[::1]:8443\".", Addresses(),
            &C::listen),
        row("http", "Speak plain HTTP on all of `listen`, behind a balancer that speaks TLS.", Flag(), &C::http),
        row("workers", "Threads for work that may wait. 0: four per core.", Number{0, 1024}, &C::workers),
        row("io_threads", "Threads for connections. 0: one per core.", Number{0, 256}, &C::io_threads),
        row("drain_ms", "How long running requests may take to finish after SIGTERM.", Number{0, 3'600'000},
            &C::drain_ms),
        row("connections_max",
            "Connections at a time, of browsers and of clients that listen; more get 503. Each needs an open file.",
            Number{10, 1'000'000}, &C::connections_max),
        row("trusted_proxies", "Whose X-Forwarded-* headers count, e.g. [\"10.0.0.0/8\"].", Texts(),
            &C::trusted_proxies),

        row("tls.certificate", "Path of the PEM chain. Empty: one signed by itself, made in data_dir.", Text(), &C::tls,
            &C::Tls::certificate),
        row("tls.private_key", "Path of its key (PEM).", Text(), &C::tls, &C::Tls::private_key),

        row("log.level", "From which importance on: debug, info, warn, error, off.",
            Choice<Level>{{{"debug", Level::debug},
                           {"info", Level::info},
                           {"warn", Level::warn},
                           {"error", Level::error},
                           {"off", Level::off}}},
            &C::log, &C::Log::level),
        row("log.format", "logfmt or json.", Choice<Format>{{{"logfmt", Format::logfmt}, {"json", Format::json}}},
            &C::log, &C::Log::format),

        row("rest.bucket_size", "REST calls that one address may make at once. 0: no limit.", Number{0, 1'000'000},
            &C::rest, &C::Rest::bucket_size),
        row("rest.bucket_drain_per_s", "REST calls per second that one address gets back.", Rate(), &C::rest,
            &C::Rest::bucket_drain_per_s),
        row("rest.operating_limit_s", "Seconds that one method may work in ten minutes. 0: no limit.",
            Number{0, 1'000'000}, &C::rest, &C::Rest::operating_limit_s),

        row("signup.enabled", "Anybody may make an account.", Flag(), &C::signup, &C::Signup::enabled),

        row("events.allow_private_targets", "Webhooks may go to private and loopback addresses.", Flag(), &C::events,
            &C::Events::allow_private_targets),

        row("database.url",
            "MariaDB that keeps everything: mariadb://stoa@10.0.0.1,10.0.0.2:3307/stoa for a primary and its replicas, "
            "with ?mode=galera for a Galera cluster; a unix socket as %2Frun%2Fmysqld%2Fmysqld.sock. Empty: the "
            "embedded store in data_dir.",
            Engine{{"mariadb"}}, &C::database, &C::Database::url),
        row("database.password_file", "File with the password on its only line, readable by the portal alone.", Text(),
            &C::database, &C::Database::password_file),
        row("database.hold_ms", "How long a write may wait for a primary before it is answered with 503.",
            Number{100, 600'000}, &C::database, &C::Database::hold_ms),
        row("database.connections", "Reading connections to each server. 0: as many as there are workers.",
            Number{0, 1024}, &C::database, &C::Database::connections),
        row("database.writers", "Threads that carry write transactions, each with a connection.", Number{1, 256},
            &C::database, &C::Database::writers),
        row("database.replica_lag_max_ms", "A replica that is further behind is not read from.", Number{100, 3'600'000},
            &C::database, &C::Database::replica_lag_max_ms),
        row("database.replica_wait_ms",
            "How long a read waits for a replica to reach the session's last write; then the primary is asked.",
            Number{0, 10'000}, &C::database, &C::Database::replica_wait_ms),
        row("database.tls_ca", "Path of the PEM certificates that vouch for the servers. Empty: no TLS.", Text(),
            &C::database, &C::Database::tls_ca),

        row("cluster.name",
            "Cluster whose agents elect the primary: etcd says who it is. Empty: the servers are asked themselves.",
            Text(), &C::cluster, &C::Cluster::name),
        row("cluster.etcd", "Addresses of its etcd, e.g. [\"http://10.0.0.1:2379\"].", Texts(), &C::cluster,
            &C::Cluster::etcd),

        row("cache.url",
            "redis://10.0.0.1:6379, redis+sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster or "
            "memcached://10.0.0.1:11211,10.0.0.2:11211. Empty: in the process.",
            Engine{{"redis", "redis+sentinel", "memcached", "memory"}}, &C::cache, &C::Cache::url),
        row("cache.password_file", "File with the password.", Text(), &C::cache, &C::Cache::password_file),

        row("bus.url", "Redis through which several processes tell each other what changed. Empty: in the process.",
            Engine{redis}, &C::bus, &C::Bus::url),
        row("bus.password_file", "File with the password.", Text(), &C::bus, &C::Bus::password_file),

        row("push.key_file",
            "File with the key that signs channels of the push server; the same for all processes. Empty: push.key in "
            "data_dir, made there.",
            Text(), &C::push, &C::Push::key_file),
        row("push.sender_messages_per_s",
            "Messages a second that one user may send to others through the push server, to each process. 0: no limit.",
            Number{0, 1'000'000}, &C::push, &C::Push::sender_messages_per_s),
        row("push.account_messages_per_s", "The same of all users of an account together. 0: no limit.",
            Number{0, 1'000'000}, &C::push, &C::Push::account_messages_per_s),

        row("files.url",
            "dir:/srv/stoa/files (also a mounted share) or s3+https://KEY@s3.example.org/bucket/prefix?region=eu-1. "
            "Empty: a folder in data_dir.",
            Engine{{"dir", "s3+https", "s3+http"}}, &C::files, &C::Files::url),
        row("files.secret_key_file", "File with the secret that belongs to the S3 access key.", Text(), &C::files,
            &C::Files::secret_key_file),
        row("files.presigned_downloads", "Browsers fetch files from the S3 store itself, by addresses that expire.",
            Flag(), &C::files, &C::Files::presigned_downloads),

        row("virus_scan.address",
            "ClamAV that looks at each upload: clamd://%2Frun%2Fclamav%2Fclamd.ctl or clamd://127.0.0.1:3310. Empty: "
            "nobody looks.",
            Engine{{"clamd"}}, &C::virus_scan, &C::VirusScan::address),
        row("virus_scan.on_failure", "When it does not answer: refuse the upload or accept it.",
            Choice<C::ScanFailure>{{{"refuse", C::ScanFailure::refuse}, {"accept", C::ScanFailure::accept}}},
            &C::virus_scan, &C::VirusScan::on_failure),
    };
}

const std::vector<Row>& rows() {
    static const std::vector<Row> all = make_rows();
    return all;
}

class Loader {
  public:
    Loader(Config& config, std::string_view source) : config_(config), source_(source) {}

    Status apply(const toml::table& table, const std::string& prefix) const {
        for (const auto& [name, node] : table) {
            const std::string key = prefix + std::string(name.str());
            const auto row = std::find_if(rows().begin(), rows().end(), [&](const Row& r) { return r.key == key; });
            if (row != rows().end()) {
                if (const Fault wrong = row->read(node, config_)) return fault(node.source(), key, *wrong);
                continue;
            }
            if (!is_section(key)) return fault(name.source(), key, "is not a known key");
            const auto* section = node.as_table();
            if (!section) return fault(node.source(), key, "must be a section: [" + key + "]");
            STOA_CHECK(apply(*section, key + "."));
        }
        return {};
    }

    Error fault(const toml::source_region& where, const std::string& key, const std::string& what) const {
        std::string message = std::string(source_) + ":" + std::to_string(where.begin.line) + ": ";
        if (!key.empty()) message += key + " ";
        return invalid(message + what + ".", key);
    }

    /// Keys that only make sense with, or without, each other.
    Status check_together() const {
        const Config& c = config_;
        const auto complain = [this](const std::string& what, const char* key) {
            return invalid(std::string(source_) + ": " + what, key);
        };
        if (c.tls.certificate.empty() != c.tls.private_key.empty()) {
            return complain("tls.certificate and tls.private_key belong together: give both or none.",
                            "tls.certificate");
        }
        if (c.cluster.name.empty() != c.cluster.etcd.empty()) {
            return complain("cluster.name and cluster.etcd belong together: give both or none.", "cluster.name");
        }
        const std::pair<const EngineUrl*, std::pair<const std::string*, const char*>> secrets[] = {
            {&c.database.url, {&c.database.password_file, "database.password_file"}},
            {&c.cache.url, {&c.cache.password_file, "cache.password_file"}},
            {&c.bus.url, {&c.bus.password_file, "bus.password_file"}},
            {&c.files.url, {&c.files.secret_key_file, "files.secret_key_file"}},
        };
        for (const auto& [url, file] : secrets) {
            if (!url->password.empty() && !file.first->empty())
                return complain(std::string(file.second) + " is given, and the address holds a password, too.",
                                file.second);
        }
        return {};
    }

  private:
    static bool is_section(const std::string& key) {
        const std::string prefix = key + ".";
        return std::any_of(rows().begin(), rows().end(), [&](const Row& r) { return r.key.starts_with(prefix); });
    }

    Config& config_;
    std::string_view source_;
};

/// As "# " lines of readable length.
void append_comment(std::string& out, std::string_view comment) {
    while (!comment.empty()) {
        std::size_t end = comment.size();
        if (end > kCommentColumns) end = comment.rfind(' ', kCommentColumns);
        out += "# ";
        out += comment.substr(0, end);
        out += '\n';
        comment.remove_prefix(std::min(end + 1, comment.size()));
    }
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view source) {
    Config config;
    const Loader loader(config, source);
    try {
        const toml::table table = toml::parse(text, source);
        STOA_CHECK(loader.apply(table, ""));
    } catch (const toml::parse_error& e) {
        return loader.fault(e.source(), "", std::string(e.description()));
    }
    STOA_CHECK(loader.check_together());
    while (!config.public_url.empty() && config.public_url.back() == '/')
        config.public_url.pop_back();
    return config;
}

Result<Config> load_config(const std::string& path) {
    STOA_TRY(const std::string text, read_file(path, kConfigBytesMax));
    return parse_config(text, path);
}

std::string print_config(const Config& config) {
    const Config defaults;
    std::string out = "# Configuration of Stoa. A line that begins with # shows a default.\n";
    std::string_view section;
    for (const Row& row : rows()) {
        const auto dot = row.key.find('.');
        const std::string_view in = dot == std::string_view::npos ? "" : row.key.substr(0, dot);
        out += '\n';
        if (in != section) out += "[" + std::string(in) + "]\n";
        section = in;
        append_comment(out, row.comment);
        const std::string value = row.print(config);
        if (value == row.print(defaults)) out += "#";
        out += std::string(dot == std::string_view::npos ? row.key : row.key.substr(dot + 1)) + " = " + value + "\n";
    }
    return out;
}

Result<EngineUrl> address_of(const EngineUrl& url, const std::string& password_file, std::string_view key) {
    if (password_file.empty()) return url;
    auto text = read_file(password_file, kPasswordBytesMax);
    if (!text) {
        Error error = std::move(text).error();
        error.field = key;
        return error;
    }
    EngineUrl out = url;
    out.password = text->substr(0, text->find_first_of("\r\n"));
    if (out.password.empty()) return invalid("The file " + password_file + " holds no password.", std::string(key));
    return out;
}

}  // namespace stoa
