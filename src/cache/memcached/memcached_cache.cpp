#include "cache/memcached/memcached_cache.hpp"

#include <algorithm>
#include <map>

#include "cache/memcached/handle.hpp"
#include "cache/memcached/ring.hpp"
#include "cache/meters.hpp"
#include "cache/wire/connection_pool.hpp"
#include "cache/wire/engine_watch.hpp"
#include "cache/wire/resolve.hpp"
#include "cache/wire/url_parameters.hpp"

namespace stoa::cache::memcached {
namespace {

constexpr std::uint16_t kPort = 11211;
constexpr int kFirstLookMs = 500;

std::string name_of(const EngineUrl::Host& host) {
    return host.name + ":" + std::to_string(host.port != 0 ? host.port : kPort);
}

std::vector<std::string> names_of(const std::vector<EngineUrl::Host>& hosts) {
    std::vector<std::string> out;
    for (const EngineUrl::Host& host : hosts)
        out.push_back(name_of(host));
    return out;
}

class Server {
  public:
    Server(EngineUrl::Host host, const Settings& settings)
        : host_(std::move(host)),
          settings_(settings),
          watch_("memcached " + name_of(host_), "its keys belong to the other servers, or are read from the database",
                 [this] { return look(); }, {}),
          pool_(watch_, settings_.pool, [this](const Address& address) {
              return Handle::open(address, settings_.connect_ms, settings_.command_ms);
          }) {}

    EngineWatch& watch() { return watch_; }

    /// Runs fn(handle) → Result; nothing after a failure that concerns more than this request.
    template <class Fn>
    auto with_handle(Meters& meters, Fn fn) -> std::optional<std::decay_t<decltype(fn(std::declval<Handle&>()))>> {
        auto handle = pool_.take(Deadline::in_ms(settings_.command_ms));
        if (!handle) return meters.errors.add(), std::nullopt;
        auto result = fn(**handle);
        if (result) return result;
        meters.errors.add();
        const Errc code = result.error().code;
        if (code == Errc::too_large || code == Errc::invalid_argument) {
            refusals_.failed(result.error());
        } else {
            handle->failed(result.error());
        }
        return std::nullopt;
    }

  private:
    Result<Address> look() {
        STOA_TRY(const auto addresses, resolve(host_, kPort, Deadline::in_ms(settings_.connect_ms)));
        Error last{Errc::unavailable, "The name has no address."};
        for (const Address& address : addresses) {
            STOA_TRY(const auto handle, Handle::open(address, settings_.connect_ms, settings_.command_ms));
            const Status status = handle->test();
            if (status) return address;
            last = status.error();
        }
        return last;
    }

    const EngineUrl::Host host_;
    const Settings settings_;
    TroubleLog refusals_{"memcached " + name_of(host_), "what does not fit is not cached"};
    EngineWatch watch_;
    ConnectionPool<Handle> pool_;
};

class MemcachedCache final : public Cache {
  public:
    explicit MemcachedCache(const Settings& settings) : prefix_(settings.prefix), ring_(names_of(settings.hosts)) {
        for (const EngineUrl::Host& host : settings.hosts)
            servers_.push_back(std::make_unique<Server>(host, settings));
        const Deadline deadline = Deadline::in_ms(kFirstLookMs);
        for (const auto& server : servers_)
            server->watch().wait_for_first_look(deadline);
    }

    std::optional<std::string> get(std::string_view key) override {
        if (!is_cache_key(key)) return meters_.errors.add(), std::nullopt;
        const std::string name = prefix_ + std::string(key);
        auto value = with_server(name, [&](Handle& handle) { return handle.get(name); });
        if (!value) return std::nullopt;
        (value->value() ? meters_.hits : meters_.misses).add();
        return std::move(**value);
    }

    std::vector<std::optional<std::string>> get_many(std::span<const std::string> keys) override {
        std::vector<std::optional<std::string>> out(keys.size());
        if (keys.size() > limits::cache_keys_per_call_max || !std::all_of(keys.begin(), keys.end(), is_cache_key)) {
            return meters_.errors.add(), out;
        }
        std::vector<std::string> names;
        std::map<Server*, std::vector<std::size_t>> parts;
        for (const std::string& key : keys) {
            names.push_back(prefix_ + key);
            if (Server* server = server_of(names.back())) parts[server].push_back(names.size() - 1);
        }
        for (const auto& [server, places] : parts)
            get_part(*server, places, names, out);
        return out;
    }

