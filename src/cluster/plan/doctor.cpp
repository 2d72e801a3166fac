#include "cluster/plan/doctor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <functional>
#include <thread>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "cluster/plan/engines/engines.hpp"
#include "json/parse.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster {
namespace {

constexpr int kTimeoutMs = 1'500;
constexpr int kTries = 5;
constexpr int kHaproxyStatusPort = 8404;

/// Connected, or why not: 0 means yes, else errno (ETIMEDOUT when nobody answers).
int connect_to(const std::string& address, int port, int timeout_ms, Fd& out) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return EINVAL;
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return errno;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        if (errno != EINPROGRESS) return errno;
        pollfd wait{fd.get(), POLLOUT, 0};
        if (::poll(&wait, 1, timeout_ms) <= 0) return ETIMEDOUT;
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return error;
    }
    out = std::move(fd);
    return 0;
}

/// Says something and gives what comes back first; empty when nothing does.
std::string exchange(const std::string& address, int port, const std::string& say) {
    Fd fd;
    if (connect_to(address, port, kTimeoutMs, fd) != 0) return {};
    if (!say.empty() && ::send(fd.get(), say.data(), say.size(), MSG_NOSIGNAL) < 0) return {};
    pollfd wait{fd.get(), POLLIN, 0};
    if (::poll(&wait, 1, kTimeoutMs) <= 0) return {};
    char buffer[8192];
    const ssize_t got = ::recv(fd.get(), buffer, sizeof buffer, 0);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

std::string http_body(const std::string& url) {
    net::ClientRequest request;
    request.url = url;
    request.timeout_ms = kTimeoutMs;
    request.allow_private_targets = true;
    request.answer_bytes_max = 8 << 20;
    const auto response = net::fetch(request);
    return response && response->status == 200 ? response->body : std::string();
}

/// The text after `word`, up to one of `ends`.
std::string after(const std::string& text, std::string_view word, std::string_view ends) {
    const auto at = text.find(word);
    if (at == std::string::npos) return {};
    const auto begin = at + word.size();
    return text.substr(begin, text.find_first_of(ends, begin) - begin);
}

struct Question {
    const HostSpec* host;
    std::string engine, required;
    std::function<std::string()> answer;  ///< what the engine says; empty = silent
    std::function<std::string(const std::string&)> version;
};

std::vector<Question> questions(const ClusterSpec& spec, const std::string& redis_password) {
    using namespace engines;
    std::vector<Question> all;
    for (const HostSpec& host : spec.hosts) {
        const std::string address = host.address;
        if (host.role == "etcd") {
            all.push_back({&host, "etcd", "3.4",
                           [=] { return http_body("http://" + at(address, kEtcdPort) + "/version"); },
                           [](const std::string& said) { return after(said, "\"etcdserver\":\"", "\""); }});
        } else if (host.role == "db") {
            // Its greeting: length, protocol 10, version with a zero at its end; old clients are told 5.5.5 first.
            all.push_back({&host, "mariadb", "10.11", [=] { return exchange(address, kDatabasePort, ""); },
                           [](const std::string& said) {
                               std::string version = said.size() > 5 && said[4] == 10 ? said.c_str() + 5 : "";
                               if (version.starts_with("5.5.5-")) version.erase(0, 6);
                               return version;
                           }});
        } else if (host.role == "redis") {
            all.push_back({&host, "redis", "7.0",
                           [=] {
                               return exchange(address, kRedisPort,
                                               redis_password.empty()
                                                   ? "PING\r\n"
                                                   : "AUTH " + redis_password + "\r\nINFO server\r\n");
                           },
                           [](const std::string& said) { return after(said, "redis_version:", "\r\n"); }});
        } else if (host.role == "lb") {
            all.push_back(
                {&host, "haproxy", "2.6",
                 [=] { return http_body("http://" + at(address, kHaproxyStatusPort) + "/metrics"); },
                 [](const std::string& said) { return after(said, "haproxy_process_build_info{version=\"", "\""); }});
        } else if (host.role == "files") {
            all.push_back({&host, "glusterfs", "",
                           [=] {
                               Fd fd;
                               return std::string(connect_to(address, kBrickPort, kTimeoutMs, fd) == 0 ? "connected"
                                                                                                       : "");
                           },
                           [](const std::string&) { return std::string(); }});
        } else if (host.role == "push") {
            const int port = spec.web.port;
            all.push_back({&host, "push server", "",
                           [=] { return http_body("http://" + at(address, port) + "/ready"); },
                           [](const std::string&) { return std::string(); }});
        } else if (host.role == "web") {
            const std::string path = spec.portal() ? "/ready" : spec.web.app.main.health;
            const int port = spec.web.port;
            all.push_back({&host, spec.portal() ? "portal" : "application", "",
                           [=] { return http_body("http://" + at(address, port) + path); },
                           [](const std::string&) { return std::string(); }});
        }
    }
    for (const HostSpec* host : memcached_hosts(spec)) {
        const std::string address = host->address;
        all.push_back({host, "memcached", "1.6", [=] { return exchange(address, kMemcachedPort, "version\r\n"); },
                       [](const std::string& said) { return after(said, "VERSION ", "\r\n"); }});
    }
    return all;
}

EngineFinding ask(const Question& question) {
    EngineFinding finding;
    finding.host = question.host->name;
    finding.engine = question.engine;
    finding.required = question.required;
    const std::string said = question.answer();
    finding.answers = !said.empty();
    finding.found = finding.answers ? question.version(said) : "";
    if (!finding.answers) {
        finding.advice = "It does not answer at " + question.host->address + ". See its log on " + finding.host +
                         ", and `stoa cluster status`.";
    } else if (!finding.found.empty() && !at_least(finding.found, finding.required)) {
        finding.advice = "Update it to " + finding.required + " or newer.";
    }
    finding.good = finding.advice.empty();
    return finding;
}

int port_of(const HostSpec& host) {
    if (host.role == "etcd") return engines::kEtcdPort;
    if (host.role == "db") return engines::kDatabasePort;
    if (host.role == "redis") return engines::kRedisPort;
    if (host.role == "files") return engines::kBrickPort;
    return 9;  // nobody listens; the refusal is an answer
}

double round_trip_ms(const HostSpec& host) {
    std::vector<double> times;
    for (int i = 0; i < kTries; ++i) {
        Fd fd;
        const std::int64_t begin = system_clock().monotonic_us();
        const int error = connect_to(host.address, port_of(host), kTimeoutMs, fd);
        if (error != 0 && error != ECONNREFUSED) return -1;
        times.push_back(static_cast<double>(system_clock().monotonic_us() - begin) / 1000);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

}  // namespace

bool at_least(std::string_view found, std::string_view required) {
    const auto number = [](std::string_view& text) {
        long value = 0;
        while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front()))) {
            value = value * 10 + (text.front() - '0');
            text.remove_prefix(1);
        }
        if (!text.empty() && text.front() == '.')
            text.remove_prefix(1);
        else
            text = {};
        return value;
    };
    while (!required.empty()) {
        const long has = number(found), wants = number(required);
        if (has != wants) return has > wants;
    }
    return true;
}

std::vector<EngineFinding> ask_engines(const ClusterSpec& spec, const std::string& redis_password) {
    const auto all = questions(spec, redis_password);
    std::vector<EngineFinding> findings(all.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < all.size(); ++i)
        threads.emplace_back([&, i] { findings[i] = ask(all[i]); });
    for (std::thread& thread : threads)
        thread.join();
    return findings;
}

std::vector<RoundTrip> round_trips(const ClusterSpec& spec) {
    std::vector<RoundTrip> out;
    for (const HostSpec& host : spec.hosts)
        out.push_back({host.name, round_trip_ms(host)});
    return out;
}

}  // namespace stoa::cluster
