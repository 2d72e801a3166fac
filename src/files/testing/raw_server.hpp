#pragma once
// An HTTP server for tests that sends exactly the bytes it is told to, so that it can be wrong: one request per
// connection, one thread each. 127.0.0.1, any free port.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.hpp"

namespace stoa::files::testing {

struct RawRequest {
    std::string method, target, head, body;
    bool has(std::string_view text) const { return target.find(text) != target.npos; }
};

/// Bytes, pauses in between, then the connection is closed.
struct RawReply {
    RawReply(std::string bytes) : pieces{std::move(bytes)} {}      // NOLINT: implicit on purpose
    RawReply(const char* bytes) : RawReply(std::string(bytes)) {}  // NOLINT
    std::vector<std::string> pieces;
    int pause_ms = 0;  ///< before each piece
};

inline std::string http(int status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nConnection: close\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string http_fault(int status, const std::string& code) {
    return http(status, "<Error><Code>" + code + "</Code><Message>" + code + ".</Message></Error>");
}

class RawServer {
  public:
    using Handler = std::function<RawReply(const RawRequest&)>;

    explicit RawServer(Handler handler)
        : handler_(std::move(handler)), listen_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        (void)::bind(listen_.get(), reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listen_.get(), 64);
        ::getsockname(listen_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~RawServer() {
        ending_ = true;
        ::shutdown(listen_.get(), SHUT_RDWR);
        acceptor_.join();
        for (auto& thread : threads_)
            thread.join();
    }
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    std::uint16_t port() const { return port_; }
    int served() const { return served_; }

  private:
    void accept_all() {
        while (!ending_) {
            const int fd = ::accept4(listen_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            threads_.emplace_back([this, fd] { serve(Fd(fd)); });
        }
    }

    void serve(const Fd& fd) {
        const timeval wait{5, 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        RawRequest request;
        if (!read(fd, request)) return;
        ++served_;
        const RawReply reply = handler_(request);
        for (const std::string& piece : reply.pieces) {
            for (int slept = 0; slept < reply.pause_ms && !ending_; slept += 10)
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            if (::send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return;
        }
    }

    static bool read(const Fd& fd, RawRequest& request) {
        std::string text;
        std::size_t body_at = text.npos, wanted = 0;
        while (body_at == text.npos || text.size() < body_at + wanted) {
            char buffer[16 * 1024];
            const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
            if (n <= 0) return false;
            text.append(buffer, static_cast<std::size_t>(n));
            if (body_at != text.npos) continue;
            const std::size_t end = text.find("\r\n\r\n");
            if (end == text.npos) continue;
            body_at = end + 4;
            const std::size_t length = text.find("Content-Length: ");
            if (length < end) wanted = std::stoul(text.substr(length + 16));
        }
        request.head = text.substr(0, body_at);
        request.body = text.substr(body_at);
        request.method = text.substr(0, text.find(' '));
        const std::size_t from = request.method.size() + 1;
        request.target = text.substr(from, text.find(' ', from) - from);
        return true;
    }

    const Handler handler_;
    Fd listen_;
    std::uint16_t port_ = 0;
    std::atomic<bool> ending_{false};
    std::atomic<int> served_{0};
    std::thread acceptor_;
    std::vector<std::thread> threads_;
};

}  // namespace stoa::files::testing
