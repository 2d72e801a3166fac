#include "cache/redis/connection.hpp"

#include <hiredis/hiredis.h>

#include <array>

#include "cache/redis/trouble.hpp"

namespace stoa::cache::redis {

namespace {
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kKeptBytes = 64 * 1024;  ///< of the outgoing buffer after a large command
}  // namespace

struct Connection::Parser {
    redisReader* reader = ::redisReaderCreate();
    std::array<char, kReadBytes> buffer;
    ~Parser() { ::redisReaderFree(reader); }
};

Connection::Connection(Socket socket) : socket_(std::move(socket)), parser_(std::make_unique<Parser>()) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const Address& address, const Login& login, Deadline deadline) {
    STOA_TRY(Socket socket, Socket::connect(address, deadline));
    std::unique_ptr<Connection> connection(new Connection(std::move(socket)));
    STOA_CHECK(connection->log_in(login, deadline));
    return connection;
}

Status Connection::log_in(const Login& login, Deadline deadline) {
    int replies = 0;
    if (!login.password.empty()) {
        if (login.user.empty()) {
            append({"AUTH", login.password});
        } else {
            append({"AUTH", login.user, login.password});
        }
        ++replies;
    }
    if (login.database != 0) {
        append({"SELECT", std::to_string(login.database)});
        ++replies;
    }
    STOA_CHECK(flush(deadline));
    for (; replies > 0; --replies) {
        STOA_TRY(const Reply reply, receive(deadline));
        if (reply.is_error()) return error_of(reply.text());
    }
    return {};
}

Result<Reply> Connection::command(Arguments arguments, Deadline deadline) {
    append(arguments);
    STOA_CHECK(flush(deadline));
    return receive(deadline);
}

Status Connection::ask_run_id(Deadline deadline) {
    STOA_TRY(const Reply reply, command({"INFO", "server"}, deadline));
    constexpr std::string_view kName = "run_id:";
    const std::string_view text = reply.text();
    const auto at = text.find(kName);
    if (at == std::string_view::npos) return Error{Errc::unavailable, "Redis does not say who it is.", "not_redis"};
    const std::string_view rest = text.substr(at + kName.size());
    run_id_ = rest.substr(0, rest.find_first_of("\r\n"));
    return {};
}

void Connection::append(Arguments arguments) {
    outgoing_ += '*';
    outgoing_ += std::to_string(arguments.size());
    outgoing_ += "\r\n";
    for (const std::string_view argument : arguments) {
        outgoing_ += '$';
        outgoing_ += std::to_string(argument.size());
        outgoing_ += "\r\n";
        outgoing_ += argument;
        outgoing_ += "\r\n";
    }
}

Status Connection::flush(Deadline deadline) {
    const Status status = socket_.send(outgoing_, deadline);
    if (outgoing_.capacity() > kKeptBytes) {
        outgoing_ = std::string();
    } else {
        outgoing_.clear();
    }
    if (!status) return give_up(status.error());
    return {};
}

Result<Reply> Connection::receive(Deadline deadline) {
    while (true) {
        STOA_TRY(std::optional<Reply> reply, parsed());
        if (reply) return std::move(*reply);
        const auto received = socket_.receive(parser_->buffer.data(), parser_->buffer.size(), deadline);
        if (!received) return give_up(received.error());
        ::redisReaderFeed(parser_->reader, parser_->buffer.data(), *received);
    }
}

Result<std::optional<Reply>> Connection::receive_now() {
    while (true) {
        STOA_TRY(std::optional<Reply> reply, parsed());
        if (reply) return reply;
        const auto received = socket_.receive_now(parser_->buffer.data(), parser_->buffer.size());
        if (!received) return give_up(received.error());
        if (*received == 0) return std::optional<Reply>();
        ::redisReaderFeed(parser_->reader, parser_->buffer.data(), *received);
    }
}

Result<std::optional<Reply>> Connection::parsed() {
    void* reply = nullptr;
    if (::redisReaderGetReply(parser_->reader, &reply) != REDIS_OK) {
        return give_up({Errc::unavailable,
                        std::string("The other side does not speak the protocol of Redis: ") + parser_->reader->errstr,
                        "not_redis"});
    }
    if (reply == nullptr) return std::optional<Reply>();
    return std::optional<Reply>(Reply(static_cast<redisReply*>(reply)));
}

Error Connection::give_up(Error error) {
    usable_ = false;
    return error;
}

Result<Reply> no_error(Result<Reply> reply) {
    if (reply && reply->is_error()) return error_of(reply->text());
    return reply;
}

}  // namespace stoa::cache::redis
