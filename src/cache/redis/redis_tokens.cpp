#include "cache/redis/redis_tokens.hpp"

#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "base/thread_annotations.hpp"
#include "cache/causal_meters.hpp"
#include "cache/limits.hpp"
#include "cache/redis/flights.hpp"
#include "cache/redis/lease_session.hpp"
#include "cache/redis/lease_times.hpp"
#include "cache/redis/read_lease.hpp"
#include "cache/redis/roster.hpp"
#include "cache/redis/trouble.hpp"
#include "cache/token_board.hpp"
#include "cache/wire/alarm.hpp"
#include "cache/wire/engine_watch.hpp"

namespace stoa::cache::redis {
namespace {

constexpr int kFirstLookMs = 500;
constexpr int kCheckMs = 500;                 ///< how late a switch of masters may be noticed; see kConfirmedUs
constexpr int kIdleLookMs = 100;              ///< how late the thread notices what the watch found
constexpr int kRetryMs = 20;                  ///< between looks whether the watch has found the store
constexpr std::int64_t kRefusedUs = 200'000;  ///< after which a store that refused is asked again
constexpr int kLastWordsMs = 100;
constexpr int kHeardAtOnceMax = 256;  ///< messages; then acknowledgements and renewals have their turn
constexpr std::size_t kMemberBytes = 16;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

class RedisTokens final : public CausalTokens {
  public:
    RedisTokens(Settings settings, int doubt_ms)
        : settings_(settings),
          doubt_us_(doubt_ms * 1'000LL),
          finder_(std::move(settings)),
          watch_("causal tokens", "reads go to the primary database", [this] { return look(); },
                 {.check_ms = kCheckMs}),
          lost_us_(now_us()) {
        watch_.wait_for_first_look(Deadline::in_ms(kFirstLookMs));
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), "causal-tokens");
    }

    ~RedisTokens() override {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            accepting_ = false;
        }
        alarm_.ring();
        thread_.join();
    }

    void publish(AccountId account, std::string_view token, Stored done) override {
        if (token.empty()) return done(true);
        if (!is_causal_token(token)) return meters_.failed.add(), done(false);
        board_.put(account, token);
        {
            const MutexLock lock(mutex_);
            if (accepting_ && waiting_ < limits::causal_waiting_max) {
                ++waiting_;
                queue_.push_back({account, std::string(token), std::move(done)});
                return alarm_.ring();
            }
            keep_unstored(account, token);
        }
        meters_.failed.add();
        done(false);
    }

    std::optional<std::string> token_of(AccountId account) override {
        // First the lease, then the board: what was published before the lease began is on it.
        auto token = lease_.holds() ? board_.token_of(account) : std::nullopt;
        (token ? meters_.known : meters_.unknown).add();
        if (!token && !wanted_ && !wanted_.exchange(true)) alarm_.ring();
        return token;
    }

  private:
    Result<Address> look() {
        const std::int64_t begin_us = now_us();
        STOA_TRY(const Master master, finder_.find());
        lease_.confirm(master.address, begin_us + kConfirmedUs);
        return master.address;
    }

    void run() {
        while (!stopping()) {
            if (!session_) {
                connect();
            } else if (const Status served = serve(); !served) {
                lose();
                watch_.failed(target_, served.error());
            }
            finish();
            accept_or_refuse();
        }
        say_last_words();
    }

    bool stopping() {
        const MutexLock lock(mutex_);
        return stopping_;
    }

    void connect() {
        const auto target = watch_.target();
        if (!target) {
            pollfd entry{alarm_.fd(), POLLIN, 0};
            ::poll(&entry, 1, kRetryMs);
            return alarm_.reset();
        }
        auto opened = LeaseSession::open(settings_, target->address, member_);
        if (!opened) return watch_.failed(*target, opened.error());
        target_ = *target;
        session_ = std::move(*opened);
        lost_us_ = refused_us_ = unheard_since_us_ = 0;
        renew_from_us_ = now_us() + doubt_us_;  // what was said before we listened, nobody tells us
        lease_.begin_with(target_.address);
    }

