#pragma once
// Tests only: a plain blocking client that sends exactly the bytes it is told to and waits for a bounded time.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "net/server.hpp"

namespace stoa::net::testing {

struct Answer {
    int status = 0;  ///< 0: the connection ended or the wait was over before an answer was whole
    std::string head;
    std::string body;
    bool has(std::string_view text) const { return head.find(text) != head.npos; }
};

class TestClient {
  public:
    explicit TestClient(std::uint16_t port, int timeout_ms = 5'000)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval wait{timeout_ms / 1000, timeout_ms % 1000 * 1000};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }

    bool connected() const { return connected_; }
    int fd() const { return fd_.get(); }

    /// False when the peer has closed before everything was sent.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }

    /// The next answer, with or without a body.
    Answer receive(bool head_only = false) {
        Answer answer;
        std::size_t end;
        while ((end = received_.find("\r\n\r\n")) == received_.npos) {
            if (!more()) return answer;
        }
        answer.head = received_.substr(0, end + 4);
        received_.erase(0, end + 4);
        const std::size_t length = head_only ? 0 : content_length(answer.head);
        while (received_.size() < length) {
            if (!more()) return answer;
        }
        answer.body = received_.substr(0, length);
        received_.erase(0, length);
        answer.status = std::stoi(answer.head.substr(9, 3));
        return answer;
    }

    Answer exchange(std::string_view bytes) {
        send(bytes);
        return receive();
    }

    /// So many bytes behind the last answer; fewer when the connection ended or the wait was over.
    std::string receive_bytes(std::size_t count) {
        while (received_.size() < count && more()) {
        }
        std::string out = received_.substr(0, count);
        received_.erase(0, out.size());
        return out;
    }

    /// Whether the server closes, without sending anything more, before the timeout.
    bool is_closed_by_server() {
        if (!received_.empty()) return false;
        char byte;
        const ssize_t got = ::recv(fd_.get(), &byte, 1, 0);
        return got == 0 || (got < 0 && errno == ECONNRESET);
    }

    /// Everything until the server closes.
    std::string receive_all() {
        while (more()) {
        }
        return std::exchange(received_, {});
    }

  private:
    static std::size_t content_length(const std::string& head) {
        const auto at = head.find("Content-Length: ");
        return at == head.npos ? 0 : std::stoul(head.substr(at + 16));
    }

    bool more() {
        char bytes[16 * 1024];
        const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        received_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }

    Fd fd_;
    bool connected_ = false;
    std::string received_;
};

inline std::string get(std::string_view target, std::string_view more_headers = {}) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_headers) + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body, std::string_view more_headers = {}) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(more_headers) + "\r\n" + std::string(body);
}

/// Polls until the condition holds; false after the timeout.
template <class Condition>
bool eventually(const Condition& condition, int timeout_ms = 5'000) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

/// For handlers that answer later: from the test's thread, or never.
class KeptResponders {
  public:
    void keep(Responder respond) {
        std::lock_guard lock(mutex_);
        kept_.push_back(std::move(respond));
    }
    std::size_t count() {
        std::lock_guard lock(mutex_);
        return kept_.size();
    }
    std::vector<Responder> take_all() {
        std::lock_guard lock(mutex_);
        return std::exchange(kept_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<Responder> kept_;
};

/// Answers "METHOD target|body".
inline void echo(Request& request, Responder respond) {
    Response response;
    response.content_type = "text/plain";
    response.body = request.method + " " + request.target + "|" + request.body;
    respond(std::move(response));
}

/// A started server with one plain address.
inline std::unique_ptr<Server> serve(Handler handler, ServerOptions options = {}) {
    if (options.listen.empty()) options.listen = {{"127.0.0.1", 0, false}};
    auto server = std::make_unique<Server>(std::move(options), std::move(handler));
    return server->start().ok() ? std::move(server) : nullptr;
}

}  // namespace stoa::net::testing
