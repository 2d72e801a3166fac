#include "files/scan/clamd.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace stoa::files {
namespace {

constexpr int kStepMs = 1'000;  ///< to connect, to answer a ping, to take more bytes
constexpr int kLookAtStopMs = 50;
constexpr std::size_t kChunkBytes = 256 * 1024;
constexpr std::size_t kAnswerBytesMax = 4'096;
constexpr std::uint16_t kDefaultPort = 3310;
constexpr std::string_view kWhole("\0", 1);  ///< ends an answer to a command that begins with z

Error silent(const std::string& why) {
    return {Errc::unavailable, "The virus scanner does not answer: " + why + ".", {}, {}, 10};
}

std::string reason_of(int code) {
    return std::generic_category().message(code);
}

/// One connection.
class Talk {
  public:
    explicit Talk(const std::atomic<bool>& stop) : stop_(stop) {}

    Status connect(const EngineUrl::Host& host) {
        if (host.name.starts_with('/')) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            if (host.name.size() >= sizeof address.sun_path) return silent("the path of its socket is too long");
            std::memcpy(address.sun_path, host.name.data(), host.name.size());
            return connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
        }
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        const std::string port = std::to_string(host.port != 0 ? host.port : kDefaultPort);
        if (::getaddrinfo(host.name.c_str(), port.c_str(), &hints, &found) != 0) return silent("its name is unknown");
        const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
        Status last = silent("it has no address");
        for (const addrinfo* each = found; each != nullptr && !last; each = each->ai_next)
            last = connect(each->ai_addr, each->ai_addrlen);
        return last;
    }

    Status send(std::string_view bytes) {
        while (!bytes.empty()) {
            STOA_CHECK(wait(POLLOUT, kStepMs));
            const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (n < 0) return silent("it closed the connection");
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return {};
    }

    /// Up to the zero byte, without it.
    Result<std::string> answer(int timeout_ms) {
        std::string text;
        while (text.find(kWhole) == text.npos) {
            STOA_CHECK(wait(POLLIN, timeout_ms));
            char buffer[512];
            const ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (n <= 0 || text.size() > kAnswerBytesMax) return silent("it closed the connection");
            text.append(buffer, static_cast<std::size_t>(n));
        }
        return text.substr(0, text.find(kWhole));
    }

  private:
    Status connect(const sockaddr* address, socklen_t size) {
        fd_ = Fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd_) return silent(reason_of(errno));
        if (::connect(fd_.get(), address, size) == 0) return {};
        if (errno != EINPROGRESS) return silent(reason_of(errno));
        STOA_CHECK(wait(POLLOUT, kStepMs));
        int code = 0;
        socklen_t length = sizeof code;
        ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &code, &length);
        return code == 0 ? Status() : silent(reason_of(code));
    }

    Status wait(short events, int timeout_ms) const {
        const std::int64_t until = system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1'000;
        while (!stop_) {
            pollfd wanted{fd_.get(), events, 0};
            if (::poll(&wanted, 1, std::min(kLookAtStopMs, timeout_ms)) > 0) return {};
            if (system_clock().monotonic_us() > until) return silent("it took too long");
        }
        return silent("Stoa is being stopped");
    }

    const std::atomic<bool>& stop_;
    Fd fd_;
};

std::string length_prefix(std::size_t bytes) {
    const auto n = static_cast<std::uint32_t>(bytes);
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}

Result<Clamd::Verdict> read_verdict(const std::string& answer) {
    constexpr std::string_view kPrefix = "stream: ", kFound = " FOUND";
    if (answer == "stream: OK") return Clamd::Verdict{};
    if (answer.find("size limit exceeded") != answer.npos) {
        return Error{Errc::too_large, "The file is larger than what the virus scanner takes (its StreamMaxLength)."};
    }
    if (!answer.starts_with(kPrefix) || !answer.ends_with(kFound)) return silent("it says " + answer);
    return Clamd::Verdict{true, answer.substr(kPrefix.size(), answer.size() - kPrefix.size() - kFound.size())};
}

/// A daemon that is stopped still accepts connections and data: a ping tells it from one that thinks.
Status ping(const EngineUrl::Host& host, const std::atomic<bool>& stop) {
    Talk talk(stop);
    STOA_CHECK(talk.connect(host));
    STOA_CHECK(talk.send(std::string("zPING").append(kWhole)));
    STOA_TRY(const std::string answer, talk.answer(kStepMs));
    return answer == "PONG" ? Status() : silent("it says " + answer);
}

Status send_all(Talk& talk, Source& source) {
    STOA_CHECK(talk.send(std::string("zINSTREAM").append(kWhole)));
    for (std::uint64_t at = 0; at < source.bytes(); at += kChunkBytes) {
        STOA_TRY(const std::string_view piece,
                 source.piece(at, std::min<std::uint64_t>(kChunkBytes, source.bytes() - at)));
        STOA_CHECK(talk.send(length_prefix(piece.size())));
        STOA_CHECK(talk.send(piece));
    }
    return talk.send(length_prefix(0));
}

}  // namespace

Result<Clamd> Clamd::at(const EngineUrl& address) {
    if (address.scheme != "clamd" || address.hosts.size() != 1) {
        return invalid("The virus scanner's address is clamd://host:port or clamd://%2Frun%2Fclamav%2Fclamd.ctl, not " +
                           address.printable() + ".",
                       "virus_scan.address");
    }
    return Clamd(address.hosts.front());
}

Result<Clamd::Verdict> Clamd::scan(Source& source, const std::atomic<bool>& stop) const {
    STOA_CHECK(ping(host_, stop));
    Talk talk(stop);
    STOA_CHECK(talk.connect(host_));
    const Status sent = send_all(talk, source);
    // It refuses what is too large in the middle: then its reason is waiting to be read.
    if (!sent && sent.error().code != Errc::unavailable) return sent.error();
    const auto answer = talk.answer(sent ? limits::virus_scanner_answer_ms : kStepMs);
    if (!answer) return sent ? answer.error() : sent.error();
    return read_verdict(*answer);
}

}  // namespace stoa::files