    /// One round: says what there is to say, waits, and takes in what others said. An error ends the session.
    Status serve() {
        const auto target = watch_.target();
        // Only another server ends it: that this one was slow to answer the watch is for the session to judge.
        if (target && target->address != target_.address) {
            return Error{Errc::unavailable, "Another server is the master now.", "read_only"};
        }
        alarm_.reset();
        say();
        STOA_CHECK(session_->flush());
        session_->wait(alarm_.fd(), more_to_hear_ ? 0 : wait_ms());
        STOA_CHECK(take_answers());
        STOA_CHECK(listen());
        STOA_CHECK(acknowledge());
        return check_silence();
    }

    void say() {
        const std::int64_t at_us = now_us();
        if (wanted_ && at_us >= renew_from_us_) {
            if (at_us >= next_renewal_us_ && !session_->waits_for(LeaseSession::Kind::renewal)) renew(at_us);
        } else if (at_us >= next_echo_us_) {
            next_echo_us_ = at_us + kBeatUs;
            session_->echo(++spoken_);
            if (unheard_since_us_ == 0) unheard_since_us_ = at_us;
        }
        publish_waiting();
    }

    void renew(std::int64_t at_us) {
        next_renewal_us_ = at_us + kRenewUs;
        lease_.ask(++spoken_, at_us);
        session_->renew(spoken_, roster_.lapsed(at_us));
        listed_ = true;
        if (unheard_since_us_ == 0) unheard_since_us_ = at_us;
    }

    void publish_waiting() {
        if (flights_.waits_for_store() || now_us() < publish_from_us_) return;
        std::vector<Publish> publishes = take_batch();
        if (publishes.empty()) return;
        TokensOfAccounts tokens;
        for (const Publish& publish : publishes)
            merge_into(tokens, publish.account, publish.token);
        meters_.round_trips.add();
        session_->publish(++flight_, tokens, roster_.lapsed(now_us()));
        flights_.send(flight_, std::move(publishes));
    }

