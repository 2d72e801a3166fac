#include "push/relay.hpp"

#include <pthread.h>

#include <algorithm>
#include <future>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "json/parse.hpp"
#include "push/stream_state.hpp"

namespace stoa::push {
namespace {

constexpr std::size_t kAccountsAtOnce = 64;
constexpr std::int64_t kAccountsSweptMax = 1'000;
constexpr std::int64_t kLeftBehindUs = 2'000'000;  ///< whoever wrote older ones does not live, or has trouble
constexpr std::int64_t kForgetUs = 60'000'000;     ///< an account that says nothing for so long
constexpr int kPauseMs = 200;                      ///< after a failure
constexpr int kRemoveTimeoutMs = 2'000;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

/// Its params are {"tags": [...]}; pull.watch.extend writes it.
void add_watched(const model::Push& push, std::vector<std::string>& routes) {
    const auto params = json::parse(push.params_json);
    const json::Value* const tags = params ? params->find("tags") : nullptr;
    if (tags == nullptr) return;
    for (const json::Value* tag : tags->items())
        routes.push_back(kWatchMark + tag_route(tag->as_text().value_or("")));
}

std::vector<std::string> routes_of(const model::Push& push) {
    using Kind = api::PushChannel::Kind;
    if (!push.tag.empty()) return {tag_route(push.tag)};
    std::vector<std::string> routes;
    for (const UserId user : push.users)
        routes.push_back(route_of({.user = user, .app = push.app}));
    if (routes.empty()) {
        routes.push_back(route_of({.kind = push.app.empty() ? Kind::account : Kind::app, .app = push.app}));
    }
    if (push.module_id == "pull" && push.command == "watch") add_watched(push, routes);
    return routes;
}

Publication publication_of(const model::Push& push) {
    return {routes_of(push), body_of(push.module_id, push.command, push.params_json, system_clock().now_us()), {}};
}

bool is_too_old(const model::StoredPush& push) {
    return system_clock().now_us() - push.created_us > limits::push_history_lifetime_s * 1'000'000;
}

}  // namespace

Relay::Relay(Hub& hub, db::Database& database, model::PushOutbox& outbox, RelayOptions options)
    : hub_(hub),
      database_(database),
      outbox_(outbox),
      options_(options),
      begun_us_(system_clock().now_us()),
      accounts_(std::make_shared<model::AccountQueue>()) {
    outbox_.set_waker([queue = accounts_](AccountId account) { queue->add(account); });
}

Relay::~Relay() {
    stop();
}

void Relay::start() {
    thread_ = std::thread([this] { loop(); });
    pthread_setname_np(thread_.native_handle(), "push-relay");
}

void Relay::stop() {
    accounts_->stop();
    if (thread_.joinable()) thread_.join();
}

void Relay::loop() {
    if (!hub_.is_shared()) forget_left_behind();
    std::int64_t sweep_us = 0;
    std::int64_t remove_us = now_us() + options_.remove_ms * 1'000LL;
    bool failed = false;
    while (true) {
        const std::int64_t next_us = std::min(sweep_us, remove_us);
        if (!accounts_->wait(failed ? kPauseMs : 0, std::max<std::int64_t>(1'000, next_us - now_us()))) break;
        if (now_us() >= sweep_us) {
            sweep();
            sweep_us = now_us() + options_.sweep_ms * 1'000LL;
        }
        failed = false;
        for (const AccountId account : accounts_->take(kAccountsAtOnce)) {
            const Status done = relay(account);
            if (done) continue;
            if (!failed) {
                log::warn("push_not_relayed",
                          {{"account", account},
                           {"error", std::string_view(done.error().message)},
                           {"do", "nothing is lost: it is tried again; see the database and the bus"}});
            }
            failed = true;
            accounts_->add(account);
        }
        if (now_us() >= remove_us) {
            remove_published();
            remove_us = now_us() + options_.remove_ms * 1'000LL;
        }
    }
    remove_published();
}

void Relay::sweep() {
    const auto left = outbox_.accounts_with_older(system_clock().now_us() - kLeftBehindUs, kAccountsSweptMax);
    if (!left) return;  // the database is away: what is in it waits
    for (const AccountId account : *left)
        accounts_->add(account);
}

Status Relay::relay(AccountId account) {
    while (!accounts_->stopped()) {
        const std::int64_t after = progress_[account].published;
        STOA_TRY(const auto pushes, outbox_.take_of(account, after, limits::push_outbox_batch_max));
        if (pushes.empty()) return {};
        STOA_CHECK(publish(account, pushes));
        progress_[account].published = pushes.back().id;
        static Counter& relayed = counter("stoa_push_relayed_total", "Messages published from the outbox.");
        relayed.add(pushes.size());
        if (pushes.size() < static_cast<std::size_t>(limits::push_outbox_batch_max)) return {};
    }
    return {};
}

Status Relay::publish(AccountId account, const std::vector<model::StoredPush>& pushes) {
    std::vector<KeyedPublication> keyed;
    const auto key = [&](std::int64_t id) { return "push:" + std::to_string(account) + ":" + std::to_string(id); };
    for (const model::StoredPush& stored : pushes) {
        if (!is_too_old(stored)) {
            keyed.push_back({publication_of(stored.push), key(stored.id)});
        } else if (keyed.empty()) {  // the oldest come first; once for all of them
            keyed.push_back({everything_anew(), key(stored.id)});
        }
    }
    return hub_.publish_once(account, keyed);
}

void Relay::remove_published() {
    std::vector<std::pair<AccountId, std::shared_ptr<std::promise<bool>>>> removals;
    for (auto at = progress_.begin(); at != progress_.end();) {
        auto& [account, progress] = *at;
        if (progress.published == progress.removed) {
            if (progress.idle_since_us == 0) progress.idle_since_us = now_us();
            // What it knows is then read anew: nothing of it is left in the store.
            at = now_us() - progress.idle_since_us > kForgetUs ? progress_.erase(at) : std::next(at);
            continue;
        }
        progress.idle_since_us = 0;
        auto done = std::make_shared<std::promise<bool>>();
        removals.emplace_back(account, done);
        database_.write(
            {.account = account, .timeout_ms = kRemoveTimeoutMs},
            [this, up_to = progress.published](db::WriteTx& tx) -> Result<std::string> {
                STOA_CHECK(outbox_.remove(tx, up_to));
                return std::string();
            },
            [done](Result<db::WriteOutcome> outcome) { done->set_value(outcome.ok()); });
        ++at;
    }
    for (auto& [account, done] : removals) {
        Progress& progress = progress_[account];
        if (done->get_future().get()) progress.removed = progress.published;
    }
}

void Relay::forget_left_behind() {
    const auto left = outbox_.accounts_with_older(begun_us_, kAccountsSweptMax);
    if (!left) return;
    for (const AccountId account : *left) {
        (void)database_.write_and_wait({.account = account}, [&](db::WriteTx& tx) -> Result<std::string> {
            STOA_CHECK(outbox_.remove_older(tx, begun_us_));
            return std::string();
        });
    }
}

}  // namespace stoa::push
