#pragma once
// Hub: the push server of this process: its accounts and its shards. Any thread.
//
// Alone, or with a bus one of several that carry the same streams (feed.hpp).

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "api/push_channels.hpp"
#include "base/thread_annotations.hpp"
#include "push/account.hpp"
#include "push/feed.hpp"
#include "push/publish_rates.hpp"
#include "push/shard.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {

struct HubOptions {
    PublishLimits publish{};
    PresenceTimes presence{};
    NeighbourTimes neighbours{};
};

class Hub {
  public:
    /// `bus` null: this process is the only one. It must live longer.
    explicit Hub(api::PushChannels channels, bus::Bus* bus = nullptr, HubOptions options = {});
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    const api::PushChannels& channels() const { return channels_; }

    /// Tells everybody who listens. Errors: too_large, invalid_argument, busy.
    Status publish(AccountId account, Publication publication);

    /// The same for several in their order; with a bus each is told once, however often and by whomever it is published
    /// under its key. Waits for the bus: not on I/O threads. Errors: those of Feed::publish_and_wait().
    Status publish_once(AccountId account, std::span<const KeyedPublication> publications);
    /// Before a client's wish to publish is looked at. Errors: those of PublishRates::take().
    Status count_publish(const Session& session);
    /// Other processes carry the same streams.
    bool is_shared() const { return feed_ != nullptr; }

    std::shared_ptr<Account> account(AccountId id) STOA_EXCLUDES(mutex_);
    std::shared_ptr<Shard> shard(const std::shared_ptr<net::IoLoop>& loop) STOA_EXCLUDES(mutex_);

    /// The session of a client that shows these channels: "id/id". Errors: those of PushChannels::open(), too_large,
    /// forbidden (channels of several accounts or users).
    Result<Session> open(std::string_view channels) const;

    /// The process is going to stop: ends all connections, a part at a time.
    void drain() STOA_EXCLUDES(mutex_);

    /// Once a second.
    void tick() STOA_EXCLUDES(mutex_);

  private:
    const api::PushChannels channels_;
    const PresenceTimes presence_times_;
    PublishRates rates_;
    Mutex mutex_;
    struct Followed {
        std::shared_ptr<Account> account;
        bus::Subscription stream, presence;  ///< empty when this process is the only one
    };
    void follow(Followed& followed) STOA_REQUIRES(mutex_);
    std::vector<std::shared_ptr<Shard>> shards() STOA_EXCLUDES(mutex_);

    std::unique_ptr<Feed> feed_;
    std::unordered_map<AccountId, Followed> accounts_ STOA_GUARDED_BY(mutex_);
    std::unordered_map<net::IoLoop*, std::shared_ptr<Shard>> shards_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::push
