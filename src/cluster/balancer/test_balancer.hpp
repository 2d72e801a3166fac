#pragma once
// Test support: a balancer as the agent would run it, small web servers behind it, a client that counts, and hosts that
// are network namespaces (needs root).

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/testing/engine_process.hpp"
#include "cluster/balancer/config.hpp"
#include "cluster/balancer/controller.hpp"

namespace stoa::cluster::testing {

using fixture::EngineProcess;
using fixture::eventually;
using fixture::free_port;
using fixture::run_command;
using fixture::TempDir;

inline std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}
inline void sleep_ms(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}
inline std::string text_of(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Runs fn on a thread of its own inside a network namespace (empty: this one's).
template <class F>
void in_network(const std::string& network, F&& fn) {
    std::thread([&] {
        if (!network.empty()) {
            const Fd fd(::open(("/run/netns/" + network).c_str(), O_RDONLY | O_CLOEXEC));
            ASSERT_EQ(::setns(fd.get(), CLONE_NEWNET), 0) << network;
        }
        fn();
    }).join();
}

inline std::vector<std::string> command_in(const std::string& network, std::vector<std::string> argv) {
    if (network.empty()) return argv;
    std::vector<std::string> out = {"ip", "netns", "exec", network};
    out.insert(out.end(), argv.begin(), argv.end());
    return out;
}

struct Answer {
    int status = 0;  ///< 0: none came
    std::string head, body;
    int ms = 0;
};

/// One connection that is kept; opened again when it is closed.
class Client {
  public:
    Client(std::string address, std::uint16_t port, int timeout_ms = 30'000)
        : address_(std::move(address)), port_(port), timeout_ms_(timeout_ms) {}

    Answer request(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::string& headers = "") {
        const std::int64_t begin = now_ms();
        Answer answer;
        if (!fd_ && !open()) return answer;
        const std::string text = method + ' ' + path +
                                 " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                                 headers + "\r\n" + body;
        if (send(text)) answer = receive();
        if (answer.status == 0 || answer.head.find("close\r\n") != std::string::npos) fd_.reset();
        answer.ms = static_cast<int>(now_ms() - begin);
        return answer;
    }

    bool open() {
        fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const timeval wait{timeout_ms_ / 1000, timeout_ms_ % 1000 * 1000};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port_);
        ::inet_pton(AF_INET, address_.c_str(), &to.sin_addr);
        received_.clear();
        if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return true;
        fd_.reset();
        return false;
    }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    Answer receive() {
        Answer answer;
        std::size_t end = 0;
        while ((end = received_.find("\r\n\r\n")) == received_.npos)
            if (!more()) return {};
        std::string head = received_.substr(0, end + 4);
        received_.erase(0, end + 4);
        for (std::size_t i = 0, name = true; i < head.size(); ++i) {  // names in small letters
            if (head[i] == ':') name = false;
            if (head[i] == '\n') name = true;
            if (name != 0) head[i] = static_cast<char>(std::tolower(head[i]));
        }
        const auto at = head.find("content-length: ");
        const std::size_t length = at == head.npos ? 0 : std::stoul(head.substr(at + 16));
        while (received_.size() < length)
            if (!more()) return {};
        answer.body = received_.substr(0, length);
        received_.erase(0, length);
        answer.status = std::stoi(head.substr(9, 3));
        answer.head = std::move(head);
        return answer;
    }
    std::string receive_bytes(std::size_t count) {
        while (received_.size() < count)
            if (!more()) break;
        return std::exchange(received_, {});
    }

  private:
    bool more() {
        char bytes[16 * 1024];
        const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
        if (got > 0) received_.append(bytes, static_cast<std::size_t>(got));
        return got > 0;
    }

    std::string address_;
    std::uint16_t port_;
    int timeout_ms_;
    Fd fd_;
    std::string received_;
};

inline int count_of(const std::string& text, const std::string& part) {
    int count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

/// The value behind "name: " in an answer's head or in what /echo gives back.
inline std::string value_of(const std::string& text, const std::string& name) {
    const auto at = text.find(name + ": ");
    if (at == text.npos) return "";
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find_first_of("\r\n", begin) - begin);
}

/// A web server of its own process. /echo gives back its name and what it was sent; /die?NAME dies after having read
/// the request, once per NAME in the whole folder; /slow?MS answers late; /hsts sets the header that only the balancer
/// may set; /ws becomes a stream that gives back its bytes.
class WebProcess {
  public:
    WebProcess(const std::string& dir, std::string name, std::string address, std::uint16_t port,
               const std::string& network = "")
        : dir_(dir), name_(std::move(name)), address_(std::move(address)), port_(port) {
        const std::string script = dir + "/web.py";
        std::ofstream(script) << kScript;
        auto started =
            EngineProcess::start({command_in(network, {"python3", script, dir, name_, address_, std::to_string(port_)}),
                                  dir, name_ + ".txt"});
        EXPECT_TRUE(started.ok());
        process_ = std::move(*started);
    }

    WebServer server() const { return {name_, address_, port_, Admission::admitted, "", "1", false}; }
    EngineProcess& process() { return *process_; }
    /// "METHOD PATH REQUEST-ID BYTES" of each request that it has read.
    std::string log() const { return text_of(dir_ + "/" + name_ + ".log"); }
    const std::string& name() const { return name_; }

  private:
    static constexpr const char* kScript = R"(
import base64, hashlib, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
folder, name, address, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
log = open(f'{folder}/{name}.log', 'a', buffering=1)

class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *_): pass
    def answer(self):
        length = int(self.headers.get('Content-Length') or 0)
        got = 0
        while got < length:
            part = self.rfile.read(min(65536, length - got))
            if not part: break
            got += len(part)
        path, _, query = self.path.partition('?')
        if path == '/health': return self.send('ok\n')
        log.write(f"{self.command} {self.path} {self.headers.get('X-Request-ID')} {got}\n")
        if path == '/ws': return self.stream()
        if path == '/slow': time.sleep(int(query) / 1000)
        if path == '/die':
            try: os.close(os.open(f'{folder}/died-{query}', os.O_CREAT | os.O_EXCL))
            except FileExistsError: pass
            else: os.kill(os.getpid(), 9)
        headers = {'Strict-Transport-Security': 'max-age=1'} if path == '/hsts' else {}
        sent = ''.join(f'{k.lower()}: {v}\n' for k, v in self.headers.items())
        self.send(f'server: {name}\nbytes: {got}\n{sent}', headers)
    do_GET = do_POST = do_PUT = answer
    def send(self, text, headers={}):
        body = text.encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        for k, v in headers.items(): self.send_header(k, v)
        self.end_headers()
        self.wfile.write(body)
    def stream(self):
        key = self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.wfile.write(('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
                          f'Sec-WebSocket-Accept: {accept}\r\n\r\n').encode())
        while True:
            part = self.connection.recv(4096)
            if not part: break
            self.connection.sendall(part)
        self.close_connection = True

class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    def handle_error(self, *_): pass

Server((address, port), Handler).serve_forever()
)";

    std::string dir_, name_, address_;
    std::uint16_t port_;
    std::unique_ptr<EngineProcess> process_;
};

