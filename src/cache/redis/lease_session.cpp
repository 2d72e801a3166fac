#include "cache/redis/lease_session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/clock.hpp"
#include "cache/causal_tokens.hpp"
#include "cache/limits.hpp"
#include "cache/redis/trouble.hpp"

namespace stoa::cache::redis {
namespace {

/// KEYS: the list. ARGV: run id, channel, message, member, renewal, members at most, then pairs to be struck off.
/// Every script writes, so that a master that has lost its replicas and may take no writes refuses it.
constexpr std::string_view kBegin = R"(
local list = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', list, 'run', 'born')
local born = tonumber(known[2] or '')
if known[1] ~= ARGV[1] or not born or born > now then
  redis.call('DEL', list)
  redis.call('HSET', list, 'run', ARGV[1], 'born', now, 'sent', 0)
  born = now
end
for i = 7, #ARGV, 2 do
  if redis.call('HGET', list, ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', list, ARGV[i]) end
end
)";
constexpr std::string_view kRenew = R"(
if redis.call('HEXISTS', list, ARGV[4]) == 0 and redis.call('HLEN', list) - 3 >= tonumber(ARGV[6]) then
  return redis.error_reply('FULL: too many processes hold read leases')
end
redis.call('HSET', list, ARGV[4], ARGV[5])
)";
constexpr std::string_view kPublish = R"(
redis.call('HINCRBY', list, 'sent', 1)
)";
constexpr std::string_view kEnd = R"(
redis.call('PUBLISH', ARGV[2], ARGV[3])
local out = redis.call('HGETALL', list)
table.insert(out, 1, now - born)
return out
)";

constexpr std::string_view kMemberField = "m:";

std::string field_of(std::string_view member) {
    return std::string(kMemberField).append(member);
}

std::string_view take_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Nothing: not one of ours.
std::optional<LeaseSession::Heard> parse(std::string_view text) {
    using Kind = LeaseSession::Heard::Kind;
    LeaseSession::Heard heard;
    const std::string_view word = take_word(text);
    if (word == "r") {
        heard.kind = Kind::renewal;
    } else if (word == "t") {
        heard.kind = Kind::tokens;
    } else if (word == "a") {
        heard.kind = Kind::acknowledgement;
    } else if (word != "e") {
        return std::nullopt;
    }
    heard.member = take_word(text);
    const auto number = number_of<std::uint64_t>(take_word(text));
    if (!number) return std::nullopt;
    heard.number = *number;
    heard.tokens = text;
    return heard;
}

void read_members(const Reply& reply, LeaseSession::Answer& answer) {
    answer.list_age_us = reply[0].integer() * 1'000;
    for (std::size_t i = 1; i + 1 < reply.size(); i += 2) {
        const std::string_view field = reply[i].text();
        if (!field.starts_with(kMemberField)) continue;
        const auto renewal = number_of<std::uint64_t>(reply[i + 1].text());
        answer.members.push_back({std::string(field.substr(kMemberField.size())), renewal.value_or(0)});
    }
}

}  // namespace

LeaseSession::LeaseSession(const Settings& settings, const std::string& member)
    : member_(member),
      list_(settings.prefix + "ct2"),
      channels_(list_ + "@" + std::to_string(settings.login.database) + ":"),
      all_(channels_ + "all"),
      own_(channels_ + member),
      command_ms_(settings.command_ms) {}

Result<std::unique_ptr<LeaseSession>> LeaseSession::open(const Settings& settings, const Address& address,
                                                         const std::string& member) {
    std::unique_ptr<LeaseSession> session(new LeaseSession(settings, member));
    STOA_TRY(session->listener_, Connection::open(address, settings.login, Deadline::in_ms(settings.connect_ms)));
    STOA_TRY(session->commands_, Connection::open(address, settings.login, Deadline::in_ms(settings.connect_ms)));
    STOA_CHECK(session->listen());
    STOA_CHECK(session->commands_->ask_run_id(session->soon()));
    return session;
}

Status LeaseSession::listen() {
    listener_->append({"SUBSCRIBE", all_, own_});
    STOA_CHECK(listener_->flush(soon()));
    for (int i = 0; i < 2; ++i) {
        STOA_TRY([[maybe_unused]] const Reply confirmed, no_error(listener_->receive(soon())));
    }
    return {};
}

