#include "bus/redis/redis_streams.hpp"

#include "bus/memory_streams.hpp"
#include "bus/stream_id.hpp"
#include "cache/redis/trouble.hpp"

namespace stoa::bus::redis {

using cache::Deadline;
using cache::redis::Connection;
using cache::redis::Reply;
using cache::redis::ReplyView;

namespace {

/// Of the only entry of a range.
std::optional<StreamId> id_of(const ReplyView& range) {
    if (range.size() == 0 || range[0].size() != 2) return std::nullopt;
    return StreamId::parse(range[0][0].text());
}

}  // namespace

RedisStreams::RedisStreams(const cache::redis::Settings& settings, cache::EngineWatch& watch)
    : settings_(settings),
      pool_(watch, settings.pool, [this](const cache::Address& address) { return open(address); }) {}

Result<std::unique_ptr<Connection>> RedisStreams::open(const cache::Address& address) const {
    const Deadline deadline = Deadline::in_ms(settings_.connect_ms);
    STOA_TRY(auto connection, Connection::open(address, settings_.login, deadline));
    STOA_CHECK(connection->ask_run_id(deadline));
    return connection;
}

Result<RedisStreams::Pool::Lease> RedisStreams::take() {
    auto connection = pool_.take(Deadline::in_ms(settings_.command_ms));
    if (!connection) return Error{Errc::unavailable, "The bus is out of reach.", {}, {}, 1};
    return std::move(*connection);
}

Result<std::vector<Reply>> RedisStreams::run(Pool::Lease& connection, std::size_t replies) {
    const Deadline deadline = Deadline::in_ms(settings_.command_ms);
    std::vector<Reply> out;
    std::optional<Error> refusal;
    Status status = connection->flush(deadline);
    for (std::size_t i = 0; i < replies && status; ++i) {
        auto reply = connection->receive(deadline);
        if (!reply) {
            status = reply.error();
        } else if (reply->is_error()) {
            refusal = cache::redis::error_of(reply->text());
        } else {
            out.push_back(std::move(*reply));
        }
    }
    Error error = status ? refusal.value_or(Error{}) : status.error();
    if (!status) {
        connection.failed(error);
    } else if (!refusal) {
        return out;
    } else if (cache::redis::asks_for_new_look(error)) {
        connection.doubt(error);
    }
    error.retry_after_s = 1;
    return error;
}

Result<std::string> RedisStreams::append(std::string_view stream, std::string_view payload,
                                         const StreamLimits& limits) {
    STOA_CHECK(check_append(stream, payload, limits));
    STOA_TRY(auto connection, take());
    const std::string name = key(stream);
    connection->append({"XADD", name, "MAXLEN", "~", std::to_string(limits.length), "*", "p", payload});
    connection->append({"EXPIRE", name, std::to_string(limits.lifetime_s)});
    STOA_TRY(const std::vector<Reply> replies, run(connection, 2));
    return std::string(replies[0].text());
}

Result<std::string> RedisStreams::last_id(std::string_view stream) {
    STOA_CHECK(check_read(stream, {}, 1));
    STOA_TRY(auto connection, take());
    connection->append({"XREVRANGE", key(stream), "+", "-", "COUNT", "1"});
    STOA_TRY(const std::vector<Reply> replies, run(connection, 1));
    const auto id = id_of(replies[0]);
    return id ? id->text() : std::string();
}

Result<StreamRead> RedisStreams::read_after(std::string_view stream, std::string_view after_id, std::size_t count) {
    STOA_CHECK(check_read(stream, after_id, count));
    STOA_TRY(auto connection, take());
    const std::string name = key(stream);
    connection->append({"XRANGE", name, "-", "+", "COUNT", "1"});
    connection->append({"XREVRANGE", name, "+", "-", "COUNT", "1"});
    const std::string from = after_id.empty() ? "-" : "(" + std::string(after_id);
    connection->append({"XRANGE", name, from, "+", "COUNT", std::to_string(count)});
    STOA_TRY(const std::vector<Reply> replies, run(connection, 3));
    StreamRead out;
    if (!after_id.empty())
        out.complete = nothing_missed(*StreamId::parse(after_id), id_of(replies[0]), id_of(replies[1]));
    for (std::size_t i = 0; i < replies[2].size(); ++i) {
        const ReplyView entry = replies[2][i];
        // The payload is the last field; entries of logs have another one before it.
        if (entry.size() != 2 || entry[1].size() < 2) continue;
        out.entries.push_back({std::string(entry[0].text()), std::string(entry[1][entry[1].size() - 1].text())});
    }
    return out;
}

}  // namespace stoa::bus::redis
