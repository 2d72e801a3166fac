#include "cache/inspection.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/clock.hpp"
#include "cache/memcached/memcached_cache.hpp"
#include "cache/redis/connection.hpp"
#include "cache/redis/master_finder.hpp"
#include "cache/wire/resolve.hpp"
#include "cache/wire/socket.hpp"

namespace stoa::cache {
namespace {

constexpr int kConnectMs = 2'000;
constexpr int kAnswerMs = 2'000;
constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;
constexpr std::uint16_t kMemcachedPort = 11211;
constexpr std::size_t kAnswerBytesMax = 64 * 1024;

/// Calls take(name, value) for each line "name<mark>value".
template <class Take>
void read_lines(std::string_view text, char mark, const Take& take) {
    while (!text.empty()) {
        const auto end = std::min(text.find("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 2, text.size()));
        if (const auto at = line.find(mark); at != std::string_view::npos)
            take(line.substr(0, at), line.substr(at + 1));
    }
}

Result<redis::Reply> ask(redis::Connection& connection, std::initializer_list<std::string_view> command) {
    return redis::no_error(connection.command(command, Deadline::in_ms(kAnswerMs)));
}

Status look_at_redis(const Address& address, const redis::Login& login, EngineFacts& out) {
    STOA_TRY(const auto connection, redis::Connection::open(address, login, Deadline::in_ms(kConnectMs)));
    STOA_TRY(const redis::Reply info, ask(*connection, {"INFO"}));
    read_lines(info.text(), ':', [&](auto name, auto value) { out.facts[std::string(name)] = value; });
    STOA_CHECK(ask(*connection, {"PING"}));  // unlike INFO, refused while it is loading
    // A managed server may forbid CONFIG: then those facts are missing.
    for (const char* name : {"maxmemory-policy", "save", "min-replicas-to-write", "appendfsync"}) {
        const auto got = ask(*connection, {"CONFIG", "GET", name});
        if (got && got->size() == 2) out.facts["config:" + std::string(name)] = (*got)[1].text();
    }
    const std::int64_t before = system_clock().now_us();
    STOA_TRY(const redis::Reply time, ask(*connection, {"TIME"}));
    const std::int64_t after = system_clock().now_us();
    if (time.size() == 2) {
        const auto number = [&](std::size_t i) {
            return std::strtoll(std::string(time[i].text()).c_str(), nullptr, 10);
        };
        out.clock_ahead_ms = (number(0) * 1'000'000 + number(1) - (before + after) / 2) / 1000;
    }
    return {};
}

Status look_at_sentinel(const Address& address, const redis::Settings& settings, EngineFacts& out) {
    redis::Login login;
    auto opened = redis::Connection::open(address, login, Deadline::in_ms(kConnectMs));
    if (!opened) return std::move(opened).error();
    auto master = ask(**opened, {"SENTINEL", "get-master-addr-by-name", settings.master_name});
    if (!master && master.error().field == "password_missing") {
        login = settings.login;
        login.database = 0;
        STOA_TRY(*opened, redis::Connection::open(address, login, Deadline::in_ms(kConnectMs)));
        master = ask(**opened, {"SENTINEL", "get-master-addr-by-name", settings.master_name});
    }
    if (!master) return std::move(master).error();
    if (master->size() == 2) {
        out.facts["master"] = std::string((*master)[0].text()) + ":" + std::string((*master)[1].text());
    }
    STOA_TRY(const redis::Reply info, ask(**opened, {"INFO", "server"}));
    read_lines(info.text(), ':', [&](auto name, auto value) { out.facts[std::string(name)] = value; });
    return {};
}

Status look_at_memcached(const Address& address, EngineFacts& out) {
    STOA_TRY(Socket socket, Socket::connect(address, Deadline::in_ms(kConnectMs)));
    const Deadline deadline = Deadline::in_ms(kAnswerMs);
    STOA_CHECK(socket.send("stats\r\n", deadline));
    std::string text;
    while (!text.ends_with("END\r\n")) {
        char buffer[4096];
        STOA_TRY(const std::size_t got, socket.receive(buffer, sizeof buffer, deadline));
        text.append(buffer, got);
        if (text.size() > kAnswerBytesMax || text.starts_with("ERROR"))
            return Error{Errc::unavailable, "It does not speak the text protocol of Memcached."};
    }
    read_lines(text, ' ', [&](auto, auto rest) {
        const auto space = rest.find(' ');
        if (space != std::string_view::npos) out.facts[std::string(rest.substr(0, space))] = rest.substr(space + 1);
    });
    return {};
}

/// One entry for each address of the host.
template <class Look>
void look_at_each(const EngineUrl::Host& host, std::uint16_t port, const char* kind, const Look& look,
                  std::vector<EngineFacts>& out) {
    const auto addresses = resolve(host, port, Deadline::in_ms(kConnectMs));
    if (!addresses) {
        out.push_back({host.name, kind, addresses.error(), {}, {}});
        return;
    }
    for (const Address& address : *addresses) {
        EngineFacts facts{address.text(), kind, {}, {}, {}};
        const bool known = std::any_of(out.begin(), out.end(), [&](const EngineFacts& other) {
            return other.address == facts.address && other.kind == kind;
        });
        if (known) continue;
        if (Status status = look(address, facts); !status) facts.refusal = std::move(status).error();
        out.push_back(std::move(facts));
    }
}

void look_at_followers(const redis::Settings& settings, std::vector<EngineFacts>& out) {
    std::vector<std::string> masters;
    for (const EngineFacts& sentinel : out) {
        if (const std::string master = sentinel.fact("master"); !master.empty()) masters.push_back(master);
    }
    for (const std::string& master : masters) {
        const auto colon = master.rfind(':');
        EngineUrl::Host host{master.substr(0, colon), 0};
        std::from_chars(master.data() + colon + 1, master.data() + master.size(), host.port);
        const auto look = [&](const Address& address, EngineFacts& facts) {
            return look_at_redis(address, settings.login, facts);
        };
        look_at_each(host, kRedisPort, "redis", look, out);
    }
}

}  // namespace

std::string EngineFacts::fact(std::string_view name) const {
    const auto found = facts.find(name);
    return found == facts.end() ? "" : found->second;
}

std::int64_t EngineFacts::number(std::string_view name) const {
    return std::strtoll(fact(name).c_str(), nullptr, 10);
}

Result<std::vector<EngineFacts>> inspect(const EngineUrl& url) {
    std::vector<EngineFacts> out;
    if (url.scheme == "memcached") {
        STOA_TRY(const memcached::Settings settings, memcached::read_settings(url));
        for (const EngineUrl::Host& host : settings.hosts)
            look_at_each(host, kMemcachedPort, "memcached", look_at_memcached, out);
        return out;
    }
    STOA_TRY(const redis::Settings settings, redis::read_settings(url));
    for (const EngineUrl::Host& host : settings.hosts) {
        const auto look = [&](const Address& address, EngineFacts& facts) {
            return settings.sentinel ? look_at_sentinel(address, settings, facts)
                                     : look_at_redis(address, settings.login, facts);
        };
        look_at_each(host, settings.sentinel ? kSentinelPort : kRedisPort, settings.sentinel ? "sentinel" : "redis",
                     look, out);
    }
    look_at_followers(settings, out);
    return out;
}

}  // namespace stoa::cache
