#include "cache/redis/redis_cache.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>

#include "cache/meters.hpp"
#include "cache/redis/trouble.hpp"
#include "cache/wire/connection_pool.hpp"
#include "cache/wire/engine_watch.hpp"

namespace stoa::cache::redis {
namespace {

constexpr int kFirstLookMs = 500;

class RedisCache final : public Cache {
  public:
    explicit RedisCache(Settings settings)
        : settings_(settings),
          finder_(std::move(settings)),
          watch_("cache", "answers come from the database", [this] { return look(); }, {}),
          pool_(watch_, settings_.pool, [this](const Address& address) {
              return Connection::open(address, settings_.login, Deadline::in_ms(settings_.connect_ms));
          }) {
        watch_.wait_for_first_look(Deadline::in_ms(kFirstLookMs));
    }

    std::optional<std::string> get(std::string_view key) override {
        if (!is_cache_key(key)) return meters_.errors.add(), std::nullopt;
        const auto reply = ask({"GET", named(key)});
        if (!reply) return std::nullopt;
        return counted(*reply);
    }

    std::vector<std::optional<std::string>> get_many(std::span<const std::string> keys) override {
        std::vector<std::optional<std::string>> out(keys.size());
        if (keys.empty()) return out;
        if (keys.size() > limits::cache_keys_per_call_max || !std::all_of(keys.begin(), keys.end(), is_cache_key)) {
            return meters_.errors.add(), out;
        }
        std::vector<std::string> names;
        names.reserve(keys.size());
        for (const std::string& key : keys)
            names.push_back(named(key));
        std::vector<std::string_view> arguments{"MGET"};
        arguments.insert(arguments.end(), names.begin(), names.end());
        const auto reply = ask(arguments);
        if (!reply || reply->size() != keys.size()) return out;
        for (std::size_t i = 0; i < keys.size(); ++i)
            out[i] = counted((*reply)[i]);
        return out;
    }

    bool set(std::string_view key, std::string_view value, int lifetime_s) override {
        if (!may_store(key, value, lifetime_s)) return meters_.errors.add(), false;
        const auto reply = ask({"SET", named(key), value, "EX", std::to_string(lifetime_s)});
        return confirmed(reply && reply->is_text());
    }

    bool add(std::string_view key, std::string_view value, int lifetime_s) override {
        if (!may_store(key, value, lifetime_s)) return meters_.errors.add(), false;
        const auto reply = ask({"SET", named(key), value, "EX", std::to_string(lifetime_s), "NX"});
        return reply && reply->is_text();
    }

    bool remove(std::string_view key) override {
        if (!is_cache_key(key)) return meters_.errors.add(), false;
        const auto reply = ask({"DEL", named(key)});
        return reply && reply->is_integer();
    }

    std::optional<std::int64_t> increment(std::string_view key, std::int64_t by, int lifetime_s) override {
        if (!may_count(key, by, lifetime_s)) return meters_.errors.add(), std::nullopt;
        // One step in the server, so that no counter is left without an end.
        const auto reply = ask({"EVAL",
                                "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) "
                                "if n == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end return n",
                                "1", named(key), std::to_string(by), std::to_string(lifetime_s)});
        if (!reply || !reply->is_integer()) return std::nullopt;
        return reply->integer();
    }

    bool is_shared() const override { return true; }
    bool reachable() const override { return !watch_.closed(); }

  private:
    Result<Address> look() {
        STOA_TRY(const Master master, finder_.find());
        return master.address;
    }

    std::string named(std::string_view key) const { return settings_.prefix + std::string(key); }

    std::optional<std::string> counted(const ReplyView& value) {
        if (!value.is_text()) return meters_.misses.add(), std::nullopt;
        meters_.hits.add();
        return std::string(value.text());
    }

    std::optional<Reply> ask(std::initializer_list<std::string_view> arguments) {
        return ask(Arguments(arguments.begin(), arguments.size()));
    }
    /// Nothing after any failure, which is counted here.
    std::optional<Reply> ask(Arguments arguments) {
        if (watch_.closed()) return meters_.skipped.add(), std::nullopt;
        auto connection = pool_.take(Deadline::in_ms(settings_.command_ms));
        if (!connection) return meters_.errors.add(), std::nullopt;
        auto reply = (*connection)->command(arguments, Deadline::in_ms(settings_.command_ms));
        if (!reply) {
            connection->failed(reply.error());
            return meters_.errors.add(), std::nullopt;
        }
        if (!reply->is_error()) return std::move(*reply);
        const Error error = error_of(reply->text());
        if (asks_for_new_look(error)) {
            connection->doubt(error);
        } else {
            refused_ = true;
            refusals_.failed(error);
        }
        return meters_.errors.add(), std::nullopt;
    }

    /// A write was taken: whatever it refused before is over. (Reads say nothing: without memory they still work.)
    bool confirmed(bool done) {
        if (done && refused_.exchange(false)) refusals_.works();
        return done;
    }

    const Settings settings_;
    Meters meters_{"redis"};
    TroubleLog refusals_{"cache", "answers come from the database"};
    std::atomic<bool> refused_{false};
    MasterFinder finder_;
    EngineWatch watch_;
    ConnectionPool<Connection> pool_;
};

}  // namespace

std::unique_ptr<Cache> make_redis_cache(Settings settings) {
    return std::make_unique<RedisCache>(std::move(settings));
}

}  // namespace stoa::cache::redis
