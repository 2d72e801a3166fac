#include "app/doctor/doctor.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <thread>

#include "app/doctor/cache_checks.hpp"
#include "app/doctor/database_checks.hpp"
#include "app/doctor/mount.hpp"
#include "base/clock.hpp"
#include "base/file_util.hpp"
#include "base/limits.hpp"
#include "base/thread_numbers.hpp"
#include "files/open.hpp"
#include "net/http_client.hpp"

namespace stoa::app::doctor {
namespace {

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr int kMountAnswerMs = 2'000;
constexpr std::size_t kMountsBytesMax = 4 * 1024 * 1024;

class Examination {
  public:
    Examination(const Config& config, int newest_step) : config_(config), newest_step_(newest_step) {}

    Findings run() {
        examine_machine();
        examine_secrets();
        examine_database();
        examine_cache("cache", config_.cache.url, config_.cache.password_file, false);
        examine_cache("bus", config_.bus.url, config_.bus.password_file, true);
        examine_files();
        return std::move(out_);
    }

  private:
    void add(bool good, Level level, std::string subject, std::string check, std::string found, std::string required,
             std::string action) {
        out_.push_back({good ? Level::ok : level, std::move(subject), std::move(check), std::move(found),
                        std::move(required), std::move(action)});
    }
    void append(Findings more) {
        out_.insert(out_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }

    void examine_machine() {
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        const auto wanted = static_cast<rlim_t>(limits::connections_max) + 1'000;
        add(files.rlim_max >= wanted, Level::warning, "machine", "open files", std::to_string(files.rlim_max),
            std::to_string(wanted) + " or more",
            "That many connections at once cannot be taken. ulimit -n, or LimitNOFILE= of the service.");
        std::error_code error;
        const std::string folder = std::filesystem::absolute(config_.data_dir, error).lexically_normal().string();
        if (!std::filesystem::exists(folder, error)) {
            add(false, Level::warning, "machine", "data_dir", folder + " does not exist", "a folder",
                "stoa account create makes it.");
            return;
        }
        examine_space("machine", folder);
    }

    void examine_space(const std::string& subject, const std::string& folder) {
        const auto space = free_space(folder, kMountAnswerMs);
        if (!space) {
            add(false, Level::error, subject, "answers", "no answer within " + std::to_string(kMountAnswerMs) + " ms",
                "an answer", folder + " is on a mount whose server is gone or frozen: look at the server.");
            return;
        }
        const std::int64_t free = space->free_bytes;
        add(free >= 1024 * kMiB, free >= 100 * kMiB ? Level::warning : Level::error, subject, "free space",
            std::to_string(free / kMiB) + " MB in " + folder, "1024 MB or more", "Make room.");
        if (space->free_inodes_share < 0.05) {
            add(false, Level::warning, subject, "inodes", "fewer than 5 % left in " + folder, "5 %",
                "No more files can be made soon.");
        }
    }

    void examine_secrets() {
        const std::pair<const char*, const std::string&> secrets[] = {
            {"database.password_file", config_.database.password_file},
            {"cache.password_file", config_.cache.password_file},
            {"bus.password_file", config_.bus.password_file},
            {"files.secret_key_file", config_.files.secret_key_file},
            {"tls.private_key", config_.tls.private_key},
        };
        for (const auto& [key, path] : secrets) {
            struct stat entry {};
            if (path.empty() || ::stat(path.c_str(), &entry) != 0) continue;  // opening it says what is wrong
            const bool open_to_all = (entry.st_mode & S_IROTH) != 0;
            add(!open_to_all, Level::warning, "machine", key, open_to_all ? "readable by everybody" : "private",
                "readable by the portal alone", "chmod 600 " + path);
        }
    }

    void examine_database() {
        const Config::Database& wanted = config_.database;
        if (wanted.url.scheme.empty()) return;
        db::MariadbOptions options;
        auto url = address_of(wanted.url, wanted.password_file, "database.password_file");
        if (!url) {
            add(false, Level::error, "database", "password_file", url.error().message, "a file with the password", "");
            return;
        }
        options.url = *url;
        options.tls_ca = wanted.tls_ca;
        DatabaseUse use;
        use.galera = wanted.url.parameter("mode") == "galera";
        use.asks_for_tls = !wanted.tls_ca.empty();
        Config chosen = config_;
        choose_threads(chosen);
        const int readers = static_cast<int>(database_sessions(chosen));
        use.sessions_per_process = 2 * readers + 1;  // for reading, as many for writing, one that watches
        use.replica_lag_max_ms = wanted.replica_lag_max_ms;
        use.newest_step = newest_step_;
        append(judge_database(db::inspect_mariadb(options, true), use));
    }

    void examine_cache(const char* part, const EngineUrl& address, const std::string& password_file, bool keeps) {
        if (address.scheme.empty() || address.scheme == "memory") return;
        const std::string key = std::string(part) + ".password_file";
        const auto url = address_of(address, password_file, key);
        const auto engines = url ? cache::inspect(*url) : url.error();
        if (!engines) {
            add(false, Level::error, part, url ? "url" : "password_file", engines.error().message, "", "");
            return;
        }
        append(judge_cache(*engines, {part, keeps}));
    }

    void examine_files() {
        const EngineUrl& address = config_.files.url;
        if (!address.scheme.empty() && address.scheme != "dir") examine_clock_of_store(address);
        if (address.scheme == "dir") examine_share(address.path);
        if (!address.scheme.empty()) examine_store(address);
    }

    void examine_share(const std::string& path) {
        const auto mounts = read_file("/proc/mounts", kMountsBytesMax);
        const auto mount = mounts ? mount_of(*mounts, path) : std::nullopt;
        if (mount) {
            const bool noatime = mount->has("noatime");
            const bool quiet = noatime || (!mount->is_network() && mount->has("relatime"));
            add(quiet, Level::warning, "files", "noatime", mount->type + " " + mount->options, "noatime,nodiratime",
                "Each read costs a write. In /etc/fstab, for " + mount->folder + ": noatime,nodiratime");
        }
        examine_space("files", path);
    }

    /// Signatures hold for a quarter of an hour, so a clock that is off shows as 403.
    void examine_clock_of_store(const EngineUrl& address) {
        if (address.hosts.empty()) return;
        const EngineUrl::Host& host = address.hosts.front();
        net::ClientRequest request;
        const bool v6 = host.name.find(':') != std::string::npos;
        request.url = address.scheme.substr(3) + "://" + (v6 ? "[" + host.name + "]" : host.name) +
                      (host.port != 0 ? ":" + std::to_string(host.port) : "") + "/";
        request.timeout_ms = 3'000;
        request.allow_private_targets = true;
        request.ca_file = address.parameter("ca_file");
        const std::int64_t before = system_clock().now();
        const auto answer = net::fetch(request);
        if (!answer) {
            add(false, Level::error, "files", "reachable", answer.error().message, "an answer",
                "Is the store running, and is the address in files.url right?");
            return;
        }
        for (const net::Header& header : answer->headers) {
            std::string name = header.name;
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
            std::tm date{};
            if (name != "date" || ::strptime(header.value.c_str(), "%a, %d %b %Y %H:%M:%S", &date) == nullptr) continue;
            const std::int64_t ahead = ::timegm(&date) - before;
            add(std::llabs(ahead) < 60, std::llabs(ahead) < 600 ? Level::warning : Level::error, "files", "clock",
                std::to_string(ahead) + " s ahead of ours", "within 60 s",
                "The store refuses requests whose time is 15 minutes off: let both machines follow a time server.");
        }
    }

    void examine_store(const EngineUrl& address) {
        files::StoreOptions options;
        auto url = address_of(address, config_.files.secret_key_file, "files.secret_key_file");
        auto done = Result<std::string>(std::string());
        if (url) {
            options.url = *url;
            options.virus_scan = config_.virus_scan.address;
            options.accept_unscanned = config_.virus_scan.on_failure == Config::ScanFailure::accept;
            done = files::check(options);
        } else {
            done = url.error();
        }
        add(done.ok(), Level::error, "files", "write and read", done ? *done : done.error().message, "", "");
    }

    const Config& config_;
    const int newest_step_;
    Findings out_;
};

}  // namespace

Findings examine(const Config& config, int newest_step) {
    return Examination(config, newest_step).run();
}

}  // namespace stoa::app::doctor
