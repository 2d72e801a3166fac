#include "push/hub.hpp"

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace stoa::push {
namespace {

constexpr std::size_t kUsualChannels = 2;  ///< a user's own and the account's

}  // namespace

Hub::Hub(api::PushChannels channels, bus::Bus* bus, HubOptions options)
    : channels_(std::move(channels)), presence_times_(options.presence), rates_(options.publish) {
    if (bus != nullptr) feed_ = std::make_unique<Feed>(*bus, options.neighbours);
}

Status Hub::publish(AccountId account_id, Publication publication) {
    if (publication.routes.empty()) return invalid("Nobody is named who should get it.", "routes");
    if (publication.routes.size() > limits::push_routes_per_message_max ||
        publication.body.size() > limits::push_message_bytes_max) {
        return Error{Errc::too_large, "The message is too large."};
    }
    if (feed_) return feed_->publish(account_id, std::move(publication));
    account(account_id)->publish(std::move(publication));
    return {};
}

Status Hub::publish_once(AccountId account_id, std::span<const KeyedPublication> publications) {
    if (feed_) return feed_->publish_and_wait(account_id, publications);
    const auto own = account(account_id);
    for (const KeyedPublication& one : publications)
        own->publish(one.publication);
    return {};
}

Status Hub::count_publish(const Session& session) {
    return rates_.take(session, system_clock().monotonic_us());
}

std::shared_ptr<Account> Hub::account(AccountId id) {
    const MutexLock lock(mutex_);
    Followed& followed = accounts_[id];
    if (followed.account) return followed.account;
    if (!feed_) return followed.account = std::make_shared<Account>(id, std::nullopt, presence_times_);
    Account::Others others;
    others.self = feed_->neighbours().self();
    // A status that does not fit any more is no loss: the next look says who is there.
    others.tell = [this](AccountId account, Publication publication) {
        (void)feed_->publish(account, std::move(publication));
    };
    others.say = [this](AccountId account, const std::string& news) { feed_->say(account, news); };
    others.hears = [this] { return feed_->hears(); };
    followed.account = std::make_shared<Account>(id, std::move(others), presence_times_);
    follow(followed);
    return followed.account;
}

void Hub::follow(Followed& followed) {
    auto stream = feed_->follow(followed.account);
    auto presence = feed_->follow_presence(followed.account);
    if (!stream || !presence) {
        const Error& error = stream ? presence.error() : stream.error();
        log::error("push_not_followed", {{"account", followed.account->id()},
                                         {"error", std::string_view(error.message)},
                                         {"action", "fewer accounts for each process: start more of them"}});
    }
    if (stream) followed.stream = std::move(*stream);
    if (presence) followed.presence = std::move(*presence);
}

std::shared_ptr<Shard> Hub::shard(const std::shared_ptr<net::IoLoop>& loop) {
    const MutexLock lock(mutex_);
    auto& shard = shards_[loop.get()];
    if (!shard) shard = std::make_shared<Shard>(loop);
    return shard;
}

Result<Session> Hub::open(std::string_view channels) const {
    const UnixSeconds now = system_clock().now();
    Session session;
    session.routes.reserve(kUsualChannels);
    for (std::size_t count = 1; !channels.empty(); ++count) {
        if (count > limits::push_channels_per_connection_max) {
            return Error{Errc::too_large, "A connection shows at most " +
                                              std::to_string(limits::push_channels_per_connection_max) + " channels."};
        }
        const auto slash = channels.find('/');
        STOA_TRY(const api::PushChannel channel, channels_.open(channels.substr(0, slash), now));
        const bool first = session.routes.empty();
        const bool other = channel.account != session.account || channel.app != session.app;
        if (channel.kind == api::PushChannel::Kind::open || (!first && other) ||
            (channel.user != 0 && session.user != 0 && channel.user != session.user)) {
            return Error{Errc::forbidden, "These channels do not belong together."};
        }
        session.account = channel.account;
        session.app = channel.app;
        session.user = std::max(session.user, channel.user);
        session.expires_at = first ? channel.expires_at : std::min(session.expires_at, channel.expires_at);
        session.routes.push_back(route_of(channel));
        channels.remove_prefix(slash == std::string_view::npos ? channels.size() : slash + 1);
    }
    if (session.routes.empty()) return Error{Errc::forbidden, "No channel is shown."};
    return session;
}

std::vector<std::shared_ptr<Shard>> Hub::shards() {
    const MutexLock lock(mutex_);
    std::vector<std::shared_ptr<Shard>> out;
    for (const auto& [loop, shard] : shards_)
        out.push_back(shard);
    return out;
}

void Hub::drain() {
    for (const auto& shard : shards())
        shard->loop()->post([shard] { shard->drain(); });
}

void Hub::tick() {
    const std::int64_t now_us = system_clock().monotonic_us();
    rates_.age(now_us);
    std::vector<std::string> dead;
    if (feed_) {
        feed_->neighbours().tick(now_us);
        dead = feed_->neighbours().silent(now_us);
    }
    {
        const MutexLock lock(mutex_);
        for (auto at = accounts_.begin(); at != accounts_.end();) {
            if (!dead.empty()) at->second.account->bury(dead);
            // Whoever else holds it may be about to use it.
            const bool unused = at->second.account.use_count() == 1;
            const bool idle = at->second.account->age() && unused;
            at = idle ? accounts_.erase(at) : std::next(at);
        }
    }
    for (const auto& shard : shards())
        shard->loop()->post([shard] { shard->tick(); });
}

}  // namespace stoa::push