/// The services of a spec as the agent would run them: files written, start.sh started.
class BalancerHost {
  public:
    BalancerHost(const BalancerSpec& spec, const std::string& dir, std::string network = "")
        : spec_(spec), dir_(dir), network_(std::move(network)) {
        for (auto& service : balancer_services(spec_)) {
            const std::string folder = service_dir(service.name);
            EXPECT_TRUE(make_dir(folder, 0700).ok());
            for (const auto& file : service.files) {
                std::string content = file.content;
                for (std::size_t at = 0; (at = content.find("{{dir}}", at)) != content.npos;)
                    content.replace(at, 7, folder);
                if (content.starts_with("{{secret:")) content = certificate;
                EXPECT_TRUE(write_file_atomic(folder + "/" + file.path, content, static_cast<mode_t>(file.mode)).ok());
            }
        }
    }

    std::string service_dir(const std::string& service) const { return dir_ + "/" + service; }

    void start_haproxy() { start("haproxy", haproxy_); }
    void start_keepalived() { start("keepalived", keepalived_); }
    void start_controller() {
        in_network(network_, [&] {
            ControllerOptions options{service_dir("haproxy"),
                                      spec_.floating_back.empty() ? "" : service_dir("keepalived")};
            controller_ = std::make_unique<Controller>(spec_, options);
            controller_->start();
        });
    }
    void stop_controller() { controller_.reset(); }

    EngineProcess& haproxy() { return *haproxy_; }
    EngineProcess& keepalived() { return *keepalived_; }
    Controller& controller() { return *controller_; }
    const BalancerSpec& spec() const { return spec_; }

