#include "net/stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace stoa::net {
namespace {

constexpr int kTlsPieceMax = 1 << 30;  // SSL_write counts in int
constexpr std::size_t kTlsRecordBytes = 16 * 1024;
constexpr std::size_t kPiecesMax = 64;

IoResult socket_result(ssize_t returned, IoResult::Kind when_full) {
    if (returned >= 0) return {IoResult::Kind::done, static_cast<std::size_t>(returned)};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {when_full};
    return {IoResult::Kind::failed};
}

}  // namespace

IoResult Stream::handshake() {
    ERR_clear_error();
    const int returned = SSL_do_handshake(tls_.get());
    if (returned == 1) return {};
    const int reason = ERR_GET_REASON(ERR_peek_error());
    const IoResult result = tls_result(returned);
    if (result.kind == IoResult::Kind::failed && reason == SSL_R_HTTP_REQUEST) return {IoResult::Kind::plain_http};
    return result;
}

IoResult Stream::read(char* to, std::size_t room) {
    if (!tls_) {
        const IoResult result = socket_result(::recv(fd_, to, room, 0), IoResult::Kind::want_read);
        const bool ended = result.kind == IoResult::Kind::done && result.bytes == 0;
        return ended ? IoResult{IoResult::Kind::end} : result;
    }
    ERR_clear_error();
    const int returned = SSL_read(tls_.get(), to, static_cast<int>(std::min<std::size_t>(room, kTlsPieceMax)));
    return tls_result(returned);
}

IoResult Stream::write(std::string_view first, std::string_view second) {
    if (!tls_) {
        if (second.empty())
            return socket_result(::send(fd_, first.data(), first.size(), MSG_NOSIGNAL), IoResult::Kind::want_write);
        iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                          {const_cast<char*>(second.data()), second.size()}};
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = 2;
        return socket_result(::sendmsg(fd_, &message, MSG_NOSIGNAL), IoResult::Kind::want_write);
    }
    const std::string_view piece = first.empty() ? second : first;
    ERR_clear_error();
    return tls_result(
        SSL_write(tls_.get(), piece.data(), static_cast<int>(std::min<std::size_t>(piece.size(), kTlsPieceMax))));
}

IoResult Stream::write(std::span<const std::string_view> pieces) {
    if (pieces.size() == 1) return write(pieces[0]);
    if (!tls_) {
        std::array<iovec, kPiecesMax> parts;
        const std::size_t count = std::min(pieces.size(), parts.size());
        for (std::size_t i = 0; i < count; ++i)
            parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = count;
        return socket_result(::sendmsg(fd_, &message, MSG_NOSIGNAL), IoResult::Kind::want_write);
    }
    std::string record;
    for (const std::string_view piece : pieces) {
        if (!record.empty() && record.size() + piece.size() > kTlsRecordBytes) break;
        record.append(piece);
    }
    return write(record);
}

void Stream::end_writing() {
    if (tls_ && !tls_broken_ && SSL_is_init_finished(tls_.get())) {
        ERR_clear_error();
        SSL_shutdown(tls_.get());  // close_notify, as far as the socket takes it
    }
    ::shutdown(fd_, SHUT_WR);
}

IoResult Stream::discard() const {
    char bin[16 * 1024];
    std::size_t total = 0;
    for (int round = 0; round < 16; ++round) {
        const ssize_t got = ::recv(fd_, bin, sizeof bin, 0);
        if (got == 0) return {IoResult::Kind::end};
        if (got < 0) return socket_result(got, IoResult::Kind::want_read);
        total += static_cast<std::size_t>(got);
    }
    return {IoResult::Kind::done, total};
}

IoResult Stream::tls_result(int returned) {
    if (returned > 0) return {IoResult::Kind::done, static_cast<std::size_t>(returned)};
    switch (SSL_get_error(tls_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            return {IoResult::Kind::want_read};
        case SSL_ERROR_WANT_WRITE:
            return {IoResult::Kind::want_write};
        case SSL_ERROR_ZERO_RETURN:
            return {IoResult::Kind::end};
        default:
            tls_broken_ = true;
            return {IoResult::Kind::failed};
    }
}

}  // namespace stoa::net
