#include "push/account.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "push/shard.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {
namespace {

constexpr std::int64_t kGraceUs = 10'000'000;  ///< a page that is loaded anew is not seen to go
constexpr std::int64_t kRememberedUs = 24 * 3'600'000'000LL;

std::int64_t monotonic_us() {
    return system_clock().monotonic_us();
}

void count_lacking() {
    static Counter& lacking =
        counter("stoa_push_gaps_total", "Times that an account's clients had to load everything anew: see the bus.");
    lacking.add();
}

bool hears(const Session& session, const Entry& entry) {
    return std::any_of(entry.routes.begin(), entry.routes.end(), [&](const std::string& route) {
        return std::find(session.routes.begin(), session.routes.end(), route) != session.routes.end();
    });
}

}  // namespace

Account::Account(AccountId id, Teller teller)
    : id_(id), teller_(std::move(teller)), ready_(!teller_), active_us_(monotonic_us()) {
    history_.begin({static_cast<std::uint64_t>(system_clock().now_us() / 1'000), 0});
}

Position Account::publish(Publication publication) {
    EntryPtr entry;
    std::shared_ptr<Shard> own;
    {
        const MutexLock lock(mutex_);
        entry = add({history_.top().ms, history_.top().number + 1}, std::move(publication), &own);
    }
    if (own) own->deliver_at_once(id_, entry);
    return entry->position;
}

EntryPtr Account::add(Position position, Publication publication, std::shared_ptr<Shard>* own) {
    static Counter& messages = counter("stoa_push_messages_total", "Messages of accounts that somebody listens to.");
    messages.add();
    auto entry = std::make_shared<Entry>();
    entry->position = position;
    entry->frame = frame_of(position, publication);
    entry->routes = std::move(publication.routes);
    active_us_ = monotonic_us();
    for (const Listening& one : listening_) {
        if (own != nullptr && one.shard->can_deliver_at_once()) {
            *own = one.shard;
        } else {
            one.shard->deliver(id_, entry);
        }
    }
    history_.add(entry, active_us_);
    return entry;
}

bool Account::receive(Position position, std::optional<Position> previous, Publication publication) {
    const MutexLock lock(mutex_);
    pending_.push_back({position, previous, std::move(publication)});
    if (!ready_) {
        if (pending_.size() > limits::push_pending_max) {
            pending_.clear();
            pending_overflow_ = true;
        }
        return true;
    }
    ready_ = take_pending();
    return ready_;
}

/// False when one of them does not follow.
bool Account::take_pending() {
    std::vector<Pending> pending;
    pending.swap(pending_);
    if (pending_overflow_) return false;
    for (Pending& one : pending) {
        const Position top = history_.top();
        if (one.position.ms == top.ms && one.position.number <= top.number) continue;
        const bool follows = one.previous.value_or(Position{}) == top;
        if (!follows) return false;
        // Another server numbers now. What it lacks of the old one's, somebody may have heard and others not.
        if (one.position.ms != top.ms && top != Position{}) begin_anew({one.position.ms, one.position.number - 1});
        if (top == Position{}) history_.begin({one.position.ms, one.position.number - 1});
        add(one.position, std::move(one.publication));
    }
    return true;
}

void Account::begin_anew(Position top) {
    count_lacking();
    history_.begin(top);
    for (const Listening& one : listening_)
        one.shard->tell_lacking(id_, top);
}

void Account::lost() {
    const MutexLock lock(mutex_);
    ready_ = false;
}

Account::Loading Account::begin_loading() {
    const MutexLock lock(mutex_);
    ready_ = false;
    pending_.clear();
    pending_overflow_ = false;
    return {was_ready_ ? std::optional(history_.top()) : std::nullopt};
}

bool Account::loaded(Loaded loaded) {
    const MutexLock lock(mutex_);
    if (!loaded.continuous) {
        if (was_ready_) {
            count_lacking();
            // What another server numbered nobody has heard yet; what has old numbers everybody has.
            const bool heard = loaded.begin.ms == history_.top().ms && !loaded.entries.empty();
            const Position stand = heard ? loaded.entries.back().first : loaded.begin;
            for (const Listening& one : listening_)
                one.shard->tell_lacking(id_, stand);
        }
        history_.begin(loaded.begin);
    }
    for (auto& [position, publication] : loaded.entries)
        add(position, std::move(publication));
    was_ready_ = true;
    if (!take_pending()) return false;
    become_ready();
    return true;
}

void Account::become_ready() {
    ready_ = true;
    for (Waiting& one : waiting_)
        one.shard->loop()->post(std::move(one.then));
    waiting_.clear();
}

bool Account::when_ready(const std::shared_ptr<Shard>& shard, std::function<void()> then) {
    const MutexLock lock(mutex_);
    if (ready_) return false;
    waiting_.push_back({shard, std::move(then)});
    return true;
}

std::optional<Account::Joined> Account::join(Shard& shard, const Session& session,
                                             const std::function<void(const EntryPtr&)>& missed) {
    const MutexLock lock(mutex_);
    if (!ready_) return std::nullopt;
    Joined joined{history_.top(), true};
    if (session.after) {
        joined.recovered = history_.read_after(*session.after, [&](const EntryPtr& entry) {
            if (hears(session, *entry)) missed(entry);
        });
    }
    const auto found = std::find_if(listening_.begin(), listening_.end(),
                                    [&](const Listening& one) { return one.shard.get() == &shard; });
    if (found != listening_.end()) {
        ++found->subscribers;
    } else {
        listening_.push_back({shard.shared_from_this(), 1});
    }
    if (session.user == 0) return joined;
    Presence& presence = presence_[session.user];
    if (presence.connections++ == 0 && !presence.shown) {
        presence.shown = true;
        tell_status(session.user, true);
        joined.position = history_.top();
    }
    return joined;
}

void Account::leave(Shard& shard, const Session& session) {
    const MutexLock lock(mutex_);
    active_us_ = monotonic_us();
    const auto found = std::find_if(listening_.begin(), listening_.end(),
                                    [&](const Listening& one) { return one.shard.get() == &shard; });
    if (found != listening_.end() && --found->subscribers == 0) listening_.erase(found);
    if (session.user == 0) return;
    Presence& presence = presence_[session.user];
    if (--presence.connections == 0) presence.left_us = active_us_;
}

void Account::watch_status(int more) {
    const MutexLock lock(mutex_);
    watchers_ += more;
}

/// Nobody is told what nobody wants to know.
void Account::tell_status(UserId user, bool online) {
    if (!teller_ && watchers_ == 0) return;
    const std::string params =
        "{\"user_id\":" + std::to_string(user) + ",\"online\":" + (online ? "true" : "false") + "}";
    Publication publication{
        {status_route(user)}, body_of("online", "userStatusChange", params, system_clock().now_us()), {}};
    if (teller_) return teller_(id_, std::move(publication));
    add({history_.top().ms, history_.top().number + 1}, std::move(publication));
}

Position Account::top() const {
    const MutexLock lock(mutex_);
    return history_.top();
}

std::optional<std::int64_t> Account::last_seen_s(UserId user) const {
    const MutexLock lock(mutex_);
    const auto found = presence_.find(user);
    if (found == presence_.end()) return std::nullopt;
    if (found->second.connections > 0) return 0;
    return std::max<std::int64_t>(1, (monotonic_us() - found->second.left_us) / 1'000'000);
}

bool Account::age() {
    const MutexLock lock(mutex_);
    const std::int64_t now_us = monotonic_us();
    history_.age(now_us);
    for (auto at = presence_.begin(); at != presence_.end();) {
        Presence& presence = at->second;
        const std::int64_t gone_us = presence.connections > 0 ? 0 : now_us - presence.left_us;
        if (presence.shown && gone_us > kGraceUs) {
            presence.shown = false;
            tell_status(at->first, false);
        }
        at = gone_us > kRememberedUs ? presence_.erase(at) : std::next(at);
    }
    return listening_.empty() && now_us - active_us_ > limits::push_history_lifetime_s * 1'000'000;
}

}  // namespace stoa::push
