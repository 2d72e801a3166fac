#include "push/hub.hpp"

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace stoa::push {

Hub::Hub(api::PushChannels channels, bus::Bus* bus) : channels_(std::move(channels)) {
    if (bus != nullptr) feed_ = std::make_unique<Feed>(*bus);
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

std::shared_ptr<Account> Hub::account(AccountId id) {
    const MutexLock lock(mutex_);
    Followed& followed = accounts_[id];
    if (followed.account) return followed.account;
    if (!feed_) return followed.account = std::make_shared<Account>(id);
    // A status that does not fit any more is no loss: the next look says who is there.
    followed.account = std::make_shared<Account>(id, [this](AccountId account, Publication publication) {
        (void)feed_->publish(account, std::move(publication));
    });
    auto subscription = feed_->follow(followed.account);
    if (subscription) {
        followed.subscription = std::move(*subscription);
    } else {
        log::error("push_not_followed", {{"account", id},
                                         {"error", std::string_view(subscription.error().message)},
                                         {"action", "fewer accounts for each process: start more of them"}});
    }
    return followed.account;
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
    {
        const MutexLock lock(mutex_);
        for (auto at = accounts_.begin(); at != accounts_.end();) {
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
