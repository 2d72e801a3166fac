#include "cache/redis/master_finder.hpp"

#include <charconv>

#include "base/limits.hpp"
#include "cache/redis/trouble.hpp"
#include "cache/wire/resolve.hpp"
#include "cache/wire/url_parameters.hpp"

namespace stoa::cache::redis {
namespace {

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;

/// How far an attempt came: what got further says more about what is wrong.
int progress(const Error& error) {
    if (error.field.empty()) return error.code == Errc::timeout ? 1 : 0;
    return error.field == "read_only" || error.field == "no_master" ? 2 : 3;
}

void keep_better(Error& best, Error error) {
    if (best.message.empty() || progress(error) > progress(best)) best = std::move(error);
}

}  // namespace

Result<Settings> read_settings(const EngineUrl& url) {
    Settings settings;
    settings.sentinel = url.scheme == "redis+sentinel";
    if (!settings.sentinel && url.scheme != "redis") return invalid(url.scheme + " is no address of Redis.", "scheme");
    if (url.hosts.empty()) return invalid("The address of Redis names no host.", "hosts");
    settings.hosts = url.hosts;
    settings.login.user = url.user;
    settings.login.password = url.password;
    std::string database = url.parameter("database", "0");
    if (settings.sentinel) {
        if (url.path.empty()) {
            return invalid("Write the name of the master behind the sentinels: redis+sentinel://host/mymaster", "path");
        }
        settings.master_name = url.path;
    } else if (!url.path.empty()) {
        database = url.path;
    }
    STOA_CHECK(check_parameters(url, {"database", "connect_ms", "command_ms", "pool", "prefix"}));
    STOA_TRY(settings.login.database, read_number(database, "database", 0, 15));
    STOA_TRY(settings.connect_ms, url_number(url, "connect_ms", 200, 10, 5'000));
    STOA_TRY(settings.command_ms, url_number(url, "command_ms", 100, 5, 5'000));
    STOA_TRY(settings.pool, url_number(url, "pool", 16, 1, limits::cache_connections_max));
    STOA_TRY(settings.prefix, url_prefix(url));
    return settings;
}

Result<Master> MasterFinder::find() {
    Error best;
    best.code = Errc::unavailable;
    for (std::size_t i = 0; i < settings_.hosts.size(); ++i) {
        const std::size_t at = (first_ + i) % settings_.hosts.size();
        const auto addresses = resolve(settings_.hosts[at], settings_.sentinel ? kSentinelPort : kRedisPort,
                                       Deadline::in_ms(settings_.connect_ms));
        if (!addresses) {
            keep_better(best, addresses.error());
            continue;
        }
        for (const Address& address : *addresses) {
            Result<Address> target = settings_.sentinel ? ask_sentinel(address) : Result<Address>(address);
            if (!target) {
                keep_better(best, target.error());
                continue;
            }
            auto master = try_master(*target);
            if (master) {
                first_ = at;
                return master;
            }
            keep_better(best, master.error());
        }
    }
    return best;
}

Result<Master> MasterFinder::try_master(const Address& address) const {
    const auto named = [&address](Error error) {
        error.message = "Redis at " + address.text() + ": " + error.message;
        return error;
    };
    auto connection = Connection::open(address, settings_.login, Deadline::in_ms(settings_.connect_ms));
    if (!connection) return named(connection.error());
    const Deadline deadline = Deadline::in_ms(settings_.look_ms());
    (*connection)->append({"ROLE"});
    (*connection)->append({"PING"});  // unlike ROLE, refused while it is loading
    if (const Status sent = (*connection)->flush(deadline); !sent) return named(sent.error());
    const auto role = no_error((*connection)->receive(deadline));
    if (!role) return named(role.error());
    const auto ping = no_error((*connection)->receive(deadline));
    if (!ping) return named(ping.error());
    if (role->size() == 0 || (*role)[0].text() != "master") {
        return named({Errc::unavailable, "it is no master: the master is looked for again.", "read_only"});
    }
    return Master{address, std::move(*connection)};
}

Result<Address> MasterFinder::ask_sentinel(const Address& sentinel) const {
    const auto named = [&sentinel](Error error) {
        error.message = "Sentinel at " + sentinel.text() + ": " + error.message;
        return error;
    };
    auto connection = Connection::open(sentinel, Login(), Deadline::in_ms(settings_.connect_ms));
    if (!connection) return named(connection.error());
    const auto ask = [&] {
        return no_error((*connection)
                            ->command({"SENTINEL", "get-master-addr-by-name", settings_.master_name},
                                      Deadline::in_ms(settings_.look_ms())));
    };
    auto answer = ask();
    if (!answer && answer.error().field == "password_missing" && !settings_.login.password.empty()) {
        Login same = settings_.login;
        same.database = 0;
        connection = Connection::open(sentinel, same, Deadline::in_ms(settings_.connect_ms));
        if (!connection) return named(connection.error());
        answer = ask();
    }
    if (!answer) return named(answer.error());
    if (answer->size() != 2) {
        return named({Errc::unavailable, "it knows no master named " + settings_.master_name + ".", "no_master"});
    }
    EngineUrl::Host host{std::string((*answer)[0].text()), 0};
    const std::string_view port = (*answer)[1].text();
    std::from_chars(port.data(), port.data() + port.size(), host.port);
    STOA_TRY(const std::vector<Address> addresses, resolve(host, kRedisPort, Deadline::in_ms(settings_.connect_ms)));
    if (addresses.empty()) return named({Errc::unavailable, "its master has no address.", "no_master"});
    return addresses.front();
}

}  // namespace stoa::cache::redis
