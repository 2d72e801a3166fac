#include "push/feed.hpp"

#include <pthread.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace stoa::push {
namespace {

constexpr bus::StreamLimits kLog{.length = 10'000, .lifetime_s = 24 * 3600};
constexpr std::uint64_t kLoadedMax = 2'000;  ///< of an account that comes into use: for clients of another process
constexpr std::int64_t kRetryUs = 100'000;
constexpr std::int64_t kLastWordsUs = 500'000;
constexpr std::size_t kKeyBytes = 16;
constexpr int kRefusalsMax = 50;  ///< what is refused for so long would hold up everything behind it

std::string log_of(AccountId account) {
    return "push:" + std::to_string(account);
}

std::string presence_channel(AccountId account) {
    return "push-presence:" + std::to_string(account);
}

}  // namespace

Feed::Feed(bus::Bus& bus, NeighbourTimes times) : bus_(bus), neighbours_(bus, times) {
    sender_ = std::thread([this] { send_loop(); });
    pthread_setname_np(sender_.native_handle(), "push-send");
    loader_ = std::thread([this] { load_loop(); });
    pthread_setname_np(loader_.native_handle(), "push-load");
}

Feed::~Feed() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        to_send_.notify_all();
        to_load_.notify_all();
    }
    sender_.join();
    loader_.join();
}

Status Feed::publish(AccountId account, Publication publication) {
    bus::Telling telling{log_of(account), to_text(publication), random_alnum(kKeyBytes)};
    const MutexLock lock(mutex_);
    if (queue_.size() >= limits::push_queue_max) {
        return Error{Errc::busy, "Too many messages wait for the bus.", {}, {}, 1};
    }
    queue_.push_back(std::move(telling));
    to_send_.notify_one();
    return {};
}

Status Feed::publish_and_wait(AccountId account, std::span<const KeyedPublication> publications) {
    std::vector<bus::Telling> tellings;
    for (const auto& [publication, once] : publications)
        tellings.push_back({log_of(account), to_text(publication), once});
    STOA_CHECK(bus_.tell(tellings, kLog));
    return {};
}

/// Repeats a part that failed, under the same keys, so that order and number stay what they are.
void Feed::send_loop() {
    std::vector<bus::Telling> sending;
    std::int64_t give_up_us = INT64_MAX;
    int refusals = 0;  ///< in a row, by a server that answers
    while (true) {
        {
            const MutexLock lock(mutex_);
            while (sending.empty() && queue_.empty() && !stopping_)
                to_send_.wait(mutex_);
            if (stopping_ && give_up_us == INT64_MAX) give_up_us = system_clock().monotonic_us() + kLastWordsUs;
            while (sending.size() < limits::bus_tellings_max && !queue_.empty()) {
                sending.push_back(std::move(queue_.front()));
                queue_.pop_front();
            }
            if (sending.empty() && stopping_) return;
        }
        const auto told = bus_.tell(sending, kLog);
        if (told) {
            sending.clear();
            continue;
        }
        const bool away = told.error().code == Errc::unavailable || told.error().code == Errc::timeout;
        refusals = told.error().field == "refused" ? refusals + 1 : 0;
        if (!away || refusals == kRefusalsMax) {
            refusals = 0;
            log::error("push_not_told", {{"error", std::string_view(told.error().message)},
                                         {"messages", sending.size()},
                                         {"action", "report this as a bug; clients lack these messages"}});
            sending.clear();
            continue;
        }
        if (system_clock().monotonic_us() > give_up_us) return;
        const MutexLock lock(mutex_);
        to_send_.wait_us(mutex_, kRetryUs);
    }
}

Result<bus::Subscription> Feed::follow(const std::shared_ptr<Account>& account) {
    const AccountId id = account->id();
    const std::weak_ptr<Account> weak = account;
    bus::Subscriber subscriber;
    subscriber.on_message = [this, id, weak](std::string_view text) {
        const auto living = weak.lock();
        const auto message = bus::read_log_message(text);
        if (!living || !message) return;
        const auto position = Position::parse(message->id);
        auto publication = publication_from(message->payload);
        if (!position || !publication) return;
        if (!living->receive(*position, Position::parse(message->previous), std::move(*publication))) {
            ask_for_load(id, weak, false);
        }
    };
    // Runs when the subscription has become live, too: that is the first load.
    subscriber.on_gap = [this, id, weak] {
        const auto living = weak.lock();
        if (!living) return;
        living->lost();
        ask_for_load(id, weak, true);
    };
    return bus_.subscribe(bus::log_channel(log_of(id)), std::move(subscriber));
}

