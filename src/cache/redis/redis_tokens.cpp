#include "cache/redis/redis_tokens.hpp"

#include <poll.h>
#include <pthread.h>

#include <atomic>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/thread_annotations.hpp"
#include "cache/causal_meters.hpp"
#include "cache/redis/token_store.hpp"
#include "cache/redis/trouble.hpp"
#include "cache/wire/engine_watch.hpp"

namespace stoa::cache::redis {
namespace {

constexpr int kFirstLookMs = 500;
constexpr int kCheckMs = 500;            ///< how late a switch of masters may be noticed
constexpr int kSwitchMs = 2 * kCheckMs;  ///< after which others have noticed it, too
constexpr int kPatience = 5;             ///< command timeouts until a store that does not answer is given up
constexpr int kRetryMs = 200;
constexpr int kIdleLookMs = 100;  ///< how late the thread notices that the watch closed the store

struct Publish {
    AccountId account;
    std::string token;
    CausalTokens::Stored done;
};
struct Lookup {
    AccountId account;
    CausalTokens::Known done;
};

class RedisTokens final : public CausalTokens {
  public:
    RedisTokens(Settings settings, int doubt_ms)
        : settings_(settings),
          doubt_us_(doubt_ms * 1'000LL),
          finder_(std::move(settings)),
          watch_("causal tokens", "reads go to the primary database", [this] { return look(); },
                 {.check_ms = kCheckMs}) {
        watch_.wait_for_first_look(Deadline::in_ms(kFirstLookMs));
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), "causal-tokens");
    }

    ~RedisTokens() override {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        thread_.join();
        usable_ = false;
        answer_waiting();
    }

    void publish(AccountId account, std::string_view token, Stored done) override {
        if (token.empty()) return done(true);
        if (!is_causal_token(token)) return meters_.failed.add(), done(false);
        {
            const MutexLock lock(mutex_);
            if (!usable_ || stopping_) {
                keep_unstored(account, token);
            } else {
                publishes_.push_back({account, std::string(token), std::move(done)});
                if (sleeping_) wake_.notify_one();
                return;
            }
        }
        meters_.failed.add();
        done(false);
    }

    void tokens_of(AccountId account, Known done) override {
        if (trusted_now()) {
            const MutexLock lock(mutex_);
            if (usable_ && !stopping_ && lookups_.size() < limits::causal_lookups_max) {
                lookups_.push_back({account, std::move(done)});
                if (sleeping_) wake_.notify_one();
                return;
            }
        }
        meters_.unknown.add();
        done(std::nullopt);
    }

  private:
    Result<Address> look() {
        STOA_TRY(const Master master, finder_.find());
        return master.address;
    }

    bool trusted_now() const {
        return usable_.load(std::memory_order_acquire) &&
               system_clock().monotonic_us() >= trusted_from_us_.load(std::memory_order_relaxed);
    }
    void doubt() { trusted_from_us_ = system_clock().monotonic_us() + doubt_us_; }

    void run() {
        while (true) {
            if (const MutexLock lock(mutex_); stopping_) return;
            if (!store_) {
                connect();
            } else if (wait_for_work()) {
                round_trip();
            }
        }
    }