    std::vector<ServerStatus> servers() const {
        auto read = read_servers(RuntimeApi(service_dir("haproxy") + "/haproxy.sock"));
        return read.ok() ? *read : std::vector<ServerStatus>();
    }
    /// "up", "down", "drain", "maint", or "" when HAProxy knows no such server.
    std::string state_of(const std::string& name, const std::string& backend = "web") const {
        for (const auto& server : servers())
            if (server.name == name && server.backend == backend)
                return server.maintenance ? "maint" : !server.up ? "down" : server.draining ? "drain" : "up";
        return "";
    }
    bool wait_for(const std::string& name, const std::string& state, int timeout_ms = 10'000,
                  const std::string& backend = "web") const {
        return eventually([&] { return state_of(name, backend) == state; }, timeout_ms);
    }

    static inline std::string certificate;

  private:
    void start(const std::string& service, std::unique_ptr<EngineProcess>& process) {
        process.reset();
        auto started = EngineProcess::start(
            {command_in(network_, {service_dir(service) + "/start.sh"}), service_dir(service), "output.txt"});
        ASSERT_TRUE(started.ok());
        process = std::move(*started);
    }

    BalancerSpec spec_;
    std::string dir_, network_;
    std::unique_ptr<EngineProcess> haproxy_, keepalived_;
    std::unique_ptr<Controller> controller_;
};

/// Clients that send POST /echo without a pause and count what they get.
class Load {
  public:
    Load(const std::string& address, std::uint16_t port, int clients, const std::string& network = "") {
        for (int i = 0; i < clients; ++i)
            threads_.emplace_back([this, address, port, network] { in_network(network, [&] { run(address, port); }); });
    }
    ~Load() { stop(); }
    void stop() {
        stopping_ = true;
        for (auto& thread : threads_)
            if (thread.joinable()) thread.join();
    }
    int ok() const { return ok_; }
    int failed() const { return failed_; }
    int slowest_ms() const { return slowest_ms_; }
    std::set<std::string> servers() {
        const std::lock_guard lock(mutex_);
        return std::exchange(servers_, {});
    }
    std::string failures() {
        const std::lock_guard lock(mutex_);
        return failures_;
    }

  private:
    void run(const std::string& address, std::uint16_t port) {
        Client client(address, port, 10'000);
        while (!stopping_) {
            const Answer answer = client.request("POST", "/echo", "x");
            if (answer.status == 200) {
                ++ok_;
            } else {
                ++failed_;
            }
            if (answer.ms > slowest_ms_) slowest_ms_ = answer.ms;
            const std::lock_guard lock(mutex_);
            servers_.insert(value_of(answer.body, "server"));
            if (answer.status != 200)
                failures_ += std::to_string(answer.status) + " after " + std::to_string(answer.ms) + " ms; ";
        }
    }
    std::atomic<bool> stopping_{false};
    std::atomic<int> ok_{0}, failed_{0}, slowest_ms_{0};
    std::mutex mutex_;
    std::set<std::string> servers_;
    std::string failures_;
    std::vector<std::thread> threads_;
};

/// Hosts on one switch, each a network namespace with addresses 10.88.0.N/24; gone at the end.
class Network {
  public:
    Network() {
        static std::atomic<int> count{0};
        prefix_ = "sb" + std::to_string(::getpid()) + static_cast<char>('a' + count++ % 26);
        add_namespace(prefix_);
        ip({"-n", prefix_, "link", "add", "br0", "type", "bridge"});
        ip({"-n", prefix_, "link", "set", "br0", "up"});
    }
    ~Network() {
        for (const auto& name : names_)
            (void)run_command({"ip", "netns", "del", name});
    }
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// Gives the namespace's name.
    std::string add(const std::string& host, int number) {
        const std::string name = prefix_ + "-" + host;
        add_namespace(name);
        ip({"-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "v-" + host, "netns", prefix_});
        ip({"-n", prefix_, "link", "set", "v-" + host, "master", "br0", "up"});
        ip({"-n", name, "addr", "add", "10.88.0." + std::to_string(number) + "/24", "dev", "eth0"});
        ip({"-n", name, "link", "set", "eth0", "up"});
        return name;
    }
    /// The port of the switch goes dead: nobody is told, as when the power of a host fails.
    void cut(const std::string& host) { ip({"-n", prefix_, "link", "set", "v-" + host, "nomaster"}); }
    void heal(const std::string& host) { ip({"-n", prefix_, "link", "set", "v-" + host, "master", "br0"}); }

  private:
    void add_namespace(const std::string& name) {
        ip({"netns", "add", name});
        names_.push_back(name);
        ip({"-n", name, "link", "set", "lo", "up"});
    }
    static void ip(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "ip");
        const auto done = run_command(arguments);
        ASSERT_TRUE(done.ok()) << done.error().message << "\n(these tests make network namespaces: run them as root)";
    }
    std::string prefix_;
    std::vector<std::string> names_;
};

}  // namespace stoa::cluster::testing