Result<bus::Subscription> Feed::follow_presence(const std::shared_ptr<Account>& account) {
    const std::weak_ptr<Account> weak = account;
    bus::Subscriber subscriber;
    subscriber.on_message = [this, weak](std::string_view text) {
        const auto living = weak.lock();
        const auto news = presence_news_from(text);
        if (!living || !news) return;
        neighbours_.heard(news->node, system_clock().monotonic_us());
        living->hear(*news);
    };
    subscriber.on_gap = [weak] {
        if (const auto living = weak.lock()) living->news_missed();
    };
    return bus_.subscribe(presence_channel(account->id()), std::move(subscriber));
}

void Feed::say(AccountId account, const std::string& news) {
    bus_.publish(presence_channel(account), news);
}

void Feed::ask_for_load(AccountId id, const std::weak_ptr<Account>& account, bool after_gap) {
    const MutexLock lock(mutex_);
    Load& load = loads_[id];
    load.account = account;
    load.after_gap = load.after_gap || after_gap;
    to_load_.notify_one();
}

void Feed::load_loop() {
    while (true) {
        std::unordered_map<AccountId, Load> loads;
        {
            const MutexLock lock(mutex_);
            while (loads_.empty() && !stopping_)
                to_load_.wait(mutex_);
            if (stopping_) return;
            loads.swap(loads_);
        }
        for (const auto& [id, one] : loads) {
            const auto account = one.account.lock();
            if (!account || load(*account, one.after_gap)) continue;
            ask_for_load(id, one.account, one.after_gap);
            const MutexLock lock(mutex_);
            if (stopping_) return;
            to_load_.wait_us(mutex_, kRetryUs);
        }
    }
}

Status Feed::load(Account& account, bool after_gap) {
    const std::string log = log_of(account.id());
    const Account::Loading loading = account.begin_loading();
    STOA_TRY(const std::string last, bus_.last_id(log));
    const Position top = Position::parse(last).value_or(Position{});
    Account::Loaded loaded;
    const bool known = loading.top && loading.top->ms == top.ms && loading.top->number <= top.number;
    const std::uint64_t oldest = top.number > kLoadedMax ? top.number - kLoadedMax : 0;
    if (known) {
        STOA_TRY(loaded, read(log, *loading.top, top));
        loaded.continuous = loaded.begin == *loading.top;
    } else if (top != Position{}) {
        STOA_TRY(loaded, read(log, {top.ms, oldest}, top));
    }
    if (!account.loaded(std::move(loaded))) return Error{Errc::conflict, "More came meanwhile."};
    // The server may be another one that lacks what some have heard: only what is told next shows that, so it is told
    // at once. Everybody who was here before asks the same; once is enough.
    if (after_gap && loading.top) {
        const KeyedPublication nothing{{}, log + ":" + top.text()};
        (void)publish_and_wait(account.id(), {&nothing, 1});
    }
    return {};
}

Result<Account::Loaded> Feed::read(const std::string& log, Position after, Position top) {
    Account::Loaded out;
    out.begin = after;
    Position at = after;
    while (at.number < top.number) {
        STOA_TRY(const bus::StreamRead page, bus_.read_after(log, at.text(), limits::bus_stream_read_max));
        if (page.entries.empty()) break;
        for (const bus::StreamEntry& entry : page.entries) {
            const auto position = Position::parse(entry.id);
            auto publication = publication_from(entry.payload);
            if (!position || !publication) return internal_error("The log holds what is no message.");
            if (position->ms != top.ms) return Error{Errc::conflict, "Another server took over meanwhile."};
            if (position->number != at.number + 1) {  // thrown out: the stream begins behind that
                out.entries.clear();
                out.begin = {position->ms, position->number - 1};
            }
            at = *position;
            out.entries.emplace_back(at, std::move(*publication));
        }
    }
    return out;
}

}  // namespace stoa::push