void LeaseSession::renew(std::uint64_t renewal, const std::vector<Member>& struck_off) {
    const std::string number = std::to_string(renewal);
    std::vector<std::string> arguments{"r " + member_ + " " + number, field_of(member_), number,
                                       std::to_string(limits::causal_members_max)};
    for (const Member& member : struck_off) {
        arguments.push_back(field_of(member.id));
        arguments.push_back(std::to_string(member.renewal));
    }
    static const std::string script = std::string(kBegin).append(kRenew).append(kEnd);
    run_script(Kind::renewal, script, std::move(arguments));
}

void LeaseSession::publish(std::uint64_t number, const TokensOfAccounts& tokens,
                           const std::vector<Member>& struck_off) {
    std::string message = "t " + member_ + " " + std::to_string(number);
    for (const auto& [account, token] : tokens)
        message.append(" ").append(std::to_string(account)).append(" ").append(token);
    std::vector<std::string> arguments{std::move(message), "", "", ""};
    for (const Member& member : struck_off) {
        arguments.push_back(field_of(member.id));
        arguments.push_back(std::to_string(member.renewal));
    }
    static const std::string script = std::string(kBegin).append(kPublish).append(kEnd);
    run_script(Kind::tokens, script, std::move(arguments));
}

/// EVAL, not EVALSHA: the server keeps it compiled all the same, and there is nothing to load again when it forgets.
void LeaseSession::run_script(Kind kind, std::string_view script, std::vector<std::string> arguments) {
    std::vector<std::string_view> words{"EVAL", script, "1", list_, commands_->run_id(), all_};
    words.insert(words.end(), arguments.begin(), arguments.end());
    commands_->append(words);
    asked_.push_back({kind, system_clock().monotonic_us()});
}

void LeaseSession::acknowledge(const std::string& sender, std::uint64_t number) {
    tell(channels_ + sender, "a " + member_ + " " + std::to_string(number));
}

void LeaseSession::echo(std::uint64_t number) {
    tell(own_, "e - " + std::to_string(number));
}

void LeaseSession::tell(const std::string& channel, const std::string& message) {
    commands_->append({"PUBLISH", channel, message});
    asked_.push_back({Kind::other, system_clock().monotonic_us()});
}

void LeaseSession::leave() {
    commands_->append({"HDEL", list_, field_of(member_)});
    asked_.push_back({Kind::other, system_clock().monotonic_us()});
}

Status LeaseSession::flush() {
    return commands_->flush(soon());
}

Result<std::optional<LeaseSession::Answer>> LeaseSession::next_answer() {
    STOA_TRY(const std::optional<Reply> reply, commands_->receive_now());
    if (!reply) return std::optional<Answer>();
    if (asked_.empty()) return Error{Errc::unavailable, "Redis answered more than it was asked.", "not_redis"};
    Answer answer;
    answer.kind = asked_.front().kind;
    asked_.pop_front();
    if (reply->is_error()) {
        answer.taken = error_of(reply->text());
    } else if (answer.kind != Kind::other) {
        if (reply->size() == 0) return Error{Errc::unavailable, "Redis gave no list of members.", "not_redis"};
        read_members(*reply, answer);
    }
    return std::optional(std::move(answer));
}

bool LeaseSession::waits_for(Kind kind) const {
    return std::any_of(asked_.begin(), asked_.end(), [kind](const Asked& asked) { return asked.kind == kind; });
}

Result<std::optional<LeaseSession::Heard>> LeaseSession::next_heard() {
    while (true) {
        STOA_TRY(const std::optional<Reply> reply, listener_->receive_now());
        if (!reply) return std::optional<Heard>();
        if (reply->is_error()) return error_of(reply->text());
        if (reply->size() != 3 || (*reply)[0].text() != "message") continue;
        if (auto heard = parse((*reply)[2].text())) return heard;
    }
}

void LeaseSession::for_each_token(std::string_view tokens, FunctionRef<void(AccountId, std::string_view)> found) {
    while (!tokens.empty()) {
        const auto account = number_of<AccountId>(take_word(tokens));
        const std::string_view token = take_word(tokens);
        if (account && is_causal_token(token)) found(*account, token);
    }
}

void LeaseSession::wait(int wake_fd, int ms) const {
    std::array<pollfd, 3> entries{{{listener_->fd(), POLLIN, 0}, {commands_->fd(), POLLIN, 0}, {wake_fd, POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), ms);
}

}  // namespace stoa::cache::redis
