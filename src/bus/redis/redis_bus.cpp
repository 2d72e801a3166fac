#include "bus/redis/redis_bus.hpp"

#include <poll.h>
#include <pthread.h>

#include <atomic>
#include <thread>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/thread_annotations.hpp"
#include "bus/memory_streams.hpp"
#include "bus/message_queue.hpp"
#include "bus/redis/bus_session.hpp"
#include "bus/redis/redis_logs.hpp"
#include "bus/redis/redis_streams.hpp"
#include "bus/subscribers.hpp"
#include "cache/redis/trouble.hpp"
#include "cache/wire/alarm.hpp"
#include "cache/wire/engine_watch.hpp"

namespace stoa::bus::redis {
namespace {

constexpr int kFirstLookMs = 500;
constexpr int kCheckMs = 500;
constexpr int kRetryMs = 20;  ///< between looks whether the watch has found the engine
constexpr int kLastWordsMs = 300;
constexpr std::size_t kNodeBytes = 8;

class RedisBus final : public Bus {
  public:
    explicit RedisBus(cache::redis::Settings settings)
        : settings_(settings),
          finder_(std::move(settings)),
          watch_("bus", "other processes see changes when what they have cached ends", [this] { return look(); },
                 {.check_ms = kCheckMs}),
          streams_(settings_, watch_),
          logs_(settings_, node_, streams_) {
        subscribers_->on_change([this](const std::string& channel) {
            {
                const MutexLock lock(mutex_);
                changed_.insert(channel);
            }
            alarm_.ring();
        });
        watch_.wait_for_first_look(cache::Deadline::in_ms(kFirstLookMs));
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), "bus");
    }
    ~RedisBus() override { close(); }

    Result<Subscription> subscribe(std::string channel, Subscriber subscriber) override {
        STOA_TRY(auto entry, subscribers_->add(std::move(channel), std::move(subscriber)));
        return Subscription(subscribers_, std::move(entry));
    }

    bool publish(std::string_view channel, std::string_view payload) override {
        if (stopping_ || !queue_.push(channel, payload)) return false;
        alarm_.ring();
        return true;
    }

    bool connected() const override { return connected_; }

    Result<std::string> append(std::string_view stream, std::string_view payload, const StreamLimits& limits) override {
        return streams_.append(stream, payload, limits);
    }
    Result<StreamRead> read_after(std::string_view stream, std::string_view after_id, std::size_t count) override {
        return streams_.read_after(stream, after_id, count);
    }
    Result<std::vector<std::string>> tell(std::span<const Telling> what, const StreamLimits& limits) override {
        STOA_CHECK(check_telling(what, limits));
        return logs_.tell(what, limits);
    }
    Result<std::string> last_id(std::string_view stream) override { return streams_.last_id(stream); }

    void close() override {
        if (!stopping_) close_by_us_ = system_clock().monotonic_us() + kLastWordsMs * 1'000;
        stopping_ = true;
        subscribers_->close();
        alarm_.ring();
        if (thread_.joinable()) thread_.join();
    }

  private:
    Result<cache::Address> look() {
        STOA_TRY(const cache::redis::Master master, finder_.find());
        return master.address;
    }

    void run() {
        while (!stopping_ || has_last_words()) {
            const auto target = watch_.target();
            if (!target) {
                if (stopping_) return;
                pollfd entry{alarm_.fd(), POLLIN, 0};
                if (::poll(&entry, 1, kRetryMs) > 0 && !stopping_) alarm_.reset();
                continue;
            }
            const Status status = serve(*target);
            connected_ = false;
            subscribers_->lost();
            if (!status) watch_.failed(*target, status.error());
        }
    }

    /// Until the session fails, another server is the right one, or close().
    Status serve(const cache::EngineWatch::Target& target) {
        STOA_TRY(const auto session, BusSession::open(settings_, target.address, node_));
        STOA_CHECK(session->listen(subscribers_->channels()));
        connected_ = true;
        const Status status = exchange(*session, target);
        if (stopping_ && status) return {};  // all that was said is confirmed
        // Twice is better than never: what they announce has happened in either case.
        queue_.push_front(session->take_doubtful());
        return status;
    }

    Status exchange(BusSession& session, const cache::EngineWatch::Target& target) {
        while (!stopping_ || has_last_words() || (!session.all_confirmed() && !too_late())) {
            // Only another server ends it: that this one was slow to answer the watch is for the session to judge.
            const auto now = watch_.target();
            if (now && now->address != target.address) return {};
            alarm_.reset();
            STOA_CHECK(tell_changes(session));
            STOA_CHECK(session.send(queue_.take()));
            const std::set<std::string> gaps = queue_.take_gaps();
            if (const Status sent = session.send_gaps(gaps); !sent) {
                queue_.add_gaps(gaps);
                return sent;
            }
            STOA_CHECK(session.wait_and_receive(alarm_.fd(), [this](const BusSession::Heard& heard) {
                using Kind = BusSession::Heard::Kind;
                if (heard.kind == Kind::message) subscribers_->deliver(heard.channel, heard.payload, heard.own);
                if (heard.kind == Kind::gap) subscribers_->gap(heard.channel);
                if (heard.kind == Kind::live) subscribers_->went_live(heard.channel);
            }));
        }
        return {};
    }

    /// A command that changes something and ends at once must have told the others.
    bool has_last_words() const { return !queue_.empty() && !too_late(); }
    bool too_late() const { return system_clock().monotonic_us() >= close_by_us_; }

    Status tell_changes(BusSession& session) {
        std::set<std::string> changed;
        {
            const MutexLock lock(mutex_);
            changed.swap(changed_);
        }
        for (const std::string& channel : changed) {
            if (subscribers_->listens(channel)) {
                STOA_CHECK(session.listen({channel}));
            } else {
                STOA_CHECK(session.stop_listening(channel));
            }
        }
        return {};
    }

    const cache::redis::Settings settings_;
    const std::string node_ = random_alnum(kNodeBytes);
    const std::shared_ptr<Subscribers> subscribers_ = std::make_shared<Subscribers>();
    MessageQueue queue_;
    cache::Alarm alarm_;
    cache::redis::MasterFinder finder_;
    cache::EngineWatch watch_;
    RedisStreams streams_;
    RedisLogs logs_;
    std::atomic<bool> connected_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> close_by_us_{0};
    Mutex mutex_;
    std::set<std::string> changed_ STOA_GUARDED_BY(mutex_);  ///< channels that got a subscriber or lost the last one
    std::thread thread_;
};

}  // namespace

std::unique_ptr<Bus> make_redis_bus(cache::redis::Settings settings) {
    return std::make_unique<RedisBus>(std::move(settings));
}

}  // namespace stoa::bus::redis