    std::vector<Publish> take_batch() {
        const MutexLock lock(mutex_);
        const std::size_t n = std::min(queue_.size(), limits::causal_batch_max);
        std::vector<Publish> batch(std::make_move_iterator(queue_.begin()),
                                   std::make_move_iterator(queue_.begin() + static_cast<std::ptrdiff_t>(n)));
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(n));
        while (!unstored_.empty() && batch.size() < limits::causal_batch_max) {
            const auto first = unstored_.begin();
            batch.push_back({first->first, std::move(first->second), nullptr});
            unstored_.erase(first);
        }
        meters_.unstored.set(static_cast<std::int64_t>(unstored_.size()));
        return batch;
    }

    int wait_ms() {
        const std::int64_t at_us = now_us();
        std::int64_t until_us = at_us + kIdleLookMs * 1'000LL;
        const auto no_later = [&until_us](std::int64_t us) { until_us = std::min(until_us, us); };
        if (wanted_ && !session_->waits_for(LeaseSession::Kind::renewal))
            no_later(std::max(renew_from_us_, next_renewal_us_));
        if (const std::int64_t us = flights_.next_us(); us != 0) no_later(us);
        if (publish_from_us_ > at_us) no_later(publish_from_us_);
        return static_cast<int>(std::max<std::int64_t>(0, until_us - at_us + 999) / 1'000);
    }

    Status take_answers() {
        while (true) {
            STOA_TRY(const auto answer, session_->next_answer());
            if (!answer) return {};
            if (!answer->taken && asks_for_new_look(answer->taken.error())) return answer->taken;
            if (answer->kind == LeaseSession::Kind::renewal) take_renewed(*answer);
            if (answer->kind == LeaseSession::Kind::tokens) take_published(*answer);
        }
    }

    void take_renewed(const LeaseSession::Answer& answer) {
        if (answer.taken) {
            lease_trouble_.works();
            return roster_.saw(answer.members, now_us());
        }
        lease_trouble_.failed(answer.taken.error());
        next_renewal_us_ = now_us() + kRefusedUs;
        unheard_since_us_ = 0;  // there is no echo to wait for
    }

    void take_published(const LeaseSession::Answer& answer) {
        const std::int64_t at_us = now_us();
        if (!answer.taken) {
            trouble_.failed(answer.taken.error());
            if (refused_us_ == 0) refused_us_ = at_us;
            publish_from_us_ = at_us + kRefusedUs;
            return wait_again(flights_.take_refused());
        }
        refused_us_ = 0;
        trouble_.works();
        roster_.saw(answer.members, at_us);
        std::vector<Holder> holders = roster_.holders(at_us);
        std::erase_if(holders, [this](const Holder& holder) { return holder.id == member_; });
        flights_.answered(holders, at_us + std::max<std::int64_t>(0, kSettledUs - answer.list_age_us), at_us);
    }

    Status listen() {
        more_to_hear_ = true;
        for (int i = 0; i < kHeardAtOnceMax; ++i) {
            STOA_TRY(const auto heard, session_->next_heard());
            if (!heard) {
                more_to_hear_ = false;
                break;
            }
            take_heard(*heard);
        }
        meters_.lease.set(lease_.holds() ? 1 : 0);
        return {};
    }

    void take_heard(const LeaseSession::Heard& heard) {
        using Kind = LeaseSession::Heard::Kind;
        if (heard.kind == Kind::acknowledgement) return flights_.acknowledged(heard.member, heard.number);
        if (heard.kind == Kind::tokens && heard.member != member_) {
            LeaseSession::for_each_token(
                heard.tokens, [this](AccountId account, std::string_view token) { board_.put(account, token); });
            if (listed_) unacknowledged_[heard.member] = heard.number;
        }
        const bool own = heard.kind == Kind::echo || (heard.kind == Kind::renewal && heard.member == member_);
        if (!own) return;
        unheard_since_us_ = heard.number == spoken_ ? 0 : now_us();
        if (heard.kind == Kind::renewal) lease_.heard(heard.number);
    }

    Status acknowledge() {
        if (unacknowledged_.empty()) return {};
        for (const auto& [sender, number] : unacknowledged_)
            session_->acknowledge(sender, number);
        unacknowledged_.clear();
        return session_->flush();
    }

    Status check_silence() {
        if (more_to_hear_) return {};
        const std::int64_t before_us = now_us() - kSilenceMaxUs;
        const std::int64_t unanswered_us = session_->unanswered_since_us();
        if (unanswered_us != 0 && unanswered_us < before_us)
            return Error{Errc::timeout, "Redis does not answer.", "no_answer"};
        if (unheard_since_us_ != 0 && unheard_since_us_ < before_us)
            return Error{Errc::timeout, "Redis does not give back what this process tells itself.", "no_echo"};
        return {};
    }

    void lose() {
        lease_.end();
        meters_.lease.set(0);
        lost_us_ = troubled_since_us();
        if (lost_us_ == 0) lost_us_ = now_us();
        session_.reset();
        listed_ = more_to_hear_ = false;
        unacknowledged_.clear();
        wait_again(flights_.take_refused());
    }

    /// Publications whose flight failed are the first of the next one.
    void wait_again(std::vector<Publish> publishes) {
        const MutexLock lock(mutex_);
        for (auto publish = publishes.rbegin(); publish != publishes.rend(); ++publish) {
            if (publish->done) {
                queue_.push_front(std::move(*publish));
            } else {
                keep_unstored(publish->account, publish->token);
            }
        }
    }

    /// While Redis is out of reach, does not answer, or refuses: publications wait until all leases that it may have
    /// given must have ended, then they fail, and so do new ones at once.
    void accept_or_refuse() {
        const std::int64_t since_us = troubled_since_us();
        const bool accept = since_us == 0 || now_us() < since_us + kLeaseUs;
        {
            const MutexLock lock(mutex_);
            accepting_ = accept && !stopping_;
        }
        if (!accept) refuse_waiting();
    }

    /// 0 = all is well.
    std::int64_t troubled_since_us() const {
        if (lost_us_ != 0) return lost_us_;
        if (refused_us_ != 0) return refused_us_;
        return session_ ? session_->unanswered_since_us() : 0;
    }

    void refuse_waiting() {
        std::vector<Publish> publishes = flights_.let_go();
        {
            const MutexLock lock(mutex_);
            std::move(queue_.begin(), queue_.end(), std::back_inserter(publishes));
            queue_.clear();
            for (const Publish& publish : publishes)
                keep_unstored(publish.account, publish.token);
        }
        settle(publishes, false);
    }

    void finish() {
        auto finished = flights_.take_finished(now_us());
        for (const std::int64_t us : finished.waited_us)
            meters_.ack_wait.observe(static_cast<double>(us) / 1e6);
        settle(finished.publishes, true);
    }

    void settle(std::vector<Publish>& publishes, bool stored) {
        for (Publish& publish : publishes) {
            if (!publish.done) continue;
            --waiting_;
            (stored ? meters_.stored : meters_.failed).add();
            publish.done(stored);
        }
    }

    /// Sends what waits and leaves the list, so that nobody waits for this process; then nobody may wait for an answer.
    void say_last_words() {
        const Deadline deadline = Deadline::in_ms(kLastWordsMs);
        if (session_) session_->leave();
        while (session_ && !deadline.passed()) {
            publish_waiting();
            if (session_->unanswered_since_us() == 0 && flights_.empty()) break;
            Status status = session_->flush();
            if (status) session_->wait(-1, std::min(kRetryMs, deadline.left_ms()));
            if (status) status = take_answers();
            if (status) status = listen();
            if (!status) break;
            finish();
        }
        lose();
        refuse_waiting();
        std::vector<Publish> flying = flights_.take_all();
        settle(flying, false);
    }

    void keep_unstored(AccountId account, std::string_view token) STOA_REQUIRES(mutex_) {
        if (unstored_.size() >= limits::causal_unstored_max && !unstored_.contains(account)) return;
        merge_into(unstored_, account, token);
        meters_.unstored.set(static_cast<std::int64_t>(unstored_.size()));
    }

    static void merge_into(TokensOfAccounts& tokens, AccountId account, std::string_view token) {
        std::string& known = tokens[account];
        known = known.empty() ? std::string(token) : merge_causal_tokens(known, token);
    }

    const Settings settings_;
    const std::int64_t doubt_us_;
    const std::string member_ = random_alnum(kMemberBytes);
    CausalMeters meters_;
    TroubleLog trouble_{"causal tokens", "other processes may read what is a moment old"};
    TroubleLog lease_trouble_{"read leases", "reads go to the primary database"};
    TokenBoard board_{system_clock()};
    ReadLease lease_;
    std::atomic<bool> wanted_{false};      ///< somebody has looked for a token
    std::atomic<std::size_t> waiting_{0};  ///< publications that have no answer
    Alarm alarm_;
    MasterFinder finder_;
    EngineWatch watch_;

    // Of the thread alone.
    std::unique_ptr<LeaseSession> session_;
    EngineWatch::Target target_;
    Roster roster_;
    Flights flights_;
    std::map<std::string, std::uint64_t> unacknowledged_;  ///< by sender: the newest of its flights that was heard
    std::uint64_t flight_ = 0;                             ///< number of the newest
    std::uint64_t spoken_ = 0;                             ///< of renewals and echoes
    bool listed_ = false;                                  ///< somebody may wait for our acknowledgements
    bool more_to_hear_ = false;
    std::int64_t renew_from_us_ = 0;  ///< before it, something may have been missed
    std::int64_t next_renewal_us_ = 0;
    std::int64_t next_echo_us_ = 0;
    std::int64_t unheard_since_us_ = 0;  ///< the oldest renewal or echo that did not come back; 0 = none
    std::int64_t publish_from_us_ = 0;
    std::int64_t lost_us_;         ///< since when there is no session; 0 = there is one
    std::int64_t refused_us_ = 0;  ///< since when publications are refused; 0 = they are not

    Mutex mutex_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    bool accepting_ STOA_GUARDED_BY(mutex_) = true;
    std::deque<Publish> queue_ STOA_GUARDED_BY(mutex_);
    TokensOfAccounts unstored_ STOA_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace

std::unique_ptr<CausalTokens> make_redis_tokens(Settings settings, int doubt_ms) {
    return std::make_unique<RedisTokens>(std::move(settings), doubt_ms);
}

}  // namespace stoa::cache::redis
