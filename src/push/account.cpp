#include "push/account.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "push/shard.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {
namespace {

constexpr std::int64_t kCamePauseUs = 50'000;  ///< who comes within it is said together: after a server's death many
constexpr std::int64_t kHerePauseUs = 1'000'000;

std::int64_t monotonic_us() {
    return system_clock().monotonic_us();
}

void count_lacking() {
    static Counter& lacking =
        counter("stoa_push_gaps_total", "Times that an account's clients had to load everything anew: see the bus.");
    lacking.add();
}

}  // namespace

Account::Account(AccountId id, std::optional<Others> others, PresenceTimes times)
    : id_(id), others_(std::move(others)), ready_(!others_), active_us_(monotonic_us()), presence_(times) {
    history_.begin({static_cast<std::uint64_t>(system_clock().now_us() / 1'000), 0});
}

Position Account::publish(Publication publication) {
    const MutexLock lock(mutex_);
    const Position position{history_.top().ms, history_.top().number + 1};
    add(position, std::move(publication));
    return position;
}

void Account::add(Position position, Publication publication) {
    static Counter& messages = counter("stoa_push_messages_total", "Messages of accounts that somebody listens to.");
    messages.add();
    auto entry = std::make_shared<Entry>();
    entry->position = position;
    entry->frame = frame_of(position, publication);
    entry->routes = std::move(publication.routes);
    active_us_ = monotonic_us();
    for (const Listening& one : listening_)
        one.shard->deliver(id_, entry);
    history_.add(std::move(entry), active_us_);
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
    Joined joined{history_.top(), resume(history_, session, missed)};
    const auto found = std::find_if(listening_.begin(), listening_.end(),
                                    [&](const Listening& one) { return one.shard.get() == &shard; });
    if (found != listening_.end()) {
        ++found->subscribers;
    } else {
        listening_.push_back({shard.shared_from_this(), 1});
    }
    if (session.user == 0) return joined;
    if (!presence_.came(session.user)) return joined;
    if (others_) {
        came_.push_back(session.user);
        if (monotonic_us() - said_came_us_ > kCamePauseUs) say_came();
    } else {
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
    if (session.user != 0) presence_.left(session.user, active_us_);
}

void Account::hear(const PresenceNews& news) {
    const MutexLock lock(mutex_);
    if (!presence_.is_new(news)) return;
    const std::int64_t now_us = monotonic_us();
    for (const StatusChange& change : presence_.hear(news, others_->self, now_us))
        tell_status(change.user, change.online);
    const bool asked = news.kind == PresenceNews::Kind::who && news.node != others_->self;
    // They could not hear this process for a while. It lives, and what it has counts again.
    const bool buried = news.kind == PresenceNews::Kind::gone && news.dead == others_->self;
    if (!asked && !buried) return;
    owes_here_ = true;
    if (now_us - said_here_us_ > kHerePauseUs) say_here();
}

void Account::news_missed() {
    const MutexLock lock(mutex_);
    presence_.doubt(others_->self, monotonic_us());
    say({.kind = PresenceNews::Kind::who});
    say_here();
}

void Account::bury(const std::vector<std::string>& dead) {
    const MutexLock lock(mutex_);
    for (const std::string& node : dead) {
        if (!presence_.knows(node)) continue;
        say({.kind = PresenceNews::Kind::gone, .dead = node});
    }
}

void Account::say(PresenceNews news) {
    news.node = others_->self;
    // Of the clock, because this account may have been let go and come back since.
    news.number = said_ = std::max<std::uint64_t>(said_ + 1, static_cast<std::uint64_t>(monotonic_us()));
    const std::vector<std::string> texts = to_texts(news);
    said_ += texts.size() - 1;
    for (const std::string& text : texts)
        others_->say(id_, text);
}

void Account::say_came() {
    if (came_.empty()) return;
    say({.kind = PresenceNews::Kind::came, .users = std::move(came_)});
    came_.clear();
    said_came_us_ = monotonic_us();
}

void Account::say_here() {
    came_.clear();  // they are in it
    say({.kind = PresenceNews::Kind::here, .users = presence_.here()});
    said_here_us_ = monotonic_us();
    owes_here_ = false;
}

void Account::age_presence(std::int64_t now_us) {
    std::vector<UserId> gone = presence_.take_gone(now_us);
    if (!others_) {
        for (const UserId user : gone)
            tell_status(user, false);
        return;
    }
    say_came();
    if (owes_here_ && now_us - said_here_us_ > kHerePauseUs) say_here();
    if (!gone.empty()) {
        say({.kind = PresenceNews::Kind::left, .users = std::move(gone)});
    }
    for (std::string& node : presence_.take_unconfirmed(now_us)) {
        say({.kind = PresenceNews::Kind::gone, .dead = std::move(node)});
    }
}

void Account::watch_status(int more) {
    const MutexLock lock(mutex_);
    watchers_ += more;
}

/// Nobody is told what nobody wants to know.
void Account::tell_status(UserId user, bool online) {
    if (!others_ && watchers_ == 0) return;
    const std::string params =
        "{\"user_id\":" + std::to_string(user) + ",\"online\":" + (online ? "true" : "false") + "}";
    Publication publication{
        {status_route(user)}, body_of("online", "userStatusChange", params, system_clock().now_us()), {}};
    if (others_) return others_->tell(id_, std::move(publication));
    add({history_.top().ms, history_.top().number + 1}, std::move(publication));
}

Position Account::top() const {
    const MutexLock lock(mutex_);
    return history_.top();
}

std::optional<std::int64_t> Account::last_seen_s(UserId user) const {
    const bool with_others = others_ && others_->hears();
    const MutexLock lock(mutex_);
    return presence_.last_seen_s(user, others_ ? others_->self : std::string(), with_others, monotonic_us());
}

bool Account::age() {
    const bool hears = !others_ || others_->hears();
    const MutexLock lock(mutex_);
    live_ = hears && (live_ || ready_);
    const std::int64_t now_us = monotonic_us();
    history_.age(now_us);
    age_presence(now_us);
    return listening_.empty() && now_us - active_us_ > limits::push_history_lifetime_s * 1'000'000;
}

}  // namespace stoa::push
