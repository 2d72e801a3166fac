#include "bus/redis/bus_session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "cache/redis/trouble.hpp"

namespace stoa::bus::redis {

using cache::Deadline;
using cache::redis::Connection;
using cache::redis::error_of;
using cache::redis::Reply;

namespace {

constexpr std::int64_t kBeatUs = 500'000;
constexpr std::int64_t kSilenceMaxUs = 3'000'000;
constexpr std::int64_t kDoubtfulUs = 5'000'000;  ///< longer than two processes differ in noticing a failover
/// A message: the sender's node id, a letter for what it is, the payload.
constexpr std::size_t kNodeBytes = 8;
constexpr char kMessage = 'm';
constexpr char kGap = 'g';

}  // namespace

BusSession::BusSession(const cache::redis::Settings& settings, const std::string& node)
    : node_(node), head_(settings.prefix + "bus1:"), echo_("echo:" + node), command_ms_(settings.command_ms) {}

Result<std::unique_ptr<BusSession>> BusSession::open(const cache::redis::Settings& settings,
                                                     const cache::Address& address, const std::string& node) {
    std::unique_ptr<BusSession> session(new BusSession(settings, node));
    STOA_TRY(session->listener_, Connection::open(address, settings.login, Deadline::in_ms(settings.connect_ms)));
    STOA_TRY(session->publisher_, Connection::open(address, settings.login, Deadline::in_ms(settings.connect_ms)));
    STOA_CHECK(session->listen({session->echo_}));
    return session;
}

Status BusSession::listen(const std::vector<std::string>& channels) {
    if (channels.empty()) return {};
    std::vector<std::string> names;
    for (const std::string& channel : channels)
        names.push_back(name_of(channel));
    std::vector<std::string_view> arguments{"SUBSCRIBE"};
    arguments.insert(arguments.end(), names.begin(), names.end());
    listener_->append(arguments);
    return listener_->flush(soon());
}

Status BusSession::stop_listening(const std::string& channel) {
    listener_->append({"UNSUBSCRIBE", name_of(channel)});
    return listener_->flush(soon());
}

Status BusSession::send(std::deque<Message> messages) {
    for (Message& message : messages) {
        publisher_->append({"PUBLISH", name_of(message.channel), node_ + kMessage + message.payload});
        unconfirmed_.push_back(std::move(message));
    }
    return publisher_->flush(soon());
}

Status BusSession::send_gaps(const std::set<std::string>& channels) {
    for (const std::string& channel : channels)
        STOA_CHECK(publish(channel, kGap, ""));
    return {};
}

Status BusSession::publish(const std::string& channel, char kind, std::string_view payload) {
    publisher_->append({"PUBLISH", name_of(channel), node_ + kind + std::string(payload)});
    unconfirmed_.emplace_back();
    return publisher_->flush(soon());
}

Status BusSession::beat() {
    const std::int64_t now_us = system_clock().monotonic_us();
    if (now_us < next_beat_us_) return {};
    next_beat_us_ = now_us + kBeatUs;
    if (unanswered_since_us_ == 0) unanswered_since_us_ = now_us;
    return publish(echo_, kMessage, "");
}

Status BusSession::wait_and_receive(int wake_fd, FunctionRef<void(const Heard&)> heard) {
    STOA_CHECK(beat());
    std::array<pollfd, 3> entries{{{listener_->fd(), POLLIN, 0}, {publisher_->fd(), POLLIN, 0}, {wake_fd, POLLIN, 0}}};
    const std::int64_t wait_us = std::max<std::int64_t>(0, next_beat_us_ - system_clock().monotonic_us());
    ::poll(entries.data(), entries.size(), static_cast<int>((wait_us + 999) / 1'000));
    if (entries[1].revents != 0) STOA_CHECK(receive_published());
    if (entries[0].revents != 0) STOA_CHECK(receive_heard(heard));
    // Only now, after what was there has been read: a slow handler must not look like a silent server.
    if (unanswered_since_us_ != 0 && system_clock().monotonic_us() - unanswered_since_us_ > kSilenceMaxUs) {
        return Error{Errc::timeout, "The bus does not give back what this process sends to itself.", "no_echo"};
    }
    return {};
}

Status BusSession::receive_published() {
    while (true) {
        STOA_TRY(const std::optional<Reply> reply, publisher_->receive_now());
        if (!reply) return {};
        if (reply->is_error()) return error_of(reply->text());
        if (unconfirmed_.empty())
            return Error{Errc::unavailable, "Redis answered more than it was asked.", "not_redis"};
        if (!unconfirmed_.front().channel.empty()) remember(std::move(unconfirmed_.front()));
        unconfirmed_.pop_front();
    }
}

void BusSession::remember(Message message) {
    const std::int64_t now_us = system_clock().monotonic_us();
    confirmed_.push_back({now_us, std::move(message)});
    while (now_us - confirmed_.front().at_us > kDoubtfulUs || confirmed_.size() > limits::bus_queue_max / 2)
        confirmed_.pop_front();
}

std::deque<Message> BusSession::take_doubtful() {
    std::deque<Message> out;
    const std::int64_t from_us = system_clock().monotonic_us() - kDoubtfulUs;
    for (Sent& sent : confirmed_) {
        if (sent.at_us >= from_us) out.push_back(std::move(sent.message));
    }
    for (Message& message : unconfirmed_) {
        if (!message.channel.empty()) out.push_back(std::move(message));
    }
    confirmed_.clear();
    unconfirmed_.clear();
    return out;
}

Status BusSession::receive_heard(FunctionRef<void(const Heard&)> heard) {
    while (true) {
        STOA_TRY(const std::optional<Reply> reply, listener_->receive_now());
        if (!reply) return {};
        if (reply->is_error()) return error_of(reply->text());
        if (reply->size() != 3 || !(*reply)[1].text().starts_with(head_)) continue;
        const std::string_view what = (*reply)[0].text();
        const std::string_view text = (*reply)[2].text();
        Heard one{Heard::Kind::live, std::string((*reply)[1].text().substr(head_.size())), {}};
        if (what == "message" && text.size() > kNodeBytes) {
            if (one.channel == echo_) {
                unanswered_since_us_ = 0;
                continue;
            }
            one.kind = text[kNodeBytes] == kGap ? Heard::Kind::gap : Heard::Kind::message;
            one.own = text.substr(0, kNodeBytes) == node_;
            one.payload = text.substr(kNodeBytes + 1);
        } else if (what != "subscribe" || one.channel == echo_) {
            continue;
        }
        heard(one);
    }
}

}  // namespace stoa::bus::redis