    void connect() {
        const auto target = watch_.target();
        if (!target) {
            const MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_us(mutex_, kIdleLookMs * 1'000 / 2);
            return;
        }
        auto opened = TokenStore::open(target->address, settings_.login, settings_.prefix, settings_.connect_ms,
                                       settings_.command_ms);
        if (!opened) {
            watch_.failed(*target, opened.error());
            return;
        }
        const bool switched = target_.generation != 0 && target_.address != target->address;
        agreed_from_us_ = switched ? system_clock().monotonic_us() + kSwitchMs * 1'000LL : 0;
        target_ = *target;
        store_ = std::move(*opened);
        doubt();
        const MutexLock lock(mutex_);
        usable_.store(true, std::memory_order_release);
    }

    /// True when there is something to send to a store that is still the right one.
    bool wait_for_work() {
        // Only another server ends it: that this one was slow to answer the watch is for the round trips to judge.
        if (const auto target = watch_.target(); target && target->address != target_.address) {
            lose();
            return false;
        }
        const MutexLock lock(mutex_);
        if (!has_work() && !stopping_) {
            sleeping_ = true;
            wake_.wait_us(mutex_, kIdleLookMs * 1'000);
            sleeping_ = false;
        }
        return has_work();
    }

    bool has_work() const STOA_REQUIRES(mutex_) {
        return !publishes_.empty() || !lookups_.empty() || (!unstored_.empty() && may_retry());
    }
    bool may_retry() const { return system_clock().monotonic_us() >= unstored_from_us_; }

    /// Everything that waits, as one batch. What is asked for while it is under way belongs to the next one.
    void round_trip() {
        std::vector<Publish> publishes;
        std::vector<Lookup> lookups;
        std::unordered_map<AccountId, std::string> tokens;
        take_batch(publishes, lookups, tokens);
        std::vector<AccountId> accounts;
        const std::vector<std::size_t> places = distinct(lookups, accounts);

        meters_.round_trips.add();
        Status sent = store_->send(tokens, accounts, Deadline::in_ms(kAnswerMs));
        Result<TokenStore::Answer> answer = sent ? wait_for_answer(publishes, lookups) : sent.error();
        if (!answer) {
            keep(tokens);
            watch_.failed(target_, answer.error());
            lose();
            settle(publishes, false);
            settle(lookups, {}, {});
            return;
        }
        const Status usable = judge(*answer, tokens);
        settle(publishes, answer->stored.ok() && system_clock().monotonic_us() >= agreed_from_us_);
        settle(lookups, places, answer->tokens);
        if (usable) return;
        watch_.failed(target_, usable.error());
        lose();
    }

    /// The error after which the connection is of no more use.
    Status judge(const TokenStore::Answer& answer, const std::unordered_map<AccountId, std::string>& tokens) {
        if (!answer.stored) {
            const Error& error = answer.stored.error();
            keep(tokens);
            doubt();
            refusals_.failed(error);
            unstored_from_us_ = system_clock().monotonic_us() + kRetryMs * 1'000;
            // A script that the server has forgotten is loaded by the next connection.
            if (asks_for_new_look(error) || error.field == "refused") return error;
        } else if (!tokens.empty()) {
            refusals_.works();
        }
        if (answer.same_epoch) return {};
        doubt();
        return store_->join_epoch(Deadline::in_ms(settings_.command_ms));
    }

    void take_batch(std::vector<Publish>& publishes, std::vector<Lookup>& lookups,
                    std::unordered_map<AccountId, std::string>& tokens) {
        const MutexLock lock(mutex_);
        publishes.swap(publishes_);
        if (lookups_.size() <= limits::causal_batch_max) {
            lookups.swap(lookups_);
        } else {
            const auto end = lookups_.begin() + static_cast<std::ptrdiff_t>(limits::causal_batch_max);
            lookups.assign(std::make_move_iterator(lookups_.begin()), std::make_move_iterator(end));
            lookups_.erase(lookups_.begin(), end);
        }
        if (may_retry()) {
            for (auto& [account, token] : unstored_)
                tokens[account] = std::move(token);
            unstored_.clear();
            meters_.unstored.set(0);
        }
        for (const Publish& publish : publishes)
            merge_into(tokens, publish.account, publish.token);
    }

    static void merge_into(std::unordered_map<AccountId, std::string>& tokens, AccountId account,
                           std::string_view token) {
        std::string& known = tokens[account];
        known = known.empty() ? std::string(token) : merge_causal_tokens(known, token);
    }

    /// Each account once; gives for each look-up the place of its account.
    static std::vector<std::size_t> distinct(const std::vector<Lookup>& lookups, std::vector<AccountId>& accounts) {
        std::vector<std::size_t> places;
        places.reserve(lookups.size());
        std::unordered_map<AccountId, std::size_t> known;
        for (const Lookup& lookup : lookups) {
            const auto [found, is_new] = known.emplace(lookup.account, accounts.size());
            if (is_new) accounts.push_back(lookup.account);
            places.push_back(found->second);
        }
        return places;
    }

    /// A store that takes longer than kAnswerMs holds nobody up: all get "unknown", and so do new ones until it
    /// answers.
    Result<TokenStore::Answer> wait_for_answer(std::vector<Publish>& publishes, std::vector<Lookup>& lookups) {
        const Deadline hard = Deadline::in_ms(kPatience * std::max(settings_.command_ms, kAnswerMs));
        pollfd entry{store_->fd(), POLLIN, 0};
        if (::poll(&entry, 1, kAnswerMs) != 0) return store_->receive(hard);
        {
            const MutexLock lock(mutex_);
            usable_ = false;
        }
        settle(publishes, false);
        settle(lookups, {}, {});
        answer_waiting();
        auto answer = store_->receive(hard);
        if (answer) {
            const MutexLock lock(mutex_);
            usable_ = true;
        }
        return answer;
    }

    void lose() {
        store_.reset();
        {
            const MutexLock lock(mutex_);
            usable_ = false;
        }
        doubt();
        answer_waiting();
    }

    /// "Unknown" to all that wait; publications are kept for later.
    void answer_waiting() {
        std::vector<Publish> publishes;
        std::vector<Lookup> lookups;
        {
            const MutexLock lock(mutex_);
            publishes.swap(publishes_);
            lookups.swap(lookups_);
            for (const Publish& publish : publishes)
                keep_unstored(publish.account, publish.token);
        }
        settle(publishes, false);
        settle(lookups, {}, {});
    }

    void keep(const std::unordered_map<AccountId, std::string>& tokens) {
        const MutexLock lock(mutex_);
        for (const auto& [account, token] : tokens)
            keep_unstored(account, token);
    }

    void keep_unstored(AccountId account, std::string_view token) STOA_REQUIRES(mutex_) {
        if (unstored_.size() >= limits::causal_unstored_max && !unstored_.contains(account)) return;
        merge_into(unstored_, account, token);
        meters_.unstored.set(static_cast<std::int64_t>(unstored_.size()));
    }

    void settle(std::vector<Publish>& publishes, bool stored) {
        (stored ? meters_.stored : meters_.failed).add(publishes.size());
        for (Publish& publish : publishes)
            publish.done(stored);
        publishes.clear();
    }

    void settle(std::vector<Lookup>& lookups, const std::vector<std::size_t>& places,
                const std::vector<std::string>& tokens) {
        const bool known = !tokens.empty() && trusted_now();
        (known ? meters_.known : meters_.unknown).add(lookups.size());
        for (std::size_t i = 0; i < lookups.size(); ++i)
            lookups[i].done(known ? std::optional(tokens[places[i]]) : std::nullopt);
        lookups.clear();
    }

    const Settings settings_;
    const std::int64_t doubt_us_;
    CausalMeters meters_;
    TroubleLog refusals_{"causal tokens", "other processes may read what is a moment old"};
    MasterFinder finder_;
    EngineWatch watch_;

    // Of the thread alone.
    std::unique_ptr<TokenStore> store_;
    EngineWatch::Target target_;
    std::int64_t unstored_from_us_ = 0;  ///< when the store may be asked again to take what it refused
    std::int64_t agreed_from_us_ = 0;    ///< before it, others may still ask an earlier master

    std::atomic<bool> usable_{false};  ///< changed under the mutex; false: answer at once
    std::atomic<std::int64_t> trusted_from_us_{0};
    Mutex mutex_;
    CondVar wake_;
    bool sleeping_ STOA_GUARDED_BY(mutex_) = false;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::vector<Publish> publishes_ STOA_GUARDED_BY(mutex_);
    std::vector<Lookup> lookups_ STOA_GUARDED_BY(mutex_);
    std::unordered_map<AccountId, std::string> unstored_ STOA_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace

std::unique_ptr<CausalTokens> make_redis_tokens(Settings settings, int doubt_ms) {
    return std::make_unique<RedisTokens>(std::move(settings), doubt_ms);
}

}  // namespace stoa::cache::redis