    bool set(std::string_view key, std::string_view value, int lifetime_s) override {
        if (!may_store(key, value, lifetime_s)) return meters_.errors.add(), false;
        const std::string name = prefix_ + std::string(key);
        return with_server(name, [&](Handle& handle) { return handle.set(name, value, lifetime_s); }).has_value();
    }

    bool add(std::string_view key, std::string_view value, int lifetime_s) override {
        if (!may_store(key, value, lifetime_s)) return meters_.errors.add(), false;
        const std::string name = prefix_ + std::string(key);
        const auto added = with_server(name, [&](Handle& handle) { return handle.add(name, value, lifetime_s); });
        return added && added->value();
    }

    bool remove(std::string_view key) override {
        if (!is_cache_key(key)) return meters_.errors.add(), false;
        const std::string name = prefix_ + std::string(key);
        return with_server(name, [&](Handle& handle) { return handle.remove(name); }).has_value();
    }

    std::optional<std::int64_t> increment(std::string_view key, std::int64_t by, int lifetime_s) override {
        if (!may_count(key, by, lifetime_s)) return meters_.errors.add(), std::nullopt;
        const std::string name = prefix_ + std::string(key);
        const auto counted = with_server(name, [&](Handle& handle) -> Result<std::optional<std::int64_t>> {
            STOA_TRY(const auto known, handle.increment(name, by));
            if (known) return known;
            STOA_TRY(const bool began, handle.add(name, std::to_string(by), lifetime_s));
            if (began) return std::optional(by);
            return handle.increment(name, by);  // somebody else began it in between
        });
        return counted ? counted->value() : std::nullopt;
    }

    bool is_shared() const override { return true; }
    bool reachable() const override {
        return std::any_of(servers_.begin(), servers_.end(), [](const auto& s) { return !s->watch().closed(); });
    }

  private:
    Server* server_of(std::string_view name) {
        const int index =
            ring_.find(name, [this](int i) { return !servers_[static_cast<std::size_t>(i)]->watch().closed(); });
        if (index < 0) return meters_.skipped.add(), nullptr;
        return servers_[static_cast<std::size_t>(index)].get();
    }

    template <class Fn>
    auto with_server(const std::string& name, Fn fn)
        -> decltype(std::declval<Server&>().with_handle(std::declval<Meters&>(), fn)) {
        Server* server = server_of(name);
        if (server == nullptr) return std::nullopt;
        return server->with_handle(meters_, fn);
    }

    void get_part(Server& server, const std::vector<std::size_t>& places, const std::vector<std::string>& names,
                  std::vector<std::optional<std::string>>& out) {
        std::vector<std::string_view> own;
        for (const std::size_t place : places)
            own.push_back(names[place]);
        std::size_t hits = 0;
        const auto done = server.with_handle(meters_, [&](Handle& handle) {
            return handle.get_many(own, [&](std::size_t i, std::string_view value) {
                out[places[i]] = std::string(value);
                ++hits;
            });
        });
        meters_.hits.add(hits);
        if (done) meters_.misses.add(own.size() - hits);
    }

    const std::string prefix_;
    const Ring ring_;
    Meters meters_{"memcached"};
    std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace

Result<Settings> read_settings(const EngineUrl& url) {
    Settings settings;
    if (url.scheme != "memcached") return invalid(url.scheme + " is no address of Memcached.", "scheme");
    if (url.hosts.empty()) return invalid("The address of Memcached names no host.", "hosts");
    if (!url.user.empty() || !url.password.empty()) {
        return invalid("Memcached is used without a password: let only the portal reach it.", "user");
    }
    if (!url.path.empty()) return invalid("The address of Memcached has no path.", "path");
    settings.hosts = url.hosts;
    STOA_CHECK(check_parameters(url, {"connect_ms", "command_ms", "pool", "prefix"}));
    STOA_TRY(settings.connect_ms, url_number(url, "connect_ms", 200, 10, 5'000));
    STOA_TRY(settings.command_ms, url_number(url, "command_ms", 100, 5, 5'000));
    STOA_TRY(settings.pool, url_number(url, "pool", 16, 1, limits::cache_connections_max));
    STOA_TRY(settings.prefix, url_prefix(url));
    return settings;
}

std::unique_ptr<Cache> make_memcached_cache(Settings settings) {
    return std::make_unique<MemcachedCache>(settings);
}

}  // namespace stoa::cache::memcached
