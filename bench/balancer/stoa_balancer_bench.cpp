// The median of a request, direct and through HAProxy. Usage: stoa_balancer_bench PATH-OF-STOA

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/testing/engine_process.hpp"
#include "cluster/balancer/config.hpp"

namespace stoa {
namespace {

constexpr int kTurns = 20, kRequests = 200;
constexpr std::string_view kRequest = "GET /ready HTTP/1.1\r\nHost: bench\r\n\r\n";

class Connection {
  public:
    explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval wait{5, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        const int on = 1;
        ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    /// Microseconds; -1 when the answer is not "ready".
    std::int64_t ask() const {
        const std::int64_t begin_us = system_clock().monotonic_us();
        if (!connected_ || ::send(fd_.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return -1;
        std::string answer;
        while (!answer.ends_with("ready\n")) {
            char bytes[4096];
            const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
            if (got <= 0) return -1;
            answer.append(bytes, static_cast<std::size_t>(got));
            if (!answer.starts_with("HTTP/1.1 200")) return -1;
        }
        return system_clock().monotonic_us() - begin_us;
    }

  private:
    Fd fd_;
    bool connected_ = false;
};

cluster::BalancerSpec make_spec(std::uint16_t web_port) {
    cluster::BalancerSpec spec;
    spec.cluster = "bench";
    spec.name = "lb1";
    spec.back_address = "127.0.0.1";
    spec.health_path = "/ready";
    spec.web = {{"web1", "127.0.0.1", web_port, cluster::Admission::admitted, "", ""}};
    for (auto* port : {&spec.http_port, &spec.status_port, &spec.peers_port})
        *port = fixture::free_port();
    return spec;
}

/// Writes the files of the service as the agent does, and starts it.
Result<std::unique_ptr<fixture::EngineProcess>> start_haproxy(const cluster::BalancerSpec& spec,
                                                              const std::string& dir) {
    const auto services = cluster::balancer_services(spec);
    for (const auto& file : services[0].files) {
        std::string content = file.content;
        for (std::size_t at = 0; (at = content.find("{{dir}}", at)) != content.npos;)
            content.replace(at, 7, dir);
        STOA_CHECK(write_file_atomic(dir + "/" + file.path, content, static_cast<mode_t>(file.mode)));
    }
    return fixture::EngineProcess::start({{dir + "/start.sh"}, dir});
}

std::int64_t median(std::vector<std::int64_t>& values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

Status run(const std::string& stoa) {
    const fixture::TempDir dir;
    const std::uint16_t web_port = fixture::free_port();
    STOA_TRY(const auto web, fixture::EngineProcess::start({{stoa, "serve", "--data", dir.path("data"), "--http",
                                                             "--listen", "127.0.0.1:" + std::to_string(web_port)},
                                                            dir.path(),
                                                            "stoa.txt"}));
    STOA_CHECK(web->wait_for_port(web_port));
    const auto spec = make_spec(web_port);
    STOA_CHECK(make_dir(dir.path("haproxy")));
    STOA_TRY(const auto haproxy, start_haproxy(spec, dir.path("haproxy")));
    STOA_CHECK(haproxy->wait_for_port(spec.http_port));

    const Connection direct(web_port), balanced(spec.http_port);
    std::vector<std::int64_t> direct_us, balanced_us;
    for (int turn = 0; turn < kTurns; ++turn) {
        for (const auto& [connection, times] : {std::pair(&direct, &direct_us), std::pair(&balanced, &balanced_us)}) {
            for (int i = 0; i < kRequests; ++i) {
                const std::int64_t us = connection->ask();
                if (us < 0) return internal_error("a request failed:\n" + haproxy->output() + web->output());
                if (turn > 0) times->push_back(us);  // the first turn warms up
            }
        }
    }
    const std::int64_t without = median(direct_us), with = median(balanced_us);
    std::printf("p50 direct            %6lld us\n", static_cast<long long>(without));
    std::printf("p50 through HAProxy   %6lld us\n", static_cast<long long>(with));
    std::printf("difference            %6lld us\n", static_cast<long long>(with - without));
    return {};
}

}  // namespace
}  // namespace stoa

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "Usage: stoa_balancer_bench PATH-OF-STOA\n");
        return 2;
    }
    const stoa::Status done = stoa::run(argv[1]);
    if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return done.ok() ? 0 : 1;
}
