#include "cache/testing/engines.hpp"

#include <fstream>
#include <stdexcept>
#include <utility>

namespace stoa::fixture {
namespace {

void must(const Status& status) {
    if (!status) throw std::runtime_error(status.error().message);
}

std::unique_ptr<EngineProcess> must_start(EngineCommand command) {
    auto process = EngineProcess::start(std::move(command));
    if (!process) throw std::runtime_error(process.error().message);
    return std::move(*process);
}

std::string ask_redis(std::uint16_t port, const std::string& password, const std::vector<std::string>& command) {
    std::vector<std::string> argv{"redis-cli", "-p", std::to_string(port), "--no-auth-warning"};
    if (!password.empty()) argv.insert(argv.end(), {"-a", password});
    argv.insert(argv.end(), command.begin(), command.end());
    std::string out = run_command(argv, 2'000).value_or("");
    if (out.ends_with('\n')) out.pop_back();
    return out;
}

}  // namespace

EngineUrl url_of(const std::string& text) {
    auto url = parse_engine_url(text);
    if (!url) throw std::runtime_error(url.error().message);
    return std::move(*url);
}

RedisServer::RedisServer(RedisOptions options) : options_(std::move(options)), port_(free_port()) {
    std::vector<std::string> argv{"redis-server",
                                  "--port",
                                  std::to_string(port_),
                                  "--bind",
                                  "127.0.0.1",
                                  "--save",
                                  "",
                                  "--appendonly",
                                  "no",
                                  "--dir",
                                  dir_.path(),
                                  "--repl-diskless-sync-delay",
                                  "0",
                                  "--repl-timeout",
                                  "5",
                                  "--repl-ping-replica-period",
                                  "1"};
    if (!options_.password.empty()) {
        argv.insert(argv.end(), {"--requirepass", options_.password, "--masterauth", options_.password});
    }
    if (options_.replica_of != 0) {
        argv.insert(argv.end(), {"--replicaof", "127.0.0.1 " + std::to_string(options_.replica_of)});
    }
    argv.insert(argv.end(), options_.more.begin(), options_.more.end());
    process_ = must_start({std::move(argv), dir_.path()});
    wait_until_ready();
}

EngineUrl RedisServer::url(const std::string& more) const {
    const std::string login = options_.password.empty() ? "" : ":" + options_.password + "@";
    return url_of("redis://" + login + "127.0.0.1:" + std::to_string(port_) + more);
}

std::string RedisServer::ask(const std::vector<std::string>& command) const {
    return ask_redis(port_, options_.password, command);
}

void RedisServer::wait_until_ready() {
    must(process_->wait_for_port(port_));
    must(process_->wait_until([this] { return ask({"ping"}) == "PONG"; }));
}

void RedisServer::restart() {
    must(process_->restart());
    wait_until_ready();
}

RedisGroup::RedisGroup(int replicas, const std::string& password) : password_(password) {
    servers_.push_back(std::make_unique<RedisServer>(RedisOptions{password}));
    const std::uint16_t master_port = servers_[0]->port();
    for (int i = 0; i < replicas; ++i)
        servers_.push_back(std::make_unique<RedisServer>(RedisOptions{password, master_port}));
    for (int i = 0; i < 3; ++i)
        start_sentinel(master_port);
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        must(sentinels_[i]->wait_for_port(ports_[i]));
        must(sentinels_[i]->wait_until([&] {
            const std::string state = ask_redis(ports_[i], "", {"sentinel", "ckquorum", "portal"});
            const std::string known = ask_redis(ports_[i], "", {"sentinel", "replicas", "portal"});
            return state.starts_with("OK 3 usable") &&
                   (replicas == 0 || known.find("slave-repl-offset") != std::string::npos);
        }));
    }
}

void RedisGroup::start_sentinel(std::uint16_t master_port) {
    const std::uint16_t port = free_port();
    const std::string file = dir_.path("sentinel-" + std::to_string(port) + ".conf");
    std::ofstream out(file);
    out << "port " << port << "\nbind 127.0.0.1\ndir " << dir_.path() << "\n"
        << "sentinel monitor portal 127.0.0.1 " << master_port << " 2\n"
        << "sentinel down-after-milliseconds portal 500\n"
        << "sentinel failover-timeout portal 2000\n";
    if (!password_.empty()) out << "sentinel auth-pass portal " << password_ << "\n";
    out.close();
    ports_.push_back(port);
    sentinels_.push_back(
        must_start({{"redis-sentinel", file}, dir_.path(), "sentinel-" + std::to_string(port) + ".txt"}));
}

EngineUrl RedisGroup::url(const std::string& more) const {
    std::string hosts;
    for (const std::uint16_t port : ports_)
        hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(port);
    const std::string login = password_.empty() ? "" : ":" + password_ + "@";
    return url_of("redis+sentinel://" + login + hosts + "/portal" + more);
}

int RedisGroup::master() const {
    std::string agreed;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        if (!sentinels_[i]->running()) continue;
        const std::string answer = ask_redis(ports_[i], "", {"sentinel", "get-master-addr-by-name", "portal"});
        if (!agreed.empty() && answer != agreed) return -1;
        agreed = answer;
    }
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (agreed.ends_with("\n" + std::to_string(servers_[i]->port()))) return static_cast<int>(i);
    }
    return -1;
}

MemcachedServer::MemcachedServer(std::vector<std::string> more) : port_(free_port()) {
    std::vector<std::string> argv{"memcached", "-l", "127.0.0.1", "-p", std::to_string(port_), "-u", "root",
                                  "-m",        "32", "-t",        "1"};
    argv.insert(argv.end(), more.begin(), more.end());
    process_ = must_start({std::move(argv), dir_.path()});
    must(process_->wait_for_port(port_));
}

void MemcachedServer::restart() {
    must(process_->restart());
    must(process_->wait_for_port(port_));
}

}  // namespace stoa::fixture
